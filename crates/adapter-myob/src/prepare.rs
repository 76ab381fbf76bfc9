//! From an invoice to the request that can go out at once.

use postonce_domain::{
    BlockCode, BlockReason, CompanyFile, Invoice, Line, MappingKind, Marker, PreparedRequest,
};
use postonce_ports::ledger::PrepareError;

use crate::MyobLedger;
use crate::api::unknown_text;
use crate::customers::Wanted;
use crate::options::Layout;
use crate::payload::{Resolved, invoice_payload};
use crate::references::Kind;

impl MyobLedger {
    pub(crate) async fn prepare_invoice(
        &self,
        invoice: &Invoice,
        marker: Marker,
    ) -> Result<PreparedRequest, PrepareError> {
        let route = self.route_of(invoice)?;
        let parts = invoice.parts();
        let file = &parts.company_file;
        let mut resolved = self.resolve(invoice).await?;
        if resolved.customer.is_empty() {
            let wanted = wanted(invoice, &resolved);
            resolved.customer = self.customers.resolve(&self.api, &self.references, wanted).await?;
        }
        self.api.ready(file).await?;
        let payload = invoice_payload(invoice, marker, self.layout, &resolved);
        let payload = payload.ok_or_else(|| {
            blocked(BlockCode::TotalsDiffer, "a line's amount cannot be computed".to_owned())
        })?;
        Ok(PreparedRequest {
            company_file: file.clone(),
            marker,
            number: parts.number.clone(),
            reference: parts.external_id.clone(),
            customer: parts.customer.code.clone(),
            route,
            payload,
        })
    }

    /// Asks for the same references, and creates no customer.
    pub(crate) async fn check_invoice(&self, invoice: &Invoice) -> Result<(), PrepareError> {
        self.route_of(invoice)?;
        let resolved = self.resolve(invoice).await?;
        if !resolved.customer.is_empty() {
            return Ok(());
        }
        let wanted = wanted(invoice, &resolved);
        self.customers.check(&self.api, &self.references, wanted).await
    }

    /// Where the invoice goes, if it may go at all. Asks nobody.
    fn route_of(&self, invoice: &Invoice) -> Result<String, PrepareError> {
        self.check_date(invoice)?;
        let file = &invoice.parts().company_file;
        let path = format!("Sale/Invoice/{}", self.layout.segment());
        self.api
            .route(file, &path)
            .ok_or_else(|| blocked(BlockCode::CompanyFileUnknown, unknown_text(file)))
    }

    fn check_date(&self, invoice: &Invoice) -> Result<(), PrepareError> {
        let date = invoice.parts().date;
        match self.start_date {
            Some(start) if date < start => {
                let text = format!("dated {date}, before `sync.start_date` {start}");
                Err(blocked(BlockCode::BeforeStartDate, text))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// All but a customer that is not mapped, which comes last: it is not created for an invoice
    /// that cannot be sent anyway. What is mapped is taken from there, and the rest is looked up as
    /// it is written.
    async fn resolve(&self, invoice: &Invoice) -> Result<Resolved, PrepareError> {
        let parts = invoice.parts();
        let file = &parts.company_file;
        let customer = parts.customer.code.as_str();
        let mapping = self.mappings.of(invoice, self.layout).await?;
        let mut resolved = Resolved {
            customer: mapping.uid(MappingKind::Customer, customer)?.unwrap_or_default(),
            freight_tax_code: mapping.freight()?,
            ..Resolved::default()
        };
        for line in &parts.lines {
            let code = line.tax_code.as_str();
            if !resolved.tax_codes.contains_key(code) {
                let uid = match mapping.uid(MappingKind::TaxCode, code)? {
                    Some(uid) => uid,
                    None => self.reference(file, Kind::TaxCode, code).await?,
                };
                resolved.tax_codes.insert(code.to_owned(), uid);
            }
            if let Some(job) = mapping.job(customer, line)? {
                resolved.jobs.insert(line.number, job);
            }
            match self.item(line) {
                Some(number) if resolved.items.contains_key(number) => {}
                Some(number) => {
                    let uid = match mapping.uid(MappingKind::Item, number)? {
                        Some(uid) => uid,
                        None => self.reference(file, Kind::Item, number).await?,
                    };
                    resolved.items.insert(number.to_owned(), uid);
                }
                None => {
                    let uid = match mapping.account(line)? {
                        Some(uid) => uid,
                        None => self.account(file).await?,
                    };
                    resolved.accounts.insert(line.number, uid);
                }
            }
        }
        Ok(resolved)
    }

    /// The item that the line goes by, if it goes by one.
    fn item<'a>(&self, line: &'a Line) -> Option<&'a str> {
        let item = line.item.as_ref().filter(|_| self.layout == Layout::Item);
        item.map(postonce_domain::ItemCode::as_str)
    }

    async fn account(&self, file: &CompanyFile) -> Result<String, PrepareError> {
        let Some(account) = &self.default_account else {
            let text = "no account is configured; map `*`, or set `ledger.default_account`";
            return Err(blocked(BlockCode::AccountMissing, text.to_owned()));
        };
        self.reference(file, Kind::Account, account).await
    }

    async fn reference(
        &self,
        file: &CompanyFile,
        kind: Kind,
        code: &str,
    ) -> Result<String, PrepareError> {
        self.references.require(&self.api, file, kind, code).await
    }
}

fn wanted<'a>(invoice: &'a Invoice, resolved: &'a Resolved) -> Wanted<'a> {
    let parts = invoice.parts();
    let first = parts.lines.first().map(|line| line.tax_code.as_str());
    let tax_code = first.and_then(|code| resolved.tax_codes.get(code));
    Wanted {
        file: &parts.company_file,
        customer: &parts.customer,
        tax_code: tax_code.map_or("", String::as_str),
    }
}

fn blocked(code: BlockCode, text: String) -> PrepareError {
    PrepareError::Blocked(BlockReason::new(code, text))
}
