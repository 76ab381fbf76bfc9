//! Run rows and the registry: nothing that is sent depends on their order.

use std::time::Duration;

use async_trait::async_trait;
use jiff::civil::Date;
use postonce_domain::{CompanyFile, RunCounts, RunId, RunStatus};
use postonce_ports::error::StoreError;
use postonce_ports::history::{NewRun, Run, RunHistory};
use postonce_ports::registry::{
    Agreed, Alarm, CompanyFileSettings, CompanyFileWritten, LockSettings, Registry, Whereabouts,
};

use super::Gated;
use crate::StorePorts;
use crate::coverage::Sometimes;
use crate::op::Op;
use crate::sim::Event;

#[async_trait]
impl RunHistory for Gated {
    async fn start(&self, run: NewRun) -> Result<RunId, StoreError> {
        let call = move |it: StorePorts| async move { it.history.start(run).await };
        self.ask(Op::StartRun, String::new(), call).await
    }

    async fn progress(
        &self,
        run: RunId,
        counts: RunCounts,
        done: u64,
        total: u64,
    ) -> Result<(), StoreError> {
        let call = move |it: StorePorts| async move {
            it.history.progress(run, counts, done, total).await
        };
        self.ask(Op::Progress, String::new(), call).await
    }

    async fn finish(
        &self,
        run: RunId,
        status: RunStatus,
        counts: RunCounts,
        reason: &str,
    ) -> Result<(), StoreError> {
        let (about, reason) = (self.about(|| status.to_string()), reason.to_owned());
        let call = move |it: StorePorts| async move {
            it.history.finish(run, status, counts, &reason).await
        };
        self.ask(Op::FinishRun, about, call).await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, StoreError> {
        self.ask(Op::Runs, String::new(), move |it| async move { it.history.runs(limit).await })
            .await
    }
}

#[async_trait]
impl Registry for Gated {
    async fn lock_settings(&self, wanted: LockSettings) -> Result<Agreed, StoreError> {
        let call = move |it: StorePorts| async move { it.registry.lock_settings(wanted).await };
        self.ask(Op::Registry, String::new(), call).await
    }

    async fn company_file_settings(
        &self,
        alias: &CompanyFile,
    ) -> Result<Option<CompanyFileSettings>, StoreError> {
        let alias = alias.clone();
        let call =
            move |it: StorePorts| async move { it.registry.company_file_settings(&alias).await };
        self.ask(Op::Settings, String::new(), call).await
    }

    async fn set_company_file(
        &self,
        alias: &CompanyFile,
        business_id: &str,
        time_zone: &str,
    ) -> Result<CompanyFileWritten, StoreError> {
        let (alias, id, zone) = (alias.clone(), business_id.to_owned(), time_zone.to_owned());
        let call = move |it: StorePorts| async move {
            it.registry.set_company_file(&alias, &id, &zone).await
        };
        self.ask(Op::Registry, String::new(), call).await
    }

    async fn set_time_zone(&self, alias: &CompanyFile, time_zone: &str) -> Result<(), StoreError> {
        let (alias, zone) = (alias.clone(), time_zone.to_owned());
        let call =
            move |it: StorePorts| async move { it.registry.set_time_zone(&alias, &zone).await };
        self.ask(Op::Registry, String::new(), call).await
    }

    async fn cut_over(&self, alias: &CompanyFile, through: Option<Date>) -> Result<(), StoreError> {
        let alias = alias.clone();
        let call = move |it: StorePorts| async move { it.registry.cut_over(&alias, through).await };
        self.ask(Op::Registry, String::new(), call).await
    }

    async fn whereabouts(&self) -> Result<Whereabouts, StoreError> {
        let call = |it: StorePorts| async move { it.registry.whereabouts().await };
        self.ask(Op::Whereabouts, String::new(), call).await
    }

    async fn take_over(&self, quiet: Duration) -> Result<Whereabouts, StoreError> {
        let call = move |it: StorePorts| async move { it.registry.take_over(quiet).await };
        self.ask(Op::Registry, String::new(), call).await
    }

    async fn alarm(&self, file: &CompanyFile, quiet: Duration) -> Result<Alarm, StoreError> {
        let (sim, actor, file) = (self.sim.clone(), self.actor, file.clone());
        let call = move |it: StorePorts| async move {
            sim.event(Event::Sometimes(Sometimes::AlarmRaised));
            sim.event(Event::Touched { actor, file: file.clone() });
            it.registry.alarm(&file, quiet).await
        };
        self.ask(Op::RaiseAlarm, String::new(), call).await
    }
}
