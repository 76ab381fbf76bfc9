//! Reading MYOB's JSON: keys without regard to case, numbers digit by digit.

use std::collections::BTreeMap;
use std::fmt;

use postonce_domain::Money;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON object whose values are still text; a null counts as absent.
///
/// Keys are compared without regard to case: MYOB's gateway and its file servers do not agree on
/// it. An object that has a key twice, with values that differ, says nothing: whichever were taken
/// might be the wrong one. Numbers never pass through floating point.
#[derive(Debug)]
pub(crate) struct Object {
    fields: BTreeMap<String, Box<RawValue>>,
}

impl Object {
    /// The object that `text` holds; `None` if it holds anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('\u{feff}');
        serde_json::from_str(text).ok()
    }

    fn raw(&self, key: &str) -> Option<&str> {
        let raw = self.fields.get(&key.to_ascii_lowercase()).map(|raw| raw.get());
        raw.filter(|raw| *raw != "null")
    }

    /// Whether the key is there at all, even with a null.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.fields.contains_key(&key.to_ascii_lowercase())
    }

    /// A string.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.raw(key)?).ok()
    }

    /// Whether it is absent or null.
    pub(crate) fn is_null(&self, key: &str) -> bool {
        self.raw(key).is_none()
    }

    /// A string, or the digits of a number.
    pub(crate) fn text_or_number(&self, key: &str) -> Option<String> {
        let raw = self.raw(key)?;
        let number = raw.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        if number { Some(raw.to_owned()) } else { self.text(key) }
    }

    /// A boolean.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        serde_json::from_str(self.raw(key)?).ok()
    }

    /// An amount with at most two decimals; `None` if it is anything else.
    pub(crate) fn money(&self, key: &str) -> Option<Money> {
        Money::parse(&self.text_or_number(key)?).ok()
    }

    /// An object within.
    pub(crate) fn object(&self, key: &str) -> Option<Self> {
        Self::parse(self.raw(key)?)
    }

    /// A list of objects; `None` if it is not there or holds anything else.
    pub(crate) fn objects(&self, key: &str) -> Option<Vec<Self>> {
        let items: Vec<Box<RawValue>> = serde_json::from_str(self.raw(key)?).ok()?;
        items.iter().map(|item| Self::parse(item.get())).collect()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut fields: BTreeMap<String, Box<RawValue>> = BTreeMap::new();
        while let Some((key, raw)) = map.next_entry::<String, Box<RawValue>>()? {
            let key = key.to_ascii_lowercase();
            if fields.get(&key).is_some_and(|before| before.get() != raw.get()) {
                return Err(A::Error::custom("a key is there twice"));
            }
            fields.insert(key, raw);
        }
        Ok(Object { fields })
    }
}

#[cfg(test)]
mod tests;
