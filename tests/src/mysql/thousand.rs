//! Every fifth POST struck, with the database on a server.

use anyhow::Result;

use crate::harness::{Database, Place, Sandbox};
use crate::thousand::{Plan, play};

#[test]
fn on_a_server_every_fifth_post_goes_wrong_and_each_ends_once_or_held_by_itself() -> Result<()> {
    let keep = Plan { invoices: 155, absent: "keep", lookup: "in_doubt", seed: 5 };
    for plan in [keep, Plan { absent: "repost", lookup: "always", seed: 6, ..keep }] {
        let sandbox = Sandbox::start()?;
        let database = Database::new()?;
        play(&plan, &sandbox, Place::on(&database, &sandbox)?)?;
    }
    Ok(())
}
