//! `postonce mapping set`: one row.

use postonce_domain::{CompanyFile, LedgerRecord, MappingKey, MappingRow, MappingState};
use postonce_ports::mapping::{LedgerDirectory, MappingChange, MappingWritten};

use super::{known, moved_on};
use crate::args::MappingSet;
use crate::exit::{Exit, Failure};
use crate::import::myob_uid;
use crate::json::MappingRowJson;
use crate::wiring::{Base, Context};

/// What a code is to be.
pub(crate) enum Target<'a> {
    /// The record with this UID or code.
    Record(&'a str),
    /// What the row says.
    AsItIs,
    /// Nothing any more.
    Nothing,
}

/// The wish to write one row.
pub(crate) struct Wish<'a> {
    pub(crate) file: &'a CompanyFile,
    pub(crate) key: MappingKey,
    /// The version that it was made from; whatever it is now if `None`.
    pub(crate) seen: Option<i64>,
    pub(crate) target: Target<'a>,
}

pub(super) async fn run(
    context: &Context<'_>,
    base: &Base<'_>,
    args: &MappingSet,
) -> Result<Exit, Failure> {
    let file = &args.file;
    let code = args.kind.code(&args.code);
    let code = code.map_err(|error| refused(format!("the code `{}` {error}", args.code)))?;
    let key = MappingKey { kind: args.kind, code };
    known(base, file).await?;
    let target = match (&args.target, args.none) {
        (Some(target), _) => Target::Record(target),
        (None, true) => Target::Nothing,
        (None, false) => Target::AsItIs,
    };
    let wish = Wish { file, key, seen: args.version, target };
    if let Some(row) = write(base, wish, base.actor()).await? {
        tell(context, file, &row);
    }
    Ok(Exit::Done)
}

/// Writes one row, and gives it as it is then.
pub(crate) async fn write(
    base: &Base<'_>,
    Wish { file, key, seen, target }: Wish<'_>,
    actor: &str,
) -> Result<Option<MappingRow>, Failure> {
    let before = row(base, file, &key).await?;
    let seen = seen.unwrap_or_else(|| before.as_ref().map_or(0, |row| row.version));
    let (uid, their_code, their_name) = match target {
        Target::Nothing => {
            let (code, name) =
                before.map(|row| (row.their_code, row.their_name)).unwrap_or_default();
            (None, code, name)
        }
        Target::Record(_) | Target::AsItIs => {
            let directory = base.directory().await?;
            let record = match target {
                Target::Record(target) => target_of(directory.as_ref(), file, &key, target).await?,
                Target::AsItIs | Target::Nothing => {
                    confirmed(directory.as_ref(), file, &key, before).await?
                }
            };
            (Some(record.uid), record.code, record.name)
        }
    };
    let change = MappingChange {
        company_file: file.clone(),
        key: key.clone(),
        uid,
        their_code,
        their_name,
        state: MappingState::Confirmed,
        reason: String::new(),
        seen,
    };
    if let MappingWritten::Stale(rows) = base.side.mappings.put(vec![change], actor).await? {
        let found = rows.first().map_or(0, |row| row.found);
        return Err(refused(format!("{key} of {file}: {}", moved_on(file, seen, found))));
    }
    row(base, file, &key).await
}

async fn row(
    base: &Base<'_>,
    file: &CompanyFile,
    key: &MappingKey,
) -> Result<Option<MappingRow>, Failure> {
    Ok(base.side.mappings.find(file, std::slice::from_ref(key)).await?.pop())
}

fn refused(why: String) -> Failure {
    Failure::new(Exit::DataRefused, why)
}

/// The record that `target` names, by UID or by code.
async fn target_of(
    directory: &dyn LedgerDirectory,
    file: &CompanyFile,
    key: &MappingKey,
    target: &str,
) -> Result<LedgerRecord, Failure> {
    let kind = key.kind.of_record();
    if let Some(uid) = myob_uid(target) {
        let found = directory.with_uid(file, kind, &uid).await?;
        return found.ok_or_else(|| refused(format!("MYOB has no {kind} with the UID {uid}")));
    }
    let found = directory.with_code(file, kind, target).await?;
    let active = found.iter().filter(|record| record.active);
    match (found.as_slice(), active.collect::<Vec<_>>().as_slice()) {
        ([], _) => {
            let why = format!(
                "MYOB has no {kind} with the code `{target}`; look how it is written there"
            );
            Err(refused(why))
        }
        ([one], _) => Ok(one.clone()),
        (_, [one]) => Ok((*one).clone()),
        (several, _) => {
            let uids: Vec<String> = several.iter().map(|it| it.uid.to_string()).collect();
            let why = format!(
                "the code `{target}` stands {} times in MYOB; name one by its UID: {}",
                several.len(),
                uids.join(", ")
            );
            Err(refused(why))
        }
    }
}

/// The record of the row as it is, if the ledger still has it.
async fn confirmed(
    directory: &dyn LedgerDirectory,
    file: &CompanyFile,
    key: &MappingKey,
    row: Option<MappingRow>,
) -> Result<LedgerRecord, Failure> {
    let mend = "say what it is, by its UID or code in MYOB";
    let Some(uid) = row.and_then(|row| row.uid) else {
        return Err(refused(format!("{key} of {file}: there is nothing to confirm; {mend}")));
    };
    let found = directory.with_uid(file, key.kind.of_record(), &uid).await?;
    found.ok_or_else(|| refused(format!("{key} of {file}: MYOB has no {uid}; {mend}")))
}

fn tell(context: &Context<'_>, file: &CompanyFile, row: &MappingRow) {
    if context.output.is_json() {
        context.output.value(&MappingRowJson::new(file, row));
        return;
    }
    let is = match &row.uid {
        Some(uid) => format!("`{}` {} ({uid})", row.their_code, row.their_name),
        None => "looked up as it is written".to_owned(),
    };
    let text = format!("{file}: {} is {is}; version {}", row.key, row.version);
    context.output.line(&crate::table::plain(&text));
}
