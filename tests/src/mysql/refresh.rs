//! Two processes whose access token ends at the same moment, on one database server.

use anyhow::Result;

use crate::harness::{Database, Place, Sandbox};
use crate::refresh::refresh_at_once;

#[test]
fn two_processes_on_a_server_refresh_once_and_lose_no_token() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let database = Database::new()?;
    refresh_at_once(Place::on(&database, &sandbox)?, &sandbox)
}
