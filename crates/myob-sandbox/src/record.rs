//! Customers, accounts, tax codes, items, jobs and categories: kept as the client sent them, with the fields that
//! the resource has.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::answers::ApiError;
use crate::clock::Millis;
use crate::filter::{Kind, Schema, Value};
use crate::filter_tokens::moment;
use crate::money::Decimal;
use crate::schemas::{ACCOUNT, CATEGORY, CUSTOMER, ITEM, JOB, TAX_CODE};
use crate::table::Row;

/// Which resource a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Resource {
    /// `/Contact/Customer`
    Customer,
    /// `/GeneralLedger/Account`
    Account,
    /// `/GeneralLedger/TaxCode`
    TaxCode,
    /// `/Inventory/Item`
    Item,
    /// `/GeneralLedger/Job`
    Job,
    /// `/GeneralLedger/Category`
    Category,
}

/// One record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) uid: Uuid,
    pub(crate) row_version: i64,
    /// Absent in what was there from the start.
    #[serde(default)]
    pub(crate) created: Millis,
    pub(crate) modified: Millis,
    pub(crate) fields: Map<String, Json>,
}

/// Field names by which records are found without a scan.
const KEYS: [&str; 4] = ["DisplayID", "Code", "Number", "CompanyName"];

impl Resource {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Customer, Self::Account, Self::TaxCode, Self::Item, Self::Job, Self::Category];

    /// The path under the company file.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Customer => "Contact/Customer",
            Self::Account => "GeneralLedger/Account",
            Self::TaxCode => "GeneralLedger/TaxCode",
            Self::Item => "Inventory/Item",
            Self::Job => "GeneralLedger/Job",
            Self::Category => "GeneralLedger/Category",
        }
    }

    /// The fields.
    pub(crate) fn schema(self) -> Schema {
        match self {
            Self::Customer => CUSTOMER,
            Self::Account => ACCOUNT,
            Self::TaxCode => TAX_CODE,
            Self::Item => ITEM,
            Self::Job => JOB,
            Self::Category => CATEGORY,
        }
    }

    /// The fields of a body that the resource has and a client may set, checked.
    pub(crate) fn read(self, body: Map<String, Json>) -> Result<Map<String, Json>, ApiError> {
        let server_owned = ["UID", "RowVersion", "LastModified", "URI"];
        let known = |name: &str| self.schema().iter().any(|(field, _)| *field == name);
        let mut fields: Map<String, Json> = body
            .into_iter()
            .filter(|(name, value)| {
                known(name) && !server_owned.contains(&name.as_str()) && !value.is_null()
            })
            .collect();
        match self {
            Self::Customer => customer(&mut fields)?,
            Self::Account => account(&mut fields)?,
            Self::TaxCode => tax_code(&fields)?,
            Self::Item | Self::Job => required(&fields, "Number")?,
            Self::Category => required(&fields, "DisplayID")?,
        }
        if self != Self::TaxCode {
            fields.entry("IsActive").or_insert(json!(true));
        }
        Ok(fields)
    }
}

fn required(fields: &Map<String, Json>, name: &str) -> Result<(), ApiError> {
    match fields.get(name) {
        None => Err(ApiError::required(name)),
        Some(Json::String(text)) if text.is_empty() => Err(ApiError::required(name)),
        Some(_) => Ok(()),
    }
}

fn text<'a>(fields: &'a Map<String, Json>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Json::as_str).filter(|text| !text.is_empty())
}

fn customer(fields: &mut Map<String, Json>) -> Result<(), ApiError> {
    let individual = fields.get("IsIndividual").and_then(Json::as_bool).unwrap_or(false);
    required(fields, if individual { "LastName" } else { "CompanyName" })?;
    if text(fields, "DisplayID").is_some_and(|id| id.chars().count() > 15) {
        let message = "DisplayID must have at most 15 characters";
        return Err(ApiError::validation(message, "DisplayID"));
    }
    fields.insert("IsIndividual".to_owned(), json!(individual));
    fields.entry("DisplayID").or_insert(json!("*None"));
    Ok(())
}

fn account(fields: &mut Map<String, Json>) -> Result<(), ApiError> {
    required(fields, "Name")?;
    if text(fields, "DisplayID").is_some() {
        return Ok(());
    }
    required(fields, "Number")?;
    let digit = match text(fields, "Classification") {
        Some("Asset") => 1,
        Some("Liability") => 2,
        Some("Equity") => 3,
        Some("Income") => 4,
        Some("CostOfSales") => 5,
        Some("Expense") => 6,
        Some("OtherIncome") => 8,
        Some("OtherExpense") => 9,
        Some(_) | None => return Err(ApiError::required("Classification")),
    };
    let number = fields.get("Number").and_then(Json::as_u64);
    let number = number.ok_or_else(|| ApiError::serialization("Number: not a whole number"))?;
    fields.insert("DisplayID".to_owned(), json!(format!("{digit}-{number:04}")));
    Ok(())
}

fn tax_code(fields: &Map<String, Json>) -> Result<(), ApiError> {
    required(fields, "Code")?;
    required(fields, "Rate")?;
    if text(fields, "Code").is_some_and(|code| code.chars().count() > 3) {
        return Err(ApiError::validation("Code must have at most 3 characters", "Code"));
    }
    if fields.get("Rate").and_then(decimal).is_none() {
        return Err(ApiError::serialization("Rate: not a decimal number"));
    }
    Ok(())
}

/// A JSON number's digits. Its text is the shortest that means the same number, so rates and
/// prices with up to 15 digits are exact.
fn decimal(number: &Json) -> Option<Decimal> {
    match number {
        Json::Number(number) => Decimal::parse(&number.to_string()),
        Json::String(text) => Decimal::parse(text),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

impl Row for Record {
    fn uid(&self) -> Uuid {
        self.uid
    }

    fn keys(&self) -> Vec<(&'static str, &str)> {
        KEYS.into_iter().filter_map(|key| Some((key, self.text(key)?))).collect()
    }

    fn is_key(field: &str) -> Option<&'static str> {
        KEYS.into_iter().find(|key| *key == field)
    }
}

impl Record {
    /// A field that is a text and not empty.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        text(&self.fields, field)
    }

    /// A tax code's rate in per cent.
    pub(crate) fn rate(&self) -> Decimal {
        self.fields.get("Rate").and_then(decimal).unwrap_or_default()
    }

    /// The name as other records show it.
    pub(crate) fn name(&self) -> String {
        if let Some(name) = self.text("Name").or_else(|| self.text("CompanyName")) {
            return name.to_owned();
        }
        let parts = [self.text("FirstName"), self.text("LastName")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The field for filters and sorting.
    pub(crate) fn value(&self, field: &str, schema: Schema) -> Value<'_> {
        match field {
            "UID" => return Value::Guid(self.uid),
            "RowVersion" => return Value::Text(self.row_version.to_string().into()),
            "LastModified" => return Value::Moment(crate::clock::moment(self.modified)),
            _ => {}
        }
        let mut parts = field.split('/');
        let head = parts.next().and_then(|head| self.fields.get(head));
        let found = parts.try_fold(head, |value, part| Some(value?.get(part))).flatten();
        let number = schema.contains(&(field, Kind::Number));
        match found {
            Some(found) if number => decimal(found).map_or(Value::Null, Value::Number),
            Some(Json::String(text)) => match moment(text) {
                Some(moment) if schema.contains(&(field, Kind::Moment)) => Value::Moment(moment),
                Some(_) | None => Value::Text(text.as_str().into()),
            },
            Some(Json::Bool(flag)) => Value::Bool(*flag),
            Some(found @ Json::Number(_)) => decimal(found).map_or(Value::Null, Value::Number),
            Some(Json::Null | Json::Array(_) | Json::Object(_)) | None => Value::Null,
        }
    }

    /// The record as the API shows it; `uri` is its address, if addresses are wanted.
    pub(crate) fn view(&self, uri: Option<String>) -> Map<String, Json> {
        let mut view = Map::new();
        view.insert("UID".to_owned(), json!(self.uid));
        view.extend(self.fields.clone());
        view.insert("LastModified".to_owned(), json!(crate::clock::zoneless(self.modified)));
        if let Some(uri) = uri {
            view.insert("URI".to_owned(), json!(uri));
        }
        view.insert("RowVersion".to_owned(), json!(self.row_version.to_string()));
        view
    }
}
