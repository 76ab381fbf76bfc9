//! Scans on one database server, killed and compared.

use anyhow::Result;

use crate::harness::{Database, Place, Sandbox};
use crate::look_back::interrupted::{killed, slow_books};
use crate::old_month::FILE;

#[test]
fn a_scan_on_a_server_that_is_killed_at_every_page_finds_the_same() -> Result<()> {
    let sandbox = slow_books()?;
    let database = Database::new()?;
    killed(&Place::on(&database, &sandbox)?, &sandbox)
}

#[test]
fn parity_on_a_server_is_of_one_mind_after_a_sync() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let database = Database::new()?;
    let place = Place::on(&database, &sandbox)?;
    place.import("SAME", 30)?;
    place.run(&["sync"])?.expect(0)?;
    place.run(&["parity", FILE, "--check"])?.expect(0).map(drop)
}
