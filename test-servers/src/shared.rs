//! One server for all tests of a process.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use crate::options::Options;
use crate::server::{MariaDb, Server};

/// The variable that names a server for the tests, such as `mysql://root@127.0.0.1:3306/`. Its
/// user must be allowed to create and drop databases whose names begin with `t_`.
pub const URL_VARIABLE: &str = "POSTONCE_TEST_MYSQL_URL";

/// The URL, without a database, of the server for the tests of this process: the one named by
/// [`URL_VARIABLE`], or else a private MariaDB, started once, that ends with the process.
///
/// # Panics
///
/// When there is neither. A test of a database never passes without one.
#[expect(clippy::panic, reason = "a test without its server must fail, and say what to do")]
pub fn shared() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    // A static value is not dropped: its guard ends the server when the process is gone.
    static SERVER: OnceLock<Server> = OnceLock::new();
    URL.get_or_init(|| {
        if let Some(url) = std::env::var_os(URL_VARIABLE).filter(|it| !it.is_empty()) {
            let text = url.into_string();
            return text.unwrap_or_else(|_| panic!("{URL_VARIABLE} is no text"));
        }
        let server = SERVER.get_or_init(|| match MariaDb::start(&Options::default()) {
            Ok(server) => server,
            Err(error) => panic!(
                "no database server for this test: {error:#}\n\
                 `cargo xtask test` installs and starts one; or set {URL_VARIABLE}, for example \
                 to mysql://root@127.0.0.1:3306/"
            ),
        });
        server.url()
    })
}

/// A name for a database that no other test has, in this process or another: at most 40 lower
/// case letters, digits and underscores, beginning with `t_`.
#[expect(clippy::disallowed_methods, reason = "process ids are used again; the time tells apart")]
pub fn fresh_name() -> String {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let count = GIVEN.fetch_add(1, Ordering::Relaxed);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("t_{}_{count}_{:x}", std::process::id(), since.as_millis())
}
