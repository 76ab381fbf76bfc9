use std::path::Path;

use secrecy::ExposeSecret as _;

use super::*;

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn with_env(pairs: &[(&str, &str)]) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    load(&Sources { environment: env(pairs), folder: folder.path().into(), ..Sources::default() })
}

fn with_file(text: &str, pairs: &[(&str, &str)], flags: Flags) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("postonce.toml"), text).unwrap();
    load(&Sources { environment: env(pairs), folder: folder.path().into(), flags })
}

fn shown(loaded: &Loaded, key: &str) -> (Option<String>, &'static str) {
    let found = loaded.shown.iter().find(|shown| shown.key == key).unwrap();
    (found.value.clone(), found.source.kind())
}

fn sqlite_path(config: &Config) -> &Path {
    match &config.database {
        DatabaseConfig::Sqlite(path) => path,
        DatabaseConfig::Mysql(_) => panic!("a server"),
    }
}

#[test]
fn without_any_setting_the_defaults_hold() {
    let loaded = with_env(&[]);
    assert_eq!(loaded.problems, Vec::<String>::new());
    assert_eq!(shown(&loaded, "in_doubt.quiet_seconds"), (Some("300".to_owned()), "default"));
    assert_eq!(shown(&loaded, "in_doubt.recheck_seconds"), (Some("300".to_owned()), "default"));
    assert_eq!(shown(&loaded, "ledger.default_account"), (None, "default"));
    assert_eq!(shown(&loaded, "lock.name").0.as_deref(), Some("fts_myob_invoice_sync"));
    let config = loaded.config.unwrap();
    assert_eq!(sqlite_path(&config), Path::new("postonce.db"));
    assert_eq!(config.doubt.quiet, Duration::from_secs(300));
    assert_eq!(config.ledger.concurrency.get(), 4);
    assert_eq!(config.run_max, Duration::from_secs(3_600));
    assert!(!config.ledger.is_loopback);
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let file = "[database]\nurl = \"sqlite:file.db\"\n[ledger]\nconcurrency = 2\n";
    let none = Flags::default();
    let loaded = with_file(file, &[], none.clone());
    assert_eq!(shown(&loaded, "database.url"), (Some("sqlite:file.db".to_owned()), "file"));
    let loaded = with_file(file, &[("DATABASE_URL", "sqlite:du.db")], none.clone());
    assert_eq!(shown(&loaded, "database.url"), (Some("sqlite:du.db".to_owned()), "environment"));
    let both = [("DATABASE_URL", "sqlite:du.db"), ("POSTONCE_DATABASE__URL", "sqlite:env.db")];
    let loaded = with_file(file, &both, none.clone());
    assert_eq!(shown(&loaded, "database.url"), (Some("sqlite:env.db".to_owned()), "environment"));
    let flags = Flags { database: Some("sqlite:flag.db".to_owned()), ..none };
    let loaded = with_file(file, &both, flags);
    assert_eq!(shown(&loaded, "database.url"), (Some("sqlite:flag.db".to_owned()), "flag"));
    assert_eq!(shown(&loaded, "ledger.concurrency"), (Some("2".to_owned()), "file"));
    assert_eq!(sqlite_path(&loaded.config.unwrap()), Path::new("flag.db"));
}

#[test]
fn every_problem_is_told_at_once_with_key_value_source_and_mend() {
    let file = "lookup_before_post = \"never\"\n[run]\nmax_minutes = 0\n";
    let loaded = with_file(file, &[("POSTONCE_LEDGER__CONCURRENCY", "many")], Flags::default());
    assert!(loaded.config.is_none());
    let text = loaded.problems.join("\n");
    assert_eq!(loaded.problems.len(), 3, "{text}");
    assert!(text.contains(
        "`ledger.concurrency` = `many` (environment variable POSTONCE_LEDGER__CONCURRENCY) \
         must be a whole number from 1 to 64"
    ));
    assert!(text.contains("`lookup_before_post` = `never` (file "), "{text}");
    assert!(text.contains("must be `in_doubt` or `always`"), "{text}");
    assert!(text.contains("`run.max_minutes` = `0` (file "), "{text}");
}

#[test]
fn an_unknown_key_of_a_file_is_refused_and_its_neighbour_named() {
    let loaded = with_file("[ledger]\nbase_ulr = \"x\"\n", &[], Flags::default());
    let [problem] = loaded.problems.as_slice() else { panic!("{:?}", loaded.problems) };
    assert!(problem.contains("postonce.toml: there is no key `ledger.base_ulr`"), "{problem}");
    assert!(problem.contains("is `ledger.base_url` meant?"), "{problem}");
    for file in ["nonsense = 1\n", "[nonsense]\nx = 1\n", "[nonsense]\n", "[company_file.a]\nb=1\n"]
    {
        assert_eq!(with_file(file, &[], Flags::default()).problems.len(), 1, "{file}");
    }
}

#[test]
fn an_unknown_variable_is_warned_about_and_the_test_runners_are_not() {
    let loaded = with_env(&[
        ("POSTONCE_LEDGER__BASE_ULR", "x"),
        ("POSTONCE_BIN", "x"),
        ("POSTONCE_HELD_BIN", "x"),
        ("POSTONCE_LEDGER__API_KEY", ""),
    ]);
    assert_eq!(loaded.problems, Vec::<String>::new());
    let [warning] = loaded.warnings.as_slice() else { panic!("{:?}", loaded.warnings) };
    assert!(warning.contains("is POSTONCE_LEDGER__BASE_URL meant?"), "{warning}");
}

#[test]
fn a_loopback_ledger_has_its_own_defaults() {
    let loaded = with_env(&[("POSTONCE_LEDGER__BASE_URL", "http://127.0.0.1:9/accountright/")]);
    let ledger = loaded.config.unwrap().ledger;
    assert!(ledger.is_loopback);
    assert_eq!(ledger.base_url, "http://127.0.0.1:9/accountright");
    assert_eq!(ledger.token_url, "http://127.0.0.1:9/oauth2/v1/authorize");
    assert_eq!(ledger.default_account.as_deref(), Some("4-1000"));
    let exposed =
        |secret: &Option<SecretString>| secret.as_ref().unwrap().expose_secret().to_owned();
    for secret in [&ledger.api_key, &ledger.api_secret, &ledger.refresh_token] {
        assert_eq!(exposed(secret), "sandbox");
    }
    let elsewhere = with_env(&[("POSTONCE_LEDGER__BASE_URL", "https://example.com/accountright")]);
    assert!(elsewhere.config.unwrap().ledger.api_key.is_none());
}

#[test]
fn a_company_file_needs_no_business_id_to_be_configured() {
    let base = ("POSTONCE_LEDGER__BASE_URL", "https://api.myob.com/accountright");
    let file = "[company_file.a]\ntime_zone = \"UTC\"\ncftoken_user = \"Administrator\"\n";
    let loaded = with_file(file, &[base], Flags::default());
    assert_eq!(loaded.problems, Vec::<String>::new());
    let config = loaded.config.unwrap();
    let known = &config.company_files[&CompanyFile::parse("a").unwrap()];
    assert_eq!(known.business(), None);
    let authorize = "https://secure.myob.com/oauth2/account/authorize";
    assert_eq!(config.ledger.authorize_url, authorize);
    let file = "[company_file.a]\ncftoken_password = \"hush\"\n";
    let loaded = with_file(file, &[base], Flags::default());
    let [problem] = loaded.problems.as_slice() else { panic!("{:?}", loaded.problems) };
    assert!(problem.contains("cftoken_user") && !problem.contains("hush"), "{problem}");
}

#[test]
fn a_redirect_is_listened_to_on_this_machine_alone() {
    let here = |host: &str, port, path: &str| {
        Some(Listening { host: host.to_owned(), port, path: path.to_owned() })
    };
    for (uri, wanted) in [
        ("http://localhost:8642/connected", here("localhost", 8642, "/connected")),
        ("http://127.0.0.1", here("127.0.0.1", 80, "")),
        ("http://[::1]:9/x/y", here("::1", 9, "/x/y")),
        ("https://localhost:8642/connected", None),
        ("http://desktop", None),
        ("https://app.example/back", None),
    ] {
        assert_eq!(listening(uri), wanted, "{uri}");
        let loaded = with_env(&[("POSTONCE_LEDGER__REDIRECT_URI", uri)]);
        assert_eq!(loaded.problems, Vec::<String>::new(), "{uri}");
    }
    let loaded = with_env(&[("POSTONCE_LEDGER__REDIRECT_URI", "localhost:8642")]);
    assert_eq!(loaded.problems.len(), 1, "{:?}", loaded.problems);
}

#[test]
fn a_ledger_elsewhere_is_not_spoken_to_in_clear_text() {
    let loaded = with_env(&[("POSTONCE_LEDGER__BASE_URL", "http://example.com/accountright")]);
    assert!(loaded.problems[0].contains("clear text"), "{:?}", loaded.problems);
    let loaded = with_env(&[("POSTONCE_LEDGER__BASE_URL", "https://example.com/")]);
    assert!(loaded.problems[0].contains("must end in /accountright"), "{:?}", loaded.problems);
}

#[test]
fn a_quiet_period_that_is_too_short_needs_leave() {
    let short = [("POSTONCE_IN_DOUBT__QUIET_SECONDS", "2")];
    let loaded = with_env(&short);
    assert!(loaded.problems[0].contains("set it to 300 or more"), "{:?}", loaded.problems);
    let allowed = [short[0], ("POSTONCE_IN_DOUBT__ALLOW_SHORT_QUIET", "true")];
    assert_eq!(with_env(&allowed).config.unwrap().doubt.quiet, Duration::from_secs(2));
}

#[test]
fn a_timeout_shorter_than_the_longest_call_needs_leave() {
    let short = [("POSTONCE_LEDGER__POST_TIMEOUT_SECONDS", "5")];
    assert!(with_env(&short).problems[0].contains("longest_call_seconds (120)"));
    let allowed = [short[0], ("POSTONCE_IN_DOUBT__ALLOW_SHORT_QUIET", "true")];
    assert_eq!(with_env(&allowed).problems, Vec::<String>::new());
}

fn database_of(pairs: &[(&str, &str)]) -> DatabaseConfig {
    with_env(pairs).into_config().unwrap().database
}

#[test]
fn a_mysql_url_picks_the_server_whichever_variable_has_it() {
    const URL: &str = "mysql://user:hush@host/db";
    for name in ["DATABASE_URL", "POSTONCE_DATABASE__URL"] {
        let loaded = with_env(&[(name, URL)]);
        assert_eq!(shown(&loaded, "database.url").0.unwrap(), "mysql://user:***@host/db");
        assert_eq!(shown(&loaded, "lock.kind").0.as_deref(), Some("named"));
        assert!(!format!("{loaded:?}").contains("hush"), "{loaded:?}");
        let config = loaded.config.unwrap();
        assert_eq!(config.lock.kind, LockKind::Named);
        let DatabaseConfig::Mysql(url) = config.database else { panic!("{name}") };
        assert_eq!(url.expose_secret(), URL);
    }
    let own = [("DATABASE_URL", URL), ("POSTONCE_DATABASE__URL", "sqlite:own.db")];
    assert!(matches!(database_of(&own), DatabaseConfig::Sqlite(_)));
}

#[test]
fn an_empty_url_is_not_passed_over_in_silence() {
    let loaded = with_env(&[("DATABASE_URL", "")]);
    let [warning] = loaded.warnings.as_slice() else { panic!("{:?}", loaded.warnings) };
    assert!(warning.contains("DATABASE_URL is empty"), "{warning}");
    assert!(with_env(&[]).warnings.is_empty());
}

#[test]
fn a_url_of_another_program_is_refused_without_its_password() {
    for url in ["mysql://user:hush@host/db?charset=utf8", "postgres://u:hush@host/db", "hush@db"] {
        let loaded = with_env(&[("DATABASE_URL", url)]);
        let [problem] = loaded.problems.as_slice() else { panic!("{:?}", loaded.problems) };
        assert!(problem.contains("environment variable DATABASE_URL"), "{problem}");
        assert!(problem.contains("POSTONCE_DATABASE__URL"), "{problem}");
        assert!(!format!("{loaded:?}").contains("hush"), "{loaded:?}");
    }
}

#[test]
fn a_lock_is_of_a_kind_that_the_database_has() {
    let (file, server) = ("sqlite:p.db", "mysql://user@host/db");
    for (url, kind, effective) in [
        (file, None, LockKind::File),
        (file, Some("file"), LockKind::File),
        (file, Some("named"), LockKind::File),
        (server, None, LockKind::Named),
        (server, Some("named"), LockKind::Named),
        (server, Some("lease"), LockKind::Lease),
    ] {
        let mut pairs = vec![("POSTONCE_DATABASE__URL", url)];
        pairs.extend(kind.map(|kind| ("POSTONCE_LOCK__KIND", kind)));
        let config = with_env(&pairs).into_config().unwrap();
        assert_eq!(config.lock.kind, effective, "{url} {kind:?}");
    }
    for (url, kind) in [(file, "lease"), (server, "file"), (server, "none")] {
        let loaded = with_env(&[("POSTONCE_DATABASE__URL", url), ("POSTONCE_LOCK__KIND", kind)]);
        assert_eq!(loaded.problems.len(), 1, "{url} {kind}: {:?}", loaded.problems);
    }
}

#[test]
fn the_locks_keys_have_defaults_and_bounds() {
    let config = with_env(&[("POSTONCE_DATABASE__URL", "mysql://user@host/db")]).config.unwrap();
    assert_eq!(config.lock.name, "fts_myob_invoice_sync");
    assert_eq!(config.lock.timeout, Duration::from_secs(60));
    assert!(!config.lock.single_writer);
    let set = [("POSTONCE_LOCK__TIMEOUT_SECONDS", "2"), ("POSTONCE_LOCK__SINGLE_WRITER", "true")];
    let config = with_env(&set).config.unwrap();
    assert_eq!(config.lock.timeout, Duration::from_secs(2));
    assert!(config.lock.single_writer);
    for (name, value) in [
        ("POSTONCE_LOCK__TIMEOUT_SECONDS", "1"),
        ("POSTONCE_LOCK__TIMEOUT_SECONDS", "1801"),
        ("POSTONCE_LOCK__SINGLE_WRITER", "yes"),
        ("POSTONCE_LOCK__SCOPE", "company_file"),
        ("POSTONCE_LOCK__NAME", "Fts"),
        ("POSTONCE_LOCK__NAME", "a-b"),
        ("POSTONCE_LOCK__NAME", "a23456789012345678901234567890123456789012345678"),
    ] {
        let loaded = with_env(&[(name, value)]);
        assert_eq!(loaded.problems.len(), 1, "{name} = {value}: {:?}", loaded.problems);
    }
}

#[test]
fn company_files_come_from_file_and_environment() {
    let file = "[company_file.Acme]\nbusiness_id = \"one\"\ntime_zone = \"Australia/Sydney\"\n";
    let env = [
        ("POSTONCE_COMPANY_FILE__ACME__REFRESH_TOKEN", "t"),
        ("POSTONCE_COMPANY_FILE__BETA__BUSINESS_ID", "two"),
    ];
    let loaded = with_file(file, &env, Flags::default());
    let (value, source) = shown(&loaded, "company_file.Acme.refresh_token");
    assert_eq!((value.as_deref(), source), (Some("***"), "environment"));
    let files = loaded.config.unwrap().company_files;
    let acme = &files[&CompanyFile::parse("Acme").unwrap()];
    assert_eq!(acme.business_id.as_deref(), Some("one"));
    assert!(acme.refresh_token.is_some());
    assert_eq!(files[&CompanyFile::parse("beta").unwrap()].business_id.as_deref(), Some("two"));
}

#[test]
fn one_business_has_one_alias() {
    let file = "[company_file.a]\nbusiness_id = \"X\"\n[company_file.b]\nbusiness_id = \"x\"\n";
    let loaded = with_file(file, &[], Flags::default());
    assert!(loaded.problems[0].contains("is the business of `a` too"), "{:?}", loaded.problems);
}

#[test]
fn secrets_are_never_shown() {
    let secrets = [
        ("POSTONCE_LEDGER__API_KEY", "hush-1"),
        ("POSTONCE_LEDGER__API_SECRET", "hush-2 "),
        ("POSTONCE_LEDGER__REFRESH_TOKEN", "hush-3"),
    ];
    let loaded = with_env(&secrets);
    assert_eq!(loaded.problems.len(), 1);
    let config = with_env(&secrets[..1]).config;
    assert!(!format!("{loaded:?}{config:?}").contains("hush"), "{loaded:?}");
    let broken = with_file("[ledger]\napi_key = hush-4\n", &[], Flags::default());
    assert!(!broken.problems[0].contains("hush"), "{:?}", broken.problems);
    assert!(broken.problems[0].contains("line 2"), "{:?}", broken.problems);
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let flags = Flags { config: Some("/nowhere/x.toml".into()), ..Flags::default() };
    let loaded = load(&Sources { flags, ..Sources::default() });
    assert!(loaded.problems[0].contains("/nowhere/x.toml"), "{:?}", loaded.problems);
}

#[test]
fn the_actor_is_the_flag_or_the_user() {
    let mut sources = Sources { environment: env(&[("LOGNAME", "lin")]), ..Sources::default() };
    assert_eq!(sources.actor(), "lin");
    sources.flags.actor = Some("kim".to_owned());
    assert_eq!(sources.actor(), "kim");
    assert_eq!(Sources::default().actor(), "unknown");
}

#[test]
fn no_more_invoices_are_on_their_way_than_the_rate_lets_be_searched_and_sent() {
    let with = |rate: &str, share: &str| {
        with_env(&[
            ("POSTONCE_LEDGER__RATE_PER_SECOND", rate),
            ("POSTONCE_LEDGER__RATE_SHARE_PERCENT", share),
            ("POSTONCE_LEDGER__CONCURRENCY", "32"),
        ])
    };
    let at_once = |rate, share| with(rate, share).config.unwrap().ledger.concurrency.get();
    assert_eq!(at_once("8", "100"), 26);
    assert_eq!(at_once("8", "10"), 2);
    assert_eq!(at_once("0", "1"), 32);
    for (rate, share) in [("8", "3"), ("1", "29")] {
        let problems = with(rate, share).problems.join("\n");
        assert!(problems.contains("ledger.rate_share_percent"), "{problems}");
        assert!(problems.contains("at least 0.3"), "{problems}");
    }
    assert_eq!(at_once("1", "30"), 1);
}
