//! Being told, wired: the ways of the configuration, and the loop that looks.

use std::sync::Arc;
use std::time::Duration;

use postonce_adapter_notify::{Command, Mail, Webhook};
use postonce_engine::{Watch, WatchPolicy, WatchPorts};
use postonce_ports::clock::{Clock, Stop};
use postonce_ports::notice::Messenger;

use crate::exit::{Exit, Failure};
use crate::output::talk;
use crate::wiring::Base;

/// How long it is between two looks.
const EVERY: Duration = Duration::from_secs(30);

/// How often the loop asks whether it is to stop.
const STEP: Duration = Duration::from_millis(500);

const POLICY: WatchPolicy =
    WatchPolicy { not_older: Duration::from_hours(72), silence: None, tries_max: 12 };

/// The ways that are configured; none if nobody is to be told.
pub(crate) fn messengers(base: &Base<'_>) -> Result<Vec<Arc<dyn Messenger>>, Failure> {
    let bad =
        |key: &str, why: String| Failure::new(Exit::BadConfiguration, format!("`{key}`: {why}"));
    let (config, clock) = (&base.config.notify, &base.side.clock);
    let mut ways: Vec<Arc<dyn Messenger>> = Vec::new();
    if let Some(webhook) = &config.webhook {
        let webhook = Webhook::new(&webhook.url, webhook.key.clone(), Arc::clone(clock));
        let webhook = webhook.map_err(|error| bad("notify.webhook.url", error.to_string()))?;
        ways.push(Arc::new(webhook));
    }
    if let Some(mail) = &config.mail {
        let mail = Mail::new(mail).map_err(|error| bad("notify.mail", error.to_string()))?;
        ways.push(Arc::new(mail));
    }
    if let Some(command) = &config.command {
        let command = Command::new(command, Arc::clone(clock));
        ways.push(Arc::new(command.map_err(|error| bad("notify.command", error.to_string()))?));
    }
    Ok(ways)
}

/// What looks and tells; `None` if nobody is to be told.
pub(crate) async fn watch(base: &Base<'_>) -> Result<Option<Watch>, Failure> {
    let messengers = messengers(base)?;
    if messengers.is_empty() {
        return Ok(None);
    }
    let ports = WatchPorts {
        history: base.ports_without_ledger().history,
        reader: Arc::clone(&base.side.reader),
        connections: Arc::clone(&base.side.connections),
        notices: Arc::clone(&base.side.notices),
        clock: Arc::clone(&base.side.clock),
        messengers,
    };
    let policy = WatchPolicy { silence: base.config.notify.silence, ..POLICY };
    let installation = base.database.store.installation().await?;
    Ok(Some(Watch::new(ports, policy, installation)))
}

/// Looks and tells until it is to stop. A database that does not answer is asked again.
pub(crate) async fn keep_watching(watch: &Watch, clock: &dyn Clock, stop: &dyn Stop) {
    while !stop.requested() {
        if let Err(error) = watch.once().await {
            talk(&format!("warning: nobody could be told: {error}"));
        }
        let until = clock.boot() + EVERY;
        while clock.boot() < until && !stop.requested() {
            clock.sleep(STEP).await;
        }
    }
}
