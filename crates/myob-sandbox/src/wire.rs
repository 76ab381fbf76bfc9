//! Reading a JSON object field by field, so that an error names the field.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::answers::ApiError;
use crate::money::Decimal;

/// A JSON object whose values are still text. Fields that are absent or null read as `None`;
/// fields that nobody asks for are ignored.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    path: String,
    fields: BTreeMap<String, &'a RawValue>,
}

impl<'a> Object<'a> {
    /// Reads a request's body.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, ApiError> {
        let fields = serde_json::from_slice(body)
            .map_err(|error| ApiError::serialization(error.to_string()))?;
        Ok(Self { path: String::new(), fields })
    }

    /// The field's name with where it stands, such as `Lines[0].TaxCode`.
    pub(crate) fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn raw(&self, key: &str) -> Option<&'a RawValue> {
        self.fields.get(key).copied().filter(|raw| raw.get() != "null")
    }

    /// The field as `T`.
    pub(crate) fn read<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ApiError> {
        let Some(raw) = self.raw(key) else { return Ok(None) };
        serde_json::from_str(raw.get())
            .map(Some)
            .map_err(|error| ApiError::serialization(format!("{}: {error}", self.name(key))))
    }

    /// A text of at most `length_max` characters; an empty one counts as absent.
    pub(crate) fn text(&self, key: &str, length_max: usize) -> Result<Option<Box<str>>, ApiError> {
        let text: Option<String> = self.read(key)?;
        if text.as_ref().is_some_and(|text| text.chars().count() > length_max) {
            let field = self.name(key);
            let message = format!("{field} must have at most {length_max} characters");
            return Err(ApiError::validation(message, &field));
        }
        Ok(text.filter(|text| !text.is_empty()).map(String::into_boxed_str))
    }

    /// A number, or a string that holds one.
    pub(crate) fn decimal(&self, key: &str) -> Result<Option<Decimal>, ApiError> {
        self.read(key)
    }

    /// A date; its time and zone, if any, are dropped.
    pub(crate) fn date(&self, key: &str) -> Result<Option<Date>, ApiError> {
        let Some(text) = self.read::<String>(key)? else { return Ok(None) };
        let (date, rest) = text.split_at_checked(10).unwrap_or((&text, ""));
        let time = rest.is_empty() || rest.starts_with(['T', ' ']);
        date.parse().ok().filter(|_| time).map(Some).ok_or_else(|| {
            ApiError::serialization(format!("{}: `{text}` is not a date", self.name(key)))
        })
    }

    /// A UID; the one of all zeros counts as absent.
    pub(crate) fn uid(&self, key: &str) -> Result<Option<Uuid>, ApiError> {
        Ok(self.read::<Uuid>(key)?.filter(|uid| !uid.is_nil()))
    }

    /// The UID in a link, such as `{"UID": "…"}`.
    pub(crate) fn link(&self, key: &str) -> Result<Option<Uuid>, ApiError> {
        let Some(raw) = self.raw(key) else { return Ok(None) };
        Self::nested(self.name(key), raw)?.uid("UID")
    }

    /// The objects of a list.
    pub(crate) fn list(&self, key: &str) -> Result<Vec<Self>, ApiError> {
        let Some(raw) = self.raw(key) else { return Ok(Vec::new()) };
        let items: Vec<&'a RawValue> = serde_json::from_str(raw.get())
            .map_err(|error| ApiError::serialization(format!("{}: {error}", self.name(key))))?;
        let path = self.name(key);
        let item = |(at, raw)| Self::nested(format!("{path}[{at}]"), raw);
        items.into_iter().enumerate().map(item).collect()
    }

    fn nested(path: String, raw: &'a RawValue) -> Result<Self, ApiError> {
        let fields = serde_json::from_str(raw.get())
            .map_err(|error| ApiError::serialization(format!("{path}: {error}")))?;
        Ok(Self { path, fields })
    }

    /// The fields of `keys` that are there, as the text of one JSON object.
    pub(crate) fn kept(&self, keys: &[&str]) -> Option<Box<str>> {
        let kept: BTreeMap<&str, &RawValue> =
            keys.iter().filter_map(|key| Some((*key, self.raw(key)?))).collect();
        if kept.is_empty() {
            return None;
        }
        serde_json::to_string(&kept).ok().map(String::into_boxed_str)
    }
}
