//! `postonce cron` on a server.

use anyhow::Result;

use crate::cron::a_hundred_fires_of_three_processes;
use crate::harness::{Database, Place, Sandbox};

#[test]
fn a_hundred_fires_of_three_processes_are_a_hundred_runs() -> Result<()> {
    let (sandbox, database) = (Sandbox::start()?, Database::new()?);
    let mut place = Place::on(&database, &sandbox)?;
    place.import("CRON", 20)?;
    a_hundred_fires_of_three_processes(&mut place)?;
    let books = sandbox.books()?;
    assert_eq!((books.invoices.len(), books.duplicates.len()), (20, 0));
    Ok(())
}
