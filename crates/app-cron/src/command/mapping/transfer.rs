//! `postonce mapping export`, `import` and `clone`: many rows at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use postonce_domain::{CompanyFile, MappingKey, MappingKind, MappingRow, MappingState};
use postonce_ports::mapping::{MappingChange, MappingWritten};

use super::{is_known, known, moved_on, unknown};
use crate::command::import::{open, refused};
use crate::exit::{Exit, Failure};
use crate::import::Problems;
use crate::json::{ClonedJson, MappingImportJson};
use crate::mapping_file::{COLUMNS, Placed, read, write};
use crate::output::talk;
use crate::table::Rows;
use crate::wiring::{Base, Context};

pub(super) async fn export(
    context: &Context<'_>,
    base: &Base<'_>,
    file: &CompanyFile,
    to: Option<&Path>,
) -> Result<Exit, Failure> {
    if context.output.is_json() {
        let why = format!(
            "what is exported is CSV, for `postonce mapping import`: leave `--json` out; `postonce \
             mapping list {file} --json` gives the rows as JSON"
        );
        return Err(Failure::new(Exit::Usage, why));
    }
    known(base, file).await?;
    let rows = base.side.mappings.rows(file).await?;
    let bytes = write(file, &rows).map_err(|why| Failure::new(Exit::Unexpected, why))?;
    match to {
        None => context.output.data(&bytes),
        Some(path) => {
            std::fs::write(path, bytes).map_err(|error| {
                let why = format!("{}: cannot be written: {error}; check the path", path.display());
                Failure::new(Exit::FileMissing, why)
            })?;
            talk(&format!("{} rows of {file} are in {}", rows.len(), path.display()));
        }
    }
    Ok(Exit::Done)
}

pub(super) async fn import(
    context: &Context<'_>,
    base: &Base<'_>,
    from: &Path,
) -> Result<Exit, Failure> {
    let problems = match read(open(from)?) {
        Err(problems) => problems,
        Ok(placed) => match take_in(base, placed).await? {
            Ok((changed, unchanged)) => {
                done(context, changed, unchanged);
                return Ok(Exit::Done);
            }
            Err(problems) => problems,
        },
    };
    refused(from, &problems);
    if context.output.is_json() {
        let errors = problems.list();
        context.output.value(&MappingImportJson { changed: 0, unchanged: 0, errors });
    }
    Ok(Exit::DataRefused)
}

/// Writes the rows of a file: how many were changed and how many are so already, or why none is.
async fn take_in(
    base: &Base<'_>,
    mut placed: Vec<Placed>,
) -> Result<Result<(u64, u64), Problems>, Failure> {
    let mut problems = Problems::default();
    let mut files: BTreeMap<CompanyFile, bool> = BTreeMap::new();
    for Placed { line, change } in &placed {
        let file = &change.company_file;
        let there = match files.get(file) {
            Some(there) => *there,
            None => is_known(base, file).await?,
        };
        files.insert(file.clone(), there);
        if !there {
            problems.push(*line, COLUMNS[0], unknown(file));
        }
    }
    if !problems.list().is_empty() {
        return Ok(Err(problems));
    }
    keep_reasons(base, &mut placed).await?;
    let changes = placed.iter().map(|placed| placed.change.clone()).collect();
    match base.side.mappings.put(changes, base.actor()).await? {
        MappingWritten::Done { changed, unchanged } => return Ok(Ok((changed, unchanged))),
        MappingWritten::Stale(rows) => {
            for row in rows {
                let Some(Placed { line, change }) = placed.get(row.index) else { continue };
                let why = moved_on(&change.company_file, row.seen, row.found);
                problems.push(*line, "version", format!("{}: {why}", change.key));
            }
        }
    }
    Ok(Err(problems))
}

/// A file does not say why a row is to be reviewed; the row on record does.
async fn keep_reasons(base: &Base<'_>, placed: &mut [Placed]) -> Result<(), Failure> {
    let mut files: BTreeMap<CompanyFile, BTreeMap<MappingKey, MappingRow>> = BTreeMap::new();
    for Placed { change, .. } in placed {
        if change.state != MappingState::Review {
            continue;
        }
        if !files.contains_key(&change.company_file) {
            let rows = base.side.mappings.rows(&change.company_file).await?;
            let rows = rows.into_iter().map(|row| (row.key.clone(), row)).collect();
            files.insert(change.company_file.clone(), rows);
        }
        let row = files.get(&change.company_file).and_then(|rows| rows.get(&change.key));
        let known = row.map(|row| row.reason.clone()).filter(|reason| !reason.is_empty());
        change.reason = known.unwrap_or_else(|| "imported to be reviewed".to_owned());
    }
    Ok(())
}

fn done(context: &Context<'_>, changed: u64, unchanged: u64) {
    if context.output.is_json() {
        context.output.value(&MappingImportJson { changed, unchanged, errors: &[] });
    } else {
        context.output.line(&format!("{changed} changed, {unchanged} unchanged"));
    }
}

/// What a copy did, by kind.
#[derive(Default)]
struct Cloned {
    review: u64,
    kept: u64,
}

pub(super) async fn clone(
    context: &Context<'_>,
    base: &Base<'_>,
    from: &CompanyFile,
    to: &CompanyFile,
) -> Result<Exit, Failure> {
    if from == to {
        let why = format!("`{from}` is to be copied to itself: name another company file");
        return Err(Failure::new(Exit::DataRefused, why));
    }
    known(base, from).await?;
    known(base, to).await?;
    let there = base.side.mappings.rows(to).await?;
    let there: BTreeSet<MappingKey> = there.into_iter().map(|row| row.key).collect();
    let (mut counts, mut changes): (BTreeMap<MappingKind, Cloned>, _) = Default::default();
    for row in base.side.mappings.rows(from).await? {
        if row.state == MappingState::Confirmed && row.uid.is_none() {
            continue;
        }
        let count = counts.entry(row.key.kind).or_default();
        // One that was taken out there stays so: somebody has said that.
        if there.contains(&row.key) {
            count.kept += 1;
            continue;
        }
        count.review += 1;
        Vec::push(&mut changes, copy(row, from, to));
    }
    if let MappingWritten::Stale(rows) = base.side.mappings.put(changes, base.actor()).await? {
        let why = format!(
            "{} rows of {to} were changed by somebody else meanwhile, and nothing was copied; say \
             it again",
            rows.len()
        );
        return Err(Failure::new(Exit::DataRefused, why));
    }
    tell(context, &counts, to);
    Ok(Exit::Done)
}

/// The row in another company file, where records have other UIDs.
///
/// What is looked for there is what a person has confirmed here, and no guess.
fn copy(row: MappingRow, from: &CompanyFile, to: &CompanyFile) -> MappingChange {
    let (their_code, their_name, reason) = match row.state {
        MappingState::Confirmed => {
            let reason = format!("copied from {from}, where UIDs are other ones");
            (row.their_code, row.their_name, reason)
        }
        MappingState::Review => {
            let reason = format!("copied from {from}, where it waits for review too");
            (String::new(), String::new(), reason)
        }
    };
    MappingChange {
        company_file: to.clone(),
        key: row.key,
        uid: None,
        their_code,
        their_name,
        state: MappingState::Review,
        reason,
        seen: 0,
    }
}

fn tell(context: &Context<'_>, counts: &BTreeMap<MappingKind, Cloned>, to: &CompanyFile) {
    if context.output.is_json() {
        let list: Vec<ClonedJson> = counts
            .iter()
            .map(|(kind, count)| ClonedJson {
                kind: kind.as_str(),
                review: count.review,
                kept: count.kept,
            })
            .collect();
        context.output.value(&list);
        return;
    }
    let mut table = Rows::new(&["kind", "to be reviewed", "kept"]).numbers(&[1, 2]);
    for (kind, count) in counts {
        table.add([kind.to_string(), count.review.to_string(), count.kept.to_string()]);
    }
    context.output.line(&table.text("There is no row to copy."));
    context.output.flush();
    talk(&format!(
        "What waits for it is blocked until it is reviewed: `postonce mapping suggest {to} --apply` \
         looks for the same codes there."
    ));
}
