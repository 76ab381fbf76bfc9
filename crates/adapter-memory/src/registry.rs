//! What the store remembers of itself.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use postonce_domain::{CompanyFile, InvoiceState};
use postonce_ports::error::StoreError;
use postonce_ports::registry::{
    Agreed, Alarm, CompanyFileSettings, CompanyFileWritten, LockSettings, Registry, Whereabouts,
    business_id as kept, is_same_business, spellings,
};

use crate::MemoryStore;
use crate::world::{Business, InvoiceRow, World, later};

#[async_trait]
impl Registry for MemoryStore {
    async fn lock_settings(&self, wanted: LockSettings) -> Result<Agreed, StoreError> {
        let mut world = self.world();
        let known = world.lock_settings.get_or_insert_with(|| wanted.clone());
        Ok(if *known == wanted { Agreed::Yes } else { Agreed::Differs(known.clone()) })
    }

    async fn company_file_settings(
        &self,
        alias: &CompanyFile,
    ) -> Result<Option<CompanyFileSettings>, StoreError> {
        let now = self.now();
        let world = self.world();
        let business = world.company_files.get(alias);
        let settings = CompanyFileSettings {
            business_id: business.map(|business| business.id.clone()),
            time_zone: business.map(|business| business.time_zone.clone()),
            cut_over_through: world.cut_overs.get(alias).copied(),
            alarm: world.alarm_of(alias, now),
        };
        Ok(Some(settings).filter(|settings| *settings != CompanyFileSettings::default()))
    }

    async fn set_company_file(
        &self,
        alias: &CompanyFile,
        business_id: &str,
        time_zone: &str,
    ) -> Result<CompanyFileWritten, StoreError> {
        Ok(self.world().set_company_file(alias, business_id, time_zone))
    }

    async fn set_time_zone(&self, alias: &CompanyFile, time_zone: &str) -> Result<(), StoreError> {
        if let Some(business) = self.world().company_files.get_mut(alias) {
            time_zone.clone_into(&mut business.time_zone);
        }
        Ok(())
    }

    async fn cut_over(&self, alias: &CompanyFile, through: Option<Date>) -> Result<(), StoreError> {
        let now = self.now();
        self.world().cut_over(alias, through, now);
        Ok(())
    }

    async fn whereabouts(&self) -> Result<Whereabouts, StoreError> {
        Ok(self.world().whereabouts())
    }

    async fn take_over(&self, quiet: Duration) -> Result<Whereabouts, StoreError> {
        let now = self.now();
        Ok(self.world().take_over(later(now, quiet)).0)
    }

    async fn alarm(
        &self,
        company_file: &CompanyFile,
        quiet: Duration,
    ) -> Result<Alarm, StoreError> {
        let now = self.now();
        let quiet_until = self.world().raise_alarm(company_file, later(now, quiet));
        Ok(Alarm { quiet_until, quiet_over: now >= quiet_until })
    }
}

impl World {
    pub(crate) fn set_company_file(
        &mut self,
        alias: &CompanyFile,
        business_id: &str,
        time_zone: &str,
    ) -> CompanyFileWritten {
        let mut others = self.company_files.iter().filter(|(other, _)| *other != alias);
        let taken = others.find(|(_, business)| is_same_business(&business.id, business_id));
        if let Some((other, _)) = taken {
            return CompanyFileWritten::Taken { alias: other.to_string() };
        }
        let spelled = spellings(business_id);
        let mut others = spelled.into_iter().filter(|own| own != alias.as_str());
        if let Some(alias) = others.find(|own| self.is_used_as_its_own(own)) {
            return CompanyFileWritten::Taken { alias };
        }
        let recorded = self.company_files.get(alias);
        let is_recorded = recorded.is_some();
        let known = recorded.map_or(alias.as_str(), |known| &known.id);
        if !is_same_business(known, business_id) {
            if self.is_fixed(alias, is_recorded) {
                return CompanyFileWritten::Fixed { business_id: known.to_owned() };
            }
            self.epochs.entry(alias.clone()).or_default().0 += 1;
            if is_recorded {
                self.cut_overs.remove(alias);
            }
        }
        let business = Business { id: kept(alias, business_id), time_zone: time_zone.to_owned() };
        self.company_files.insert(alias.clone(), business);
        CompanyFileWritten::Written
    }

    /// Whether a company file has invoices that bind it to its business.
    fn is_fixed(&self, alias: &CompanyFile, is_recorded: bool) -> bool {
        let claimed = self.claims.iter().any(|claim| claim.company_file == *alias);
        let mut invoices = self.invoices.values();
        let posted = |row: &InvoiceRow| {
            row.company_file() == alias && matches!(row.life.state, InvoiceState::Posted { .. })
        };
        claimed || is_recorded && invoices.any(posted)
    }

    /// Whether it ended an alarm.
    pub(crate) fn cut_over(
        &mut self,
        alias: &CompanyFile,
        through: Option<Date>,
        now: Timestamp,
    ) -> bool {
        let Some(date) = through else {
            self.cut_overs.remove(alias);
            return false;
        };
        self.cut_overs.insert(alias.clone(), date);
        let ends = self.alarm_of(alias, now).is_some_and(|alarm| alarm.quiet_over);
        if ends {
            self.alarms.remove(alias);
        }
        ends
    }

    /// Where it was and is, and the company files that have an alarm for it.
    pub(crate) fn take_over(
        &mut self,
        quiet_until: Timestamp,
    ) -> (Whereabouts, BTreeSet<CompanyFile>) {
        let seen = self.whereabouts();
        if seen == Whereabouts::Same {
            return (seen, BTreeSet::new());
        }
        let invoices = self.invoices.values().map(InvoiceRow::company_file);
        let known = self.company_files.keys().chain(self.cut_overs.keys());
        let files: BTreeSet<_> = known.chain(self.alarms.keys()).chain(invoices).cloned().collect();
        for file in &files {
            self.raise_alarm(file, quiet_until);
        }
        self.known_server = Some(self.server.clone());
        (seen, files)
    }

    fn whereabouts(&mut self) -> Whereabouts {
        let known = self.known_server.get_or_insert_with(|| self.server.clone());
        if *known == self.server {
            Whereabouts::Same
        } else {
            Whereabouts::Moved { from: known.clone(), to: self.server.clone() }
        }
    }

    fn raise_alarm(&mut self, company_file: &CompanyFile, quiet_until: Timestamp) -> Timestamp {
        let alarm = self.alarms.entry(company_file.clone()).or_insert(quiet_until);
        *alarm = quiet_until.max(*alarm);
        *alarm
    }

    /// Whether there are invoices of an alias of this name that has no other business on record.
    fn is_used_as_its_own(&self, business_id: &str) -> bool {
        let mut known = self.company_files.iter();
        let elsewhere = known
            .any(|(alias, business)| alias.as_str() == business_id && business.id != business_id);
        let mut invoices = self.invoices.values();
        !elsewhere && invoices.any(|row| row.company_file().as_str() == business_id)
    }
}
