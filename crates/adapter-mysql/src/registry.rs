//! What the database remembers of itself.

use std::time::Duration;

use async_trait::async_trait;
use jiff::civil::Date;
use postonce_domain::CompanyFile;
use postonce_ports::error::StoreError;
use postonce_ports::registry::{
    Agreed, Alarm, CompanyFileSettings, CompanyFileWritten, LockSettings, Registry, Whereabouts,
};

use crate::MysqlStore;
use crate::error::Step;
use crate::transaction::End;
use postonce_store_rows::time::timestamp;

pub(crate) mod file;
mod settings;
pub(crate) mod whereabouts;

#[async_trait]
impl Registry for MysqlStore {
    async fn lock_settings(&self, wanted: LockSettings) -> Result<Agreed, StoreError> {
        self.write(wanted, |conn, wanted| Box::pin(settings::lock_settings(conn, wanted))).await
    }

    async fn company_file_settings(
        &self,
        alias: &CompanyFile,
    ) -> Result<Option<CompanyFileSettings>, StoreError> {
        self.read(alias.clone(), |conn, alias| Box::pin(file::settings(conn, alias))).await
    }

    async fn set_company_file(
        &self,
        alias: &CompanyFile,
        business_id: &str,
        time_zone: &str,
    ) -> Result<CompanyFileWritten, StoreError> {
        let input = (alias.clone(), business_id.to_owned(), time_zone.to_owned());
        self.write(input, |conn, (alias, business, zone)| {
            Box::pin(file::write(conn, alias, business, zone))
        })
        .await
    }

    async fn set_time_zone(&self, alias: &CompanyFile, time_zone: &str) -> Result<(), StoreError> {
        self.write((alias.clone(), time_zone.to_owned()), |conn, (alias, zone)| {
            Box::pin(file::set_time_zone(conn, alias, zone))
        })
        .await
    }

    async fn cut_over(&self, alias: &CompanyFile, through: Option<Date>) -> Result<(), StoreError> {
        self.write((alias.clone(), through), |conn, (alias, through)| {
            Box::pin(async {
                Ok(End::Keep(file::cut_over(conn, alias, *through).await.map(drop)?))
            })
        })
        .await
    }

    async fn whereabouts(&self) -> Result<Whereabouts, StoreError> {
        self.write((), |conn, ()| Box::pin(whereabouts::whereabouts(conn))).await
    }

    async fn take_over(&self, quiet: Duration) -> Result<Whereabouts, StoreError> {
        self.write_at_length(quiet, |conn, quiet| {
            Box::pin(async { Ok(End::Keep(whereabouts::take_over(conn, *quiet).await?)) })
        })
        .await
    }

    async fn alarm(
        &self,
        company_file: &CompanyFile,
        quiet: Duration,
    ) -> Result<Alarm, StoreError> {
        self.write((company_file.clone(), quiet), |conn, (file, quiet)| {
            Box::pin(file::raise_alarm(conn, file, *quiet))
        })
        .await
    }
}

/// The alarm that is stored as this, at `now`.
pub(crate) fn alarm(alias: &str, now: i64, quiet_until: i64) -> Step<Alarm> {
    Ok(Alarm {
        quiet_until: timestamp("postonce_company_file", alias, quiet_until)?,
        quiet_over: now >= quiet_until,
    })
}
