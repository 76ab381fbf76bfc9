//! The same schedule in two kinds of worlds, line by line: what a real store does otherwise than
//! the model is a hole in the ports, or a bug.

use postonce_race_kit::{Decider, Factory, Lane, Options, Played, Setting, Stage, Verbs};

/// Plays one schedule and tells it, line by line, and how it ended.
pub fn told(
    factory: &dyn Factory,
    setting: &Setting,
    decider: &mut dyn Decider,
) -> Result<Vec<String>, String> {
    let stage = Stage::new(factory, setting.clone())?;
    play(&stage, decider, Verbs::ALL)
}

/// Plays one schedule of a stage, in which these verbs may happen, and tells it.
pub fn play(
    stage: &Stage<'_>,
    decider: &mut dyn Decider,
    verbs: Verbs,
) -> Result<Vec<String>, String> {
    let played = stage.play(decider, Options { record: true, verbs, ..Options::default() })?;
    Ok(lines(stage.setting(), &played))
}

/// What the kit says of an invoice in doubt whose proof of absence was made older from outside: the
/// time is a part of its life.
const OLDER: &str = " in_doubt, changed";

/// What happened, in the order in which it did; the last line is the verdict.
///
/// Who has the lock is told where that changes: stores show a holder in more or less detail, and
/// a real one's times are not the simulation's.
fn lines(setting: &Setting, played: &Played) -> Vec<String> {
    let mut holder = String::new();
    let mut lines: Vec<String> = Vec::new();
    for line in &played.record.lines {
        let who = match line.lane {
            Lane::Actor(actor) => setting.actor_name(actor),
            Lane::Ledger => "ledger".to_owned(),
            Lane::World => "world".to_owned(),
        };
        let moves = line.rows.iter().filter(|row| !row.ends_with(OLDER));
        let rows = moves.cloned().collect::<Vec<_>>().join(", ");
        let (step, at) = (line.step, line.at.as_secs());
        let mut text = format!("{step} {at} s {who}: {} [{rows}]", line.text);
        if let Some(now) = line.lock.as_ref().filter(|now| **now != holder) {
            text.push_str(" lock ");
            text.push_str(now);
            holder.clone_from(now);
        }
        lines.push(text);
    }
    lines.push(match &played.violation {
        Some(violation) => violation.to_string(),
        None => "all is well".to_owned(),
    });
    lines
}

/// Where two tellings part, with what came before; nothing if they are the same.
pub fn difference(expected: &[String], seen: &[String]) -> Option<String> {
    let at = (0..expected.len().max(seen.len())).find(|at| expected.get(*at) != seen.get(*at))?;
    let before = expected.get(at.saturating_sub(6)..at).unwrap_or_default().join("\n  ");
    let line = |lines: &[String]| lines.get(at).map_or("nothing", |it| it.as_str()).to_owned();
    Some(format!("  {before}\n- {}\n+ {}", line(expected), line(seen)))
}
