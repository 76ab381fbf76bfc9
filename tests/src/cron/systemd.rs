//! The units for systemd, and what the program tells it.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;

use crate::harness::{Place, Sandbox};

const UNITS: [&str; 3] = ["postonce-cron.service", "postonce-sync.service", "postonce-sync.timer"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd")
}

/// The value of a key that a unit has once.
fn value(unit: &str, key: &str) -> Result<String> {
    let text = std::fs::read_to_string(folder().join(unit))?;
    let prefix = format!("{key}=");
    let values: Vec<&str> = text.lines().filter_map(|it| it.strip_prefix(&prefix)).collect();
    match values[..] {
        [one] => Ok(one.to_owned()),
        _ => anyhow::bail!("{unit}: {key} is there {} times", values.len()),
    }
}

/// Every line is a comment, a section or a setting, and `systemd-analyze` has nothing to say,
/// where there is one.
#[test]
fn the_units_are_what_systemd_takes() -> Result<()> {
    for unit in UNITS {
        let text = std::fs::read_to_string(folder().join(unit))?;
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let is_section = line.starts_with('[') && line.ends_with(']');
            ensure!(is_section || line.contains('='), "{unit}: {line}");
        }
    }
    // It wants the program and the user to be there.
    let copies = tempfile::tempdir()?;
    for unit in UNITS {
        let text = std::fs::read_to_string(folder().join(unit))?;
        let text = text.replace("/usr/local/bin/postonce", "/bin/true");
        std::fs::write(copies.path().join(unit), text.replace("postonce\nGroup=postonce", "root"))?;
    }
    let paths = UNITS.map(|unit| copies.path().join(unit));
    let Ok(verified) = Command::new("systemd-analyze").arg("verify").args(&paths).output() else {
        return Ok(());
    };
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("postonce")).collect();
    ensure!(ours.is_empty(), "{ours:#?}");
    Ok(())
}

/// The first signal's bound is the timeout of a POST (150 s), the send window and 20 s.
#[test]
fn systemd_waits_longer_than_the_program_needs() -> Result<()> {
    for unit in ["postonce-cron.service", "postonce-sync.service"] {
        let seconds: u64 = value(unit, "TimeoutStopSec")?.parse()?;
        ensure!(seconds > 150 + 10 + 20, "{unit}: {seconds}");
    }
    ensure!(value("postonce-cron.service", "Type")? == "notify");
    Ok(())
}

#[test]
fn the_service_manager_is_told_when_it_is_ready_alive_and_stopping() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    let path = place.path().join("notify");
    let socket = UnixDatagram::bind(&path)?;
    socket.set_read_timeout(Some(Duration::from_secs(60)))?;
    place.set("CRON__TIME_ZONE", "Australia/Sydney");
    let mut command = place.command(&crate::harness::binary("POSTONCE_BIN")?, &["cron"]);
    let cron = crate::harness::Guarded::start(command.env("NOTIFY_SOCKET", &path))?;
    let hear = |wanted: &str| -> Result<String> {
        let mut buffer = [0; 4096];
        loop {
            let length = socket.recv(&mut buffer).with_context(|| format!("no {wanted}"))?;
            let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if said.starts_with(wanted) {
                return Ok(said);
            }
        }
    };
    hear("READY=1")?;
    let status = hear("STATUS=")?;
    ensure!(status.contains("20:00:00"), "{status}");
    for _ in 0..2 {
        hear("WATCHDOG=1")?;
    }
    cron.signal(Signal::TERM)?;
    hear("STOPPING=1")?;
    cron.finish()?.expect(0)?;
    Ok(())
}
