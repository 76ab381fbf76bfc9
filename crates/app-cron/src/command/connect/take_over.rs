//! `postonce connect --take-over`.

use std::time::Duration;

use postonce_ports::registry::Whereabouts;
use serde::Serialize;

use super::super::agree::is_agreed;
use super::super::status::{Standing, alarm_line, standing_alarms};
use crate::args::Connect;
use crate::exit::{Exit, Failure};
use crate::json::{AlarmJson, MovedJson};
use crate::output::talk;
use crate::table::plain;
use crate::wiring::{Base, Context};

#[derive(Serialize)]
struct ConnectJson {
    taken_over: bool,
    moved: Option<MovedJson>,
    alarms: Vec<AlarmJson>,
}

pub(crate) async fn run(context: &Context<'_>, args: &Connect) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let (registry, quiet) = (&base.database.registry, base.config.doubt.quiet);
    let mut seen = registry.whereabouts().await?;
    let moved = seen != Whereabouts::Same;
    if let Whereabouts::Moved { from, to } = &seen {
        talk(&places(from, to));
        let mend = "if this database alone counts from now on, say so with `--yes`";
        if !args.yes && !is_agreed("Take it over?", mend).await? {
            talk("Nothing was changed.");
            return Ok(Exit::Interrupted);
        }
        seen = base.side.notes.take_over_noted(quiet, base.actor()).await?;
    }
    let alarms = standing_alarms(&base).await?;
    tell(context, &seen, quiet, &alarms);
    if moved && seen == Whereabouts::Same {
        talk("Somebody else has taken it over at the same moment.");
    }
    Ok(Exit::Done)
}

/// Where the database was and is, and what saying yes means.
fn places(from: &str, to: &str) -> String {
    format!(
        "The database was: {}\nThe database is:  {}\n\
         If the old one is still in use, anywhere, invoices would be posted from both: say yes only \
         if this one alone counts from now on.",
        plain(from),
        plain(to)
    )
}

fn tell(context: &Context<'_>, seen: &Whereabouts, quiet: Duration, alarms: &[Standing]) {
    let output = &context.output;
    if output.is_json() {
        output.value(&ConnectJson {
            taken_over: *seen != Whereabouts::Same,
            moved: MovedJson::new(seen),
            alarms: alarms.iter().map(|(file, alarm)| AlarmJson::new(file, alarm)).collect(),
        });
        return;
    }
    match seen {
        Whereabouts::Same => output.line("The database is where it was: nothing was changed."),
        Whereabouts::Moved { to, .. } => {
            output.line(&format!(
                "Taken over: the database is {} from now on. Every company file is left alone for \
                 {} seconds; after that each invoice is looked up in MYOB before it is sent.",
                plain(to),
                quiet.as_secs()
            ));
            for (file, alarm) in alarms {
                output.line(&alarm_line(file, alarm));
            }
        }
    }
}

#[cfg(test)]
mod tests;
