//! One story: who acts, what the script does to them, and what must be true of the end.

use std::collections::BTreeMap;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::FutureExt as _;
use jiff::civil::{Date, date};
use postonce_adapter_memory::MemoryStore;
use postonce_domain::*;
use postonce_engine::{Engine, Lookup, Origin, Policy, Ports, SyncRequest};
use postonce_ports::intake::{Imported, Intake as _};
use postonce_ports::reader::{Filter, InvoiceReader as _, Summary};
use postonce_ports::registry::Registry as _;
use postonce_ports::store::InvoiceStore as _;
use uuid::Uuid;

use super::gate::{ActorClock, Fault, Gate, GoOn};
use super::gated::{Gated, Slot};

/// A bug that the search must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bug {
    /// The claim is made whatever stands in the row.
    ClaimWithoutCompare,
    /// A request without an answer is taken for one that was never sent.
    LostAnswerIsNotSent,
    /// A claim that a dead run left behind is sent again at once.
    LostClaimIsReady,
    /// After a restore nothing is looked up before the first claim.
    NeverLooksBack,
    /// After a restore nobody waits for what is in the air.
    NeverQuiet,
}

/// How the database goes back in the middle of the story, to where it was at its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restore {
    /// Where it was, once nothing is in the air any more. Nobody tells us.
    InPlace,
    /// On another server, at once. A person takes it over.
    Elsewhere,
}

/// What a story is played in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// Whether the run lock keeps its promise.
    pub(super) lock_holds: bool,
    /// Whether invoices are sent without being looked up first.
    pub(super) cut_over: bool,
    /// Whether the confirmed absent are sent again by policy.
    pub(super) repost_absent: bool,
    /// How the database goes back, if it does.
    pub(super) restore: Option<Restore>,
    /// How many faults the script may use.
    pub(super) faults: u32,
    /// The bug to be found, if any.
    pub(super) bug: Option<Bug>,
}

/// One decision of the script.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) which: u8,
    pub(super) how: u8,
}

type Actor<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

const DOUBT: DoubtPolicy = DoubtPolicy {
    quiet: Duration::from_secs(300),
    recheck: Duration::from_secs(300),
    repost_absent: false,
};

/// A request that nobody waits for any more lands this long after it was sent, or never: post
/// timeout and the ledger's longest call.
const IN_THE_AIR_MAX: Duration = Duration::from_secs(270);

/// More calls than this are a livelock.
const CALLS_MAX: u32 = 20_000;

struct World {
    gate: Gate,
    store: MemoryStore,
    slot: Slot,
    setting: Setting,
    faults: u32,
}

/// Plays the script and checks the end; an error says what is wrong.
pub(super) fn play(setting: Setting, steps: &[Step]) -> Result<(), String> {
    let gate = Gate::default();
    let clock = ActorClock { gate: gate.clone(), actor: usize::MAX };
    let store = MemoryStore::new(InstallationId(Uuid::from_u128(7)), Arc::new(clock));
    let mut world = World { gate, store, slot: Slot::default(), setting, faults: 0 };
    if setting.cut_over {
        let file = CompanyFile::parse("shop").unwrap();
        world.store.cut_over(&file, Some(Date::MIN)).now_or_never().unwrap().unwrap();
    }
    world.rejected_invoice()?;
    world.import(&["INV-1", "INV-3"]);
    world.faults = setting.faults;
    let Some(restore) = setting.restore else {
        world.act(steps, true)?;
        return world.end(steps);
    };
    let backup = world.store.backup();
    let (before, after) = steps.split_at(steps.len().div_ceil(2));
    world.act(before, false)?;
    world.restore(&backup, restore);
    world.act(after, true)?;
    world.end(steps)
}

impl World {
    /// Two runs and a reprocess at once. They go on after the script, or everybody dies at its end.
    fn act(&mut self, steps: &[Step], go_on: bool) -> Result<(), String> {
        let repost_absent = self.setting.repost_absent;
        let engines: Vec<Engine> = (0..3).map(|actor| self.engine(actor, repost_absent)).collect();
        let rejected = [InvoiceId(1)];
        let requests: Vec<SyncRequest> =
            [Trigger::Scheduled, Trigger::Manual, Trigger::Reprocess].map(request).into();
        let mut actors: Vec<Option<Actor<'_>>> = vec![
            Some(Box::pin(engines[0].sync(&requests[0], &GoOn).map(drop))),
            Some(Box::pin(engines[1].sync(&requests[1], &GoOn).map(drop))),
            Some(Box::pin(engines[2].reprocess(&rejected, "again", &requests[2], &GoOn).map(drop))),
        ];
        self.run(&mut actors, steps, go_on)
    }

    fn end(&mut self, steps: &[Step]) -> Result<(), String> {
        self.calm(steps.len().is_multiple_of(2))?;
        self.check_end()
    }

    fn restore(&self, backup: &MemoryStore, how: Restore) {
        if how == Restore::InPlace {
            self.pass_time(IN_THE_AIR_MAX + Duration::from_secs(1), true);
        }
        self.store.restore(backup);
        if how == Restore::Elsewhere {
            self.store.move_to("elsewhere");
            let _moved = self.store.take_over(DOUBT.quiet).now_or_never().unwrap().unwrap();
        }
    }

    /// An invoice that the ledger has refused once, for the reprocess.
    fn rejected_invoice(&mut self) -> Result<(), String> {
        self.import(&["INV-2"]);
        let engine = self.engine(9, false);
        let request = request(Trigger::Manual);
        let mut actor: Actor<'_> = Box::pin(engine.sync(&request, &GoOn).map(drop));
        while !poll(&mut actor) {
            let (id, _, op) = *self.gate.parked().first().ok_or("setup is stuck")?;
            self.gate.grant(id, if op == "post" { Fault::No } else { Fault::None });
        }
        Ok(())
    }

    fn run(
        &mut self,
        actors: &mut [Option<Actor<'_>>],
        steps: &[Step],
        go_on: bool,
    ) -> Result<(), String> {
        let mut steps = steps.iter();
        for _ in 0..CALLS_MAX {
            for slot in actors.iter_mut() {
                if slot.as_mut().is_some_and(poll) {
                    *slot = None;
                }
            }
            self.check_safety()?;
            let parked = self.gate.parked();
            if actors.iter().all(Option::is_none) {
                return Ok(());
            }
            if parked.is_empty() {
                return Err("deadlock: nobody can go on".to_owned());
            }
            match steps.next() {
                Some(step) => self.step(*step, &parked, actors),
                None if go_on => self.gate.grant(parked[0].0, Fault::None),
                None => return Ok(()),
            }
        }
        Err("livelock".to_owned())
    }

    fn step(
        &mut self,
        step: Step,
        parked: &[(u64, usize, &'static str)],
        actors: &mut [Option<Actor<'_>>],
    ) {
        let which = usize::from(step.which);
        match step.which {
            0..=209 => {
                let (id, _, op) = parked[which % parked.len()];
                let fault = self.fault(op, step.how);
                self.gate.grant(id, fault);
            }
            210..=224 => self.land_one(usize::from(step.how)),
            225..=239 => {
                let seconds = if step.how.is_multiple_of(2) { 11 } else { 310 };
                self.pass_time(Duration::from_secs(seconds), step.how % 4 < 2);
            }
            240..=255 => {
                if self.faults > 0 {
                    self.faults -= 1;
                    let count = actors.len();
                    actors[which % count] = None;
                }
            }
        }
    }

    /// What goes wrong with a call, if the budget allows it and the call can fail that way.
    fn fault(&mut self, op: &str, how: u8) -> Fault {
        let possible: &[Fault] = match op {
            "claim" | "settle" | "apply" => &[Fault::Before, Fault::After],
            "post" => &[Fault::Before, Fault::After, Fault::Late, Fault::No],
            "search" => &[Fault::Before],
            _ => &[],
        };
        if how < 150 || possible.is_empty() || self.faults == 0 {
            return Fault::None;
        }
        self.faults -= 1;
        possible[usize::from(how) % possible.len()]
    }

    /// A request that is in the air lands.
    fn land_one(&self, how: usize) {
        let landed = {
            let mut outside = self.gate.outside();
            let count = outside.in_the_air.len();
            (count > 0).then(|| outside.in_the_air.remove(how % count))
        };
        if let Some(document) = landed {
            self.gate.arrive(document);
        }
    }

    /// Time passes; what was in the air too long lands or is lost before that.
    fn pass_time(&self, time: Duration, lands: bool) {
        let overdue: Vec<_> = {
            let mut outside = self.gate.outside();
            let now = outside.now + time;
            let (overdue, flying) = std::mem::take(&mut outside.in_the_air)
                .into_iter()
                .partition(|flying| flying.sent_at + IN_THE_AIR_MAX < now);
            outside.in_the_air = flying;
            overdue
        };
        if lands {
            for document in overdue {
                self.gate.arrive(document);
            }
        }
        self.gate.outside().now += time;
    }

    /// No more faults: everything lands or is lost, time passes, and three more runs go through.
    fn calm(&mut self, lands: bool) -> Result<(), String> {
        const DAY: Duration = Duration::from_secs(90_000);
        self.faults = 0;
        for actor in 10..13 {
            self.pass_time(DAY, lands);
            let engine = self.engine(actor, self.setting.repost_absent);
            let request = request(Trigger::Scheduled);
            let run = async {
                drop(engine.sync(&request, &GoOn).await);
                drop(engine.check(&[]).await);
            };
            self.run(&mut [Some(Box::pin(run))], &[], true)?;
        }
        Ok(())
    }

    /// At most one document per number, and each by a claim that is on record.
    fn check_safety(&self) -> Result<(), String> {
        let outside = self.gate.outside();
        let mut by_number: BTreeMap<String, u32> = BTreeMap::new();
        for document in &outside.documents {
            let number = document.request.number.to_string();
            let count = by_number.entry(number.clone()).or_default();
            *count += 1;
            if *count > 1 {
                return Err(format!("{number} has {count} documents"));
            }
            let claim = document.request.marker.claim;
            let known = self.store.read_back(claim).now_or_never();
            // A database that went back does not know its last claims.
            if !matches!(known, Some(Ok(true))) && self.setting.restore.is_none() {
                return Err(format!("{number} arrived without a claim on record"));
            }
        }
        Ok(())
    }

    fn check_end(&self) -> Result<(), String> {
        let pairs = self.store.pairs().now_or_never().unwrap().unwrap();
        if !pairs.unpaired.is_empty() {
            return Err(format!("claims without an outcome: {:?}", pairs.unpaired));
        }
        let filter = Filter { limit: 100, ..Filter::default() };
        let invoices = self.store.list(filter).now_or_never().unwrap().unwrap();
        if invoices.len() != 3 {
            return Err("an invoice is gone".to_owned());
        }
        invoices.iter().try_for_each(|invoice| self.check_invoice(invoice))
    }

    fn check_invoice(&self, invoice: &Summary) -> Result<(), String> {
        let outside = self.gate.outside();
        let uid = outside
            .documents
            .iter()
            .find(|document| document.request.number == invoice.number)
            .map(|document| document.uid.clone());
        let explained = match (invoice.state, &uid) {
            (StateName::Posted, Some(uid)) => invoice.ledger_uid.as_ref() == Some(uid),
            (StateName::Rejected | StateName::InDoubt, None) => true,
            // Sent again before the database went back; only a reprocess looks it up.
            (StateName::Rejected, Some(_)) => self.setting.restore.is_some(),
            _ => false,
        };
        if explained {
            return Ok(());
        }
        Err(format!("{} ends {} with {uid:?} in the ledger", invoice.number, invoice.state))
    }

    fn engine(&self, actor: usize, repost_absent: bool) -> Engine {
        let gated = Arc::new(Gated {
            gate: self.gate.clone(),
            actor,
            store: self.store.clone(),
            setting: self.setting,
            slot: Arc::clone(&self.slot),
        });
        let ports = Ports {
            store: gated.clone(),
            doubts: gated.clone(),
            lock: gated.clone(),
            history: gated.clone(),
            registry: gated.clone(),
            ledger: gated,
            clock: Arc::new(ActorClock { gate: self.gate.clone(), actor }),
            ids: Arc::new(self.gate.clone()),
        };
        let policy = Policy {
            concurrency: NonZeroUsize::new(2).unwrap(),
            run_max: Duration::from_secs(3_600),
            send_window: QuietParts::SEND_WINDOW,
            inquiry_max_age: Duration::from_secs(10),
            claims_per_invoice_max: 3,
            ledger_failures_max: 5,
            settle_tries_max: 3,
            page: 2,
            lookup: Lookup::InDoubt,
            doubt: DoubtPolicy { repost_absent, ..DOUBT },
        };
        Engine::new(ports, policy)
    }

    fn import(&self, numbers: &[&str]) {
        let invoices = numbers.iter().map(|number| invoice(number)).collect();
        let imported = self.store.import(invoices).now_or_never().unwrap().unwrap();
        assert!(matches!(imported, Imported::Done { .. }), "{imported:?}");
    }
}

fn poll(actor: &mut Actor<'_>) -> bool {
    matches!(actor.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()))
}

fn request(trigger: Trigger) -> SyncRequest {
    let origin = Origin {
        trigger,
        actor: "story".to_owned(),
        host: "here".to_owned(),
        pid: 1,
        boot_id: "boot".to_owned(),
    };
    SyncRequest { origin, company_file: None, limit: None, wait: Duration::ZERO }
}

fn invoice(number: &str) -> Invoice {
    let line = Line {
        number: 1,
        item: None,
        description: "a thing".to_owned(),
        quantity: Quantity::parse("1").unwrap(),
        unit_price: UnitPrice::parse("1").unwrap(),
        discount: Percent::default(),
        tax_code: TaxCode::parse("GST").unwrap(),
    };
    Invoice::new(InvoiceParts {
        company_file: CompanyFile::parse("shop").unwrap(),
        side: Side::Platform,
        external_id: ExternalId::parse(&format!("order {number}")).unwrap(),
        number: InvoiceNumber::parse(number).unwrap(),
        date: date(2026, 3, 1),
        customer: Customer {
            code: CustomerCode::parse("CUS1").unwrap(),
            name: "Ada".to_owned(),
            email: String::new(),
        },
        lines: vec![line],
        freight: Money::ZERO,
        tax_inclusive: true,
        memo: String::new(),
    })
    .unwrap()
}
