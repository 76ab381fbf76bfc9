//! Customers, items, accounts and tax codes: from the code that both sides share to MYOB's UID.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postonce_domain::{BlockCode, BlockReason, CompanyFile, MappingKind};
use postonce_ports::clock::Clock;
use postonce_ports::ledger::{LedgerError, PrepareError};

use crate::api::{Api, unavailable};
use crate::classify::read_uid;
use crate::json::Object;
use crate::odata::{escaped, filtered, one_of};

/// How long a UID is believed.
const HIT_LASTS: Duration = Duration::from_secs(600);

/// How long an absence is: long enough for the invoices that are prepared together.
const MISS_LASTS: Duration = Duration::from_secs(5);

/// The most references that are remembered.
const REMEMBERED_MAX: usize = 20_000;

/// What a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Customer,
    Item,
    Account,
    TaxCode,
    Job,
}

/// What a code was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// The UID.
    One(String),
    /// There is no such record.
    None,
    /// There are several, and no telling which is meant.
    Many(usize),
    /// It is kept in this currency, which is not the company's own.
    Foreign(String),
}

impl Kind {
    /// The kind of records that a row of the mapping leads to.
    pub(crate) const fn of(kind: MappingKind) -> Self {
        match kind {
            MappingKind::Customer => Self::Customer,
            MappingKind::Account => Self::Account,
            MappingKind::Item => Self::Item,
            MappingKind::TaxCode | MappingKind::FreightTaxCode => Self::TaxCode,
            MappingKind::Job => Self::Job,
        }
    }

    /// The resource and the field that holds the code.
    pub(crate) const fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::Customer => ("Contact/Customer", "DisplayID"),
            Self::Item => ("Inventory/Item", "Number"),
            Self::Account => ("GeneralLedger/Account", "DisplayID"),
            Self::TaxCode => ("GeneralLedger/TaxCode", "Code"),
            Self::Job => ("GeneralLedger/Job", "Number"),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Item => "item",
            Self::Account => "account",
            Self::TaxCode => "tax code",
            Self::Job => "job",
        }
    }

    const fn block_code(self) -> BlockCode {
        match self {
            Self::Customer => BlockCode::CustomerMissing,
            Self::Item => BlockCode::ItemMissing,
            Self::Account => BlockCode::AccountMissing,
            Self::TaxCode => BlockCode::TaxCodeMissing,
            Self::Job => BlockCode::JobMissing,
        }
    }

    /// Why an invoice with this code cannot be sent.
    pub(crate) fn block(self, code: &str, why: &str) -> PrepareError {
        let text = format!("{} `{code}` {why}", self.word());
        PrepareError::Blocked(BlockReason::new(self.block_code(), text))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    file: CompanyFile,
    kind: Kind,
    code: String,
}

/// Looks references up and remembers them for a while.
pub(crate) struct References {
    known: Mutex<HashMap<Key, (Lookup, Duration)>>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for References {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("References").finish_non_exhaustive()
    }
}

impl References {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { known: Mutex::default(), clock }
    }

    /// The UID of what must be there.
    pub(crate) async fn require(
        &self,
        api: &Api,
        file: &CompanyFile,
        kind: Kind,
        code: &str,
    ) -> Result<String, PrepareError> {
        match self.find(api, file, kind, code).await? {
            Lookup::One(uid) => Ok(uid),
            Lookup::None => Err(kind.block(code, "is not in MYOB; create it there")),
            Lookup::Many(count) => Err(many(kind, code, count)),
            Lookup::Foreign(currency) => Err(foreign(kind, code, &currency)),
        }
    }

    /// What is remembered, or else what MYOB has.
    pub(crate) async fn find(
        &self,
        api: &Api,
        file: &CompanyFile,
        kind: Kind,
        code: &str,
    ) -> Result<Lookup, LedgerError> {
        if let Some(lookup) = self.remembered(file, kind, code) {
            return Ok(lookup);
        }
        self.search(api, file, kind, code).await
    }

    /// Refuses what is mapped to a record in another currency. Whether the record is there at all is
    /// MYOB's to say when it is sent.
    pub(crate) async fn own_currency(
        &self,
        api: &Api,
        file: &CompanyFile,
        kind: Kind,
        (code, uid): (&str, &str),
    ) -> Result<(), PrepareError> {
        match self.mapped(api, file, kind, uid).await? {
            Lookup::Foreign(currency) => Err(foreign(kind, code, &currency)),
            Lookup::One(_) | Lookup::None | Lookup::Many(_) => Ok(()),
        }
    }

    async fn mapped(
        &self,
        api: &Api,
        file: &CompanyFile,
        kind: Kind,
        uid: &str,
    ) -> Result<Lookup, LedgerError> {
        if let Some(lookup) = self.remembered(file, kind, uid) {
            return Ok(lookup);
        }
        let (resource, _) = kind.place();
        let found = api.get(file, &format!("{resource}/{}", escaped(uid))).await?;
        let currency = found.as_ref().and_then(foreign_currency);
        let lookup = currency.map_or_else(|| Lookup::One(uid.to_owned()), Lookup::Foreign);
        self.remember(file, kind, uid, lookup.clone());
        Ok(lookup)
    }

    /// What MYOB has, asked now and read completely.
    pub(crate) async fn search(
        &self,
        api: &Api,
        file: &CompanyFile,
        kind: Kind,
        code: &str,
    ) -> Result<Lookup, LedgerError> {
        let (resource, field) = kind.place();
        let path = filtered(resource, &one_of(field, &[code]));
        let records = api.list(file, &path).await?;
        // The filter may have been ignored or be looser than ours.
        let same = |record: &&Object| record.text(field).as_deref() == Some(code);
        let found: Vec<&Object> = records.iter().filter(same).collect();
        let lookup = choose(&found)?;
        self.remember(file, kind, code, lookup.clone());
        Ok(lookup)
    }

    /// What is remembered and not too old.
    pub(crate) fn remembered(&self, file: &CompanyFile, kind: Kind, code: &str) -> Option<Lookup> {
        let key = Key { file: file.clone(), kind, code: code.to_owned() };
        let now = self.clock.boot();
        self.known().get(&key).filter(|(_, until)| *until > now).map(|(lookup, _)| lookup.clone())
    }

    /// Remembers a reference. An absence does not displace a UID that is still believed: the
    /// search that missed it may have begun before the record was created.
    pub(crate) fn remember(&self, file: &CompanyFile, kind: Kind, code: &str, lookup: Lookup) {
        let now = self.clock.boot();
        let lasts = match lookup {
            Lookup::One(_) => HIT_LASTS,
            Lookup::None | Lookup::Many(_) | Lookup::Foreign(_) => MISS_LASTS,
        };
        let key = Key { file: file.clone(), kind, code: code.to_owned() };
        let mut known = self.known();
        let found =
            |(lookup, until): &(Lookup, Duration)| matches!(lookup, Lookup::One(_)) && *until > now;
        if lookup == Lookup::None && known.get(&key).is_some_and(found) {
            return;
        }
        if known.len() >= REMEMBERED_MAX {
            known.retain(|_, (_, until)| *until > now);
        }
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(key, (lookup, now + lasts));
    }

    /// Forgets the file's references: MYOB says that one of them names nothing.
    pub(crate) fn forget(&self, file: &CompanyFile) {
        self.known().retain(|key, _| key.file != *file);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Key, (Lookup, Duration)>> {
        // A panic while the map was held leaves a whole map.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one record, or the one active record.
fn choose(found: &[&Object]) -> Result<Lookup, LedgerError> {
    let active = |record: &&&Object| record.flag("IsActive") != Some(false);
    let chosen = match found {
        [] => return Ok(Lookup::None),
        [one] => one,
        _ => match found.iter().filter(active).collect::<Vec<_>>().as_slice() {
            [one] => *one,
            _ => return Ok(Lookup::Many(found.len())),
        },
    };
    if let Some(currency) = foreign_currency(chosen) {
        return Ok(Lookup::Foreign(currency));
    }
    let uid = chosen.text("UID").and_then(|uid| read_uid(&uid));
    let uid = uid.ok_or_else(|| unavailable("MYOB shows a record without a UID".to_owned()))?;
    Ok(Lookup::One(uid.as_str().to_owned()))
}

/// The currency that a record is kept in, if it is not the company's own, for which MYOB shows
/// null.
pub(crate) fn foreign_currency(record: &Object) -> Option<String> {
    if record.is_null("ForeignCurrency") {
        return None;
    }
    let currency = record.object("ForeignCurrency");
    let code = currency.and_then(|currency| currency.text("Code"));
    Some(code.unwrap_or_else(|| "another currency".to_owned()))
}

/// What is sold in another currency would be booked with our amounts as amounts of that one.
pub(crate) fn foreign(kind: Kind, code: &str, currency: &str) -> PrepareError {
    let text = format!(
        "{} `{code}` is kept in {currency} in MYOB, and invoices are posted in the company's own \
         currency only; enter this one there by hand, or give the customer a card in the \
         company's currency",
        kind.word()
    );
    PrepareError::Blocked(BlockReason::new(BlockCode::ForeignCurrency, text))
}

/// Several records have the code.
pub(crate) fn many(kind: Kind, code: &str, count: usize) -> PrepareError {
    kind.block(code, &format!("stands {count} times in MYOB; give each its own code there"))
}

#[cfg(test)]
mod tests;
