//! A person at a terminal, who is asked for a password and does not see it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use anyhow::{Context as _, Result};
use rustix::fs::{Mode, OFlags, open};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use super::PASSWORD;
use crate::harness::{Finished, Guarded, Place, Sandbox, binary};

/// `postonce` on a terminal of its own.
struct Seen {
    process: Guarded,
    /// The person's end.
    person: File,
    /// The program's end, to see what it made of the terminal.
    terminal: OwnedFd,
    screen: String,
}

impl Seen {
    fn start(place: &Place, arguments: &[&str]) -> Result<Self> {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&person)?;
        unlockpt(&person)?;
        let name = ptsname(&person, Vec::new())?;
        let terminal = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?;
        let mut command = place.command(&binary("POSTONCE_BIN")?, arguments);
        command.stdin(Stdio::from(terminal.try_clone()?));
        command.stderr(Stdio::from(terminal.try_clone()?));
        let process = Guarded::start(&mut command)?;
        let person = File::from(person);
        Ok(Self { process, person, terminal, screen: String::new() })
    }

    /// Waits until `text` is on the screen.
    fn until(&mut self, text: &str) -> Result<()> {
        while !self.screen.contains(text) {
            let mut some = [0; 1024];
            let count = self.person.read(&mut some).context("the program is gone")?;
            let some = some.get(..count).unwrap_or_default();
            self.screen.push_str(&String::from_utf8_lossy(some));
        }
        Ok(())
    }

    /// Answers both questions.
    fn answer(&mut self, first: &str, second: &str) -> Result<()> {
        self.until("Password, 12 characters at least")?;
        self.person.write_all(format!("{first}\n").as_bytes())?;
        self.until("The same again:")?;
        Ok(self.person.write_all(format!("{second}\n").as_bytes())?)
    }

    fn shows_what_is_typed(&self) -> Result<bool> {
        Ok(tcgetattr(&self.terminal)?.local_modes.contains(LocalModes::ECHO))
    }

    /// Its end, and what was on the screen all the time.
    fn finish(mut self, last: &str, code: i32) -> Result<(Finished, String)> {
        self.until(last)?;
        let shows = {
            // By the time that it says why, it may not have ended yet.
            let Self { process, .. } = &mut self;
            process.child().wait()?;
            self.shows_what_is_typed()?
        };
        assert!(shows, "the terminal is as it was");
        let Self { process, screen, .. } = self;
        Ok((process.finish()?.expect(code)?, screen))
    }
}

const ADD: [&str; 5] = ["accounts", "add", "kim", "--role", "admin"];

#[test]
fn a_password_is_asked_for_twice_and_not_shown() -> Result<()> {
    let place = Place::new(&Sandbox::start()?)?;
    let mut seen = Seen::start(&place, &ADD)?;
    seen.until("Password, 12 characters at least")?;
    assert!(!seen.shows_what_is_typed()?, "it is typed unseen");
    seen.answer(PASSWORD, PASSWORD)?;
    seen.process.child().wait()?;
    assert!(seen.shows_what_is_typed()?, "the terminal is as it was");
    assert!(!seen.screen.contains(PASSWORD), "{}", seen.screen);
    let finished = seen.process.finish()?.expect(0)?;
    assert_eq!(finished.stdout, "kim: admin, may come in\n");
    Ok(())
}

#[test]
fn two_passwords_that_differ_change_nothing() -> Result<()> {
    let place = Place::new(&Sandbox::start()?)?;
    let mut seen = Seen::start(&place, &ADD)?;
    seen.answer(PASSWORD, "another horse battery")?;
    let (finished, screen) = seen.finish("the two differ; nothing was changed", 65)?;
    assert!(!screen.contains("horse"), "{screen}");
    assert_eq!(finished.stdout, "");
    assert_eq!(place.json(&["accounts", "list", "--json"])?, serde_json::json!([]));
    Ok(())
}

#[test]
fn a_password_that_is_too_short_is_not_asked_for_again() -> Result<()> {
    let place = Place::new(&Sandbox::start()?)?;
    for typed in ["short\n", "\n", "\u{4}"] {
        let mut seen = Seen::start(&place, &ADD)?;
        seen.until("Password, 12 characters at least (")?;
        seen.person.write_all(typed.as_bytes())?;
        let (_, screen) = seen.finish("12 characters at least; nothing was changed", 65)?;
        assert!(!screen.contains("again"), "{screen}");
    }
    Ok(())
}

#[test]
fn an_interrupted_question_leaves_the_terminal_as_it_was() -> Result<()> {
    let place = Place::new(&Sandbox::start()?)?;
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut seen = Seen::start(&place, &ADD)?;
        seen.until("Password, 12 characters at least")?;
        seen.process.signal(signal)?;
        seen.finish("nothing was changed", 130)?;
    }
    Ok(())
}
