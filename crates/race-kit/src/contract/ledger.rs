//! What every ledger promises, whatever becomes of its requests.

use std::sync::Arc;
use std::time::Duration;

use postonce_domain::{
    Attempt, BlockCode, ClaimToken, Invoice, InvoiceId, InvoiceNumber, LedgerUid, Marker, Money,
    NotAfter, Outcome, PreparedRequest, SearchKey,
};
use postonce_ports::clock::{Clock, Ids as _};
use postonce_ports::ledger::Ledger;

use super::{Fixture, FreshIds};

pub mod posting;
pub mod preparing;
pub mod searching;

/// A ledger's adapter in front of a ledger that the test has in its hands: a sandbox, or a small
/// server of the test's own.
///
/// The ledger's books are empty. It knows the customers, accounts and tax codes of
/// [`Self::invoice`].
pub trait LedgerFixture: Fixture<Adapter = Arc<dyn Ledger>> {
    /// How many documents with one number a search must read, such as one more than the ledger
    /// shows on a page; 1 if the ledger takes no number twice.
    const SAME_NUMBER: u32 = 1;

    /// The clock that the adapter was given, by which a token's time passes.
    fn clock(&self) -> Arc<dyn Clock>;

    /// An invoice that the ledger takes, with this number and a reference of its own for each
    /// number. The company file is always the same.
    fn invoice(&self, number: &str) -> Invoice;

    /// Invoices of that company file that cannot be sent as they are, and why: such as one whose
    /// customer the ledger does not know.
    fn blocked(&self) -> Vec<(Invoice, BlockCode)>;

    /// Decides what becomes of the next request that posts an invoice, and of no other one.
    fn next_post(&self, next: NextPost) -> impl Future<Output = ()>;

    /// What the other side has received so far.
    fn received(&self) -> impl Future<Output = Received>;

    /// The invoices that are in the ledger.
    fn books(&self) -> impl Future<Output = Vec<Booked>>;

    /// Takes a document out of the ledger, as a person may.
    fn delete(&self, uid: &LedgerUid) -> impl Future<Output = ()>;

    /// From now on every search for documents fails on the ledger's side.
    fn fail_searches(&self) -> impl Future<Output = ()>;

    /// From now on the company file answers nobody, or turns everybody away.
    fn close(&self) -> impl Future<Output = ()>;
}

/// What becomes of a request that posts an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextPost {
    /// It has no effect, and no answer comes.
    Lost,
    /// The invoice is booked, and no answer comes.
    LostAfterBooking,
    /// The invoice is booked, and the answer breaks off before it says under which id.
    CutShort,
    /// It has no effect, and the answer speaks of an error inside the ledger.
    Failed,
    /// The invoice is booked, and the answer speaks of an error inside the ledger.
    FailedAfterBooking,
    /// It has no effect: the ledger does not take this invoice.
    Refused,
    /// It has no effect: the access token that it carries is not valid any more.
    Unauthorised,
}

/// How many requests the ledger has received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// All of them.
    pub requests: u64,
    /// Those that may change its books or its records. What only lets us in does not count.
    pub changes: u64,
    /// Those among them that post an invoice, whatever became of them.
    pub posts: u64,
}

/// An invoice in the ledger, as the other side knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// Its id there.
    pub uid: LedgerUid,
    /// Its number.
    pub number: String,
    /// Its reference.
    pub reference: String,
    /// Its memo.
    pub memo: String,
    /// Its total, as [`Invoice::total`] counts.
    pub total: Money,
}

/// One test for each promise of a ledger. The fixture is a [`LedgerFixture`].
///
/// ```ignore
/// postonce_race_kit::ledger_contract! {
///     my_ledger: crate::MyFixture;
/// }
/// ```
#[macro_export]
macro_rules! ledger_contract {
    ($($ledger:ident: $fixture:path;)+) => { $(mod $ledger { $crate::promises! { $fixture; ledger;
        preparing of "Ledger::prepare": [
            a_prepared_request_says_what_it_will_send,
            a_prepared_request_posts_the_invoice_with_its_marker,
            a_prepared_request_goes_out_at_once,
            preparing_posts_nothing_and_dropping_loses_nothing,
            what_would_block_is_said_by_both,
            a_check_changes_nothing,
        ];
        posting of "Ledger::post": [
            what_it_cannot_tell_is_in_doubt_after_one_request,
            a_refused_invoice_is_rejected_after_one_request,
            after_an_unauthorised_answer_the_next_claim_goes_through,
            a_token_whose_time_has_passed_sends_nothing,
            posts_at_the_same_time_are_booked_once_each,
        ];
        searching of "Ledger::search": [
            a_posted_invoice_is_found_by_number_and_by_reference,
            an_invoice_whose_answer_was_lost_is_found_with_its_marker,
            what_is_not_there_is_not_found,
            a_search_reads_every_page,
            a_search_that_keeps_failing_is_an_error,
            a_document_is_there_until_it_is_deleted,
            a_file_that_answers_is_reached_and_one_that_does_not_is_not,
        ];
    } })+ };
}

/// How long a token of these tests may be posted, which is longer than any of them lasts.
const WINDOW: Duration = Duration::from_mins(10);

/// A marker with a claim of its own.
fn marker() -> Marker {
    Marker { installation: FreshIds.installation_id(), claim: FreshIds.claim_id() }
}

/// The token of a claim that is made now. No store is asked: here the test is the store.
fn token(fixture: &impl LedgerFixture, request: PreparedRequest) -> ClaimToken {
    let clock = fixture.clock();
    let not_after = NotAfter { boot: clock.boot() + WINDOW, wall: clock.wall() + WINDOW };
    ClaimToken::mint(InvoiceId(1), Attempt(1), not_after, request)
}

/// Prepares and posts an invoice.
async fn post(fixture: &impl LedgerFixture, invoice: &Invoice, marker: Marker) -> Outcome {
    let ledger = fixture.adapter();
    let request = ledger.prepare(invoice, marker).await.unwrap();
    ledger.post(token(fixture, request)).await.outcome
}

/// Posts an invoice that nothing happens to.
async fn posted(fixture: &impl LedgerFixture, invoice: &Invoice, marker: Marker) -> LedgerUid {
    match post(fixture, invoice, marker).await {
        Outcome::Posted { uid } => uid,
        other @ (Outcome::Rejected { .. } | Outcome::NotSent { .. } | Outcome::InDoubt { .. }) => {
            panic!("the ledger takes this invoice, and says so: {other}")
        }
    }
}

fn by_number(number: &str) -> SearchKey {
    SearchKey::Number(InvoiceNumber::parse(number).unwrap())
}
