use secrecy::ExposeSecret as _;

use super::*;

#[test]
fn a_url_of_a_server_is_taken_as_it_is_and_shown_without_its_password() {
    for (url, shown) in [
        ("mysql://kim:hush@db.example:3307/shop", "mysql://kim:***@db.example:3307/shop"),
        ("mysql://kim@localhost/shop", "mysql://kim@localhost/shop"),
        ("mysql://kim:hush@[::1]:3306/shop", "mysql://kim:***@[::1]:3306/shop"),
        (
            "mysql://kim:hu%2Fsh@db/shop?require_ssl=true",
            "mysql://kim:***@db/shop?require_ssl=true",
        ),
        ("mysql://kim:hu@sh@db/shop", "mysql://kim:***@db/shop"),
        ("mysql://kim@db/shop?ssl_ca=/etc/ca.pem", "mysql://kim@db/shop?ssl_ca=/etc/ca.pem"),
        ("mysql://kim:@db/shop?socket=/run/s.sock", "mysql://kim:***@db/shop?socket=/run/s.sock"),
    ] {
        let Ok(DatabaseConfig::Mysql(secret)) = parse(url) else { panic!("{url}") };
        assert_eq!(secret.expose_secret(), url);
        assert_eq!(redacted(url), shown);
    }
}

#[test]
fn a_url_that_cannot_be_read_is_refused_with_a_mend_and_without_its_password() {
    for (url, words) in [
        ("mysql://kim:hu/sh@db/shop", "%2F for /"),
        ("mysql://kim:hu?sh@db/shop", "%3F for ?"),
        ("mysql://kim:hu#sh@db/shop", "%23 for #"),
        ("mysql://kim:hush@db/shop?socket=hush@", "%40 for @"),
        ("mysql://kim:hush@db", "must name one database"),
        ("mysql://kim:hush@db/", "must name one database"),
        ("mysql://kim:hush@db/a/b", "must name one database"),
        ("mysql://kim:hush@/shop", "no valid host"),
        ("mysql://kim:hush@db:port/shop", "no valid host"),
        ("mysql://kim:hush@db:0/shop", "no valid host"),
        ("mysql://kim:hush@[::1/shop", "no valid host"),
        ("mysql://:hush@db/shop", "names no user"),
        ("mysql://db/shop", "names no user"),
        ("mysql://kim:hu sh@db/shop", "%20"),
        ("mysql:kim:hush@db/shop", "must begin with mysql://"),
        ("mysql2://kim:hush@db/shop", "must begin with mysql://"),
        ("mysql+pymysql://kim:hush@db/shop", "must begin with mysql://"),
        ("mariadb://kim:hush@db/shop", "must begin with mysql://"),
        ("jdbc:mysql://db/shop?user=kim&password=hush", "must begin with mysql://"),
        ("postgres://kim:hush@db/shop", "POSTONCE_DATABASE__URL"),
        ("postgres://db/shop?password=hush", "POSTONCE_DATABASE__URL"),
        ("mysql://kim:hush@db/shop?require_ssl=yes", "`require_ssl`"),
        ("mysql://kim:hush@db/shop?socket=s.sock", "`socket`"),
        ("mysql://kim:hush@db/shop?require_ssl", "`require_ssl`"),
        ("mysql://kim:hush@db/shop?ssl_ca=ca.pem", "`ssl_ca`"),
        ("mysql://kim:hush@db/shop?ssl_ca=/a%20b.pem", "`ssl_ca`"),
    ] {
        let Err(why) = parse(url) else { panic!("{url} was taken") };
        assert!(why.contains(words), "{url}: {why}");
        let shown = redacted(url);
        assert!(!format!("{why}{shown}").contains("hu"), "{url}: {why} / {shown}");
        assert!(!shown.contains("sh@"), "{url}: {shown}");
    }
}

#[test]
fn parameters_of_other_drivers_are_all_named() {
    let url = "mysql://kim:hush@db/shop?serverVersion=8.0&require_ssl=true&charset=utf8mb4";
    let Err(why) = parse(url) else { panic!("{url} was taken") };
    assert!(why.contains("`serverVersion`, `charset`"), "{why}");
    assert!(!why.contains("`require_ssl`"), "{why}");
    assert!(why.contains("POSTONCE_DATABASE__URL"), "{why}");
    // Ours keeps what the store counts on.
    for name in ["client_found_rows", "pool_max", "wait_timeout"] {
        assert!(parse(&format!("mysql://kim@db/shop?{name}=1")).is_err(), "{name}");
    }
}

#[test]
fn a_file_is_a_plain_path() {
    for (url, path) in [("sqlite:p.db", "p.db"), ("sqlite:///var/p.db", "/var/p.db")] {
        let Ok(DatabaseConfig::Sqlite(found)) = parse(url) else { panic!("{url}") };
        assert_eq!(found, PathBuf::from(path));
        assert_eq!(redacted(url), url);
    }
    for url in ["sqlite:", "sqlite::memory:", "sqlite:p.db?mode=ro", "p.db", ""] {
        assert!(parse(url).is_err(), "{url}");
    }
}
