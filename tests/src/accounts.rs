//! Who may come in, through the command line, and what it leaves in the trail.

mod terminal;

use std::fs::File;

use anyhow::{Context as _, Result};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;
use postonce_adapter_host::{hash_of, password};
use serde_json::{Value, json};

use crate::harness::{Finished, Guarded, Place, Sandbox, binary};

const PASSWORD: &str = "correct horse battery";

/// Runs `postonce` with `input` as its stdin.
fn with_input(place: &Place, input: &str, arguments: &[&str]) -> Result<Finished> {
    place.write("input", input.as_bytes())?;
    let mut command = place.command(&binary("POSTONCE_BIN")?, arguments);
    command.stdin(File::open(place.path().join("input"))?);
    Guarded::start(&mut command)?.finish()
}

/// The one text that `sql` asks for in the database, as somebody who steals it reads it.
fn stored(place: &Place, sql: &str) -> Result<String> {
    let path = place.path().join("postonce.db");
    let mut conn = SqliteConnection::establish(path.to_str().context("a path is a text")?)?;
    Ok(diesel::select(diesel::dsl::sql::<Text>(&format!("({sql})"))).get_result(&mut conn)?)
}

fn add(place: &Place, name: &str, role: &str) -> Result<Value> {
    let arguments = ["accounts", "add", name, "--role", role, "--password-stdin", "--json"];
    with_input(place, &format!("{PASSWORD}\n"), &arguments)?.expect(0)?.json()
}

fn refused(finished: Result<Finished>, code: i32, parts: &[&str]) -> Result<()> {
    let finished = finished?.expect(code)?;
    assert_eq!(finished.stdout, "", "no data");
    for part in parts {
        assert!(finished.stderr.contains(part), "{part}: {}", finished.stderr);
    }
    Ok(())
}

/// Each line as who, what, of whom, in which words.
fn trail(place: &Place) -> Result<Vec<String>> {
    let lines = place.json(&["audit", "accounts", "--json"])?;
    let word = |line: &Value, field: &str| line[field].as_str().unwrap_or_default().to_owned();
    let told = |line: &Value| {
        let fields = ["actor", "event", "name", "text"].map(|field| word(line, field));
        fields.join(" | ")
    };
    Ok(lines.as_array().into_iter().flatten().map(told).collect())
}

#[test]
fn accounts_are_made_changed_and_listed() -> Result<()> {
    let place = Place::new(&Sandbox::start()?)?;
    people_come_and_go(&place)
}

/// The life of some accounts, on any database.
pub(crate) fn people_come_and_go(place: &Place) -> Result<()> {
    assert_eq!(place.json(&["accounts", "list", "--json"])?, json!([]), "nobody at first");
    let kim = add(place, "Kim", "admin")?;
    assert_eq!(kim["role"], "admin", "{kim}");
    add(place, "ann@example.com", "viewer")?;
    let ann = ["accounts", "set", "ANN@example.com", "--role", "operator", "--disable", "--json"];
    let set = place.json(&ann)?;
    assert_eq!((&set["role"], &set["disabled"]), (&json!("operator"), &json!(true)), "{set}");
    assert_eq!(place.json(&ann)?, set, "what is so already is left alone");
    place.run(&["accounts", "set", "ann@example.com", "--enable"])?.expect(0)?;
    let new = ["accounts", "set", "kim", "--password-stdin", "--actor", "eve"];
    with_input(place, "another horse battery\r\n", &new)?.expect(0)?;
    let listed = place.json(&["accounts", "list", "--json"])?;
    let short = |it: &Value| [&it["name"], &it["role"], &it["disabled"]].map(Value::clone);
    let listed: Vec<_> = listed.as_array().into_iter().flatten().map(short).collect();
    let ann = [json!("ann@example.com"), json!("operator"), json!(false)];
    assert_eq!(listed, [ann, [json!("Kim"), json!("admin"), json!(false)]]);
    let table = place.run(&["accounts", "list"])?.expect(0)?.stdout;
    assert!(table.contains("Kim") && !table.contains("argon2"), "{table}");
    let lines = [
        "tester | account_added | Kim | role admin",
        "tester | account_added | ann@example.com | role viewer",
        "tester | account_changed | ann@example.com | role operator, disabled",
        "tester | account_changed | ann@example.com | enabled",
        "eve | account_changed | Kim | a new password",
    ];
    assert_eq!(trail(place)?, lines, "each act has a line, and what changed nothing has none");
    let table = place.run(&["audit", "accounts"])?.expect(0)?.stdout;
    assert!(table.contains("eve") && table.contains("a new password"), "{table}");
    Ok(())
}

#[test]
fn the_last_admin_cannot_be_taken_away() -> Result<()> {
    let place = Place::new(&Sandbox::start()?)?;
    add(&place, "kim", "admin")?;
    add(&place, "ann", "operator")?;
    let mend = ["kim is the last admin who may come in", "make another one first"];
    for change in [&["--disable"][..], &["--role", "viewer"], &["--role", "viewer", "--disable"]] {
        let arguments = [&["accounts", "set", "kim"], change].concat();
        refused(place.run(&arguments), 65, &mend)?;
    }
    place.run(&["accounts", "set", "ann", "--role", "admin"])?.expect(0)?;
    place.run(&["accounts", "set", "kim", "--role", "viewer"])?.expect(0)?;
    refused(place.run(&["accounts", "set", "ann", "--disable"]), 65, &["ann is the last admin"])
}

#[test]
fn what_cannot_be_an_account_is_refused_with_the_mend() -> Result<()> {
    let place = Place::new(&Sandbox::start()?)?;
    let add_with = |input: &str, name: &str| {
        let arguments = ["accounts", "add", name, "--role", "viewer", "--password-stdin"];
        with_input(&place, input, &arguments)
    };
    let long = "x".repeat(65);
    for name in ["", "kim lee", " kim", "kim/x", "kïm", long.as_str()] {
        refused(add_with(PASSWORD, name), 2, &["1 to 64 letters, digits"])?;
    }
    let role = ["accounts", "add", "kim", "--role", "root", "--password-stdin"];
    refused(place.run(&role), 2, &["viewer, operator or admin"])?;
    for input in ["", "\n", "12345678901\n", "12345678901\r\nand more\n"] {
        refused(add_with(input, "kim"), 65, &["12 characters at least", "nothing was changed"])?;
    }
    refused(add_with(&"x".repeat(1025), "kim"), 65, &["1024 bytes at most"])?;
    refused(place.run(&["accounts", "add", "kim", "--role", "admin"]), 2, &["--password-stdin"])?;
    refused(place.run(&["accounts", "set", "kim"]), 2, &["--role"])?;
    refused(place.run(&["accounts", "set", "kim", "--enable", "--disable"]), 2, &["--disable"])?;
    refused(place.run(&["accounts", "set", "kim", "--enable"]), 65, &["no account `kim`", "none"])?;
    assert_eq!(trail(&place)?, Vec::<String>::new(), "nothing was written");
    add(&place, "Kim", "viewer")?;
    refused(add_with(PASSWORD, "KIM"), 65, &["there is an account `Kim` already"])?;
    refused(
        place.run(&["accounts", "set", "kin", "--enable"]),
        65,
        &["no account `kin`; there are: Kim"],
    )
}

#[test]
fn a_password_is_kept_as_a_hash_alone() -> Result<()> {
    let place = Place::new(&Sandbox::start()?)?;
    let added = add(&place, "kim", "admin")?.to_string();
    let stored = stored(&place, "SELECT password FROM postonce_account")?;
    assert!(password::is_right(PASSWORD, Some(&stored)), "{stored}");
    assert!(!password::is_right("another horse battery", Some(&stored)));
    let told = trail(&place)?.concat();
    assert!(!added.contains(&stored) && !added.contains(PASSWORD), "{added}");
    assert!(!told.contains(PASSWORD) && !told.contains("argon2"), "{told}");
    Ok(())
}

#[test]
fn a_machine_gets_a_token_once_and_loses_it_for_good() -> Result<()> {
    let place = Place::new(&Sandbox::start()?)?;
    machines_come_and_go(&place)
}

/// The life of some machines, on any database; the first token.
pub(crate) fn machines_come_and_go(place: &Place) -> Result<()> {
    let shop = ["machines", "add", "shop", "--side", "platform", "--role", "operator"];
    let made = place.run(&shop)?.expect(0)?;
    let token = made.stdout.trim_end();
    assert_eq!(made.stdout, format!("{token}\n"), "the token and nothing else");
    assert!(token.starts_with("postonce_machine_") && token.len() == 17 + 64, "{token}");
    assert!(made.stderr.contains("not shown again") && !made.stderr.contains(token));
    let both = ["machines", "add", "till.2", "--side", "both", "--role", "viewer", "--json"];
    let till = place.json(&both)?;
    assert_eq!((&till["side"], &till["role"]), (&json!("both"), &json!("viewer")), "{till}");
    assert_ne!(till["token"], token, "each has its own");
    refused(place.run(&shop), 65, &["there is a machine `shop` already", "another name"])?;
    let side = ["machines", "add", "x", "--side", "left", "--role", "viewer"];
    refused(place.run(&side), 2, &["platform", "ordering", "both"])?;
    place.run(&["machines", "revoke", "SHOP"])?.expect(0)?;
    place.run(&["machines", "revoke", "shop"])?.expect(0)?;
    refused(place.run(&["machines", "revoke", "shed"]), 65, &["there are: shop, till.2"])?;
    refused(place.run(&shop), 65, &["or was one"])?;
    let listed = place.json(&["machines", "list", "--json"])?;
    assert!(listed[0]["revoked_at"].is_string() && listed[1]["revoked_at"].is_null(), "{listed}");
    let printed = [
        listed.to_string(),
        place.run(&["machines", "list"])?.expect(0)?.stdout,
        place.run(&["audit", "accounts"])?.expect(0)?.stdout,
    ];
    for text in printed {
        assert!(text.contains("shop") && !text.contains(token), "{text}");
        assert!(!text.contains(&hash_of(token)), "{text}");
    }
    let lines = [
        "tester | machine_added | shop | role operator, side platform",
        "tester | machine_added | till.2 | role viewer, both sides",
        "tester | machine_revoked | shop | ",
    ];
    assert_eq!(trail(place)?, lines);
    Ok(())
}

#[test]
fn a_token_is_kept_as_a_hash_alone() -> Result<()> {
    let place = Place::new(&Sandbox::start()?)?;
    let shop = ["machines", "add", "shop", "--side", "both", "--role", "operator"];
    let made = place.run(&shop)?.expect(0)?.stdout;
    let stored = stored(&place, "SELECT token_key FROM postonce_machine")?;
    assert_eq!(stored, hash_of(made.trim_end()));
    Ok(())
}
