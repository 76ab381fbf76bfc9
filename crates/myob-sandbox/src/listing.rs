//! Lists: `$filter`, `$orderby`, `$top`, `$skip`, and the page with `NextPageLink` and `Count`.

use std::cmp::Ordering;

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::answers::{ApiError, json_text};
use crate::call::Call;
use crate::filter::{Filter, Schema, Value, Wrong, kind_of, order};
use crate::form;
use crate::invoice::NUMBER;
use crate::switches::{NumberCase, UnknownField};

/// How many rows a page has unless asked otherwise.
const TOP: usize = 400;

/// How many rows a page has at most; `$top` above it counts as this.
const TOP_MAX: usize = 1000;

/// What a list is asked for.
#[derive(Debug)]
pub(crate) struct Query {
    /// Which rows.
    pub(crate) filter: Option<Filter>,
    orders: Vec<Order>,
    top: usize,
    skip: usize,
}

#[derive(Debug)]
struct Order {
    field: String,
    descending: bool,
}

impl Query {
    /// Reads the query's options; what does not begin with these four names is ignored.
    pub(crate) fn parse(call: &Call, schema: Schema) -> Result<Self, ApiError> {
        let pairs = &call.query;
        let number = |key: &str, default| match form::value(pairs, key) {
            None => Ok(default),
            Some(text) => text
                .trim()
                .parse::<usize>()
                .map_err(|_| ApiError::query(format!("{key}: `{text}` is not a whole number"))),
        };
        let orders = form::value(pairs, "$orderby").unwrap_or_default();
        let orders = orders.split(',').map(str::trim).filter(|text| !text.is_empty());
        Ok(Self {
            filter: filter(call, schema)?,
            orders: orders.map(|text| Order::parse(text, schema)).collect::<Result<_, _>>()?,
            top: number("$top", TOP)?.min(TOP_MAX),
            skip: number("$skip", 0)?,
        })
    }

    /// The page of `rows` that is asked for, each row shown by `show`.
    pub(crate) fn page<'a, T: 'a>(
        &self,
        call: &Call,
        rows: impl Iterator<Item = &'a T>,
        value: impl Fn(&'a T, &str) -> Value<'a>,
        show: impl Fn(&'a T) -> String,
    ) -> Response {
        let passes = |row: &&'a T| {
            let row = *row;
            self.filter.as_ref().is_none_or(|filter| filter.holds(&|field: &str| value(row, field)))
        };
        let mut found: Vec<&'a T> = rows.filter(passes).collect();
        if !self.orders.is_empty() {
            found.sort_by(|left, right| {
                self.compare(|field| (value(left, field), value(right, field)))
            });
        }
        let items: Vec<String> =
            found.iter().skip(self.skip).take(self.top).map(|row| show(row)).collect();
        let next = self.skip.saturating_add(self.top);
        let next = (self.top > 0 && next < found.len()).then(|| next_link(call, self.top, next));
        let (items, next, count) = (items.join(","), json!(next), found.len());
        let text = format!(r#"{{"Items":[{items}],"NextPageLink":{next},"Count":{count}}}"#);
        json_text(StatusCode::OK, text)
    }

    fn compare<'a>(&self, values: impl Fn(&str) -> (Value<'a>, Value<'a>)) -> Ordering {
        for Order { field, descending } in &self.orders {
            let (left, right) = values(field);
            let nothing = |value: &Value<'_>| matches!(value, Value::Null);
            // Rows without a value come first.
            let by_presence = nothing(&right).cmp(&nothing(&left));
            let ordering = order(&left, &right).unwrap_or(by_presence);
            if ordering.is_ne() {
                return if *descending { ordering.reverse() } else { ordering };
            }
        }
        Ordering::Equal
    }
}

/// The condition that is asked for, as the switches have it understood.
fn filter(call: &Call, schema: Schema) -> Result<Option<Filter>, ApiError> {
    let switches = &call.orders.switches;
    let text = form::value(&call.query, "$filter").filter(|text| !text.trim().is_empty());
    let Some(text) = text else { return Ok(None) };
    match Filter::parse(text, schema, switches.quote_escape) {
        Ok(filter) if switches.number_case == NumberCase::Fold => Ok(Some(filter.folding(NUMBER))),
        Ok(filter) => Ok(Some(filter)),
        Err(Wrong::UnknownField(_)) if switches.unknown_field == UnknownField::Everything => {
            Ok(None)
        }
        Err(why) => Err(ApiError::query(format!("$filter: {why}"))),
    }
}

impl Order {
    fn parse(text: &str, schema: Schema) -> Result<Self, ApiError> {
        let (field, direction) = text.split_once(char::is_whitespace).unwrap_or((text, "asc"));
        let descending = match direction.trim() {
            "asc" => false,
            "desc" => true,
            other => return Err(ApiError::query(format!("$orderby: `{other}` is no direction"))),
        };
        kind_of(field, schema).map_err(|why| ApiError::query(format!("$orderby: {why}")))?;
        Ok(Self { field: field.to_owned(), descending })
    }
}

fn next_link(call: &Call, top: usize, skip: usize) -> String {
    let kept = call.query.iter().filter(|(key, _)| key != "$top" && key != "$skip");
    let kept = kept.map(|(key, value)| format!("&{}={}", form::encode(key), form::encode(value)));
    let kept: String = kept.collect();
    format!("{}{}?$top={top}&$skip={skip}{kept}", call.orders.origin, call.path)
}
