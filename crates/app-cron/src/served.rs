//! The program as the HTTP doors need it.

use std::sync::Arc;

use async_trait::async_trait;
use postonce_adapter_http::{MappingWish, Parts, Program, Settings, Tls, Trouble, TroubleKind};
use postonce_domain::{CompanyFile, Trigger};
use postonce_engine::{Engine, Origin, Ports};
use postonce_wire::{ConnectionJson, MappingRowJson, StatusJson};

use crate::command::mapping::set::{Target, Wish, write};
use crate::command::{connections, mapping, status};
use crate::config::HttpConfig;
use crate::exit::{Exit, Failure};
use crate::wiring::{Base, origin};

/// An open database and what works on it, for as long as the process lives.
struct Served(Arc<Base<'static>>);

/// What the doors lead to.
pub(crate) fn parts(base: &Arc<Base<'static>>) -> Parts {
    let side = base.side.clone();
    Parts {
        program: Arc::new(Served(Arc::clone(base))),
        reader: side.reader,
        notes: side.notes,
        mappings: side.mappings,
        creations: side.creations,
        accounts: side.accounts,
        sessions: side.sessions,
        machines: side.machines,
        replies: side.replies,
        clock: side.clock,
    }
}

/// What an operator has decided about the doors.
pub(crate) fn settings(http: &HttpConfig) -> Settings {
    Settings {
        base_path: http.base_path.clone(),
        public_origin: http.public_origin.clone(),
        secure: http.is_secure(),
        trusted_proxies: http.trusted_proxies.clone(),
        body_max: http.body_max,
        answer_within: http.answer_within,
    }
}

/// Certificate and key.
pub(crate) fn tls(http: &HttpConfig) -> Option<Tls> {
    let (certificate, key) = http.tls.clone()?;
    Some(Tls { certificate, key })
}

fn trouble(failure: Failure) -> Trouble {
    let kind = match failure.exit {
        Exit::DataRefused => TroubleKind::Refused,
        Exit::DatabaseUnavailable => TroubleKind::Database,
        Exit::LedgerUnavailable | Exit::NotAuthorised => TroubleKind::Ledger,
        Exit::BadConfiguration => TroubleKind::Configuration,
        Exit::Done
        | Exit::Unexpected
        | Exit::Usage
        | Exit::InDoubt
        | Exit::FileMissing
        | Exit::LockLost
        | Exit::LockBusy
        | Exit::Interrupted => TroubleKind::Unexpected,
    };
    Trouble { kind, words: failure.message }
}

#[async_trait]
impl Program for Served {
    async fn ports(&self, actor: &str) -> Result<Ports, Trouble> {
        self.0.ports_of(actor).await.map_err(trouble)
    }

    fn ports_without_ledger(&self) -> Ports {
        self.0.ports_without_ledger()
    }

    fn engine(&self, ports: Ports) -> Engine {
        self.0.engine(ports)
    }

    fn origin(&self, trigger: Trigger, actor: &str) -> Origin {
        origin(trigger, actor)
    }

    async fn status(&self) -> Result<StatusJson, Trouble> {
        status::status(&self.0).await.map_err(trouble)
    }

    async fn connections(&self) -> Result<Vec<ConnectionJson>, Trouble> {
        connections::known(&self.0).await.map_err(trouble)
    }

    async fn knows(&self, company_file: &CompanyFile) -> Result<bool, Trouble> {
        mapping::is_known(&self.0, company_file).await.map_err(trouble)
    }

    async fn set_mapping(&self, wish: MappingWish, actor: &str) -> Result<MappingRowJson, Trouble> {
        let MappingWish { company_file, key, seen, target } = wish;
        let target = target.as_deref().map_or(Target::Nothing, Target::Record);
        let wish = Wish { file: &company_file, key, seen: Some(seen), target };
        let row = write(&self.0, wish, actor).await.map_err(trouble)?;
        let gone = || Trouble {
            kind: TroubleKind::Refused,
            words: "there is no such row, so there is nothing to take out".to_owned(),
        };
        Ok(MappingRowJson::new(&company_file, &row.ok_or_else(gone)?))
    }
}
