//! Who acts, and on which invoices.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::civil::date;
use postonce_domain::{
    CompanyFile, Customer, CustomerCode, DoubtPolicy, ExternalId, Invoice, InvoiceId,
    InvoiceNumber, InvoiceParts, Line, Marker, Money, NotAfter, Outcome, Percent, PreparedRequest,
    Quantity, QuietParts, RunResult, Side, TaxCode, Trigger, UnitPrice,
};
use postonce_engine::{
    CheckedOutcome, Engine, EngineError, Lookup, Origin, Policy, SyncRequest, Verdict,
};
use postonce_ports::clock::Clock as _;
use postonce_ports::intake::{Imported, Intake as _};
use postonce_ports::lock::{Holder, LockAnswer};
use postonce_ports::store::{ClaimAnswer, ClaimRequest, Recorded};

use crate::StorePorts;
use crate::choice::LONG_TIME;
use crate::gated::Gated;
use crate::setting::{Role, Setting};

/// The bounds of doubt in every race.
pub(crate) const DOUBT: DoubtPolicy = DoubtPolicy {
    quiet: Duration::from_secs(300),
    recheck: Duration::from_secs(300),
    repost_absent: false,
};

/// An invoice of the race.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its id in the database.
    pub id: InvoiceId,
    /// Its company file.
    pub company_file: CompanyFile,
    /// Its number.
    pub number: InvoiceNumber,
}

/// How an actor ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It was a run, or did not come to be one.
    Run(Result<RunResult<Holder>, EngineError>),
    /// It was something else.
    Other,
}

/// A problem with the preparation of a race. It says what failed.
type Prepared<T> = Result<T, String>;

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn parsed<T, E: std::fmt::Display>(what: Result<T, E>) -> Prepared<T> {
    what.map_err(said)
}

/// The company file of the `n`-th invoice.
fn file_of(setting: &Setting, n: u32) -> Prepared<CompanyFile> {
    let alias = if setting.files == 2 && n.is_multiple_of(2) { "branch" } else { "shop" };
    parsed(CompanyFile::parse(alias))
}

/// The `n`-th invoice, counted from 1; `edition` changes what it says.
fn invoice(setting: &Setting, n: u32, edition: u32) -> Prepared<Invoice> {
    let line = Line {
        number: 1,
        item: None,
        description: format!("edition {edition}"),
        quantity: parsed(Quantity::parse("1"))?,
        unit_price: parsed(UnitPrice::parse(&edition.to_string()))?,
        discount: Percent::default(),
        tax_code: parsed(TaxCode::parse("GST"))?,
    };
    parsed(Invoice::new(InvoiceParts {
        company_file: file_of(setting, n)?,
        side: Side::Platform,
        external_id: parsed(ExternalId::parse(&format!("order {n}")))?,
        number: parsed(InvoiceNumber::parse(&format!("INV-{n}")))?,
        date: date(2026, 3, 1),
        customer: Customer {
            code: parsed(CustomerCode::parse("CUS1"))?,
            name: "Ada".to_owned(),
            email: String::new(),
        },
        lines: vec![line],
        freight: Money::ZERO,
        tax_inclusive: true,
        memo: String::new(),
    }))
}

/// Fills an empty database with what the setting wants. The rejected invoices come last.
pub async fn prepare(ports: StorePorts, setting: Setting) -> Prepared<Vec<Known>> {
    let count = setting.invoices + setting.rejected;
    let mut known = Vec::new();
    for n in 1..=count {
        let company_file = file_of(&setting, n)?;
        if !setting.lookup_always {
            // The past is settled: what was never claimed is not looked up first. Not the first of
            // all dates, which not every database can write.
            let past = Some(date(2000, 1, 1));
            parsed(ports.registry.cut_over(&company_file, past).await)?;
        }
        match parsed(ports.intake.import(vec![invoice(&setting, n, 1)?]).await)? {
            Imported::Done { .. } => {}
            Imported::Refused(why) => return Err(format!("invoice {n} is refused: {why:?}")),
        }
        let number = parsed(InvoiceNumber::parse(&format!("INV-{n}")))?;
        let found = parsed(ports.reader.find(&company_file, &number).await)?;
        let id = found.ok_or_else(|| format!("{number} was imported and is not there"))?;
        known.push(Known { id, company_file, number });
    }
    let _kept = parsed(ports.registry.whereabouts().await)?;
    for n in setting.invoices + 1..=count {
        let place = usize::try_from(n - 1).unwrap_or(usize::MAX);
        if let Some(it) = known.get(place) {
            reject(&ports, it, n).await?;
        }
    }
    Ok(known)
}

/// An invoice that the ledger has refused before.
async fn reject(ports: &StorePorts, known: &Known, n: u32) -> Prepared<()> {
    let LockAnswer::Acquired(lock) = parsed(ports.lock.try_acquire().await)? else {
        return Err("the run lock of an unused database is busy".to_owned());
    };
    let epoch = parsed(lock.raise_epoch(&known.company_file).await)?;
    parsed(lock.release().await)?;
    let dossier = parsed(ports.doubts.dossier(known.id).await)?;
    let stored = dossier.ok_or("an invoice that was imported is not there")?.stored;
    let sent = stored.invoice.parts();
    let installation = parsed(ports.store.installation().await)?;
    let claim = postonce_domain::ClaimId(uuid::Uuid::from_u128(u128::from(n)));
    let forever = NotAfter { boot: Duration::MAX, wall: jiff::Timestamp::MAX };
    let wish = ClaimRequest {
        invoice: known.id,
        version: stored.life.version,
        epoch,
        run: postonce_domain::RunId(0),
        request: PreparedRequest {
            company_file: sent.company_file.clone(),
            marker: Marker { installation, claim },
            number: sent.number.clone(),
            reference: sent.external_id.clone(),
            customer: sent.customer.code.clone(),
            route: "model".to_owned(),
            payload: stored.invoice.total().to_string(),
        },
        not_after: forever,
        quiet: Duration::ZERO,
    };
    let answer = parsed(ports.store.claim(wish).await)?;
    let ClaimAnswer::Claimed(_token) = answer else {
        return Err(format!("a claim that nobody disputes is refused: {answer:?}"));
    };
    let no = Outcome::Rejected { code: None, reason: "refused before".to_owned() };
    match parsed(ports.store.settle(claim, &no).await)? {
        Recorded::Moved(_) => Ok(()),
        other => Err(format!("a first outcome is not recorded: {other:?}")),
    }
}

/// The bounds of an engine's work.
pub fn policy(setting: &Setting) -> Policy {
    let concurrency = usize::try_from(setting.concurrency).ok().and_then(NonZeroUsize::new);
    Policy {
        concurrency: concurrency.unwrap_or(NonZeroUsize::MIN),
        run_max: Duration::from_hours(1),
        send_window: QuietParts::SEND_WINDOW,
        inquiry_max_age: Duration::from_secs(10),
        claims_per_invoice_max: 3,
        ledger_failures_max: 5,
        settle_tries_max: 3,
        page: setting.page,
        lookup: if setting.lookup_always { Lookup::Always } else { Lookup::InDoubt },
        doubt: DoubtPolicy { repost_absent: setting.repost_absent, ..DOUBT },
    }
}

/// The only company file that a role may touch, if there is one.
pub(crate) fn only_file(role: Role) -> Option<CompanyFile> {
    if role == Role::Branch { CompanyFile::parse("branch").ok() } else { None }
}

fn request(trigger: Trigger, wait: Duration, company_file: Option<CompanyFile>) -> SyncRequest {
    let origin = Origin {
        trigger,
        actor: "race".to_owned(),
        host: "here".to_owned(),
        pid: 1,
        boot_id: "boot".to_owned(),
    };
    SyncRequest { origin, company_file, limit: None, wait }
}

/// What an actor does, from its first call to its last.
pub(crate) fn act(
    role: Role,
    gated: Gated,
    engine: Engine,
    stage: Arc<Play>,
) -> BoxFuture<'static, Ended> {
    let sync = |trigger, wait| {
        let request = request(trigger, wait, only_file(role));
        let (engine, stop) = (engine.clone(), gated.clone());
        async move { Ended::Run(engine.sync(&request, &stop).await) }
    };
    match role {
        Role::Cron => Box::pin(sync(Trigger::Scheduled, Duration::ZERO)),
        Role::SyncNow | Role::Ordering | Role::Branch => {
            Box::pin(sync(Trigger::Manual, Duration::ZERO))
        }
        Role::Handler => Box::pin(sync(Trigger::Automation, Duration::from_secs(1))),
        Role::LaterCron => {
            let run = sync(Trigger::Scheduled, Duration::ZERO);
            let nth = gated.actor.min(stage.setting.actors.len());
            let before = stage.setting.actors.iter().take(nth).filter(|it| **it == role).count();
            let times = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
            Box::pin(async move {
                gated.sleep(LONG_TIME.saturating_mul(times)).await;
                run.await
            })
        }
        Role::Reprocess => Box::pin(async move {
            let request = request(Trigger::Reprocess, Duration::ZERO, None);
            let ended = engine.reprocess(&stage.ids(), "again", &request, &gated).await;
            match ended.map(|it| it.run) {
                Ok(Some(run)) => Ended::Run(Ok(run)),
                Ok(None) => Ended::Other,
                Err(error) => Ended::Run(Err(error)),
            }
        }),
        Role::Check => Box::pin(async move {
            let failed = engine.check(&[]).await.map(|checked| {
                checked.into_iter().find_map(|it| match it.outcome {
                    CheckedOutcome::Failed(error) => Some(error),
                    _ => None,
                })
            });
            match failed {
                Ok(None) => Ended::Other,
                Ok(Some(error)) | Err(error) => Ended::Run(Err(error)),
            }
        }),
        Role::PersonAbsent | Role::PersonPosted | Role::PersonForgets | Role::PersonHolds => {
            Box::pin(person(role, gated, engine, stage))
        }
        Role::Import => Box::pin(async move {
            let count = stage.setting.invoices + stage.setting.rejected;
            let changed = (1..=count).filter_map(|n| invoice(&stage.setting, n, 2).ok());
            for invoice in changed.collect::<Vec<_>>() {
                drop(gated.import(vec![invoice]).await);
            }
            Ended::Other
        }),
    }
}

/// What the actors of a schedule know of it.
#[derive(Debug)]
pub(crate) struct Play {
    pub(crate) setting: Setting,
    pub(crate) known: Vec<Known>,
}

impl Play {
    fn ids(&self) -> Vec<InvoiceId> {
        self.known.iter().map(|it| it.id).collect()
    }
}

/// A person who acts on every invoice of a page that may be old by then.
async fn person(role: Role, gated: Gated, engine: Engine, stage: Arc<Play>) -> Ended {
    if role == Role::PersonAbsent {
        gated.sleep(LONG_TIME).await;
    }
    for known in &stage.known {
        let verdict = match role {
            Role::PersonAbsent => Verdict::Absent,
            Role::PersonForgets => Verdict::Forgotten,
            Role::PersonPosted => {
                let key = postonce_domain::SearchKey::Number(known.number.clone());
                let found =
                    postonce_ports::ledger::Ledger::search(&gated, &known.company_file, &key);
                match found.await.ok().and_then(|found| found.into_iter().next()) {
                    Some(document) => Verdict::Posted(document.uid),
                    None => continue,
                }
            }
            _ => {
                drop(engine.hold(known.id, true, "ada").await);
                drop(engine.hold(known.id, false, "ada").await);
                continue;
            }
        };
        drop(engine.resolve(known.id, verdict, "ada", "because").await);
    }
    Ended::Other
}

/// An engine over an actor's ports, within the bounds of the setting.
pub(crate) fn engine(setting: &Setting, ports: postonce_engine::Ports) -> Engine {
    Engine::new(ports, policy(setting))
}
