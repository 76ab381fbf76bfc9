//! A ledger that answers at once.

use async_trait::async_trait;
use postonce_adapter_host::RandomIds;
use postonce_domain::{
    ClaimToken, CompanyFile, Invoice, LedgerDocument, LedgerUid, Marker, Outcome, PreparedRequest,
    SearchKey,
};
use postonce_ports::clock::Ids as _;
use postonce_ports::ledger::{Ledger, LedgerError, PrepareError, Receipt};

/// The route of every request.
pub(crate) const ROUTE: &str = "/Sale/Invoice/Service";

/// A request's body, as long as that of an invoice of two lines.
pub(crate) fn payload(number: &str, reference: &str, memo: &str) -> String {
    let line = |description: &str, total: &str, tax: &str| {
        format!(
            r#"{{"Type":"Transaction","Description":"{description}","Total":{total},"Account":{{"UID":"8f14e45f-ceea-467f-9d7f-1a7d2f4b6c01"}},"TaxCode":{{"UID":"{tax}"}}}}"#
        )
    };
    let first = line("Binding", "3.50", "c9f0f895-fb98-4ab9-a1b2-6f0c8d3e2a11");
    let second = line("Paper", "2.50", "45c48cce-2e2d-4fbd-8e1a-5d0f7c9b3a22");
    format!(
        r#"{{"Number":"{number}","Date":"2026-03-01 00:00:00","CustomerPurchaseOrderNumber":"{reference}","Customer":{{"UID":"d3d94468-02a4-4259-b55d-38e6d163e820"}},"IsTaxInclusive":true,"Freight":0.00,"Lines":[{first},{second}],"JournalMemo":"{memo}"}}"#
    )
}

/// The id of a new document: random, as the ledger's own are.
pub(crate) fn new_uid() -> String {
    RandomIds.installation_id().to_string()
}

/// Answers at once: every request is posted, every search finds nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtOnce;

#[async_trait]
impl Ledger for AtOnce {
    async fn prepare(
        &self,
        invoice: &Invoice,
        marker: Marker,
    ) -> Result<PreparedRequest, PrepareError> {
        let parts = invoice.parts();
        let (number, reference) = (parts.number.as_str(), parts.external_id.as_str());
        Ok(PreparedRequest {
            company_file: parts.company_file.clone(),
            marker,
            number: parts.number.clone(),
            reference: parts.external_id.clone(),
            customer: parts.customer.code.clone(),
            route: ROUTE.to_owned(),
            payload: payload(number, reference, &marker.to_string()),
        })
    }

    async fn check(&self, _invoice: &Invoice) -> Result<(), PrepareError> {
        Ok(())
    }

    async fn post(&self, _token: ClaimToken) -> Receipt {
        match LedgerUid::parse(&new_uid()) {
            Ok(uid) => Outcome::Posted { uid }.into(),
            Err(why) => Outcome::InDoubt { reason: why.to_string() }.into(),
        }
    }

    async fn search(
        &self,
        _company_file: &CompanyFile,
        _key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        Ok(Vec::new())
    }

    async fn document(
        &self,
        _company_file: &CompanyFile,
        _uid: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError> {
        Ok(None)
    }

    async fn reach(&self, _company_file: &CompanyFile) -> Result<(), LedgerError> {
        Ok(())
    }
}
