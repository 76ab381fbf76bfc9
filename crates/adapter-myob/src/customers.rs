//! Customers that MYOB does not have yet: created once, under a claim, or not at all.
//!
//! The same discipline as with invoices: a claim on record before the request, one request, and
//! no second one until its effect is known. An unanswered creation blocks the customer's invoices
//! until a search finds it, or two searches prove that it had no effect.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use postonce_domain::{
    BlockCode, BlockReason, CompanyFile, Customer, NotAfter, NotSentCause, Outcome, QuietParts,
};
use postonce_ports::clock::{Clock, Ids};
use postonce_ports::customer::{CustomerAbsence, CustomerClaim, CustomerClaims};
use postonce_ports::ledger::{LedgerError, PrepareError};

use crate::api::{Api, unavailable, unknown};
use crate::classify::outcome;
use crate::options::MissingCustomer;
use crate::payload::customer_payload;
use crate::per_file::PerFile;
use crate::references::{Kind, Lookup, References, many};
use crate::tokens::store_trouble;

/// Finds customers, and creates them if that is wanted.
pub(crate) struct Customers {
    pub(crate) missing: MissingCustomer,
    pub(crate) claims: Arc<dyn CustomerClaims>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) quiet: Duration,
    pub(crate) recheck: Duration,
    pub(crate) rate_limit_is_not_sent: bool,
    /// Held while a customer of the file is created.
    pub(crate) creating: PerFile<tokio::sync::Mutex<()>>,
}

impl fmt::Debug for Customers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customers").field("missing", &self.missing).finish_non_exhaustive()
    }
}

/// A customer that is to be found or created.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) file: &'a CompanyFile,
    pub(crate) customer: &'a Customer,
    /// The UID of the tax code that a new customer gets: that of the invoice's first line.
    pub(crate) tax_code: &'a str,
}

impl Customers {
    /// The customer's UID.
    pub(crate) async fn resolve(
        &self,
        api: &Api,
        references: &References,
        wanted: Wanted<'_>,
    ) -> Result<String, PrepareError> {
        let code = wanted.customer.code.as_str();
        if let Some(Lookup::One(uid)) = references.remembered(wanted.file, Kind::Customer, code) {
            return Ok(uid);
        }
        match self.find(api, references, wanted).await? {
            Some(uid) => {
                if self.missing == MissingCustomer::Create {
                    self.release(wanted).await?;
                }
                Ok(uid)
            }
            None => self.create(api, references, wanted).await,
        }
    }

    /// What would keep [`resolve`](Self::resolve) from giving a UID. Creates nothing.
    pub(crate) async fn check(
        &self,
        api: &Api,
        references: &References,
        wanted: Wanted<'_>,
    ) -> Result<(), PrepareError> {
        self.find(api, references, wanted).await.map(|_| ())
    }

    /// The UID; `None` if the customer is to be created.
    async fn find(
        &self,
        api: &Api,
        references: &References,
        wanted: Wanted<'_>,
    ) -> Result<Option<String>, PrepareError> {
        let code = wanted.customer.code.as_str();
        match (references.find(api, wanted.file, Kind::Customer, code).await?, self.missing) {
            (Lookup::One(uid), _) => Ok(Some(uid)),
            (Lookup::Many(count), _) => Err(many(Kind::Customer, code, count)),
            (Lookup::None, MissingCustomer::Create) => Ok(None),
            (Lookup::None, MissingCustomer::Block) => Err(Kind::Customer.block(
                code,
                "is not in MYOB; create it there, or set `ledger.missing_customer = \"create\"`",
            )),
        }
    }

    async fn create(
        &self,
        api: &Api,
        references: &References,
        wanted: Wanted<'_>,
    ) -> Result<String, PrepareError> {
        let Wanted { file, customer, .. } = wanted;
        let code = customer.code.as_str();
        let creating = self.creating.of(file);
        let _alone = creating.lock().await;
        if let Some(Lookup::One(uid)) = references.remembered(file, Kind::Customer, code) {
            return Ok(uid);
        }
        // The second round is for a claim that the first one has proven to be without effect.
        for _ in 0..2 {
            let claim = self.ids.claim_id();
            let claimed = self.claims.claim_customer(file, &customer.code, claim, self.quiet);
            let claimed = claimed.await.map_err(store_trouble)?;
            // Searched under the claim: another process may have created it since our last look.
            let lookup = match references.search(api, file, Kind::Customer, code).await {
                Ok(lookup) => lookup,
                Err(error) => {
                    if claimed == CustomerClaim::Granted {
                        self.release(wanted).await?;
                    }
                    return Err(error.into());
                }
            };
            match (lookup, claimed) {
                (Lookup::One(uid), _) => {
                    self.release(wanted).await?;
                    return Ok(uid);
                }
                (Lookup::Many(count), _) => {
                    self.release(wanted).await?;
                    return Err(many(Kind::Customer, code, count));
                }
                (Lookup::None, CustomerClaim::Granted) => {
                    return self.post(api, references, wanted).await;
                }
                (Lookup::None, CustomerClaim::Open) => {
                    let missed = self.claims.customer_missed(file, &customer.code, self.recheck);
                    match missed.await.map_err(store_trouble)? {
                        CustomerAbsence::Proven => {}
                        CustomerAbsence::Unproven => return Err(in_doubt(code, "is under way")),
                    }
                }
            }
        }
        Err(in_doubt(code, "is under way elsewhere"))
    }

    async fn post(
        &self,
        api: &Api,
        references: &References,
        wanted: Wanted<'_>,
    ) -> Result<String, PrepareError> {
        let Wanted { file, customer, tax_code } = wanted;
        let code = customer.code.as_str();
        let token = match api.ready(file).await {
            Ok(token) => token,
            Err(error) => {
                self.release(wanted).await?;
                return Err(error.into());
            }
        };
        let route = api.route(file, "Contact/Customer").ok_or_else(|| unknown(file))?;
        let payload = customer_payload(customer, tax_code);
        let sent = api.post_once(&token, &route, payload, self.not_after()).await;
        match api.scrubbed(outcome(&sent, self.rate_limit_is_not_sent), &token) {
            Outcome::Posted { uid } => {
                let uid = uid.as_str().to_owned();
                references.remember(file, Kind::Customer, code, Lookup::One(uid.clone()));
                self.release(wanted).await?;
                Ok(uid)
            }
            Outcome::Rejected { reason, .. } => {
                self.release(wanted).await?;
                Err(Kind::Customer.block(code, &format!("cannot be created: {reason}")))
            }
            Outcome::NotSent { cause, reason } => {
                if cause == NotSentCause::Unauthorised {
                    api.tokens.forget(file, &token);
                }
                self.release(wanted).await?;
                Err(not_created(code, cause, &reason).into())
            }
            // The claim stays: only a search ends it.
            Outcome::InDoubt { reason } => Err(in_doubt(code, &format!("is in doubt: {reason}"))),
        }
    }

    async fn release(&self, wanted: Wanted<'_>) -> Result<(), LedgerError> {
        let code = &wanted.customer.code;
        self.claims.release_customer(wanted.file, code).await.map_err(store_trouble)
    }

    fn not_after(&self) -> NotAfter {
        let window = QuietParts::SEND_WINDOW;
        let wall = self.clock.wall();
        let later = SignedDuration::try_from(window).ok().and_then(|w| wall.checked_add(w).ok());
        NotAfter { boot: self.clock.boot() + window, wall: later.unwrap_or(wall) }
    }
}

fn not_created(code: &str, cause: NotSentCause, reason: &str) -> LedgerError {
    let message = format!("customer `{code}` was not created: {reason}");
    match cause {
        NotSentCause::AccessDenied => LedgerError::NotAuthorised { message },
        NotSentCause::NoConnection
        | NotSentCause::Expired
        | NotSentCause::Unauthorised
        | NotSentCause::RateLimited
        | NotSentCause::CommitUnanswered => unavailable(message),
    }
}

fn in_doubt(code: &str, what: &str) -> PrepareError {
    let text = format!(
        "customer `{code}`: its creation {what}; its invoices wait until a search finds it or \
         proves that it is not there"
    );
    PrepareError::Blocked(BlockReason::new(BlockCode::CustomerInDoubt, text))
}
