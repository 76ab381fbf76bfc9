//! `postonce mapping check`: what would block invoices.

use std::collections::BTreeMap;

use postonce_adapter_myob::{Layout, Missing};
use postonce_domain::{
    CompanyFile, LedgerRecord, LedgerUid, Mapped, MappingKey, MappingKind, MappingRow,
};
use postonce_ports::mapping::{LedgerDirectory, WantedCode};

use super::{known, records};
use crate::exit::{Exit, Failure};
use crate::json::ObstacleJson;
use crate::table::Rows;
use crate::wiring::{Base, Context};

/// Something that would block invoices.
struct Obstacle {
    key: MappingKey,
    problem: &'static str,
    invoices: u64,
    text: String,
}

pub(super) async fn run(
    context: &Context<'_>,
    base: &Base<'_>,
    file: &CompanyFile,
) -> Result<Exit, Failure> {
    known(base, file).await?;
    let rows = base.side.mappings.rows(file).await?;
    let wanted = base.side.mappings.wanted(file).await?;
    let directory = base.directory().await?;
    let mut check = Check {
        base,
        file,
        rows: rows.into_iter().map(|row| (row.key.clone(), row)).collect(),
        directory: directory.as_ref(),
        there: BTreeMap::new(),
        obstacles: Vec::new(),
    };
    check.everything(&wanted).await?;
    let obstacles = check.obstacles;
    tell(context, file, &obstacles);
    Ok(if obstacles.is_empty() { Exit::Done } else { Exit::DataRefused })
}

struct Check<'a> {
    base: &'a Base<'a>,
    file: &'a CompanyFile,
    rows: BTreeMap<MappingKey, MappingRow>,
    directory: &'a dyn LedgerDirectory,
    /// The ledger's records, by kind, once they were needed.
    there: BTreeMap<MappingKind, Vec<LedgerRecord>>,
    obstacles: Vec<Obstacle>,
}

impl Check<'_> {
    async fn everything(&mut self, wanted: &[WantedCode]) -> Result<(), Failure> {
        let by_item = self.base.config.ledger.layout == Layout::Item;
        let all: u64 = wanted
            .iter()
            .filter(|code| code.key.kind == MappingKind::Customer)
            .map(|code| code.invoices)
            .sum();
        let mut by_account: u64 = 0;
        for WantedCode { key, invoices, .. } in wanted {
            match key.kind {
                MappingKind::Item if !by_item => by_account += self.by_all(key, *invoices).await?,
                MappingKind::Account => by_account += invoices,
                MappingKind::Customer
                | MappingKind::Item
                | MappingKind::TaxCode
                | MappingKind::Job
                | MappingKind::FreightTaxCode => {
                    if !self.row(key, *invoices).await? {
                        self.code(key, *invoices).await?;
                        // The account that it would get is asked for before it is looked up.
                        if key.kind == MappingKind::Item && self.may_create(key.kind) {
                            by_account += self.by_all(key, *invoices).await?;
                        }
                    }
                }
            }
            let job = match key.kind {
                MappingKind::Item => Some(format!("item:{}", key.code)),
                MappingKind::Customer => Some(format!("customer:{}", key.code)),
                MappingKind::Account
                | MappingKind::TaxCode
                | MappingKind::Job
                | MappingKind::FreightTaxCode => None,
            };
            if let Some(job) = job.and_then(|job| MappingKey::of(MappingKind::Job, &job)) {
                self.row(&job, *invoices).await?;
            }
        }
        if all == 0 {
            return Ok(());
        }
        for kind in [MappingKind::Job, MappingKind::FreightTaxCode] {
            if let Some(key) = MappingKey::all(kind) {
                self.row(&key, all).await?;
            }
        }
        if by_account > 0 {
            self.account(by_account.min(all)).await?;
        }
        Ok(())
    }

    /// Looks at the account of an item; how many of its invoices go by the account of all.
    async fn by_all(&mut self, item: &MappingKey, invoices: u64) -> Result<u64, Failure> {
        let account = MappingKey { kind: MappingKind::Account, code: item.code.clone() };
        Ok(if self.row(&account, invoices).await? { 0 } else { invoices })
    }

    /// Whether a record that is not there may be created.
    fn may_create(&self, kind: MappingKind) -> bool {
        let ledger = &self.base.config.ledger;
        match kind {
            MappingKind::Customer => ledger.missing_customer == Missing::Create,
            MappingKind::Item => ledger.missing_item == Missing::Create,
            MappingKind::Account
            | MappingKind::TaxCode
            | MappingKind::Job
            | MappingKind::FreightTaxCode => false,
        }
    }

    /// Looks at a row; whether there is one that says what its code is, or waits for review.
    async fn row(&mut self, key: &MappingKey, invoices: u64) -> Result<bool, Failure> {
        let Some(row) = self.rows.get(key) else { return Ok(false) };
        let uid: LedgerUid = match row.mapped() {
            Mapped::Nothing => return Ok(false),
            Mapped::Review => {
                let text = format!("waits for review: {}", row.reason);
                self.add(key, "review", invoices, text);
                return Ok(true);
            }
            Mapped::To(uid) => uid.clone(),
        };
        let found = self.there(key.kind).await?.iter().find(|record| record.uid == uid);
        match found.map(|record| record.currency.clone()) {
            Some(None) => {}
            Some(Some(currency)) => self.foreign(key, invoices, &currency),
            None => {
                let text = format!("leads to {uid}, which MYOB does not have");
                self.add(key, "gone", invoices, text);
            }
        }
        Ok(true)
    }

    /// Looks for a code in the ledger as it is written.
    async fn code(&mut self, key: &MappingKey, invoices: u64) -> Result<(), Failure> {
        let found = self.meant(key.kind, key.code.as_str()).await?;
        if let [only] = found.as_slice()
            && let Some(currency) = only.currency.clone()
        {
            self.foreign(key, invoices, &currency);
            return Ok(());
        }
        match found.len() {
            0 if self.may_create(key.kind) => {}
            0 => self.add(key, "missing", invoices, "is not in MYOB".to_owned()),
            1 => {}
            count => {
                self.add(key, "ambiguous", invoices, format!("stands {count} times in MYOB"));
            }
        }
        Ok(())
    }

    /// Looks at the account of lines without one of their own.
    async fn account(&mut self, invoices: u64) -> Result<(), Failure> {
        let Some(key) = MappingKey::all(MappingKind::Account) else { return Ok(()) };
        if self.row(&key, invoices).await? {
            return Ok(());
        }
        let Some(code) = self.base.config.ledger.default_account.clone() else {
            let text = "no account is configured; map `*`, or set `ledger.default_account`";
            self.add(&key, "missing", invoices, text.to_owned());
            return Ok(());
        };
        let found = self.meant(MappingKind::Account, &code).await?;
        if let [only] = found.as_slice()
            && let Some(currency) = only.currency.clone()
        {
            self.foreign(&key, invoices, &currency);
            return Ok(());
        }
        match found.len() {
            1 => {}
            count => {
                let problem = if count == 0 { "missing" } else { "ambiguous" };
                let text = format!("`ledger.default_account` {code} stands {count} times in MYOB");
                self.add(&key, problem, invoices, text);
            }
        }
        Ok(())
    }

    /// The records that may be meant by a code; one of several counts if it alone is in use.
    async fn meant(
        &mut self,
        kind: MappingKind,
        code: &str,
    ) -> Result<Vec<&LedgerRecord>, Failure> {
        let all = self.there(kind).await?;
        let found = || all.iter().filter(|record| record.code == code);
        let in_use: Vec<_> = found().filter(|record| record.active).collect();
        Ok(if in_use.len() == 1 { in_use } else { found().collect() })
    }

    fn foreign(&mut self, key: &MappingKey, invoices: u64, currency: &str) {
        let text = format!("is kept in {currency} in MYOB, and not in the company's own currency");
        self.add(key, "foreign_currency", invoices, text);
    }

    async fn there(&mut self, kind: MappingKind) -> Result<&[LedgerRecord], Failure> {
        let kind = kind.of_record();
        if !self.there.contains_key(&kind) {
            let found = records(self.directory, self.file, kind).await?;
            self.there.insert(kind, found);
        }
        Ok(self.there.get(&kind).map(Vec::as_slice).unwrap_or_default())
    }

    fn add(&mut self, key: &MappingKey, problem: &'static str, invoices: u64, text: String) {
        self.obstacles.push(Obstacle { key: key.clone(), problem, invoices, text });
    }
}

fn tell(context: &Context<'_>, file: &CompanyFile, obstacles: &[Obstacle]) {
    if context.output.is_json() {
        let list: Vec<ObstacleJson> = obstacles
            .iter()
            .map(|it| ObstacleJson {
                company_file: file.to_string(),
                kind: it.key.kind.as_str(),
                code: it.key.code.to_string(),
                problem: it.problem,
                invoices: it.invoices,
                text: it.text.clone(),
            })
            .collect();
        context.output.value(&list);
        return;
    }
    let mut table = Rows::new(&["kind", "code", "invoices", "would block"]).numbers(&[2]);
    for it in obstacles {
        let (kind, code) = (it.key.kind.to_string(), it.key.code.to_string());
        table.add([kind, code, it.invoices.to_string(), it.text.clone()]);
    }
    context.output.line(&table.text("Nothing would block an invoice."));
}
