//! Invoices, and what a person may do about one.

use jiff::civil::Date;
use postonce_domain::{InvoiceId, LedgerUid, StateName, Version};
use postonce_engine::{ReprocessRefusal, ResolveError, Seen, Verdict};
use postonce_ports::reader::{Filter, NoteRecord, Summary};
use postonce_wire::{FlagJson, InvoiceJson, NoteJson, RefusedJson, ResolvedJson, ShowJson};
use serde::Deserialize;
use utoipa::ToSchema;

use super::sync::accepted;
use super::{after, company_file, limit, page};
use crate::problem::Problem;
use crate::program::Trouble;
use crate::request::{Answer, Call, json};
use crate::start::{Started, Wanted, start};

/// The most invoices of one request.
const AT_ONCE_MAX: usize = 1_000;

/// What an invoice was when somebody decided on it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hold {
    /// The `version` that was seen.
    version: i64,
}

/// The wish to send an invoice again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reprocess {
    /// The `version` that was seen.
    version: i64,
    /// Why, for the trail.
    #[serde(default)]
    reason: String,
}

/// The wish to send invoices again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReprocessAll {
    /// Which ones: 1 to 1000.
    #[schema(min_items = 1, max_items = 1000)]
    invoices: Vec<SeenInvoice>,
    /// Why, for the trail.
    #[serde(default)]
    reason: String,
}

/// An invoice as it was seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeenInvoice {
    id: i64,
    /// The `version` that was seen.
    version: i64,
}

/// What somebody says that an invoice is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolve {
    /// The `version` that was seen.
    version: i64,
    /// `posted`, `absent` or `forgotten`.
    #[serde(rename = "as")]
    verdict: VerdictName,
    /// The document, if it is posted.
    uid: Option<String>,
    /// Why, for the trail.
    reason: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
enum VerdictName {
    Posted,
    Absent,
    Forgotten,
}

impl Resolve {
    fn verdict(&self) -> Result<Verdict, Problem> {
        let uid = self.uid.as_deref().filter(|uid| !uid.is_empty());
        match (self.verdict, uid) {
            (VerdictName::Posted, Some(uid)) => LedgerUid::parse(uid)
                .map(Verdict::Posted)
                .map_err(|error| Problem::invalid(format!("`uid` = `{uid}`: the UID {error}"))),
            (VerdictName::Posted, None) => {
                Err(Problem::invalid("`uid` is missing: say which document in MYOB it is"))
            }
            (VerdictName::Absent, None) => Ok(Verdict::Absent),
            (VerdictName::Forgotten, None) => Ok(Verdict::Forgotten),
            (VerdictName::Absent | VerdictName::Forgotten, Some(_)) => {
                Err(Problem::invalid("`uid` belongs to `as` = `posted`; leave it out"))
            }
        }
    }
}

/// The filter that the query asks for.
pub(crate) fn filter(call: &Call) -> Result<Filter, Problem> {
    let query = &call.query;
    let states = query.all("state").iter().map(|text| {
        StateName::from_name(text).ok_or_else(|| {
            let known = StateName::ALL.map(StateName::as_str).join(", ");
            Problem::bad_request(format!("`state` = `{text}`: write one of {known}"))
        })
    });
    Ok(Filter {
        states: states.collect::<Result<_, _>>()?,
        company_file: company_file(query)?,
        code: query.one("code", |text| Ok(text.to_owned()))?,
        since: query.one("since", |text| {
            text.parse::<Date>().map_err(|_| "write a date such as 2026-07-01".to_owned())
        })?,
        after: after(query)?.map(InvoiceId),
        limit: limit(query)?,
    })
}

pub(crate) async fn list(call: Call) -> Answer {
    let found = call.app.parts.reader.list(filter(&call)?).await?;
    let last = found.last().map(|last| last.id.0);
    page(&call, "/invoices", found.iter().map(InvoiceJson::new).collect(), last)
}

pub(crate) async fn show(call: Call) -> Answer {
    let id = call.invoice()?;
    let summary = summary(&call, id).await?;
    let flag = call.ports().flags.flag(id).await?;
    let notes = trail(&call, id).await?;
    json(ShowJson {
        invoice: InvoiceJson::new(&summary),
        flag: flag.as_ref().map(FlagJson::new),
        notes: notes.iter().map(NoteJson::new).collect(),
    })
}

/// The invoice as it is now.
pub(crate) async fn summary(call: &Call, id: InvoiceId) -> Result<Summary, Problem> {
    call.app.parts.reader.summary(id).await?.ok_or_else(|| Problem::no_invoice(id.0))
}

/// The whole trail of one invoice, which is as long as the invoice had adventures.
pub(crate) async fn trail(call: &Call, id: InvoiceId) -> Result<Vec<NoteRecord>, Problem> {
    const PAGE: u32 = 500;
    let mut notes: Vec<NoteRecord> = Vec::new();
    loop {
        let after = notes.last().map_or(0, |note| note.id);
        let page = call.app.parts.reader.notes(Some(id), after, PAGE).await?;
        if page.is_empty() {
            return Ok(notes);
        }
        notes.extend(page);
    }
}

pub(crate) async fn hold(call: Call, held: bool) -> Answer {
    let Hold { version } = call.input()?;
    let seen = Seen { invoice: call.invoice()?, version: Some(Version(version)) };
    let engine = call.app.parts.program.engine(call.ports());
    let done = engine.hold(seen, held, &call.caller.name()).await;
    told(&call, seen, done).await?;
    json(InvoiceJson::new(&summary(&call, seen.invoice).await?))
}

pub(crate) async fn resolve(call: Call) -> Answer {
    let wish: Resolve = call.input()?;
    let verdict = wish.verdict()?;
    let reason = wish.reason.trim();
    if reason.is_empty() {
        let detail = "`reason` is empty: say why, for those who read the trail later";
        return Err(Problem::invalid(detail));
    }
    let seen = Seen { invoice: call.invoice()?, version: Some(Version(wish.version)) };
    still(&call, seen).await?;
    let actor = call.caller.name();
    let program = &call.app.parts.program;
    let engine = program.engine(program.ports(&actor).await?);
    let done = Box::pin(engine.resolve(seen, verdict, &actor, reason)).await;
    let resolved = told(&call, seen, done).await?;
    json(ResolvedJson::new(seen.invoice, resolved))
}

/// Refuses what was decided on an older version, before anything is asked of the ledger.
async fn still(call: &Call, seen: Seen) -> Result<(), Problem> {
    let now = summary(call, seen.invoice).await?;
    match seen.version.filter(|version| *version != now.version) {
        Some(version) => Err(Problem::stale(&now, version.0)),
        None => Ok(()),
    }
}

/// What became of a person's word; what moved on is shown as it is now.
async fn told<T>(call: &Call, seen: Seen, done: Result<T, ResolveError>) -> Result<T, Problem> {
    match done {
        Ok(done) => Ok(done),
        Err(ResolveError::NotFound) => Err(Problem::no_invoice(seen.invoice.0)),
        Err(ResolveError::Stale(_)) => {
            let now = summary(call, seen.invoice).await?;
            Err(Problem::stale(&now, seen.version.unwrap_or_default().0))
        }
        Err(ResolveError::Refused(words)) => {
            // It may have moved between the look and the step.
            still(call, seen).await?;
            Err(Problem::refused(format!("{words}. Nothing was changed")))
        }
        Err(ResolveError::Engine(error)) => Err(Trouble::from(error).into()),
    }
}

pub(crate) async fn reprocess(call: Call) -> Answer {
    let Reprocess { version, reason } = call.input()?;
    let seen = Seen { invoice: call.invoice()?, version: Some(Version(version)) };
    still(&call, seen).await?;
    again(&call, vec![seen], &reason).await
}

pub(crate) async fn reprocess_all(call: Call) -> Answer {
    let ReprocessAll { invoices, reason } = call.input()?;
    if !(1..=AT_ONCE_MAX).contains(&invoices.len()) {
        let detail = format!("`invoices` must name 1 to {AT_ONCE_MAX} invoices");
        return Err(Problem::invalid(detail));
    }
    let seen = invoices
        .into_iter()
        .map(|seen| Seen { invoice: InvoiceId(seen.id), version: Some(Version(seen.version)) });
    again(&call, seen.collect(), &reason).await
}

/// Starts a run over those of the invoices that may be sent again.
async fn again(call: &Call, mut invoices: Vec<Seen>, reason: &str) -> Answer {
    let engine = call.app.parts.program.engine(call.ports());
    let refused = engine.refusals(&invoices).await.map_err(Trouble::from)?;
    invoices.retain(|seen| refused.iter().all(|(refused, _)| *refused != seen.invoice));
    if invoices.is_empty() {
        return Err(none_of(&refused));
    }
    let reason = reason.trim().to_owned();
    let wanted = Wanted::Rejected { invoices, reason };
    match start(&call.app, wanted, &call.caller.name()).await? {
        Started::Run(run) => {
            let refused = refused.iter().map(RefusedJson::new);
            Ok(accepted(&call.app, run, refused.collect()))
        }
        Started::Busy(holder) => Err(Problem::busy(holder.as_ref(), |path| call.app.link(path))),
        Started::Refused(refused) => Err(none_of(&refused)),
    }
}

fn none_of(refused: &[(InvoiceId, ReprocessRefusal)]) -> Problem {
    let words = refused.iter().take(5).map(|(invoice, why)| format!("invoice {invoice}: {why}"));
    let words: Vec<String> = words.collect();
    let list: Vec<RefusedJson> = refused.iter().map(RefusedJson::new).collect();
    Problem::refused(format!("{}. Nothing was sent", words.join("; "))).with("refused", list)
}
