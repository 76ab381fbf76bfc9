//! Customers and items that MYOB does not have yet: created once, under a claim, or not at all.
//!
//! The same discipline as with invoices: a claim on record before the request, one request, and
//! no second one until its effect is known. An unanswered creation blocks the invoices that need
//! the record until a search finds it, or two searches prove that it had no effect. What was created
//! goes to the mapping before its claim is taken off, so that nobody depends on a search that does
//! not find it yet.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use postonce_domain::{
    BlockCode, BlockReason, ClaimId, CompanyFile, InstallationId, LedgerUid, MappingKey,
    MappingState, Marker, NotAfter, NotSentCause, Outcome, QuietParts,
};
use postonce_ports::clock::{Clock, Ids};
use postonce_ports::creation::{CreationAbsence, CreationClaim, CreationClaims};
use postonce_ports::ledger::{LedgerError, PrepareError};
use postonce_ports::mapping::{MappingChange, MappingWritten};
use postonce_ports::store::POSTONCE;

use crate::api::{Api, unavailable, unknown};
use crate::classify::outcome;
use crate::mappings::Mappings;
use crate::options::Missing;
use crate::per_file::PerFile;
use crate::references::{Kind, Lookup, References, foreign, many};
use crate::tokens::store_trouble;

/// Finds customers and items, and creates them if that is wanted.
pub(crate) struct Creations {
    pub(crate) claims: Arc<dyn CreationClaims>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) quiet: Duration,
    pub(crate) recheck: Duration,
    pub(crate) rate_limit_is_not_sent: bool,
    /// Held while a record of the file is created.
    pub(crate) creating: PerFile<tokio::sync::Mutex<()>>,
    /// Records that were found, and of which no claim is open that this process knows of.
    pub(crate) settled: Mutex<HashSet<(CompanyFile, MappingKey)>>,
}

/// The most records of which that is remembered.
const SETTLED_MAX: usize = 20_000;

impl fmt::Debug for Creations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Creations").finish_non_exhaustive()
    }
}

/// What is asked and written on the way.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    pub(crate) api: &'a Api,
    pub(crate) references: &'a References,
    pub(crate) mappings: &'a Mappings,
}

/// A record that is to be found.
#[derive(Clone, Copy)]
pub(crate) struct Sought<'a> {
    pub(crate) file: &'a CompanyFile,
    pub(crate) kind: Kind,
    pub(crate) key: &'a MappingKey,
}

/// A record that is to be found or created.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) sought: Sought<'a>,
    pub(crate) missing: Missing,
    /// The name that it is created with.
    pub(crate) name: &'a str,
    /// Whose records these are.
    pub(crate) installation: InstallationId,
    /// What creates it, with the marker by which it is known.
    pub(crate) payload: &'a (dyn Fn(Marker) -> String + Send + Sync),
}

impl Sought<'_> {
    fn code(&self) -> &str {
        self.key.code.as_str()
    }
}

impl Creations {
    /// The record's UID.
    pub(crate) async fn resolve(
        &self,
        means: Means<'_>,
        wanted: Wanted<'_>,
    ) -> Result<String, PrepareError> {
        match find(means, wanted.sought, wanted.missing).await? {
            Some(uid) => {
                if wanted.missing == Missing::Create && !self.is_settled(wanted) {
                    self.found(means, wanted, &uid).await?;
                }
                Ok(uid)
            }
            None => self.create(means, wanted).await,
        }
    }

    async fn create(&self, means: Means<'_>, wanted: Wanted<'_>) -> Result<String, PrepareError> {
        // More than one round is for a claim that was proven to be without effect, and for one whose
        // time passed while the search took long.
        const ROUNDS: u32 = 3;
        let (file, code) = (wanted.sought.file, wanted.sought.code());
        let creating = self.creating.of(file);
        let _alone = creating.lock().await;
        if let Some(Lookup::One(uid)) = means.references.remembered(file, wanted.sought.kind, code)
        {
            return Ok(uid);
        }
        self.settled().remove(&settled_as(wanted));
        for _ in 0..ROUNDS {
            let claim = self.ids.claim_id();
            // Fixed before the claim is sent: whoever is stopped after it sends nothing later, when
            // others may have proven the record absent.
            let not_after = self.not_after();
            let claimed = self.claims.claim_creation(file, wanted.sought.key, claim, self.quiet);
            let claimed = claimed.await.map_err(store_trouble)?;
            let began = self.clock.boot();
            let seen = match look(means, wanted.sought).await {
                Ok(Seen::Found(Lookup::None)) if claimed == CreationClaim::Granted => {
                    match self.post(means, wanted, (claim, not_after)).await? {
                        Some(uid) => return Ok(uid),
                        None => continue,
                    }
                }
                seen => seen,
            };
            if claimed == CreationClaim::Granted {
                self.release(wanted, claim).await?;
            }
            match seen? {
                Seen::Kept(uid) => return Ok(uid),
                Seen::Found(Lookup::One(uid)) => {
                    if claimed == CreationClaim::Open {
                        self.found(means, wanted, &uid).await?;
                    }
                    return Ok(uid);
                }
                Seen::Found(Lookup::Many(count)) => {
                    return Err(many(wanted.sought.kind, code, count));
                }
                Seen::Found(Lookup::Foreign(currency)) => {
                    return Err(foreign(wanted.sought.kind, code, &currency));
                }
                Seen::Found(Lookup::None) => {
                    let took = self.clock.boot().saturating_sub(began);
                    let missed =
                        self.claims.creation_missed(file, wanted.sought.key, took, self.recheck);
                    match missed.await.map_err(store_trouble)? {
                        CreationAbsence::Proven => {}
                        CreationAbsence::Unproven => return Err(in_doubt(wanted, "is under way")),
                    }
                }
            }
        }
        Err(in_doubt(wanted, "is under way elsewhere, or MYOB is too slow to be searched first"))
    }

    /// Creates it; `None` if the claim's time had passed, and nothing was sent.
    async fn post(
        &self,
        means: Means<'_>,
        wanted: Wanted<'_>,
        (claim, not_after): (ClaimId, NotAfter),
    ) -> Result<Option<String>, PrepareError> {
        let Means { api, references, .. } = means;
        let file = wanted.sought.file;
        let token = match api.ready(file).await {
            Ok(token) => token,
            Err(error) => {
                self.release(wanted, claim).await?;
                return Err(error.into());
            }
        };
        let (resource, _) = wanted.sought.kind.place();
        let route = api.route(file, resource).ok_or_else(|| unknown(file))?;
        let payload = (wanted.payload)(Marker { installation: wanted.installation, claim });
        let sent = api.post_once(&token, (file, &route), payload, not_after).await;
        match api.scrubbed(outcome(&sent, self.rate_limit_is_not_sent), &token) {
            Outcome::Posted { uid } => {
                let text = uid.as_str().to_owned();
                // By its code, and by the UID that the mapping gives from now on.
                for known in [wanted.sought.code(), &text] {
                    references.remember(file, wanted.sought.kind, known, Lookup::One(text.clone()));
                }
                keep(means, wanted, &uid).await?;
                self.release(wanted, claim).await?;
                Ok(Some(text))
            }
            Outcome::Rejected { reason, .. } => {
                self.release(wanted, claim).await?;
                Err(wanted
                    .sought
                    .kind
                    .block(wanted.sought.code(), &format!("cannot be created: {reason}")))
            }
            Outcome::NotSent { cause: NotSentCause::Expired, .. } => {
                self.release(wanted, claim).await?;
                Ok(None)
            }
            Outcome::NotSent { cause, reason } => {
                if cause == NotSentCause::Unauthorised {
                    api.tokens.forget(file, &token);
                }
                self.release(wanted, claim).await?;
                Err(not_created(wanted.sought.key, cause, &reason).into())
            }
            // The claim stays: only a search ends it.
            Outcome::InDoubt { reason } => Err(in_doubt(wanted, &format!("is in doubt: {reason}"))),
        }
    }

    /// A search has found the record. If it was being created, its creation is over.
    async fn found(
        &self,
        means: Means<'_>,
        wanted: Wanted<'_>,
        uid: &str,
    ) -> Result<(), LedgerError> {
        let Sought { file, key, .. } = wanted.sought;
        let open = self.claims.open_creations().await.map_err(store_trouble)?;
        let is_open = open.iter().any(|open| open.company_file == *file && open.key == *key);
        // On record first: a search that lags must not lead to a second one.
        if let Ok(uid) = LedgerUid::parse(uid)
            && is_open
        {
            keep(means, wanted, &uid).await?;
            self.claims.creation_found(file, key).await.map_err(store_trouble)?;
        }
        let mut settled = self.settled();
        if settled.len() >= SETTLED_MAX {
            settled.clear();
        }
        settled.insert(settled_as(wanted));
        Ok(())
    }

    fn is_settled(&self, wanted: Wanted<'_>) -> bool {
        self.settled().contains(&settled_as(wanted))
    }

    fn settled(&self) -> MutexGuard<'_, HashSet<(CompanyFile, MappingKey)>> {
        // A panic while the set was held leaves a whole set.
        self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn release(&self, wanted: Wanted<'_>, claim: ClaimId) -> Result<(), LedgerError> {
        let released = self.claims.release_creation(wanted.sought.file, wanted.sought.key, claim);
        released.await.map_err(store_trouble)
    }

    fn not_after(&self) -> NotAfter {
        let window = QuietParts::SEND_WINDOW;
        let wall = self.clock.wall();
        let later = SignedDuration::try_from(window).ok().and_then(|w| wall.checked_add(w).ok());
        NotAfter { boot: self.clock.boot() + window, wall: later.unwrap_or(wall) }
    }
}

/// What there is of a record that may be under way.
enum Seen {
    /// The UID that is on record.
    Kept(String),
    /// What a search shows.
    Found(Lookup),
}

/// Another process may have created it since the last look, and a search may not find it yet: what
/// is on record counts first.
async fn look(means: Means<'_>, sought: Sought<'_>) -> Result<Seen, PrepareError> {
    let Sought { file, kind, key } = sought;
    if let Some(uid) = means.mappings.now(file, key).await? {
        return Ok(Seen::Kept(uid));
    }
    let found = means.references.search(means.api, file, kind, sought.code()).await?;
    Ok(Seen::Found(found))
}

/// The UID; `None` if the record is to be created.
pub(crate) async fn find(
    means: Means<'_>,
    sought: Sought<'_>,
    missing: Missing,
) -> Result<Option<String>, PrepareError> {
    let Sought { file, kind, .. } = sought;
    let code = sought.code();
    match (means.references.find(means.api, file, kind, code).await?, missing) {
        (Lookup::One(uid), _) => Ok(Some(uid)),
        (Lookup::Many(count), _) => Err(many(kind, code, count)),
        (Lookup::Foreign(currency), _) => Err(foreign(kind, code, &currency)),
        (Lookup::None, Missing::Create) => Ok(None),
        (Lookup::None, Missing::Block) => {
            let switch = match kind {
                Kind::Item => "ledger.missing_item",
                Kind::Customer | Kind::Account | Kind::TaxCode | Kind::Job => {
                    "ledger.missing_customer"
                }
            };
            let why = format!("is not in MYOB; create it there, or set `{switch} = \"create\"`");
            Err(kind.block(code, &why))
        }
    }
}

fn settled_as(wanted: Wanted<'_>) -> (CompanyFile, MappingKey) {
    (wanted.sought.file.clone(), wanted.sought.key.clone())
}

/// Puts a record of ours into the mapping; a row that somebody else has made stays as it is.
async fn keep(
    Means { mappings, .. }: Means<'_>,
    wanted: Wanted<'_>,
    uid: &LedgerUid,
) -> Result<(), LedgerError> {
    const TRIES: u32 = 3;
    for _ in 0..TRIES {
        let rows = mappings.store.find(wanted.sought.file, std::slice::from_ref(wanted.sought.key));
        let seen = match rows.await.map_err(store_trouble)?.pop() {
            Some(row) if row.uid.is_some() || row.state == MappingState::Review => return Ok(()),
            row => row.map_or(0, |row| row.version),
        };
        let change = MappingChange {
            company_file: wanted.sought.file.clone(),
            key: wanted.sought.key.clone(),
            uid: Some(uid.clone()),
            their_code: wanted.sought.code().to_owned(),
            their_name: wanted.name.to_owned(),
            state: MappingState::Confirmed,
            reason: String::new(),
            seen,
        };
        match mappings.store.put(vec![change], POSTONCE).await.map_err(store_trouble)? {
            MappingWritten::Done { .. } => return Ok(()),
            // What somebody else has written meanwhile may say something, or nothing.
            MappingWritten::Stale(_) => {}
        }
    }
    Err(unavailable(format!("the mapping of {} does not stand still", wanted.sought.key)))
}

fn not_created(key: &MappingKey, cause: NotSentCause, reason: &str) -> LedgerError {
    let message = format!("{key} was not created: {reason}");
    match cause {
        NotSentCause::AccessDenied => LedgerError::NotAuthorised { message },
        NotSentCause::NoConnection
        | NotSentCause::Expired
        | NotSentCause::Unauthorised
        | NotSentCause::RateLimited
        | NotSentCause::CommitUnanswered => unavailable(message),
    }
}

fn in_doubt(wanted: Wanted<'_>, what: &str) -> PrepareError {
    let code = match wanted.sought.kind {
        Kind::Item => BlockCode::ItemInDoubt,
        Kind::Customer | Kind::Account | Kind::TaxCode | Kind::Job => BlockCode::CustomerInDoubt,
    };
    let text = format!(
        "{}: its creation {what}; its invoices wait until a search finds it or proves that it is \
         not there; `postonce in-doubt list --creations` shows it",
        wanted.sought.key
    );
    PrepareError::Blocked(BlockReason::new(code, text))
}
