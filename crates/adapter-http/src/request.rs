//! A request that has got through the guard.

use std::net::IpAddr;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::HeaderMap;
use postonce_domain::{CompanyFile, InvoiceId};
use postonce_engine::Ports;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::caller::Caller;
use crate::input::{Kind, Query, read};
use crate::problem::Problem;

/// What a route answers.
pub(crate) type Answer = Result<Response, Problem>;

/// A request that has got through the guard.
pub(crate) struct Call {
    pub(crate) app: App,
    pub(crate) caller: Caller,
    /// Where it comes from.
    pub(crate) peer: Option<IpAddr>,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Query,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) kind: Kind,
    pub(crate) body: Bytes,
}

impl Call {
    /// What the body says.
    pub(crate) fn input<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        read(self.kind, &self.body)
    }

    /// A part of the path.
    pub(crate) fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The number in the path.
    pub(crate) fn number(&self, what: &str) -> Result<i64, Problem> {
        let text = self.param("id");
        let number = text.parse().ok().filter(|number| *number > 0);
        number.ok_or_else(|| Problem::not_found(format!("`{text}` is no id of {what}")))
    }

    /// The invoice in the path.
    pub(crate) fn invoice(&self) -> Result<InvoiceId, Problem> {
        self.number("an invoice").map(InvoiceId)
    }

    /// The company file in the path.
    pub(crate) async fn company_file(&self) -> Result<CompanyFile, Problem> {
        let text = self.param("company_file");
        let unknown = || {
            let mend = "import its invoices, or configure it";
            Problem::not_found(format!("there is no company file `{text}`; {mend}"))
        };
        let file = CompanyFile::parse(text).map_err(|_| unknown())?;
        let known = self.app.parts.program.knows(&file).await?;
        known.then_some(file).ok_or_else(unknown)
    }

    /// The engine's ports for what never asks the ledger.
    pub(crate) fn ports(&self) -> Ports {
        self.app.parts.program.ports_without_ledger()
    }
}

/// A value as it is answered.
#[expect(clippy::unnecessary_wraps, reason = "every route ends in it")]
pub(crate) fn json(value: impl Serialize) -> Answer {
    Ok(Json(value).into_response())
}
