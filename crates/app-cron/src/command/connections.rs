//! `postonce connections`: by whose consent company files let us in.

use std::collections::BTreeSet;
use std::sync::Arc;

use postonce_domain::CompanyFile;
use postonce_engine::EngineError;
use postonce_ports::connection::{ConnectionEvent, ConnectionNote};

use super::agree::is_agreed;
use crate::args::{Connections, ConnectionsCommand};
use crate::exit::{Exit, Failure, chain};
use crate::json::{CheckedJson, ConnectionJson, ListedJson};
use crate::output::talk;
use crate::table::{Rows, plain};
use crate::wiring::{Base, Context};

pub(crate) async fn run(context: &Context<'_>, args: Connections) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    match args.what.unwrap_or(ConnectionsCommand::List) {
        ConnectionsCommand::List => list(context, &base).await,
        ConnectionsCommand::Check { files } => check(context, &base, files).await,
        ConnectionsCommand::Revoke { file, reason, yes } => {
            revoke(context, &base, (&file, &reason), yes).await
        }
        ConnectionsCommand::Files { via } => files(context, &base, via).await,
    }
}

/// Everything on record, and what is configured beside it.
pub(crate) async fn known(base: &Base<'_>) -> Result<Vec<ConnectionJson>, Failure> {
    let on_record = base.side.connections.connections().await?;
    let configured = base.config.company_files.keys();
    let missing =
        configured.filter(|file| on_record.iter().all(|known| known.company_file != **file));
    let mut known: Vec<_> = missing.map(ConnectionJson::unknown).collect();
    known.extend(on_record.iter().map(ConnectionJson::new));
    known.sort_by(|one, other| one.company_file.cmp(&other.company_file));
    Ok(known)
}

async fn list(context: &Context<'_>, base: &Base<'_>) -> Result<Exit, Failure> {
    let known = known(base).await?;
    if context.output.is_json() {
        context.output.value(&known);
        return Ok(Exit::Done);
    }
    let columns = [
        "company file",
        "business",
        "consent",
        "renew by",
        "access left",
        "last refresh",
        "last error",
    ];
    let mut rows = Rows::new(&columns);
    for file in &known {
        rows.add([
            file.company_file.clone(),
            business(file),
            consent(file),
            file.renewal_expected.clone().unwrap_or_default(),
            file.access_seconds_left.map(|left| format!("{left} s")).unwrap_or_default(),
            file.last_refresh.as_deref().map(to_the_second).unwrap_or_default(),
            error(file),
        ]);
    }
    let nothing = "There is no connection; make one by `postonce connect ALIAS`.";
    context.output.line(&rows.text(nothing));
    Ok(Exit::Done)
}

fn business(file: &ConnectionJson) -> String {
    match (&file.business_name, &file.business_id) {
        (Some(name), Some(id)) => format!("{name} ({id})"),
        (None, Some(id)) => id.clone(),
        (_, None) => String::new(),
    }
}

fn consent(file: &ConnectionJson) -> String {
    match (&file.consented_by, &file.consented_at, &file.revoked_by) {
        (Some(by), Some(at), _) => format!("{by}, {}", to_the_second(at)),
        (_, _, Some(by)) => format!("revoked by {by}"),
        (_, _, None) if file.connected => "by configured token".to_owned(),
        (_, _, None) => "not connected".to_owned(),
    }
}

fn error(file: &ConnectionJson) -> String {
    match (&file.last_error_at, &file.last_error) {
        (Some(at), Some(text)) => format!("{}: {text}", to_the_second(at)),
        (_, _) => String::new(),
    }
}

/// A time as JSON has it, as tables show it.
fn to_the_second(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), crate::table::time)
}

async fn check(
    context: &Context<'_>,
    base: &Base<'_>,
    files: Vec<CompanyFile>,
) -> Result<Exit, Failure> {
    refuse_unknown(base, &files).await?;
    let files = if files.is_empty() { files_to_check(base).await? } else { files };
    let ledger = base.ports().await?.ledger;
    let (mut exit, mut checked) = (Exit::Done, Vec::new());
    for file in files {
        let answer = ledger.reach(&file).await;
        if answer.is_ok() {
            let (actor, text) = (base.actor().to_owned(), String::new());
            let event = ConnectionEvent::Reached;
            let note = ConnectionNote { event, actor, text, consent: None };
            base.side.connections.add(&file, &note).await?;
        }
        let error = answer.err().map(EngineError::Ledger);
        exit = exit.or_graver(error.as_ref().map_or(Exit::Done, Exit::of_trouble));
        let error = error.map(|error| chain(&error));
        let company_file = file.to_string();
        checked.push(CheckedJson { company_file, reached: error.is_none(), error });
    }
    if context.output.is_json() {
        context.output.value(&checked);
        return Ok(exit);
    }
    let mut rows = Rows::new(&["company file", "answer"]);
    for file in checked {
        rows.add([file.company_file, file.error.unwrap_or_else(|| "it lets us in".to_owned())]);
    }
    let nothing = "There is no company file to ask: none is configured or connected.";
    context.output.line(&rows.text(nothing));
    Ok(exit)
}

/// What is configured, connected or has something to send.
async fn all_files(base: &Base<'_>) -> Result<Vec<CompanyFile>, Failure> {
    let known = base.side.connections.connections().await?;
    let known = known.into_iter().map(|known| known.company_file);
    let working = base.database.store.files_with_work().await?;
    let working = working.into_iter().map(|file| file.company_file);
    let configured = base.config.company_files.keys().cloned();
    let files: BTreeSet<_> = known.chain(working).chain(configured).collect();
    Ok(files.into_iter().collect())
}

/// A slip of the finger neither leaves a line nor uses a token.
async fn refuse_unknown(base: &Base<'_>, files: &[CompanyFile]) -> Result<(), Failure> {
    let known = all_files(base).await?;
    let Some(file) = files.iter().find(|file| !known.contains(file)) else { return Ok(()) };
    let names: Vec<_> = known.iter().map(ToString::to_string).collect();
    let there = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
    let why = format!("there is no company file `{file}`; there are: {there}");
    Err(Failure::new(Exit::DataRefused, why))
}

/// What may let us in: what has a token, is configured or has something to send, and was not
/// revoked.
async fn files_to_check(base: &Base<'_>) -> Result<Vec<CompanyFile>, Failure> {
    let known = base.side.connections.connections().await?;
    let (with_token, without): (Vec<_>, Vec<_>) =
        known.into_iter().partition(|known| known.last_refresh.is_some());
    let revoked = without.iter().filter(|known| known.newest(ConnectionEvent::Revoked).is_some());
    let revoked: BTreeSet<_> = revoked.map(|known| &known.company_file).collect();
    let working = base.database.store.files_with_work().await?;
    let working = working.into_iter().map(|file| file.company_file);
    let configured = base.config.company_files.keys().cloned();
    let with_token = with_token.into_iter().map(|known| known.company_file);
    let files: BTreeSet<_> = with_token.chain(working).chain(configured).collect();
    Ok(files.into_iter().filter(|file| !revoked.contains(file)).collect())
}

async fn revoke(
    context: &Context<'_>,
    base: &Base<'_>,
    (file, reason): (&CompanyFile, &str),
    yes: bool,
) -> Result<Exit, Failure> {
    refuse_unknown(base, std::slice::from_ref(file)).await?;
    talk(&format!(
        "Once revoked, nothing is sent to {file} until it is connected again. A run that is under \
         way keeps its access token, for 20 minutes at most."
    ));
    let mend = "if its tokens are to be forgotten, say so with `--yes`";
    if !yes && !is_agreed("Forget its tokens?", mend).await? {
        talk("Nothing was changed.");
        return Ok(Exit::Interrupted);
    }
    let connections = Arc::clone(&base.side.connections);
    let had_token = connections.revoke(file, base.actor(), reason).await?;
    if context.output.is_json() {
        let known = connections.connections().await?;
        let now = known.iter().find(|known| known.company_file == *file);
        context.output.value(&now.map(ConnectionJson::new));
        return Ok(Exit::Done);
    }
    let what = if had_token { "its tokens are forgotten" } else { "there was no token to forget" };
    context.output.line(&format!(
        "{file}: {what}. MYOB does not know of it: there the consent stands until an administrator \
         of the company file takes it away."
    ));
    Ok(Exit::Done)
}

async fn files(
    context: &Context<'_>,
    base: &Base<'_>,
    via: Option<CompanyFile>,
) -> Result<Exit, Failure> {
    let via = match via {
        Some(via) => {
            refuse_unknown(base, std::slice::from_ref(&via)).await?;
            via
        }
        None => first_with_token(base).await?,
    };
    let listed = base.myob().await?.company_files(&via).await.map_err(EngineError::Ledger)?;
    if context.output.is_json() {
        let list: Vec<_> = listed.iter().map(ListedJson::new).collect();
        context.output.value(&list);
        return Ok(Exit::Done);
    }
    let mut rows = Rows::new(&["id", "name", "address"]);
    for file in listed {
        rows.add([file.id, file.name, file.base_url.unwrap_or_default()]);
    }
    context.output.line(
        &rows.text("MYOB lists no company file to this login; to newer API keys it lists none."),
    );
    Ok(Exit::Done)
}

async fn first_with_token(base: &Base<'_>) -> Result<CompanyFile, Failure> {
    let known = base.side.connections.connections().await?;
    let connected = known.into_iter().find(|known| known.last_refresh.is_some());
    let seeded = base.config.ledger.refresh_token.is_some();
    let configured = base.config.company_files.iter();
    let mut configured = configured.filter(|(_, file)| seeded || file.refresh_token.is_some());
    let first = connected.map(|known| known.company_file);
    first.or_else(|| configured.next().map(|(file, _)| file.clone())).ok_or_else(|| {
        let why = "no company file is connected; do so by `postonce connect ALIAS`";
        Failure::new(Exit::NotAuthorised, plain(why))
    })
}
