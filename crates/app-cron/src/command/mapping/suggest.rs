//! `postonce mapping suggest`: what codes may be in MYOB.

use std::collections::BTreeMap;

use postonce_adapter_myob::Layout;
use postonce_domain::{
    CompanyFile, MappingKey, MappingKind, MappingRow, MappingState, Match, Suggestion, suggest,
};
use postonce_ports::mapping::{MappingChange, MappingWritten};

use super::{known, records};
use crate::args::MappingSuggest;
use crate::exit::{Exit, Failure};
use crate::json::{LedgerRecordJson, SuggestionJson};
use crate::output::talk;
use crate::table::Rows;
use crate::wiring::{Base, Context};

/// A code that leads nowhere yet, and what it is looked for as.
struct Open {
    key: MappingKey,
    code: String,
    name: String,
    invoices: u64,
    /// The version of its row.
    seen: i64,
}

pub(super) async fn run(
    context: &Context<'_>,
    base: &Base<'_>,
    args: &MappingSuggest,
) -> Result<Exit, Failure> {
    let file = &args.file;
    known(base, file).await?;
    let open = open(base, file, args.kind).await?;
    let found = look(base, file, &open).await?;
    let applied = if args.apply { apply(base, file, &open, &found).await? } else { false };
    let pairs = open.iter().zip(&found);
    if context.output.is_json() {
        let list: Vec<SuggestionJson> =
            pairs.map(|(open, found)| json(file, open, found, applied)).collect();
        context.output.value(&list);
        return Ok(Exit::Done);
    }
    let columns = ["kind", "code", "invoices", "in myob", "name", "uid", "found by"];
    let mut table = Rows::new(&columns).numbers(&[2]);
    for (open, found) in pairs {
        let [code, name, uid, by] = words(found);
        let (kind, own) = (open.key.kind.to_string(), open.key.code.to_string());
        table.add([kind, own, open.invoices.to_string(), code, name, uid, by]);
    }
    context.output.line(&table.text("Every code has its row."));
    context.output.flush();
    if applied {
        talk(&format!(
            "What was found by another way than its code is to be reviewed: `postonce mapping list \
             {file} --review`."
        ));
    }
    Ok(Exit::Done)
}

/// The codes of invoices without a row, and the rows to be reviewed that lead nowhere yet.
///
/// A row that leads somewhere is a person's to confirm, whatever a search says: it may be a guess,
/// and then it has the code of what was guessed.
async fn open(
    base: &Base<'_>,
    file: &CompanyFile,
    kind: Option<MappingKind>,
) -> Result<Vec<Open>, Failure> {
    let mappings = &base.side.mappings;
    let rows = mappings.rows(file).await?;
    let rows: BTreeMap<MappingKey, MappingRow> =
        rows.into_iter().map(|row| (row.key.clone(), row)).collect();
    let wanted = mappings.wanted(file).await?;
    let mut open = Vec::new();
    for code in &wanted {
        let row = rows.get(&code.key);
        let is_ours = match code.key.kind {
            MappingKind::Item => base.config.ledger.layout == Layout::Item || kind.is_some(),
            MappingKind::Customer | MappingKind::TaxCode => true,
            MappingKind::Account | MappingKind::Job | MappingKind::FreightTaxCode => false,
        };
        let says_nothing =
            row.is_none_or(|row| row.state == MappingState::Confirmed && row.uid.is_none());
        if is_ours && says_nothing {
            open.push(Open {
                key: code.key.clone(),
                code: code.key.code.to_string(),
                name: code.name.clone(),
                invoices: code.invoices,
                seen: row.map_or(0, |row| row.version),
            });
        }
    }
    let leads_nowhere = |row: &&MappingRow| row.state == MappingState::Review && row.uid.is_none();
    for row in rows.values().filter(leads_nowhere) {
        let own = wanted.iter().find(|code| code.key == row.key);
        let or = |text: &str, other: &str| if text.is_empty() { other } else { text }.to_owned();
        let name = own.map_or("", |code| code.name.as_str());
        open.push(Open {
            key: row.key.clone(),
            code: or(&row.their_code, row.key.code.as_str()),
            name: or(&row.their_name, name),
            invoices: own.map_or(0, |code| code.invoices),
            seen: row.version,
        });
    }
    open.retain(|open| kind.is_none_or(|kind| kind == open.key.kind));
    open.sort_by(|one, next| one.key.cmp(&next.key));
    Ok(open)
}

/// What MYOB has for each of `open`.
async fn look(
    base: &Base<'_>,
    file: &CompanyFile,
    open: &[Open],
) -> Result<Vec<Suggestion>, Failure> {
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let directory = base.directory().await?;
    // Each kind at once: its records are put in order once.
    let mut by_kind: BTreeMap<MappingKind, Vec<usize>> = BTreeMap::new();
    for (place, one) in open.iter().enumerate() {
        by_kind.entry(one.key.kind.of_record()).or_default().push(place);
    }
    let mut found = vec![Suggestion::Nothing; open.len()];
    for (kind, places) in by_kind {
        let wanted =
            places.iter().map(|place| (open[*place].code.as_str(), open[*place].name.as_str()));
        let there = records(directory.as_ref(), file, kind).await?;
        for (place, suggested) in places.iter().zip(suggest(wanted, &there)) {
            found[*place] = suggested.suggestion;
        }
    }
    Ok(found)
}

/// Writes what was found; whether there was anything.
async fn apply(
    base: &Base<'_>,
    file: &CompanyFile,
    open: &[Open],
    found: &[Suggestion],
) -> Result<bool, Failure> {
    let changes: Vec<MappingChange> = open
        .iter()
        .zip(found)
        .filter_map(|(open, found)| {
            let Suggestion::One(record, by) = found else { return None };
            let (state, reason) = match by {
                Match::Code => (MappingState::Confirmed, String::new()),
                Match::CodeWithoutCase | Match::Name => {
                    (MappingState::Review, format!("suggested by {}", by.as_str()))
                }
            };
            Some(MappingChange {
                company_file: file.clone(),
                key: open.key.clone(),
                uid: Some(record.uid.clone()),
                their_code: record.code.clone(),
                their_name: record.name.clone(),
                state,
                reason,
                seen: open.seen,
            })
        })
        .collect();
    if changes.is_empty() {
        return Ok(false);
    }
    match base.side.mappings.put(changes, base.actor()).await? {
        MappingWritten::Done { .. } => Ok(true),
        MappingWritten::Stale(rows) => {
            let why = format!(
                "{} rows were changed by somebody else meanwhile, and nothing was written; say it \
                 again",
                rows.len()
            );
            Err(Failure::new(Exit::DataRefused, why))
        }
    }
}

fn words(found: &Suggestion) -> [String; 4] {
    match found {
        Suggestion::One(record, by) => {
            let (code, name) = (record.code.clone(), record.name.clone());
            [code, name, record.uid.to_string(), by.as_str().to_owned()]
        }
        Suggestion::Many(records, by) => {
            let several = format!("{} records; choose one", records.len());
            [several, String::new(), String::new(), by.as_str().to_owned()]
        }
        Suggestion::Nothing => ["nothing".to_owned(), String::new(), String::new(), String::new()],
    }
}

fn json(file: &CompanyFile, open: &Open, found: &Suggestion, applied: bool) -> SuggestionJson {
    let (found_by, candidates) = match found {
        Suggestion::One(record, by) => (Some(by.as_str()), vec![LedgerRecordJson::new(record)]),
        Suggestion::Many(records, by) => {
            (Some(by.as_str()), records.iter().map(LedgerRecordJson::new).collect())
        }
        Suggestion::Nothing => (None, Vec::new()),
    };
    SuggestionJson {
        company_file: file.to_string(),
        kind: open.key.kind.as_str(),
        code: open.key.code.to_string(),
        invoices: open.invoices,
        found_by,
        candidates,
        applied: applied && matches!(found, Suggestion::One(..)),
    }
}
