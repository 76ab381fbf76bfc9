//! Tests of what the legs run, and what they are told.

use std::ffi::OsStr;

use super::*;

fn setting() -> Setting {
    let url = Some("mysql://root@127.0.0.1:20000/".to_owned());
    Setting { postonce: "/bin/postonce".into(), held: None, servers: "/servers".into(), url }
}

fn command(leg: &Leg) -> &Command {
    match &leg.work {
        Work::Run(command) | Work::Selected(command) => command,
        Work::Ready(what) | Work::Skip(what) => panic!("{what}"),
    }
}

fn value<'a>(command: &'a Command, name: &str) -> Option<&'a OsStr> {
    command.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value)
}

#[test]
fn a_binary_that_is_not_there_is_not_built() {
    let [_, held] = setting().builds().try_into().ok().unwrap();
    let Work::Skip(reason) = held.work else { panic!("{} runs", held.name) };
    assert_eq!(reason, "the package `postonce-tests` has no binary `postonce-held`");
}

#[test]
fn the_tests_are_told_binaries_server_and_filters() {
    let both = Setting { held: Some("/bin/held".into()), ..setting() };
    let legs = both.whole_workspace(&["a_claim".into()], None);
    let tests = command(&legs[0]);
    assert_eq!(value(tests, "POSTONCE_BIN"), Some(OsStr::new("/bin/postonce")));
    assert_eq!(value(tests, "POSTONCE_HELD_BIN"), Some(OsStr::new("/bin/held")));
    assert_eq!(value(tests, "POSTONCE_TEST_SERVERS"), Some(OsStr::new("/servers")));
    let url = value(tests, "POSTONCE_TEST_MYSQL_URL");
    assert_eq!(url, Some(OsStr::new("mysql://root@127.0.0.1:20000/")));
    let args: Vec<&OsStr> = tests.get_args().collect();
    assert_eq!(args[args.len() - 2..], ["--", "a_claim"]);
    assert_eq!(value(command(&setting().whole_workspace(&[], None)[0]), "POSTONCE_HELD_BIN"), None);
}

#[test]
fn clients_of_other_people_are_left_out_by_name_where_they_cannot_run() {
    let legs = setting().whole_workspace(&[], Some("npm"));
    let args: Vec<&OsStr> = command(&legs[0]).get_args().collect();
    assert_eq!(args[args.len() - 3..], ["--", "--skip", "clients::"]);
    let skipped = |leg: &Leg| matches!(&leg.work, Work::Skip(why) if why.contains("npm"));
    assert!(legs.iter().any(skipped));
}

#[test]
fn without_a_server_of_ours_the_caller_s_variable_stays() {
    let mut setting = setting();
    setting.use_server(None);
    let legs = setting.whole_workspace(&[], None);
    assert_eq!(value(command(&legs[0]), "POSTONCE_TEST_MYSQL_URL"), None);
}

#[test]
fn tests_of_servers_and_of_clusters_must_be_there_to_pass() {
    for leg in setting().database_tests("MySQL").into_iter().chain(setting().cluster_tests()) {
        assert!(matches!(leg.work, Work::Selected(_)), "{}", leg.name);
        assert!(value(command(&leg), "POSTONCE_BIN").is_some(), "{}", leg.name);
    }
}
