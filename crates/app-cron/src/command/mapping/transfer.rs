//! `postonce mapping export`, `import` and `clone`: many rows at once.

use std::collections::BTreeMap;
use std::path::Path;

use postonce_domain::{CompanyFile, MappingKey, MappingKind, MappingRow, MappingState};
use postonce_ports::mapping::{MappingChange, MappingWritten};

use super::{known, moved_on};
use crate::command::import::open;
use crate::exit::{Exit, Failure};
use crate::import::{Problem, Problems};
use crate::json::{ClonedJson, MappingImportJson};
use crate::mapping_file::{Placed, read, write};
use crate::output::talk;
use crate::table::{Rows, plain};
use crate::wiring::{Base, Context};

pub(super) async fn export(
    context: &Context<'_>,
    base: &Base<'_>,
    file: &CompanyFile,
    to: Option<&Path>,
) -> Result<Exit, Failure> {
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
        Err(problems) => problems.list().to_vec(),
        Ok(mut placed) => {
            keep_reasons(base, &mut placed).await?;
            let changes = placed.iter().map(|placed| placed.change.clone()).collect();
            match base.side.mappings.put(changes, base.actor()).await? {
                MappingWritten::Done { changed, unchanged } => {
                    done(context, changed, unchanged);
                    return Ok(Exit::Done);
                }
                MappingWritten::Stale(rows) => {
                    let mut problems = Problems::default();
                    for row in rows {
                        let Some(placed) = placed.get(row.index) else { continue };
                        let (key, why) = (&placed.change.key, moved_on(row.seen, row.found));
                        problems.push(placed.line, "version", format!("{key}: {why}"));
                    }
                    problems.list().to_vec()
                }
            }
        }
    };
    for Problem { line, column, message } in &problems {
        let text = format!("{}:{line}: {}: {}", from.display(), plain(column), plain(message));
        talk(&text);
    }
    talk("Nothing was imported.");
    if context.output.is_json() {
        let errors = problems.as_slice();
        context.output.value(&MappingImportJson { changed: 0, unchanged: 0, errors });
    }
    Ok(Exit::DataRefused)
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
    let there: BTreeMap<MappingKey, MappingRow> =
        there.into_iter().map(|row| (row.key.clone(), row)).collect();
    let (mut counts, mut changes): (BTreeMap<MappingKind, Cloned>, _) = Default::default();
    for row in base.side.mappings.rows(from).await? {
        if row.state == MappingState::Confirmed && row.uid.is_none() {
            continue;
        }
        let count = counts.entry(row.key.kind).or_default();
        let old = there.get(&row.key);
        if old.is_some_and(|old| old.uid.is_some() || old.state == MappingState::Review) {
            count.kept += 1;
            continue;
        }
        count.review += 1;
        Vec::push(&mut changes, copy(row, from, to, old.map_or(0, |old| old.version)));
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
fn copy(row: MappingRow, from: &CompanyFile, to: &CompanyFile, seen: i64) -> MappingChange {
    MappingChange {
        company_file: to.clone(),
        key: row.key,
        uid: None,
        their_code: row.their_code,
        their_name: row.their_name,
        state: MappingState::Review,
        reason: format!("copied from {from}, where UIDs are other ones"),
        seen,
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
