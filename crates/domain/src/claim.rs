//! Who may send what: the claim, its token and the prepared request that it carries.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{CompanyFile, CustomerCode, ExternalId, InvoiceId, InvoiceNumber};

/// The random id of one claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimId(pub Uuid);

impl fmt::Display for ClaimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The random id of one PostOnce database, made once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstallationId(pub Uuid);

impl fmt::Display for InstallationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Counts the claims of one invoice. Grows by one with each and never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(pub u32);

/// Counts the runs that touched a company file; a claim of an older epoch is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub i64);

/// `PostOnce <installation id> <claim id>`: how a document in the ledger says whose it is.
///
/// ```
/// # use postonce_domain::{ClaimId, InstallationId, Marker};
/// # use uuid::Uuid;
/// let marker = Marker { installation: InstallationId(Uuid::from_u128(1)), claim: ClaimId(Uuid::from_u128(2)) };
/// assert_eq!(Marker::find(&format!("{marker}; thank you")), Some(marker));
/// assert_eq!(Marker::find("PostOnce is fine"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Marker {
    /// The database that the claim stands in.
    pub installation: InstallationId,
    /// The claim.
    pub claim: ClaimId,
}

impl Marker {
    const WORD: &'static str = "PostOnce";

    /// The first marker in `text`, wherever it stands: people add to memos.
    pub fn find(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c == ';').collect();
        words.windows(3).find_map(|three| {
            let [Self::WORD, installation, claim] = three else { return None };
            let installation = InstallationId(Uuid::try_parse(installation).ok()?);
            let claim = ClaimId(Uuid::try_parse(claim).ok()?);
            Some(Self { installation, claim })
        })
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", Self::WORD, self.installation, self.claim)
    }
}

/// A request that the ledger's adapter has built and that nobody else looks into.
///
/// Number, reference and customer are repeated beside it since inquiry needs them later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedRequest {
    /// Whose books.
    pub company_file: CompanyFile,
    /// The marker that it carries.
    pub marker: Marker,
    /// The invoice's number as sent.
    pub number: InvoiceNumber,
    /// The reference as sent.
    pub reference: ExternalId,
    /// Who is invoiced.
    pub customer: CustomerCode,
    /// Where the adapter will send it, in the adapter's words.
    pub route: String,
    /// The exact body.
    pub payload: String,
}

/// Until when a claim's request may be handed over, on two clocks: boot time runs on while the
/// host sleeps, wall time is moved when a virtual machine is copied. Both must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAfter {
    /// Time since the host started, suspend included.
    pub boot: Duration,
    /// The host's wall clock.
    pub wall: Timestamp,
}

impl NotAfter {
    /// Whether the time has come, on either clock.
    pub fn has_passed(&self, boot: Duration, wall: Timestamp) -> bool {
        boot >= self.boot || wall >= self.wall
    }
}

/// The right to send one request once.
///
/// Not `Clone`: the ledger takes it by value, so one claim is at most one request.
///
/// ```compile_fail
/// fn send(token: postonce_domain::ClaimToken) {}
///
/// fn twice(token: postonce_domain::ClaimToken) {
///     send(token);
///     send(token);
/// }
/// ```
#[derive(Debug)]
pub struct ClaimToken {
    id: ClaimId,
    invoice: InvoiceId,
    attempt: Attempt,
    not_after: NotAfter,
    request: PreparedRequest,
}

impl ClaimToken {
    /// Makes the token of a claim whose commit has been answered.
    ///
    /// For store adapters only, and only there: whoever calls it says that the claim is on record.
    pub fn mint(
        invoice: InvoiceId,
        attempt: Attempt,
        not_after: NotAfter,
        request: PreparedRequest,
    ) -> Self {
        Self { id: request.marker.claim, invoice, attempt, not_after, request }
    }

    /// The claim.
    pub fn id(&self) -> ClaimId {
        self.id
    }

    /// The invoice that it claims.
    pub fn invoice(&self) -> InvoiceId {
        self.invoice
    }

    /// Which claim of that invoice it is.
    pub fn attempt(&self) -> Attempt {
        self.attempt
    }

    /// Until when the request may be handed over.
    pub fn not_after(&self) -> NotAfter {
        self.not_after
    }

    /// What to send.
    pub fn request(&self) -> &PreparedRequest {
        &self.request
    }
}

#[cfg(test)]
mod tests;
