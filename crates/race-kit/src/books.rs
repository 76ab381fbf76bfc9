//! The model of MYOB: documents, and requests on their way there.
//!
//! It does what is known of MYOB and nothing kinder: it takes a second document with the same
//! number, it may answer late or never, and a new document may be missing from a search for a while.

use std::time::Duration;

use postonce_domain::{
    Attempt, ClaimId, CompanyFile, InvoiceId, InvoiceNumber, LedgerDocument, LedgerUid, Money,
    PreparedRequest,
};

/// A request that nobody waits for any more lands this long after it was sent, or never: the post
/// timeout and the ledger's longest call.
pub(crate) const IN_THE_AIR_MAX: Duration = Duration::from_secs(270);

/// How long a document may be missing from a search.
pub(crate) const VISIBILITY: Duration = Duration::from_secs(20);

/// A document in the books.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) uid: LedgerUid,
    pub(crate) company_file: CompanyFile,
    pub(crate) number: InvoiceNumber,
    pub(crate) reference: String,
    pub(crate) memo: String,
    pub(crate) customer: String,
    pub(crate) total: Money,
    /// From when on a search shows it.
    pub(crate) visible_at: Duration,
}

impl Document {
    pub(crate) fn view(&self) -> LedgerDocument {
        LedgerDocument {
            uid: self.uid.clone(),
            number: self.number.to_string(),
            reference: self.reference.clone(),
            memo: self.memo.clone(),
            customer: self.customer.clone(),
            customer_uid: None,
            total: Some(self.total),
            // As every invoice of the cast.
            tax_inclusive: Some(true),
        }
    }
}

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Flight {
    /// On its way, and its sender waits.
    Awaited,
    /// On its way, and nobody waits.
    Held,
    /// It has taken effect.
    Landed,
    /// It has taken effect, and the answer is lost.
    LandedUnanswered,
    /// The ledger said no.
    Refused,
    /// The ledger wants fewer requests.
    Limited,
    /// It is gone without an effect, and the sender does not know.
    Gone,
}

impl Flight {
    pub(crate) fn is_in_the_air(self) -> bool {
        matches!(self, Self::Awaited | Self::Held)
    }
}

/// One request for an invoice.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) actor: usize,
    pub(crate) invoice: InvoiceId,
    pub(crate) attempt: Attempt,
    pub(crate) prepared: PreparedRequest,
    pub(crate) total: Money,
    pub(crate) sent_at: Duration,
    pub(crate) flight: Flight,
}

impl Request {
    pub(crate) fn claim(&self) -> ClaimId {
        self.prepared.marker.claim
    }

    pub(crate) fn is_of(&self, other: &Self) -> bool {
        let (own, its) = (&self.prepared, &other.prepared);
        own.company_file == its.company_file && own.number == its.number
    }
}

/// What the ledger holds and what is on its way there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    pub(crate) documents: Vec<Document>,
    /// In the order in which they were sent: the place is the request's number.
    pub(crate) requests: Vec<Request>,
}

impl Books {
    /// A request leaves its sender. Its number.
    pub(crate) fn send(&mut self, request: Request) -> usize {
        self.requests.push(request);
        self.requests.len() - 1
    }

    /// The id that the document of request `n` has or would have.
    pub(crate) fn uid(n: usize) -> LedgerUid {
        // Digits and letters only, so it always parses.
        LedgerUid::parse(&format!("doc-{n}")).unwrap_or_else(|_| unreachable!("a plain id"))
    }

    /// Request `n` takes effect.
    pub(crate) fn land(&mut self, n: usize, flight: Flight, visible_at: Duration) {
        let Some(request) = self.requests.get_mut(n) else { return };
        request.flight = flight;
        let prepared = &request.prepared;
        self.documents.push(Document {
            uid: Self::uid(n),
            company_file: prepared.company_file.clone(),
            number: prepared.number.clone(),
            reference: prepared.reference.to_string(),
            memo: prepared.marker.to_string(),
            customer: prepared.customer.to_string(),
            total: request.total,
            visible_at,
        });
    }

    /// The requests in the air that land before `now`, if nothing holds them for ever.
    pub(crate) fn overdue(&self, now: Duration) -> Vec<usize> {
        let late = |request: &Request| {
            request.flight.is_in_the_air() && request.sent_at + IN_THE_AIR_MAX < now
        };
        let numbered = self.requests.iter().enumerate();
        numbered.filter(|(_, request)| late(request)).map(|(n, _)| n).collect()
    }
}
