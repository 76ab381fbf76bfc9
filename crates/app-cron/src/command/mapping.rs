//! `postonce mapping`: what the platform's codes are in the ledger.

mod check;
pub(crate) mod set;
mod suggest;
mod transfer;

use postonce_domain::{CompanyFile, LedgerRecord, MappingKind, MappingRow, MappingState};
use postonce_ports::mapping::LedgerDirectory;

use crate::args::{Mapping, MappingList};
use crate::exit::{Exit, Failure};
use crate::json::{MappingRowJson, state_word};
use crate::output::talk;
use crate::table::Rows;
use crate::wiring::{Base, Context};

/// The most pages of a list of the ledger; a longer one is not read to its end.
const PAGES_MAX: usize = 1_000;

pub(crate) async fn run(context: &Context<'_>, args: Mapping) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    match args {
        Mapping::List(args) => list(context, &base, &args).await,
        Mapping::Set(args) => set::run(context, &base, &args).await,
        Mapping::Suggest(args) => suggest::run(context, &base, &args).await,
        Mapping::Check { file } => check::run(context, &base, &file).await,
        Mapping::Export { file, to } => {
            transfer::export(context, &base, &file, to.as_deref()).await
        }
        Mapping::Import { from } => transfer::import(context, &base, &from).await,
        Mapping::Clone { from, to } => transfer::clone(context, &base, &from, &to).await,
    }
}

async fn list(context: &Context<'_>, base: &Base<'_>, args: &MappingList) -> Result<Exit, Failure> {
    known(base, &args.file).await?;
    let rows = base.side.mappings.rows(&args.file).await?;
    let wanted = |row: &&MappingRow| {
        args.kind.is_none_or(|kind| kind == row.key.kind)
            && (!args.review || row.state == MappingState::Review)
    };
    let rows: Vec<&MappingRow> = rows.iter().filter(wanted).collect();
    if context.output.is_json() {
        let list: Vec<MappingRowJson> =
            rows.iter().map(|row| MappingRowJson::new(&args.file, row)).collect();
        context.output.value(&list);
        return Ok(Exit::Done);
    }
    let columns = ["kind", "code", "in myob", "name", "uid", "state", "version"];
    let mut table = Rows::new(&columns).numbers(&[6]);
    for row in &rows {
        table.add(cells(row));
    }
    let nothing = if args.review { "Nothing is to be reviewed." } else { "There is no row." };
    context.output.line(&table.text(nothing));
    context.output.flush();
    for row in rows.iter().filter(|row| row.state == MappingState::Review) {
        talk(&format!("{}: {}", row.key, crate::table::plain(&row.reason)));
    }
    Ok(Exit::Done)
}

fn cells(row: &MappingRow) -> [String; 7] {
    [
        row.key.kind.to_string(),
        row.key.code.to_string(),
        row.their_code.clone(),
        row.their_name.clone(),
        row.uid.as_ref().map(ToString::to_string).unwrap_or_default(),
        state_word(row.state, row.uid.is_some()).to_owned(),
        row.version.to_string(),
    ]
}

/// Refuses an alias that nothing is known of: it is more often a slip than meant.
async fn known(base: &Base<'_>, file: &CompanyFile) -> Result<(), Failure> {
    if is_known(base, file).await? {
        return Ok(());
    }
    Err(Failure::new(Exit::DataRefused, unknown(file)))
}

fn unknown(file: &CompanyFile) -> String {
    format!("there is no company file `{file}`: import its invoices, or configure it")
}

pub(crate) async fn is_known(base: &Base<'_>, file: &CompanyFile) -> Result<bool, Failure> {
    Ok(base.config.company_files.contains_key(file)
        || base.database.registry.company_file_settings(file).await?.is_some()
        || base.database.store.files_with_work().await?.iter().any(|it| it.company_file == *file)
        || !base.side.mappings.rows(file).await?.is_empty()
        || !base.side.mappings.wanted(file).await?.is_empty())
}

/// All records of a kind.
async fn records(
    directory: &dyn LedgerDirectory,
    file: &CompanyFile,
    kind: MappingKind,
) -> Result<Vec<LedgerRecord>, Failure> {
    let (mut records, mut after) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let page = directory.records(file, kind, after).await?;
        records.extend(page.records);
        after = page.next;
        if after.is_none() {
            return Ok(records);
        }
    }
    let why = format!(
        "MYOB's list of kind {kind} of {file} has more than {PAGES_MAX} pages; say code by code \
         what it is: `postonce mapping set {file} {kind} CODE UID`"
    );
    Err(Failure::new(Exit::LedgerUnavailable, why))
}

/// What to say of a row that somebody else has changed.
fn moved_on(file: &CompanyFile, seen: i64, found: i64) -> String {
    let found = if found == 0 { "is not there".to_owned() } else { format!("is version {found}") };
    let seen = if seen == 0 { "none".to_owned() } else { format!("version {seen}") };
    format!(
        "the row {found}, and the change was made from {seen}: look at it with `postonce mapping \
         list {file}`, and make the change anew"
    )
}
