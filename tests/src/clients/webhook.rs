//! The receiver of `docs/notify.md`, as it stands there.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result};

use crate::harness::{Place, Sandbox};

const DOCUMENT: &str = include_str!("../../../docs/notify.md");
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ANOTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// It ends with the test.
struct Receiver(Child);

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn receiver(place: &Place) -> Result<(Receiver, BufReader<ChildStdout>)> {
    let (_, rest) = DOCUMENT.split_once("```python\n").context("the document has a receiver")?;
    let (program, _) = rest.split_once("```").context("the receiver has an end")?;
    place.write("receiver.py", program.as_bytes())?;
    let mut child = Command::new("python3")
        .arg(place.path().join("receiver.py"))
        .envs([("WEBHOOK_SECRET", SECRET), ("PORT", "0")])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let said = child.stdout.take().context("its words are piped")?;
    Ok((Receiver(child), BufReader::new(said)))
}

fn line(said: &mut BufReader<ChildStdout>) -> Result<String> {
    let mut line = String::new();
    said.read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

#[test]
fn the_receiver_of_the_document_takes_what_is_signed_with_its_secret_and_nothing_else() -> Result<()>
{
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    let (_receiver, mut said) = receiver(&place)?;
    let port = line(&mut said)?;
    place.set("NOTIFY__WEBHOOK__URL", &format!("http://127.0.0.1:{port}/hook"));
    place.set("NOTIFY__WEBHOOK__SECRET", SECRET);
    place.run(&["notify", "test"])?.expect(0)?;
    assert_eq!(line(&mut said)?, "test: tester asked for it; nothing has happened");
    place.set("NOTIFY__WEBHOOK__SECRET", ANOTHER);
    let refused = place.run(&["notify", "test"])?.expect(1)?;
    assert!(refused.stdout.contains("the receiver answered 401"), "{}", refused.stdout);
    Ok(())
}
