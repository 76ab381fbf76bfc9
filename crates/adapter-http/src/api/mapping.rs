//! What codes are in the ledger.

use postonce_domain::{MappingKey, MappingKind};
use postonce_wire::MappingRowJson;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::program::MappingWish;
use crate::request::{Answer, Call, json};

/// What one code is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Set {
    /// `customer`, `item`, `tax` or `account`.
    kind: String,
    code: String,
    /// The `version` of the row that was seen; 0 for none.
    version: i64,
    /// The record's UID or code in MYOB.
    target: Option<String>,
    /// Whether the row is to be taken out; without it, nothing is.
    #[serde(default)]
    none: bool,
}

impl Set {
    fn key(&self) -> Result<MappingKey, Problem> {
        let kind = MappingKind::from_name(&self.kind).ok_or_else(|| {
            let known = MappingKind::ALL.map(MappingKind::as_str).join(", ");
            Problem::invalid(format!("`kind` = `{}`: write one of {known}", self.kind))
        })?;
        let code = kind.code(&self.code);
        let code = code.map_err(|error| {
            Problem::invalid(format!("`code` = `{}`: the code {error}", self.code))
        })?;
        Ok(MappingKey { kind, code })
    }

    fn target(&self) -> Result<Option<String>, Problem> {
        let target = self.target.as_deref().map(str::trim).filter(|text| !text.is_empty());
        match (target, self.none) {
            (Some(target), false) => Ok(Some(target.to_owned())),
            (None, true) => Ok(None),
            (None, false) => Err(Problem::invalid(
                "`target` is missing: say what the code is in MYOB, or `none` to take the row out",
            )),
            (Some(_), true) => Err(Problem::invalid("`target` and `none` exclude each other")),
        }
    }
}

pub(crate) async fn list(call: Call) -> Answer {
    let file = call.company_file().await?;
    let rows = call.app.parts.mappings.rows(&file).await?;
    json(rows.iter().map(|row| MappingRowJson::new(&file, row)).collect::<Vec<_>>())
}

pub(crate) async fn set(call: Call) -> Answer {
    let set: Set = call.input()?;
    let (key, target) = (set.key()?, set.target()?);
    let company_file = call.company_file().await?;
    let wish = MappingWish { company_file: company_file.clone(), key, seen: set.version, target };
    let now = call.app.parts.mappings.find(&company_file, std::slice::from_ref(&wish.key)).await?;
    let found = now.first().map_or(0, |row| row.version);
    if found != set.version {
        let now = now.first().map(|row| MappingRowJson::new(&company_file, row));
        let detail = format!(
            "the row has moved on: you saw version {}, and it is version {found} now. Nothing was \
             changed; look at it again, and decide again",
            set.version
        );
        let status = http::StatusCode::CONFLICT;
        return Err(Problem::new(status, "stale", "the row has moved on", detail)
            .with("seen", set.version)
            .with("row", now));
    }
    json(call.app.parts.program.set_mapping(wish, &call.caller.name()).await?)
}
