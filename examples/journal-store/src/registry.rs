//! What every process on this journal agrees on.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use postonce_domain::CompanyFile;
use postonce_ports::error::StoreError;
use postonce_ports::registry::{
    Agreed, Alarm, CompanyFileSettings, CompanyFileWritten, LockSettings, Registry, Whereabouts,
    business_id as kept, is_same_business, spellings,
};

use crate::invoice::{InvoiceRow, StateRow};
use crate::rows::{FileRow, ItselfRow, Put};
use crate::step::{Step, later};
use crate::{JournalStore, locked};

#[async_trait]
impl Registry for JournalStore {
    async fn lock_settings(&self, wanted: LockSettings) -> Result<Agreed, StoreError> {
        let agreed = self.commit(|step| {
            let wanted = (wanted.kind, wanted.scope, wanted.name);
            match step.state.itself.lock.clone() {
                Some(known) if known == wanted => Ok(Agreed::Yes),
                Some((kind, scope, name)) => {
                    Ok(Agreed::Differs(LockSettings { kind, scope, name }))
                }
                None => {
                    let itself = step.state.itself.clone();
                    step.put(Put::Itself(ItselfRow { lock: Some(wanted), ..itself }));
                    Ok(Agreed::Yes)
                }
            }
        });
        Ok(agreed?)
    }

    async fn company_file_settings(
        &self,
        alias: &CompanyFile,
    ) -> Result<Option<CompanyFileSettings>, StoreError> {
        self.read(|step| {
            let file = step.state.file(alias.as_str());
            let alarm = step.alarm_of(&file);
            let FileRow { business_id, time_zone, cut_over_through, .. } = file;
            let is_known = business_id.is_some() || cut_over_through.is_some() || alarm.is_some();
            let settings = CompanyFileSettings { business_id, time_zone, cut_over_through, alarm };
            Ok(is_known.then_some(settings))
        })
    }

    async fn set_company_file(
        &self,
        alias: &CompanyFile,
        business_id: &str,
        time_zone: &str,
    ) -> Result<CompanyFileWritten, StoreError> {
        Ok(self.commit(|step| Ok(step.set_company_file(alias, business_id, time_zone)))?)
    }

    async fn set_time_zone(&self, alias: &CompanyFile, time_zone: &str) -> Result<(), StoreError> {
        let set = self.commit(|step| {
            let file = step.state.file(alias.as_str());
            if file.business_id.is_some() {
                step.put(Put::File(FileRow { time_zone: Some(time_zone.to_owned()), ..file }));
            }
            Ok(())
        });
        Ok(set?)
    }

    async fn cut_over(&self, alias: &CompanyFile, through: Option<Date>) -> Result<(), StoreError> {
        let cut = self.commit(|step| {
            let file = step.state.file(alias.as_str());
            let is_over = |until: &Timestamp| through.is_some() && *until <= step.now;
            let alarm_quiet_until = file.alarm_quiet_until.filter(|until| !is_over(until));
            step.put(Put::File(FileRow { cut_over_through: through, alarm_quiet_until, ..file }));
            Ok(())
        });
        Ok(cut?)
    }

    async fn whereabouts(&self) -> Result<Whereabouts, StoreError> {
        let here = self.here()?;
        Ok(self.commit(|step| {
            if step.state.itself.whereabouts.is_none() {
                step.settle_here(here.clone());
            }
            Ok(step.moved_to(here))
        })?)
    }

    async fn take_over(&self, quiet: Duration) -> Result<Whereabouts, StoreError> {
        let here = self.here()?;
        let taken = self.commit(|step| {
            let answer = step.moved_to(here.clone());
            step.settle_here(here);
            if matches!(answer, Whereabouts::Moved { .. }) {
                let with_invoices = step.state.invoices.values().map(|row| &row.company_file);
                let all: BTreeSet<_> = with_invoices.chain(step.state.files.keys()).collect();
                for alias in all {
                    step.raise_alarm(alias, quiet);
                }
            }
            Ok(answer)
        });
        Ok(taken?)
    }

    async fn alarm(
        &self,
        company_file: &CompanyFile,
        quiet: Duration,
    ) -> Result<Alarm, StoreError> {
        Ok(self.commit(|step| Ok(step.raise_alarm(company_file.as_str(), quiet)))?)
    }
}

impl JournalStore {
    fn here(&self) -> Result<String, StoreError> {
        locked(&self.0.data).journal()?.identity()
    }
}

impl Step<'_> {
    fn set_company_file(
        &mut self,
        alias: &CompanyFile,
        business_id: &str,
        time_zone: &str,
    ) -> CompanyFileWritten {
        if let Some(alias) = self.owner_of(alias.as_str(), business_id) {
            return CompanyFileWritten::Taken { alias };
        }
        let file = self.state.file(alias.as_str());
        let known = file.business_id.clone().unwrap_or_else(|| alias.to_string());
        let is_another = !is_same_business(&known, business_id);
        if is_another && self.is_fixed(&file) {
            return CompanyFileWritten::Fixed { business_id: known };
        }
        let is_recorded = file.business_id.is_some();
        self.put(Put::File(FileRow {
            business_id: Some(kept(alias, business_id)),
            time_zone: Some(time_zone.to_owned()),
            epoch: file.epoch + i64::from(is_another),
            cut_over_through: file.cut_over_through.filter(|_| !is_another || !is_recorded),
            ..file
        }));
        CompanyFileWritten::Written
    }

    /// Another alias that the business has.
    fn owner_of(&self, alias: &str, business_id: &str) -> Option<String> {
        let has_it = |file: &&FileRow| {
            file.business_id.as_deref().is_some_and(|id| is_same_business(id, business_id))
        };
        let mut others = self.state.files.values().filter(|file| file.alias != alias);
        if let Some(owner) = others.find(has_it) {
            return Some(owner.alias.clone());
        }
        // An alias with invoices and without a business is the business of its own name.
        let is_its_own = |name: &String| {
            let mut invoices = self.state.invoices.values();
            let has_invoices = invoices.any(|row| row.company_file == *name);
            name != alias && has_invoices && self.state.file(name).business_id.is_none()
        };
        spellings(business_id).into_iter().find(is_its_own)
    }

    /// Whether a company file has invoices that bind it to its business.
    fn is_fixed(&self, file: &FileRow) -> bool {
        let has_claim = self.state.claims.values().any(|claim| claim.company_file == file.alias);
        let mut invoices = self.state.invoices.values();
        let posted = |row: &InvoiceRow| {
            row.company_file == file.alias && matches!(row.state, StateRow::Posted { .. })
        };
        has_claim || file.business_id.is_some() && invoices.any(posted)
    }

    fn settle_here(&mut self, here: String) {
        let itself = self.state.itself.clone();
        self.put(Put::Itself(ItselfRow { whereabouts: Some(here), ..itself }));
    }

    fn moved_to(&self, to: String) -> Whereabouts {
        match self.state.itself.whereabouts.clone() {
            Some(from) if from != to => Whereabouts::Moved { from, to },
            Some(_) | None => Whereabouts::Same,
        }
    }

    fn raise_alarm(&mut self, alias: &str, quiet: Duration) -> Alarm {
        let file = self.state.file(alias);
        let wanted = later(self.now, quiet);
        let quiet_until = file.alarm_quiet_until.map_or(wanted, |known| known.max(wanted));
        self.put(Put::File(FileRow { alarm_quiet_until: Some(quiet_until), ..file }));
        Alarm { quiet_until, quiet_over: self.now >= quiet_until }
    }
}
