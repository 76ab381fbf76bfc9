//! What MYOB has that a mapping may lead to.

use async_trait::async_trait;
use postonce_domain::{CompanyFile, LedgerRecord, LedgerUid, MappingKind};
use postonce_ports::ledger::LedgerError;
use postonce_ports::mapping::{LedgerDirectory, RecordPage};

use crate::MyobLedger;
use crate::api::unavailable;
use crate::classify::read_uid;
use crate::json::Object;
use crate::odata::{escaped, filtered, one_of};
use crate::references::{Kind, foreign_currency};

/// So many records are asked for at once; MYOB gives no more.
const PAGE: u32 = 400;

#[async_trait]
impl LedgerDirectory for MyobLedger {
    async fn records(
        &self,
        company_file: &CompanyFile,
        kind: MappingKind,
        after: Option<String>,
    ) -> Result<RecordPage, LedgerError> {
        let kind = Kind::of(kind);
        let (resource, field) = kind.place();
        let first = format!("{resource}?$top={PAGE}&$orderby={}", escaped(field));
        let (found, next) = self.api.page(company_file, &first, after.as_deref()).await?;
        let records = found.iter().map(|object| record(kind, object)).collect::<Result<_, _>>()?;
        Ok(RecordPage { records, next })
    }

    async fn with_code(
        &self,
        company_file: &CompanyFile,
        kind: MappingKind,
        code: &str,
    ) -> Result<Vec<LedgerRecord>, LedgerError> {
        let kind = Kind::of(kind);
        let (resource, field) = kind.place();
        let path = filtered(resource, &one_of(field, &[code]));
        let found = self.api.list(company_file, &path).await?;
        // The filter may have been ignored or be looser than ours.
        let same = |object: &&Object| object.text(field).as_deref() == Some(code);
        found.iter().filter(same).map(|object| record(kind, object)).collect()
    }

    async fn with_uid(
        &self,
        company_file: &CompanyFile,
        kind: MappingKind,
        uid: &LedgerUid,
    ) -> Result<Option<LedgerRecord>, LedgerError> {
        let kind = Kind::of(kind);
        let (resource, _) = kind.place();
        let path = format!("{resource}/{}", escaped(uid.as_str()));
        let found = self.api.get(company_file, &path).await?;
        found.map(|object| record(kind, &object)).transpose()
    }
}

fn record(kind: Kind, object: &Object) -> Result<LedgerRecord, LedgerError> {
    let uid = object.text("UID").and_then(|uid| read_uid(&uid));
    let uid = uid.ok_or_else(|| unavailable("MYOB shows a record without a UID".to_owned()))?;
    let (_, field) = kind.place();
    // Nothing can be booked on a header, and nothing of ours in another currency.
    let active = object.flag("IsActive") != Some(false)
        && object.flag("IsHeader") != Some(true)
        && foreign_currency(object).is_none();
    Ok(LedgerRecord {
        uid,
        code: object.text(field).unwrap_or_default(),
        name: name(kind, object),
        active,
        currency: foreign_currency(object),
    })
}

fn name(kind: Kind, object: &Object) -> String {
    let text = |field: &str| object.text(field).filter(|text| !text.is_empty());
    let named = match kind {
        Kind::Customer => text("CompanyName"),
        Kind::TaxCode => text("Description"),
        Kind::Account | Kind::Item | Kind::Job => text("Name"),
    };
    named.unwrap_or_else(|| {
        let parts = [text("FirstName"), text("LastName")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    })
}
