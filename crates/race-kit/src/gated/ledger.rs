//! The ledger: a model of MYOB whose requests are in the air until the schedule lets them land.

use async_trait::async_trait;
use postonce_domain::{
    ClaimToken, CompanyFile, Invoice, LedgerDocument, LedgerUid, Marker, Money, NotSentCause,
    Outcome, PreparedRequest, SearchKey,
};
use postonce_ports::ledger::{Ledger, LedgerError, PrepareError, Receipt};

use super::{Gated, note};
use crate::books::{Books, Document, Flight, Request};
use crate::coverage::Sometimes;
use crate::op::Op;
use crate::record::Wire;
use crate::setting::Filter;
use crate::sim::{Event, Given, Sim, Waits};

/// What becomes of a request at the wire.
#[derive(Debug)]
enum Sent {
    /// It is under way, as this one.
    Off(usize),
    /// Nothing has left.
    Not(Outcome),
}

fn not_sent(cause: NotSentCause, reason: &str) -> Outcome {
    Outcome::NotSent { cause, reason: reason.to_owned() }
}

fn unavailable() -> LedgerError {
    LedgerError::Unavailable { message: "no answer, by plan".to_owned(), source: None }
}

impl Gated {
    /// Whether the token's time has passed, by the clocks of the actor's host.
    fn is_too_late(sim: &Sim, actor: usize, token: &ClaimToken) -> bool {
        let state = sim.state();
        let off = state.actors.get(actor).map_or(0, |actor| actor.wall_off);
        token.not_after().has_passed(state.now, state.wall(off))
    }

    /// A question to the ledger.
    async fn inquire<T>(
        &self,
        op: Op,
        (about, told): (String, fn(&T) -> String),
        look: impl FnOnce(&[Document], std::time::Duration) -> T + Send + 'static,
    ) -> Result<T, LedgerError>
    where
        T: std::fmt::Debug + Send + 'static,
    {
        let (sim, actor) = (self.sim.clone(), self.actor);
        let effect = move |given| async move {
            if given != Given::Normally {
                note(&sim, actor, op, &about, "no answer");
                return Err(unavailable());
            }
            let answer = {
                let state = sim.state();
                look(&state.books.documents, state.now)
            };
            note(&sim, actor, op, &about, &told(&answer));
            Ok(answer)
        };
        self.call(op, Waits::ForItsTurn, effect).await
    }

    /// Sends a request, and waits for what the ledger says.
    async fn send_and_wait(&self, token: ClaimToken) -> Outcome {
        let two_steps = self.sim.state().modes.two_steps;
        if two_steps {
            let (sim, actor) = (self.sim.clone(), self.actor);
            let late = Self::is_too_late(&sim, actor, &token);
            let effect = move |_| async move {
                note(&sim, actor, Op::LookAtClock, "", if late { "too late" } else { "in time" });
                late
            };
            if self.call(Op::LookAtClock, Waits::ForItsTurn, effect).await {
                return not_sent(NotSentCause::Expired, "too late");
            }
        }
        let (sim, actor) = (self.sim.clone(), self.actor);
        let effect = move |given| async move { send(&sim, actor, token, (given, two_steps)) };
        let n = match self.call(Op::Post, Waits::ForItsTurn, effect).await {
            Sent::Off(n) => n,
            Sent::Not(outcome) => return outcome,
        };
        // A sender that gives up, in whatever way, does not call its request back.
        let waits = Awaits { sim: &self.sim, request: n };
        let sim = self.sim.clone();
        let answer = move |_| async move { answer(&sim, actor, n) };
        let outcome = self.call(Op::Answer, Waits::ForRequest(n), answer).await;
        drop(waits);
        outcome
    }
}

#[async_trait]
impl Ledger for Gated {
    async fn prepare(
        &self,
        invoice: &Invoice,
        marker: Marker,
    ) -> Result<PreparedRequest, PrepareError> {
        let parts = invoice.parts();
        let prepared = PreparedRequest {
            company_file: parts.company_file.clone(),
            marker,
            number: parts.number.clone(),
            reference: parts.external_id.clone(),
            customer: parts.customer.code.clone(),
            route: "model".to_owned(),
            payload: invoice.total().to_string(),
        };
        let effect = move |given| async move {
            if given == Given::Normally { Ok(prepared) } else { Err(unavailable().into()) }
        };
        self.call(Op::Prepare, Waits::ForItsTurn, effect).await
    }

    async fn check(&self, _invoice: &Invoice) -> Result<(), PrepareError> {
        let effect = |given| async move {
            if given == Given::Normally { Ok(()) } else { Err(unavailable().into()) }
        };
        self.call(Op::Check, Waits::ForItsTurn, effect).await
    }

    async fn post(&self, token: ClaimToken) -> Receipt {
        self.send_and_wait(token).await.into()
    }

    async fn search(
        &self,
        file: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        let (file, key) = (file.clone(), key.clone());
        let about = self.about(|| match &key {
            SearchKey::Number(number) => number.to_string(),
            SearchKey::Reference(reference) => format!("`{reference}`"),
        });
        let sim = self.sim.clone();
        let filter = sim.state().modes.filter;
        let (searched, wanted) = (file.clone(), key.clone());
        let look = move |documents: &[Document], now| {
            let fits = |document: &Document| match (filter, &key) {
                (Filter::Blind, _) => false,
                (Filter::Loose, _) => true,
                (Filter::Right, SearchKey::Number(number)) => document.number == *number,
                (Filter::Right, SearchKey::Reference(it)) => document.reference == it.as_str(),
            };
            let matches = |document: &&Document| {
                document.company_file == file && document.visible_at <= now && fits(document)
            };
            documents.iter().filter(matches).map(Document::view).collect::<Vec<_>>()
        };
        let told = |found: &Vec<LedgerDocument>| match found.len() {
            0 => "none".to_owned(),
            count => format!("{count} found"),
        };
        let found = self.inquire(Op::Search, (about, told), look).await?;
        let seen = if found.is_empty() { Sometimes::NotFound } else { Sometimes::Found };
        sim.event(Event::Sometimes(seen));
        let is_meant = |document: &LedgerDocument| match &wanted {
            SearchKey::Number(number) => number.matches(&document.number),
            SearchKey::Reference(reference) => document.reference == reference.as_str(),
        };
        if !found.iter().any(is_meant) {
            sim.event(Event::Missed(searched, wanted));
        }
        Ok(found)
    }

    async fn document(
        &self,
        file: &CompanyFile,
        uid: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError> {
        let (file, uid) = (file.clone(), uid.clone());
        let look = move |documents: &[Document], _| {
            let mut documents = documents.iter();
            documents.find(|it| it.company_file == file && it.uid == uid).map(Document::view)
        };
        let told = |found: &Option<_>| if found.is_some() { "found" } else { "none" }.to_owned();
        self.inquire(Op::Document, (String::new(), told), look).await
    }

    async fn reach(&self, _file: &CompanyFile) -> Result<(), LedgerError> {
        self.inquire(Op::Reach, (String::new(), |()| String::new()), |_, _| ()).await
    }
}

/// The request leaves, unless its time has passed or the wire is down.
#[expect(clippy::needless_pass_by_value, reason = "a token that was used is gone")]
fn send(sim: &Sim, actor: usize, token: ClaimToken, (given, checked): (Given, bool)) -> Sent {
    let number = token.request().number.to_string();
    let not = |words: &str, cause| {
        note(sim, actor, Op::Post, &number, words);
        Sent::Not(not_sent(cause, words))
    };
    if !checked && Gated::is_too_late(sim, actor, &token) {
        sim.event(Event::Sometimes(Sometimes::Expired));
        return not("too late, not sent", NotSentCause::Expired);
    }
    match given {
        Given::Unsent => return not("no connection", NotSentCause::NoConnection),
        Given::Limited => return not("too many requests", NotSentCause::RateLimited),
        Given::Normally | Given::Lost | Given::Panic => {}
    }
    let total = Money::parse(&token.request().payload).unwrap_or(Money::ZERO);
    let mut state = sim.state();
    let request = Request {
        actor,
        invoice: token.invoice(),
        attempt: token.attempt(),
        prepared: token.request().clone(),
        total,
        sent_at: state.now,
        flight: Flight::Awaited,
    };
    let n = state.books.send(request);
    state.events.push(Event::Sent(n));
    drop(state);
    note(sim, actor, Op::Post, &number, &format!("http#{n}"));
    sim.state().record.tie(Wire::Leaves(n));
    Sent::Off(n)
}

/// What the sender of a request learns.
fn answer(sim: &Sim, actor: usize, n: usize) -> Outcome {
    let flight = sim.state().books.requests.get(n).map(|it| it.flight);
    let (outcome, seen) = match flight {
        Some(Flight::Landed) => (Outcome::Posted { uid: Books::uid(n) }, Sometimes::AnswerPosted),
        Some(Flight::Refused) => {
            let reason = "the ledger says no, by plan".to_owned();
            (Outcome::Rejected { code: None, reason }, Sometimes::AnswerRejected)
        }
        Some(Flight::Limited) => {
            let outcome = not_sent(NotSentCause::RateLimited, "too many requests");
            (outcome, Sometimes::AnswerNotSent)
        }
        Some(Flight::Awaited | Flight::Held | Flight::LandedUnanswered | Flight::Gone) | None => {
            let reason = "no answer".to_owned();
            (Outcome::InDoubt { reason }, Sometimes::AnswerUnknown)
        }
    };
    sim.event(Event::Sometimes(seen));
    note(sim, actor, Op::Answer, &format!("http#{n}"), outcome.name().as_str());
    sim.state().record.tie(Wire::Answers(n));
    outcome
}

/// While it lives, somebody waits for the request's answer.
struct Awaits<'a> {
    sim: &'a Sim,
    request: usize,
}

impl Drop for Awaits<'_> {
    fn drop(&mut self) {
        if let Some(request) = self.sim.state().books.requests.get_mut(self.request)
            && request.flight == Flight::Awaited
        {
            request.flight = Flight::Held;
        }
    }
}
