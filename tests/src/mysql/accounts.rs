//! Who may come in, on a database server.

use anyhow::Result;

use crate::accounts::{machines_come_and_go, people_come_and_go};
use crate::harness::{Database, Place, Sandbox};

#[test]
fn accounts_on_a_server_are_made_changed_and_listed() -> Result<()> {
    let database = Database::new()?;
    people_come_and_go(&Place::on(&database, &Sandbox::start()?)?)
}

#[test]
fn a_machine_on_a_server_gets_a_token_once_and_loses_it_for_good() -> Result<()> {
    let database = Database::new()?;
    machines_come_and_go(&Place::on(&database, &Sandbox::start()?)?)
}
