//! `postonce demo`: the promise shown on this machine, with nothing but this binary.
//!
//! A sandbox stands in for MYOB, a SQLite file in a temporary folder is the database, and the runs
//! are processes of their own, started from this very binary, so that killing one is real.

mod control;
mod world;

use postonce_domain::StateName;
use postonce_ports::reader::{Pairs, StateCounts};
use serde::Serialize;

use self::control::Books;
use self::world::{Ended, World};
use crate::exit::{Exit, Failure};
use crate::output::talk;
use crate::table::Rows;
use crate::wiring::Context;

/// The invoices of the first part, and of the second.
const PARTS: [&str; 2] = ["harbour-bakery", "summit-cycles"];

/// How many invoices a run has in flight, as configured by default.
const IN_FLIGHT: usize = 4;

pub(crate) async fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let world = World::start(context).await?;
    talk(&format!("PostOnce pushes invoices to MYOB. Here, {} stands in for MYOB.", world.url()));
    two_at_once(&world).await?;
    killed(&world).await?;
    let books = world.control().books().await?;
    let counts = world.reader().counts().await?;
    let pairs = world.reader().pairs().await?;
    let closing = Closing::new(&counts, &books, &pairs);
    world.end().await?;
    Ok(closing.tell(context))
}

/// Two runs that start at the same moment.
async fn two_at_once(world: &World) -> Result<(), Failure> {
    talk("");
    talk("1. Two runs at the same moment, as when the schedule and a button meet.");
    let count = world.import(PARTS[0]).await?;
    talk(&format!("   {count} invoices of `{}` are ready.", PARTS[0]));
    // The first request takes long enough for the two to meet.
    world.control().fault(&serde_json::json!({ "action": "delay", "delay_ms": 1_500 })).await?;
    let (one, other) = (world.sync()?, world.sync()?);
    let (one, other) = tokio::try_join!(world::ended(one), world::ended(other))?;
    for Ended { pid, code, json } in [&one, &other] {
        let number = |key: &str| json[key].as_u64().unwrap_or_default();
        if json["status"] == "ran" {
            let posted = number("posted");
            talk(&format!(
                "   Process {pid} had the lock and posted {posted}; it left with {code}."
            ));
        } else {
            let holder = &json["holder"]["pid"];
            talk(&format!(
                "   Process {pid} was turned away by process {holder}: it left with {code}."
            ));
        }
    }
    if one.code != 0 && other.code != 0 {
        return Err(unexpected("neither of the two runs went through"));
    }
    Ok(())
}

/// A run that is killed while requests are in the air, and what comes after.
async fn killed(world: &World) -> Result<(), Failure> {
    talk("");
    talk("2. A run is killed while MYOB has the invoices and the answers are still on their way.");
    let count = world.import(PARTS[1]).await?;
    talk(&format!("   {count} invoices of `{}` are ready.", PARTS[1]));
    let before = world.control().books().await?.invoices;
    let hold = serde_json::json!({ "action": "commit_then_drop", "times": 0, "delay_ms": 120_000 });
    world.control().fault(&hold).await?;
    let mut child = world.sync()?;
    world.until_there(before + IN_FLIGHT, &mut child).await?;
    let pid = child.id();
    world::kill(child).await?;
    world.control().clear_faults().await?;
    let claimed = of(&world.reader().counts().await?, StateName::Claimed);
    let there = world.control().books().await?.invoices - before;
    talk(&format!(
        "   Process {pid} got SIGKILL. MYOB has {there} more invoices; our database says \
         `claimed` for {claimed} and knows no answer."
    ));
    talk("   Sending those again would double them. The next run does not:");
    let next = world::ended(world.sync()?).await?;
    let posted = next.json["posted"].as_u64().unwrap_or_default();
    talk(&format!(
        "   Process {} posted the other {posted}; it left with {}.",
        next.pid, next.code
    ));
    world.until_settled().await?;
    talk("   The doubtful ones were searched in MYOB, found by their marker, and adopted.");
    Ok(())
}

/// What is told at the end.
#[derive(Serialize)]
struct Closing {
    invoices: u64,
    posted: u64,
    in_ledger: usize,
    posts_received: u64,
    duplicates: usize,
    claims: u64,
    outcomes: u64,
    unpaired: usize,
}

impl Closing {
    fn new(counts: &StateCounts, books: &Books, pairs: &Pairs) -> Self {
        Self {
            invoices: counts.by_state.iter().map(|(_, count)| count).sum(),
            posted: of(counts, StateName::Posted),
            in_ledger: books.invoices,
            posts_received: books.posts_received,
            duplicates: books.duplicates,
            claims: pairs.claims,
            outcomes: pairs.outcomes,
            unpaired: pairs.unpaired.len(),
        }
    }

    fn is_kept(&self) -> bool {
        let there = u64::try_from(self.in_ledger).unwrap_or_default();
        self.duplicates == 0
            && self.unpaired == 0
            && self.posted == self.invoices
            && there == self.invoices
            && self.claims == self.outcomes
    }

    fn tell(&self, context: &Context<'_>) -> Exit {
        if context.output.is_json() {
            context.output.value(self);
        } else {
            let mut rows = Rows::new(&["at the end", ""]).numbers(&[1]);
            for (words, count) in [
                ("invoices imported", self.invoices.to_string()),
                ("invoices posted, says the database", self.posted.to_string()),
                ("invoices there, says MYOB's stand-in", self.in_ledger.to_string()),
                ("posts that it received", self.posts_received.to_string()),
                ("numbers that are there twice", self.duplicates.to_string()),
                ("claims in the audit trail", self.claims.to_string()),
                ("claims with their outcome", self.outcomes.to_string()),
                ("claims without one", self.unpaired.to_string()),
            ] {
                rows.add([words.to_owned(), count]);
            }
            context.output.line("");
            context.output.line(&rows.text(""));
        }
        context.output.flush();
        talk("");
        if !self.is_kept() {
            talk("The promise was not kept: see the table.");
            return Exit::Unexpected;
        }
        talk("Every invoice is there once. To go on by hand:");
        talk("   postonce sandbox --state sandbox-state      the stand-in, for your own tries");
        talk(
            "   postonce config show                        what can be set, and where it comes from",
        );
        talk("   postonce import FILE && postonce sync       your invoices");
        Exit::Done
    }
}

fn of(counts: &StateCounts, wanted: StateName) -> u64 {
    counts.by_state.iter().filter(|(state, _)| *state == wanted).map(|(_, count)| count).sum()
}

fn unexpected(why: &str) -> Failure {
    Failure::new(Exit::Unexpected, format!("the demonstration went wrong: {why}"))
}

#[cfg(test)]
mod tests;
