//! `postonce connect` and `postonce connections`, by the real binary against the sandbox.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{ChildStdout, Stdio};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::browser::{Page, get};
use crate::harness::{Finished, Guarded, Place, Sandbox, binary};

/// The business that consents in the sandbox, if no other is named.
const BUSINESS: &str = "7f3c1d52-6a0b-4c8e-9d54-0e2b6a1f9c11";

/// A `postonce connect` that has shown where to consent.
struct Asking {
    process: Guarded,
    stdout: BufReader<ChildStdout>,
    address: String,
}

impl Asking {
    fn start(place: &Place, arguments: &[&str]) -> Result<Self> {
        let arguments = [&["connect", "--print"], arguments].concat();
        let mut command = place.command(&binary("POSTONCE_BIN")?, &arguments);
        let mut process = Guarded::start(command.stdin(Stdio::piped()))?;
        let mut stdout = BufReader::new(process.child().stdout.take().context("it is piped")?);
        let mut address = String::new();
        stdout.read_line(&mut address)?;
        Ok(Self { process, stdout, address: address.trim().to_owned() })
    }

    /// Goes to the consent page; says where it sends the browser.
    fn sent_back(&self, more: &str) -> Result<String> {
        get(&format!("{}{more}", self.address))?.location.context("a redirect")
    }

    /// Consents in a browser on this machine.
    fn consent(&self, more: &str) -> Result<Page> {
        get(&self.sent_back(more)?)
    }

    fn paste(&mut self, text: &str) -> Result<()> {
        let mut stdin = self.process.child().stdin.take().context("it is piped")?;
        Ok(writeln!(stdin, "{text}")?)
    }

    fn finish(mut self) -> Result<Finished> {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest)?;
        Ok(Finished { stdout: rest, ..self.process.finish()? })
    }
}

fn ask(place: &Place, arguments: &[&str]) -> Result<Asking> {
    Asking::start(place, &[&["books", "--port", "0"], arguments].concat())
}

fn connect(place: &Place, arguments: &[&str]) -> Result<Finished> {
    let asking = ask(place, arguments)?;
    asking.consent("")?;
    asking.finish()
}

fn says(finished: &Finished, parts: &[&str]) {
    for part in parts {
        assert!(finished.stderr.contains(part), "{part}: {finished:?}");
    }
}

fn listed(place: &Place) -> Result<Value> {
    place.json(&["connections", "--json"])
}

/// How often tokens were asked for.
fn tokens_given(sandbox: &Sandbox) -> Result<usize> {
    let requests = sandbox.get("/sandbox/requests")?;
    let asked = |it: &&Value| it["path"] == "/oauth2/v1/authorize";
    Ok(requests.as_array().into_iter().flatten().filter(asked).count())
}

#[test]
fn who_connects_syncs_to_that_business_without_a_business_id() -> Result<()> {
    let sandbox = Sandbox::start_with(&["--switch", "files=listed", "--switch", "keys=new"])?;
    let mut place = Place::new(&sandbox)?;
    place.set("TOKENS__KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    place.import("CON", 3)?;
    // Without a consent the alias stands for itself, which MYOB does not know.
    let wrong = place.run(&["sync"])?.expect(77)?;
    says(&wrong, &["`company_file.books.business_id`", "`postonce connect books`"]);
    assert_eq!(
        listed(&place)?[0]["last_error"].as_str().map(|it| it.contains("books")),
        Some(true)
    );

    let page = ask(&place, &[])?;
    assert_eq!(page.consent("")?.status, 200);
    let done = page.finish()?.expect(0)?;
    assert!(done.stdout.contains("books: connected to Sandbox 7f3c"), "{done:?}");
    let known = listed(&place)?[0].clone();
    assert_eq!(known["business_id"], BUSINESS, "{known}");
    assert_eq!(known["consented_by"], "tester", "{known}");
    assert_eq!(known["last_error"], Value::Null, "{known}");
    assert!(known["access_seconds_left"].as_u64() > Some(1_100), "{known}");

    let given = tokens_given(&sandbox)?;
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 3);
    assert_eq!(tokens_given(&sandbox)?, given, "the access token of the consent is used");
    let posts = sandbox.get("/sandbox/requests")?;
    let posts = posts
        .as_array()
        .into_iter()
        .flatten()
        .filter(|it| it["method"] == "POST" && it["number"].is_string());
    assert!(
        posts.clone().count() == 3 && posts.into_iter().all(|it| it["company_file"] == BUSINESS)
    );
    assert_eq!(place.json(&["connections", "check", "--json"])?[0]["reached"], true);
    Ok(())
}

#[test]
fn nobody_else_answers_for_the_person_who_was_asked() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    let asking = ask(&place, &[])?;
    let back = asking.sent_back("")?;
    let (start, _) = back.rsplit_once("state=").context("a state")?;
    for forged in [format!("{start}state=forged"), start.to_owned(), back.replace("code=", "c=")] {
        let page = get(&forged)?;
        let refused = page.status == 400 && page.body.contains("not the answer");
        assert!(refused || forged.contains("?c="), "{forged}: {page:?}");
        if forged.contains("?c=") {
            assert!(page.body.contains("did not let PostOnce in"), "{page:?}");
        }
    }
    says(&asking.finish()?.expect(65)?, &["it was not used", "has no `code`"]);

    sandbox.switch(&json!({ "consent": "denied" }))?;
    let denied = connect(&place, &[])?.expect(77)?;
    says(&denied, &["`access_denied`", "an administrator of the company file must"]);
    assert_eq!(listed(&place)?, json!([]), "nothing is on record");
    assert_eq!(tokens_given(&sandbox)?, 0, "no code was used");
    Ok(())
}

#[test]
fn a_browser_that_never_comes_is_not_waited_for_without_end() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    let late = ask(&place, &["--timeout", "1s"])?.finish()?.expect(77)?;
    says(&late, &["no answer came within 1 seconds", "--paste"]);
    let late = Asking::start(&place, &["books", "--paste", "--timeout", "1s"])?;
    says(&late.finish()?.expect(77)?, &["no answer came within 1 seconds"]);
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::TERM] {
        let asking = ask(&place, &[])?;
        asking.process.signal(signal)?;
        says(&asking.finish()?.expect(130)?, &["Nothing was changed."]);
    }
    assert_eq!(listed(&place)?, json!([]));
    Ok(())
}

#[test]
fn of_two_that_listen_on_one_port_the_second_is_told() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    let first = ask(&place, &[])?;
    let address = first.address.clone();
    let port = address.split("localhost%3A").nth(1).and_then(|rest| rest.split('%').next());
    let port = port.context("a port")?.to_owned();
    let second = place.run(&["connect", "other", "--print", "--port", &port])?.expect(78)?;
    says(&second, &["another `postonce connect`", "--port"]);
    first.consent("")?;
    first.finish()?.expect(0)?;
    Ok(())
}

#[test]
fn where_the_browser_cannot_come_back_its_address_is_pasted() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.set("LEDGER__REDIRECT_URI", "https://app.example/back");
    says(&place.run(&["connect", "books"])?.expect(78)?, &["`ledger.redirect_uri`", "--paste"]);
    for wrong in ["", "what?", "https://app.example/back?code=x&state=y"] {
        let mut asking = Asking::start(&place, &["books", "--paste"])?;
        asking.paste(wrong)?;
        says(&asking.finish()?.expect(65)?, &["nothing was changed"]);
    }
    let mut asking = Asking::start(&place, &["books", "--paste"])?;
    let back = asking.sent_back("")?;
    assert!(back.starts_with("https://app.example/back?code="), "{back}");
    asking.paste(&back)?;
    asking.finish()?.expect(0)?;
    assert_eq!(listed(&place)?[0]["business_id"], BUSINESS);
    Ok(())
}

#[test]
fn a_consent_for_another_business_is_refused_and_changes_nothing() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    connect(&place, &[])?.expect(0)?;
    let before = listed(&place)?[0].clone();
    let again = place.run(&["connect", "books", "--print", "--port", "0"])?.expect(65)?;
    says(&again, &["connected to Sandbox 7f3c", "--replace"]);
    let other = Asking::start(&place, &["other", "--port", "0"])?;
    other.consent("")?;
    says(&other.finish()?.expect(65)?, &["known as `books`", "nothing was changed"]);
    assert_eq!(listed(&place)?[0]["last_refresh"], before["last_refresh"]);

    // No invoice was sent: the business may be another one after all.
    let replacing = ask(&place, &["--replace"])?;
    replacing.consent("&businessId=second")?;
    replacing.finish()?.expect(0)?;
    assert_eq!(listed(&place)?[0]["business_id"], "second");
    place.import("CON", 2)?;
    place.run(&["sync"])?.expect(0)?;
    let replacing = ask(&place, &["--replace"])?;
    replacing.consent("&businessId=third")?;
    says(&replacing.finish()?.expect(65)?, &["were sent to business second already"]);

    place.write("postonce.toml", b"[company_file.books]\nbusiness_id = \"second\"\n")?;
    let given = tokens_given(&sandbox)?;
    let wrong = ask(&place, &["--replace"])?;
    wrong.consent("&businessId=third")?;
    says(&wrong.finish()?.expect(65)?, &["`company_file.books.business_id` is second"]);
    assert_eq!(tokens_given(&sandbox)?, given, "the code was not used");
    place.set("TOKENS__KEY", "not a key");
    says(&place.run(&["connect", "books"])?.expect(78)?, &["tokens.key"]);
    Ok(())
}

#[test]
fn off_this_machine_a_business_on_record_is_enough() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    connect(&place, &[])?.expect(0)?;
    place.set("LEDGER__BASE_URL", "https://ledger.invalid/accountright");
    place.set("LEDGER__TOKEN_URL", "https://ledger.invalid/token");
    place.set("TOKENS__KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let asked = place.run(&["connections", "check", "books", "--json"])?.expect(69)?.json()?;
    let error = asked[0]["error"].as_str().unwrap_or_default();
    assert!(error.contains("GET https://ledger.invalid/accountright/7f3c"), "{error}");
    place.write("postonce.toml", b"[company_file.other]\ntime_zone = \"UTC\"\n")?;
    let unknown = place.run(&["connections", "check", "other", "--json"])?.expect(77)?.json()?;
    let error = unknown[0]["error"].as_str().unwrap_or_default();
    assert!(error.contains("other has no business") && error.contains("`postonce connect other`"));
    Ok(())
}

#[test]
fn a_revoked_connection_sends_nothing_until_somebody_connects_again() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    connect(&place, &[])?.expect(0)?;
    place.import("CON", 2)?;
    let revoke = ["connections", "revoke", "books", "--reason", "left us"];
    says(&place.run(&revoke)?.expect(2)?, &["nobody is here to ask", "--yes"]);
    let unknown = ["connections", "revoke", "bokos", "--reason", "x", "--yes"];
    says(&place.run(&unknown)?.expect(65)?, &["`bokos`", "there are: books"]);
    place.run(&[&revoke[..], &["--yes"]].concat())?.expect(0)?;
    let given = tokens_given(&sandbox)?;
    for what in ["check", "files"] {
        let unknown = place.run(&["connections", what, "bokos"])?.expect(65)?;
        says(&unknown, &["`bokos`", "there are: books"]);
    }
    assert_eq!(tokens_given(&sandbox)?, given, "no token was used for a slip");
    assert_eq!(place.json(&["connections", "check", "--json"])?, json!([]), "it was meant so");
    let known = listed(&place)?[0].clone();
    assert_eq!(known["revoked_by"], "tester", "{known}");
    assert_eq!(known["revoke_reason"], "left us", "{known}");
    // The configured token does not count either: somebody took the connection away.
    let stopped = place.run(&["sync"])?.expect(77)?;
    says(&stopped, &["was revoked", "`postonce connect books`"]);
    assert_eq!(sandbox.books()?.posts_received, 0);
    connect(&place, &[])?.expect(0)?;
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 2);
    Ok(())
}

#[test]
fn an_older_key_finds_its_business_in_the_list_and_opens_it_as_its_user() -> Result<()> {
    let switches = ["--switch", "keys=old", "--switch", "business_id_on_redirect=never"];
    let sandbox = Sandbox::start_with(&[&switches[..], &["--switch", "files=listed"]].concat())?;
    let mut place = Place::new(&sandbox)?;
    connect(&place, &[])?.expect(0)?;
    let known = listed(&place)?[0].clone();
    assert_eq!(known["business_id"], BUSINESS, "{known}");
    assert!(known["business_name"].as_str().is_some_and(|name| !name.is_empty()), "{known}");
    let files = place.json(&["connections", "files", "--json"])?;
    assert_eq!(files[0]["id"], BUSINESS, "{files}");

    place.import("CON", 2)?;
    let denied = place.run(&["connections", "check", "--json"])?.expect(77)?.json()?;
    assert_eq!(denied[0]["reached"], false, "{denied}");
    place.set("COMPANY_FILE__BOOKS__CFTOKEN_USER", "Administrator");
    place.run(&["connections", "check"])?.expect(0)?;
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 2);

    sandbox.post("/sandbox/files", &json!({ "company_file": "second" }))?;
    let both = Asking::start(&place, &["other", "--port", "0"])?;
    both.consent("")?;
    let both = both.finish()?.expect(65)?;
    says(&both, &["(second)", "set `company_file.other.business_id` to one of them"]);
    sandbox.switch(&json!({ "keys": "new" }))?;
    let none = place.run(&["connections", "files"])?.expect(0)?;
    assert!(none.stdout.contains("to newer API keys it lists none"), "{none:?}");
    let unsaid = Asking::start(&place, &["other", "--port", "0"])?;
    unsaid.consent("&businessId=second")?;
    says(&unsaid.finish()?.expect(65)?, &["`company_file.other.business_id`", "lists none"]);
    place.set("COMPANY_FILE__OTHER__BUSINESS_ID", "second");
    let said = Asking::start(&place, &["other", "--port", "0"])?;
    said.consent("&businessId=second")?;
    said.finish()?.expect(0)?;
    Ok(())
}
