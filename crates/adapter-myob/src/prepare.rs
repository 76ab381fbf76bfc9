//! From an invoice to the request that can go out at once.

use postonce_domain::{
    BlockCode, BlockReason, CompanyFile, Invoice, Line, MappingKey, MappingKind, Marker, Money,
    PreparedRequest,
};
use postonce_ports::ledger::PrepareError;

use crate::MyobLedger;
use crate::api::unknown_text;
use crate::creations::{Means, Sought, Wanted, find};
use crate::mappings::Mapping;
use crate::options::{Layout, Missing, Unusual};
use crate::payload::{Resolved, customer_payload, invoice_payload, item_payload};
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
        let (mut resolved, pending) = self.resolve(invoice).await?;
        for item in &pending {
            let uid = self.item_uid(invoice, item, marker).await?;
            resolved.items.insert(item.key.code.to_string(), uid);
        }
        if resolved.customer.is_empty() {
            resolved.customer = self.customer_uid(invoice, &resolved, marker).await?;
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

    /// Asks for the same references, and creates nothing.
    pub(crate) async fn check_invoice(&self, invoice: &Invoice) -> Result<(), PrepareError> {
        self.route_of(invoice)?;
        let parts = invoice.parts();
        let (resolved, pending) = self.resolve(invoice).await?;
        for item in &pending {
            let Pending { key, .. } = item;
            let sought = Sought { file: &parts.company_file, kind: Kind::Item, key };
            find(self.means(), sought, self.missing_item).await?;
        }
        if let Some(key) = customer_key(invoice).filter(|_| resolved.customer.is_empty()) {
            let sought = Sought { file: &parts.company_file, kind: Kind::Customer, key: &key };
            find(self.means(), sought, self.missing_customer).await?;
        }
        Ok(())
    }

    fn means(&self) -> Means<'_> {
        Means { api: &self.api, references: &self.references, mappings: &self.mappings }
    }

    async fn customer_uid(
        &self,
        invoice: &Invoice,
        resolved: &Resolved,
        marker: Marker,
    ) -> Result<String, PrepareError> {
        let parts = invoice.parts();
        let customer = &parts.customer;
        let key = customer_key(invoice).ok_or_else(|| {
            blocked(BlockCode::Unreadable, "the customer's code is no code".to_owned())
        })?;
        let first = parts.lines.first().map(|line| line.tax_code.as_str());
        let tax_code = first.and_then(|code| resolved.tax_codes.get(code));
        let tax_code = tax_code.map_or("", String::as_str);
        let wanted = Wanted {
            sought: Sought { file: &parts.company_file, kind: Kind::Customer, key: &key },
            missing: self.missing_customer,
            name: &customer.name,
            installation: marker.installation,
            payload: &|marker| customer_payload(customer, tax_code, marker),
        };
        self.creations.resolve(self.means(), wanted).await
    }

    async fn item_uid(
        &self,
        invoice: &Invoice,
        item: &Pending<'_>,
        marker: Marker,
    ) -> Result<String, PrepareError> {
        let parts = invoice.parts();
        let (account, tax_code) = (item.account.as_str(), item.tax_code.as_str());
        let wanted = Wanted {
            sought: Sought { file: &parts.company_file, kind: Kind::Item, key: &item.key },
            missing: self.missing_item,
            name: &item.line.description,
            installation: marker.installation,
            payload: &|marker| item_payload(item.line, (account, tax_code), marker),
        };
        self.creations.resolve(self.means(), wanted).await
    }

    /// Where the invoice goes, if it may go at all. Asks nobody.
    fn route_of(&self, invoice: &Invoice) -> Result<String, PrepareError> {
        self.check_date(invoice)?;
        self.check_total(invoice)?;
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

    fn check_total(&self, invoice: &Invoice) -> Result<(), PrepareError> {
        let by_hand = "enter it in MYOB by hand, or set";
        if invoice.is_credit() && self.credits == Unusual::Block {
            let text = format!("it is a credit; {by_hand} `ledger.credits = \"post\"`");
            return Err(blocked(BlockCode::Credit, text));
        }
        if invoice.total() == Money::ZERO && self.zero_totals == Unusual::Block {
            let text = format!("it comes to nothing; {by_hand} `ledger.zero_totals = \"post\"`");
            return Err(blocked(BlockCode::ZeroTotal, text));
        }
        Ok(())
    }

    /// All but what may be created, which comes last: nothing is created for an invoice that cannot
    /// be sent anyway. What is mapped is taken from there, and the rest is looked up as it is
    /// written.
    async fn resolve<'a>(
        &self,
        invoice: &'a Invoice,
    ) -> Result<(Resolved, Vec<Pending<'a>>), PrepareError> {
        let parts = invoice.parts();
        let file = &parts.company_file;
        let customer = parts.customer.code.as_str();
        let mapping = self.mappings.of(invoice, self.layout).await?;
        let mapped = mapping.uid(MappingKind::Customer, customer)?;
        if let Some(uid) = &mapped {
            self.own_currency(file, Kind::Customer, (customer, uid)).await?;
        }
        let mut resolved = Resolved {
            customer: mapped.unwrap_or_default(),
            freight_tax_code: mapping.freight()?,
            ..Resolved::default()
        };
        let mut pending: Vec<Pending<'a>> = Vec::new();
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
            let Some(number) = self.item(line) else {
                let uid = self.account_of(file, &mapping, line).await?;
                resolved.accounts.insert(line.number, uid);
                continue;
            };
            if resolved.items.contains_key(number)
                || pending.iter().any(|item| item.key.code.as_str() == number)
            {
                continue;
            }
            let uid = mapping.uid(MappingKind::Item, number)?;
            match (uid, MappingKey::of(MappingKind::Item, number), self.missing_item) {
                (Some(uid), _, _) => {
                    resolved.items.insert(number.to_owned(), uid);
                }
                (None, Some(key), Missing::Create) => {
                    let account = self.account_of(file, &mapping, line).await?;
                    let tax_code = resolved.tax_codes.get(code).cloned().unwrap_or_default();
                    pending.push(Pending { key, line, account, tax_code });
                }
                (None, _, _) => {
                    let uid = self.reference(file, Kind::Item, number).await?;
                    resolved.items.insert(number.to_owned(), uid);
                }
            }
        }
        Ok((resolved, pending))
    }

    /// The item that the line goes by, if it goes by one.
    fn item<'a>(&self, line: &'a Line) -> Option<&'a str> {
        let item = line.item.as_ref().filter(|_| self.layout == Layout::Item);
        item.map(postonce_domain::ItemCode::as_str)
    }

    async fn account_of(
        &self,
        file: &CompanyFile,
        mapping: &Mapping,
        line: &Line,
    ) -> Result<String, PrepareError> {
        let Some(uid) = mapping.account(line)? else { return self.account(file).await };
        self.own_currency(file, Kind::Account, (&uid, &uid)).await?;
        Ok(uid)
    }

    async fn own_currency(
        &self,
        file: &CompanyFile,
        kind: Kind,
        mapped: (&str, &str),
    ) -> Result<(), PrepareError> {
        self.references.own_currency(&self.api, file, kind, mapped).await
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

/// An item that is to be found, and created if it is not there.
#[derive(Debug)]
struct Pending<'a> {
    key: MappingKey,
    /// The first line that has it.
    line: &'a Line,
    /// The UIDs that a new one gets.
    account: String,
    tax_code: String,
}

fn customer_key(invoice: &Invoice) -> Option<MappingKey> {
    MappingKey::of(MappingKind::Customer, invoice.parts().customer.code.as_str())
}

fn blocked(code: BlockCode, text: String) -> PrepareError {
    PrepareError::Blocked(BlockReason::new(code, text))
}
