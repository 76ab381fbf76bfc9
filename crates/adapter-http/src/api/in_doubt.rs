//! What nobody knows.

use postonce_domain::InvoiceId;
use postonce_wire::{CheckedDoubtJson, CreationJson, DoubtJson};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::program::Trouble;
use crate::request::{Answer, Call, json};

/// Which invoices the ledger is asked about.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    /// Their ids; all that are in doubt if it is left out.
    #[serde(default)]
    invoices: Vec<i64>,
}

pub(crate) async fn list(call: Call) -> Answer {
    let doubtful = call.ports().doubts.doubtful().await?;
    json(doubtful.iter().map(DoubtJson::new).collect::<Vec<_>>())
}

pub(crate) async fn creations(call: Call) -> Answer {
    let parts = &call.app.parts;
    let mut open = Vec::new();
    for creation in parts.creations.open_creations().await? {
        // What has its UID on record is created, whatever became of the process that did it.
        let key = std::slice::from_ref(&creation.key);
        let rows = parts.mappings.find(&creation.company_file, key).await?;
        if rows.iter().all(|row| row.uid.is_none()) {
            open.push(CreationJson::new(&creation));
        }
    }
    json(open)
}

pub(crate) async fn check(call: Call) -> Answer {
    let Check { invoices } = call.input()?;
    let invoices: Vec<InvoiceId> = invoices.into_iter().map(InvoiceId).collect();
    let program = &call.app.parts.program;
    let engine = program.engine(program.ports(&call.caller.name()).await?);
    let checked = Box::pin(engine.check(&invoices)).await.map_err(Trouble::from)?;
    json(checked.iter().map(CheckedDoubtJson::new).collect::<Vec<_>>())
}
