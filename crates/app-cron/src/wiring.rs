//! The parts put together: configuration, store, ledger, engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use postonce_adapter_host::{HostClock, Process, RandomIds};
use postonce_adapter_myob::{
    CompanyFileAccess, FileUser, MyobLedger, Options, Ports as LedgerPorts, SealedTokens,
    SharedRate, TokenKeys,
};
use postonce_domain::{CompanyFile, QuietParts, Trigger};
use postonce_engine::{Engine, Origin, Policy, Ports, SyncRequest};
use postonce_metrics::{Meter, Standing, StandingPorts};
use postonce_ports::books::LedgerBooks;
use postonce_ports::clock::Clock;
use postonce_ports::connection::Connection;
use postonce_ports::ledger::Ledger;
use postonce_ports::mapping::LedgerDirectory;
use postonce_ports::registry::{Agreed, CompanyFileWritten, LockSettings, is_same_business};
use secrecy::SecretString;

use crate::config::{Config, Sources, load};
use crate::database::Database;
use crate::exit::{Exit, Failure, chain};
use crate::hook::{PortHook, SidePorts};
use crate::no_ledger::NoLedger;
use crate::noted_ledger::NotedLedger;
use crate::output::{Output, talk};

/// The configuration, with its warnings told.
pub(crate) fn configuration(sources: &Sources) -> Result<Config, Failure> {
    let loaded = load(sources);
    for warning in &loaded.warnings {
        talk(&format!("warning: {warning}"));
    }
    loaded.into_config()
}

/// What every command gets.
pub(crate) struct Context<'a> {
    pub(crate) output: Output,
    pub(crate) sources: Sources,
    pub(crate) hook: &'a dyn PortHook,
}

/// An open database and what works on it.
pub(crate) struct Base<'a> {
    pub(crate) config: Config,
    pub(crate) database: Database,
    /// All that needs no ledger.
    pub(crate) side: SidePorts,
    meter: Meter,
    hook: &'a dyn PortHook,
    actor: String,
    /// What all ledgers of this process share.
    rate: OnceLock<SharedRate>,
}

impl<'a> Base<'a> {
    /// Reads the configuration and opens the database.
    pub(crate) async fn open(context: &Context<'a>) -> Result<Self, Failure> {
        Self::of_sources(&context.sources, context.hook).await
    }

    pub(crate) async fn of_sources(
        sources: &Sources,
        hook: &'a dyn PortHook,
    ) -> Result<Self, Failure> {
        let config = configuration(sources)?;
        let database = Database::open(&config).await?;
        let side = hook.side_ports(SidePorts {
            intake: Arc::clone(&database.intake),
            posted: Arc::clone(&database.posted),
            reader: Arc::clone(&database.reader),
            notes: Arc::clone(&database.notes),
            scans: Arc::clone(&database.scans),
            tokens: Arc::clone(&database.tokens),
            access: Arc::clone(&database.access),
            connections: Arc::clone(&database.connections),
            creations: Arc::clone(&database.creations),
            mappings: Arc::clone(&database.mappings),
            notices: Arc::clone(&database.notices),
            fires: Arc::clone(&database.fires),
            accounts: Arc::clone(&database.accounts),
            sessions: Arc::clone(&database.sessions),
            machines: Arc::clone(&database.machines),
            replies: Arc::clone(&database.replies),
            clock: Arc::new(HostClock),
        });
        let meter = Meter::new(Arc::clone(&side.clock));
        let rate = OnceLock::new();
        Ok(Self { config, database, side, meter, hook, actor: sources.actor(), rate })
    }

    /// Who asks.
    pub(crate) fn actor(&self) -> &str {
        &self.actor
    }

    /// The engine's ports, with the ledger of the configuration.
    pub(crate) async fn ports(&self) -> Result<Ports, Failure> {
        self.ports_of(&self.actor).await
    }

    /// The same in the name of somebody else.
    pub(crate) async fn ports_of(&self, actor: &str) -> Result<Ports, Failure> {
        let connections = Arc::clone(&self.side.connections);
        let ledger = NotedLedger::new(Arc::new(self.myob().await?), connections, actor);
        Ok(self.ports_with(Arc::new(ledger)))
    }

    /// The ledger of the configuration, as itself.
    pub(crate) async fn myob(&self) -> Result<MyobLedger, Failure> {
        let known = self.side.connections.connections().await?;
        self.agree().await?;
        let keys = self.token_keys().await?;
        self.ledger(keys, &known)
    }

    /// What the ledger of the configuration has.
    pub(crate) async fn directory(&self) -> Result<Arc<dyn LedgerDirectory>, Failure> {
        Ok(Arc::new(self.myob().await?))
    }

    /// The books of the configured ledger.
    pub(crate) async fn books(&self) -> Result<Arc<dyn LedgerBooks>, Failure> {
        Ok(Arc::new(self.myob().await?))
    }

    /// The engine's ports for what never asks the ledger.
    pub(crate) fn ports_without_ledger(&self) -> Ports {
        self.ports_with(Arc::new(NoLedger))
    }

    fn ports_with(&self, ledger: Arc<dyn Ledger>) -> Ports {
        self.hook.ports(Ports {
            store: Arc::clone(&self.database.store),
            doubts: Arc::clone(&self.database.doubts),
            lock: self.meter.lock(Arc::clone(&self.database.lock)),
            history: self.meter.history(Arc::clone(&self.database.history)),
            registry: Arc::clone(&self.database.registry),
            flags: Arc::clone(&self.database.flags),
            ledger: self.meter.ledger(ledger),
            clock: Arc::clone(&self.side.clock),
            ids: Arc::new(RandomIds),
        })
    }

    /// What this process has counted, and what stands in the database.
    pub(crate) fn standing(&self) -> Standing {
        let Ports { lock, history, doubts, .. } = self.ports_without_ledger();
        let reader = Arc::clone(&self.side.reader);
        let ports = StandingPorts { lock, history, reader, doubts };
        Standing::new(ports, self.meter.clone(), env!("CARGO_PKG_VERSION"))
    }

    /// An engine within the configured bounds.
    pub(crate) fn engine(&self, ports: Ports) -> Engine {
        let policy = Policy {
            concurrency: self.config.ledger.concurrency,
            run_max: self.config.run_max,
            send_window: QuietParts::SEND_WINDOW,
            inquiry_max_age: Duration::from_secs(10),
            claims_per_invoice_max: 3,
            ledger_failures_max: 5,
            settle_tries_max: 8,
            page: 200,
            lookup: self.config.lookup,
            doubt: self.config.doubt,
        };
        Engine::new(ports, self.hook.policy(policy))
    }

    /// A wish to run, in the name of whoever gave this command.
    pub(crate) fn request(&self, trigger: Trigger) -> SyncRequest {
        SyncRequest {
            origin: origin(trigger, &self.actor),
            company_file: None,
            limit: None,
            wait: Duration::ZERO,
        }
    }

    /// Whether this process may run with its settings, by what the database remembers.
    async fn agree(&self) -> Result<(), Failure> {
        self.database.prove_lock().await?;
        let lock = &self.config.lock;
        let (kind, scope) = (lock.kind.as_str().to_owned(), "global".to_owned());
        let wanted = LockSettings { kind, scope, name: lock.name.clone() };
        if let Agreed::Differs(known) = self.database.registry.lock_settings(wanted).await? {
            let why = format!(
                "`lock.kind` = `{}`, `lock.name` = `{}`: this database is used with the lock `{}` \
                 (kind {}, scope {}), and a process with another would not exclude those; \
                 configure the same",
                lock.kind.as_str(),
                lock.name,
                known.name,
                known.kind,
                known.scope
            );
            return Err(Failure::new(Exit::BadConfiguration, why));
        }
        for (alias, file) in &self.config.company_files {
            let Some(business_id) = &file.business_id else {
                // What is on record stays, whoever writes it meanwhile.
                if let Some(zone) = &file.time_zone {
                    self.database.registry.set_time_zone(alias, zone).await?;
                }
                continue;
            };
            let zone = file.time_zone.as_deref().unwrap_or("UTC");
            let why =
                match self.database.registry.set_company_file(alias, business_id, zone).await? {
                    CompanyFileWritten::Written => continue,
                    CompanyFileWritten::Fixed { business_id } => format!(
                        "invoices were sent to business {business_id} under this alias already, or \
                     are in its books; put it back, or use another alias"
                    ),
                    CompanyFileWritten::Taken { alias } => {
                        format!("this database knows it as `{alias}`; use that alias")
                    }
                };
            let key = format!("`company_file.{alias}.business_id` = `{business_id}`");
            return Err(Failure::new(Exit::BadConfiguration, format!("{key}: {why}")));
        }
        Ok(())
    }

    /// The keys that tokens are sealed with.
    pub(crate) fn sealing_keys(&self) -> Result<TokenKeys, Failure> {
        let bad = |why: String| Failure::new(Exit::BadConfiguration, why);
        let keys =
            self.config.tokens.keys().map_err(|error| bad(format!("`tokens.key` {error}")))?;
        if keys.id().is_none() && !self.config.ledger.is_loopback {
            return Err(bad(NO_TOKEN_KEY.to_owned()));
        }
        Ok(keys)
    }

    /// The keys that tokens are sealed with, by which those on record can be opened.
    async fn token_keys(&self) -> Result<TokenKeys, Failure> {
        let bad = |why: String| Failure::new(Exit::BadConfiguration, why);
        let keys = self.sealing_keys()?;
        let working = self.database.store.files_with_work().await?;
        let working = working.into_iter().map(|file| file.company_file);
        let files: BTreeSet<_> = working.chain(self.config.company_files.keys().cloned()).collect();
        for file in files {
            if let Some(token) = self.side.tokens.token(&file).await? {
                keys.check(&file, &token.secret).map_err(|error| bad(error.to_string()))?;
            }
        }
        Ok(keys)
    }

    fn ledger(&self, keys: TokenKeys, known: &[Connection]) -> Result<MyobLedger, Failure> {
        let ledger = &self.config.ledger;
        let options = Options {
            base_url: ledger.base_url.clone(),
            token_url: ledger.token_url.clone(),
            api_key: needed("ledger.api_key", ledger.api_key.as_ref())?,
            api_secret: needed("ledger.api_secret", ledger.api_secret.as_ref())?,
            refresh_token: ledger.refresh_token.clone(),
            layout: ledger.layout,
            default_account: ledger.default_account.clone(),
            missing_customer: ledger.missing_customer,
            missing_item: ledger.missing_item,
            credits: ledger.credits,
            zero_totals: ledger.zero_totals,
            rate_per_second: ledger.rate_per_second,
            rate_share_percent: ledger.rate_share_percent,
            post_timeout: ledger.post_timeout,
            rate_limit_is_not_sent: ledger.rate_limit_is_not_sent,
            quiet: self.config.doubt.quiet,
            recheck: self.config.doubt.recheck,
            start_date: self.config.start_date,
        };
        let (tokens, access) = (Arc::clone(&self.side.tokens), Arc::clone(&self.side.access));
        let sealed = Arc::new(SealedTokens::new(keys, tokens, access));
        let ports = LedgerPorts {
            clock: Arc::clone(&self.side.clock),
            ids: Arc::new(RandomIds),
            tokens: sealed.clone(),
            access: sealed,
            creations: Arc::clone(&self.side.creations),
            mappings: Arc::clone(&self.side.mappings),
        };
        let ledger = MyobLedger::new(options, self.files(known), ledger.is_loopback, ports)
            .map_err(|error| Failure::new(Exit::BadConfiguration, chain(&error)))?;
        let rate = self.rate.get_or_init(|| ledger.rate()).clone();
        Ok(ledger.sharing(rate))
    }

    /// The company files that have a business, by configuration or by consent.
    fn files(&self, known: &[Connection]) -> BTreeMap<CompanyFile, CompanyFileAccess> {
        let configured = &self.config.company_files;
        let aliases = configured.keys().chain(known.iter().map(|known| &known.company_file));
        let aliases: BTreeSet<&CompanyFile> = aliases.collect();
        let files = aliases.into_iter().filter_map(|alias| {
            let own = configured.get(alias);
            let business_id = own.and_then(|own| own.business_id.clone());
            let business_id = business_id.or_else(|| business_of(known, alias).cloned());
            // On this machine an alias is its own business.
            let loopback = self.config.ledger.is_loopback;
            let business_id = business_id.or_else(|| loopback.then(|| alias.to_string()))?;
            let consent = known.iter().find(|known| known.company_file == *alias);
            let consent = consent.and_then(Connection::consent).map(|(_, consent)| consent);
            let consent =
                consent.filter(|consent| is_same_business(&consent.business_id, &business_id));
            let listed = consent.and_then(|consent| consent.base_url.clone());
            let user = own.and_then(|own| own.cftoken_user.clone()).map(|name| FileUser {
                name,
                password: own.and_then(|own| own.cftoken_password.clone()).unwrap_or_default(),
            });
            let base_url = own.and_then(|own| own.base_url.clone()).or(listed);
            let refresh_token = own.and_then(|own| own.refresh_token.clone());
            let access = CompanyFileAccess { business_id, refresh_token, base_url, user };
            Some((alias.clone(), access))
        });
        files.collect()
    }
}

/// A run of this process, in the name of `actor`.
pub(crate) fn origin(trigger: Trigger, actor: &str) -> Origin {
    let Process { host, pid, boot_id } = Process::current();
    Origin { trigger, actor: actor.to_owned(), host, pid, boot_id }
}

/// The business that is on record.
pub(crate) fn business_of<'a>(known: &'a [Connection], alias: &CompanyFile) -> Option<&'a String> {
    known.iter().find(|known| known.company_file == *alias)?.business_id.as_ref()
}

/// Why nothing is asked of a real ledger.
pub(crate) const NO_TOKEN_KEY: &str = "\
    there is no key to seal tokens with, and whoever reads the database could use them; make one by \
    `openssl rand -base64 32`, keep it apart from the database, and set POSTONCE_TOKENS__KEY, or \
    `tokens.key_file`";

pub(crate) fn needed(key: &str, value: Option<&SecretString>) -> Result<SecretString, Failure> {
    value.cloned().ok_or_else(|| {
        let variable = key.to_uppercase().replace('.', "__");
        let why = format!("`{key}` is not set; set POSTONCE_{variable}, or the key in the file");
        Failure::new(Exit::BadConfiguration, why)
    })
}

/// Milliseconds since `start` on the boot-time clock.
pub(crate) fn millis_since(start: Duration) -> u64 {
    u64::try_from(HostClock.boot().saturating_sub(start).as_millis()).unwrap_or(u64::MAX)
}
