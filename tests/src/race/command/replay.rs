//! `race replay`: a plan once more, as a picture.

use std::io::ErrorKind;

use postonce_race_kit::{Plan, Timeline};

use super::arguments::{Format, Replay};
use super::rung::Rung;
use super::{Stop, say};
use crate::race::processes::{self, Build};

/// Plays a plan and shows its timeline. It fails if the plan does not do what it says.
pub(crate) fn replay(wanted: &Replay) -> Result<(), Stop> {
    let plan = plan(wanted)?;
    let Rung::Calls(store) = wanted.on else { return on_processes(plan) };
    let factory = store.factory(&plan.setting)?;
    let timeline = Timeline::of(&*factory, &plan).map_err(Stop::Trouble)?;
    let text = match wanted.format {
        Format::Text => timeline.text(),
        Format::Svg => timeline.svg(),
        Format::Json => format!("{:#}\n", timeline.json()),
    };
    match &wanted.output {
        Some(file) => std::fs::write(file, text)
            .map_err(|error| Stop::Trouble(format!("cannot write {}: {error}", file.display())))?,
        None => say(&text)?,
    }
    match timeline.unexpected() {
        None => Ok(()),
        Some(why) => {
            eprintln!("race: not as the plan says: {why}");
            Err(Stop::Failed)
        }
    }
}

/// Does what the plan says to real processes. There is no picture: what is told is where they went
/// another way than the model, and what the books say in the end. It fails if they did not go all of
/// the way, or if the end is not what the plan says.
fn on_processes(plan: Plan) -> Result<(), Stop> {
    let report = processes::run(Build::Sound, &[plan], &|| true);
    let report = report.map_err(|error| Stop::Trouble(format!("{error:#}")))?;
    say(&format!("{report}\n"))?;
    if report.is_as_planned() { Ok(()) } else { Err(Stop::Failed) }
}

/// The plan that is to be played.
fn plan(wanted: &Replay) -> Result<Plan, Stop> {
    let (name, read) = if let Some(file) = &wanted.file {
        (file.display().to_string(), std::fs::read_to_string(file))
    } else {
        ("-".to_owned(), std::io::read_to_string(std::io::stdin()))
    };
    let text = read.map_err(|error| {
        if error.kind() == ErrorKind::InvalidData {
            Stop::Unreadable(format!("{name}:1: this is no text"))
        } else {
            Stop::Missing(format!("cannot read {name}: {error}"))
        }
    })?;
    let parsed = text.parse::<Plan>();
    parsed.map_err(|it| Stop::Unreadable(format!("{name}:{}: {}", it.line, it.message)))
}
