//! One start of a server: its command line, and the wait until it answers.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::guard::Guarded;
use crate::installation::{GALERA_PROVIDER, Installation, Kind, option};
use crate::options::{Node, Options};
use crate::wire::query;

/// How long one look at a server that starts takes, and how many there are: two minutes.
const LOOK: Duration = Duration::from_millis(10);
const LOOKS: u32 = 12_000;

/// All that a start needs besides the port.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) installation: Installation,
    folder: PathBuf,
    user: Option<&'static str>,
    arguments: Vec<String>,
    large: bool,
    galera: Option<Node>,
}

/// How a start went.
pub(crate) enum Started {
    /// It answers, and says that it is of this version.
    Ready(Guarded, String),
    /// Somebody else has its port.
    PortTaken,
}

impl Launch {
    pub(crate) fn new(installation: Installation, folder: PathBuf, options: &Options) -> Self {
        let user = user(options.galera.is_some());
        let (arguments, large) = (options.arguments.clone(), options.large);
        Self { installation, folder, user, arguments, large, galera: options.galera.clone() }
    }

    /// Everything the server writes.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The databases.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// For the server's temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.folder.join("tmp")
    }

    /// What the server says of itself.
    pub(crate) fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.join("error.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// As which user the server runs: for root only, since servers refuse to be root by accident.
    pub(crate) fn user(&self) -> Option<&'static str> {
        self.user
    }

    /// How the server is called to make or to open its data folder.
    pub(crate) fn base_line(&self) -> Vec<OsString> {
        let mut line = self.installation.command_line();
        line.push(option("datadir", &self.data()));
        // A server that starts removes temporary tables that it finds, also those of others.
        line.push(option("tmpdir", &self.temporary()));
        line.extend(self.user.map(|it| format!("--user={it}").into()));
        line.push(self.redo_log().into());
        line
    }

    /// Starts the server on `port` and waits until it answers. `founds` is for a cluster's first
    /// node at its first start.
    pub(crate) fn start(&self, port: u16, founds: bool) -> Result<Started> {
        // What an earlier start has left: its words would be taken for this one's, and MySQL takes
        // the lock of a process that is dead and not yet collected for one that is alive.
        for left in ["error.log", "s.sock", "s.sock.lock", "pid"] {
            drop(std::fs::remove_file(self.folder.join(left)));
        }
        let line = self.line(port, founds);
        let server = Guarded::start(&self.folder, &line, &self.installation.environment())?;
        for _ in 0..LOOKS {
            if server.ended_within(LOOK)? {
                let log = self.log();
                let taken = log.contains("Bind on TCP/IP port") || log.contains("already in use");
                if taken {
                    return Ok(Started::PortTaken);
                }
                bail!("the server ended while it started:\n{log}");
            }
            if let Some(version) = self.answer(port) {
                return Ok(Started::Ready(server, version));
            }
        }
        bail!("the server does not answer:\n{}", self.log())
    }

    fn redo_log(&self) -> String {
        match (self.installation.kind(), self.large) {
            (Kind::MariaDb, false) => "--innodb-log-file-size=32M".to_owned(),
            (Kind::MariaDb, true) => "--innodb-log-file-size=256M".to_owned(),
            (Kind::MySql, false) => "--innodb-redo-log-capacity=64M".to_owned(),
            (Kind::MySql, true) => "--innodb-redo-log-capacity=512M".to_owned(),
        }
    }

    fn line(&self, port: u16, founds: bool) -> Vec<OsString> {
        let mut line = self.base_line();
        for (name, file) in [("socket", "s.sock"), ("log-error", "error.log"), ("pid-file", "pid")]
        {
            line.push(option(name, &self.folder.join(file)));
        }
        let pool = if self.large { "1G" } else { "128M" };
        let mut rest = vec![
            format!("--port={port}"),
            "--bind-address=127.0.0.1".to_owned(),
            "--max-connections=400".to_owned(),
            format!("--innodb-buffer-pool-size={pool}"),
        ];
        match self.installation.kind() {
            Kind::MariaDb => rest.push("--skip-name-resolve".to_owned()),
            Kind::MySql => {
                rest.extend(["--mysqlx=OFF", "--secure-file-priv="].map(str::to_owned));
            }
        }
        rest.extend(self.galera.iter().flat_map(|it| it.arguments(&self.installation, port)));
        rest.extend(founds.then(|| "--wsrep-new-cluster".to_owned()));
        rest.extend(self.arguments.iter().cloned());
        line.extend(rest.into_iter().map(OsString::from));
        line
    }

    /// The version, if it is our server that answers there, and ready.
    fn answer(&self, port: u16) -> Option<String> {
        let rows = query(port, "SELECT @@datadir, VERSION()").ok()?;
        let [Some(data), Some(version)] = rows.first()?.as_slice() else { return None };
        if Path::new(data) != self.data() {
            return None;
        }
        if self.galera.is_some() {
            let state = query(port, "SHOW STATUS LIKE 'wsrep_local_state_comment'").ok()?;
            let synced = state.first()?.last()?.as_deref() == Some("Synced");
            return synced.then(|| version.clone());
        }
        Some(version.clone())
    }
}

impl Node {
    /// Ports of one member: for the group, and the two after it for transfers of state.
    pub(crate) const PORTS: u16 = 3;

    fn arguments(&self, installation: &Installation, port: u16) -> Vec<String> {
        let own = self.members[self.index];
        let (increments, state) = (own + 1, own + 2);
        let provider = installation.root().join(GALERA_PROVIDER);
        let members: Vec<String> =
            self.members.iter().map(|it| format!("127.0.0.1:{it}")).collect();
        vec![
            "--wsrep-on=ON".to_owned(),
            format!("--wsrep-provider={}", provider.display()),
            format!("--wsrep-cluster-address=gcomm://{}", members.join(",")),
            format!("--wsrep-node-address=127.0.0.1:{own}"),
            format!("--wsrep-node-incoming-address=127.0.0.1:{port}"),
            format!("--wsrep-sst-receive-address=127.0.0.1:{state}"),
            format!(
                "--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{own};\
                 ist.recv_addr=127.0.0.1:{increments};gcache.size=32M;\
                 evs.keepalive_period=PT0.5S;evs.inactive_check_period=PT0.5S;\
                 evs.suspect_timeout=PT5S;evs.inactive_timeout=PT15S"
            ),
            "--binlog-format=ROW".to_owned(),
            "--innodb-autoinc-lock-mode=2".to_owned(),
            "--wsrep-sst-method=rsync".to_owned(),
        ]
    }
}

/// A member of a cluster must not be root: rsync, which brings it its state, would drop to a user
/// who may not write there.
fn user(in_cluster: bool) -> Option<&'static str> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    if !in_cluster {
        return Some("root");
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let has_own = users.lines().any(|it| it.starts_with("mysql:"));
    Some(if has_own { "mysql" } else { "nobody" })
}
