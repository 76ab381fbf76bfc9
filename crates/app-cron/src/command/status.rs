//! `postonce status`.

use std::collections::BTreeSet;

use postonce_domain::{CompanyFile, StateName};
use postonce_ports::history::Run;
use postonce_ports::lock::LockState;
use postonce_ports::reader::StateCounts;
use postonce_ports::registry::{Alarm, Whereabouts};

use super::run_end::describe;
use crate::args::Status;
use crate::exit::{Exit, Failure};
use crate::json::{AlarmJson, CountsJson, HolderJson, LockJson, MovedJson, RunJson, StatusJson};
use crate::table::{Rows, plain, time};
use crate::wiring::{Base, Context};

/// A company file whose alarm stands.
pub(super) type Standing = (CompanyFile, Alarm);

/// How things stand.
struct State {
    lock: LockState,
    counts: StateCounts,
    last: Option<Run>,
    alarms: Vec<Standing>,
    whereabouts: Whereabouts,
}

pub(crate) async fn run(context: &Context<'_>, args: &Status) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let state = State::read(&base).await?;
    let exit = if args.check { state.standing() } else { Exit::Done };
    if context.output.is_json() {
        context.output.value(&state.json());
    } else {
        context.output.line(&state.text());
    }
    Ok(exit)
}

/// The alarms of all company files that are configured or have something to do.
pub(super) async fn standing_alarms(base: &Base<'_>) -> Result<Vec<Standing>, Failure> {
    let work = base.database.store.files_with_work().await?;
    let mut files: BTreeSet<CompanyFile> = base.config.company_files.keys().cloned().collect();
    files.extend(work.into_iter().map(|work| work.company_file));
    let mut alarms = Vec::new();
    for file in files {
        let known = base.database.registry.company_file_settings(&file).await?;
        alarms.extend(known.and_then(|known| known.alarm).map(|alarm| (file, alarm)));
    }
    Ok(alarms)
}

/// What a standing alarm means for its company file.
pub(super) fn alarm_line(file: &CompanyFile, alarm: &Alarm) -> String {
    let until = time(alarm.quiet_until);
    let what = if alarm.quiet_over {
        format!("it was left alone until {until}")
    } else {
        format!("nothing is sent before {until}")
    };
    format!("alarm: {file}: {what}; each of its invoices is looked up in MYOB before it is sent")
}

/// How things stand, for programs.
pub(crate) async fn status(base: &Base<'_>) -> Result<StatusJson, Failure> {
    Ok(State::read(base).await?.json())
}

impl State {
    async fn read(base: &Base<'_>) -> Result<Self, Failure> {
        let ports = base.ports_without_ledger();
        Ok(Self {
            lock: ports.lock.state().await?,
            counts: base.side.reader.counts().await?,
            last: ports.history.runs(1).await?.into_iter().next(),
            alarms: standing_alarms(base).await?,
            whereabouts: base.database.registry.whereabouts().await?,
        })
    }

    /// The exit code of what stands, whoever left it behind.
    fn standing(&self) -> Exit {
        let of = |wanted| {
            let counts = self.counts.by_state.iter().filter(|(state, _)| *state == wanted);
            counts.map(|(_, count)| count).sum::<u64>()
        };
        // A claim without a run behind it is in doubt as soon as the next run looks.
        let is_free = self.lock == LockState::Free;
        let left_behind = if is_free { of(StateName::Claimed) } else { 0 };
        let waits_for_a_person = self.whereabouts != Whereabouts::Same;
        let is_quiet = self.alarms.iter().any(|(_, alarm)| !alarm.quiet_over);
        let doubtful = of(StateName::InDoubt) + of(StateName::NeedsHuman) + left_behind;
        if doubtful > 0 || waits_for_a_person || is_quiet {
            Exit::InDoubt
        } else if of(StateName::Rejected) + of(StateName::Blocked) > 0 {
            Exit::DataRefused
        } else {
            Exit::Done
        }
    }

    fn json(self) -> StatusJson {
        let (state, holder) = match &self.lock {
            LockState::Free => ("free", None),
            LockState::Held(holder) => ("held", holder.as_ref().map(HolderJson::new)),
        };
        let alarms = self.alarms.iter().map(|(file, alarm)| AlarmJson::new(file, alarm));
        StatusJson {
            lock: LockJson { state, holder },
            alarms: alarms.collect(),
            moved: MovedJson::new(&self.whereabouts),
            last_run: self.last.as_ref().map(RunJson::new),
            invoices: CountsJson(self.counts),
        }
    }

    fn text(&self) -> String {
        let lock = match &self.lock {
            LockState::Free => "free".to_owned(),
            LockState::Held(None) => "held; by whom is not known".to_owned(),
            LockState::Held(Some(holder)) => format!("held by {}", describe(holder)),
        };
        let last = self.last.as_ref().map_or_else(
            || "none".to_owned(),
            |run| {
                let (id, status, started) = (run.id, run.status, time(run.started_at));
                format!("run {id} ({}), {status}, started {started}", run.new.trigger)
            },
        );
        let mut lines = vec![format!("lock: {}", plain(&lock)), format!("last run: {last}")];
        if let Whereabouts::Moved { from, to } = &self.whereabouts {
            let (from, to) = (plain(from), plain(to));
            lines.push(format!(
                "moved: the database was {from} and is {to}; nothing is sent before \
                 `postonce connect --take-over`"
            ));
        }
        lines.extend(self.alarms.iter().map(|(file, alarm)| alarm_line(file, alarm)));
        let mut rows = Rows::new(&["state", "invoices"]).numbers(&[1]);
        for (state, count) in &self.counts.by_state {
            rows.add([state.to_string(), count.to_string()]);
        }
        rows.add(["(held)".to_owned(), self.counts.held.to_string()]);
        format!("{}\n\n{}", lines.join("\n"), rows.text(""))
    }
}

#[cfg(test)]
mod tests;
