//! Rows in the order they came, found by UID and by some of their texts without a scan.

use std::collections::HashMap;

use uuid::Uuid;

use crate::filter::{Comparison, Filter, Value};

/// What a [`Table`] holds.
pub(crate) trait Row {
    /// The row's id; never changes.
    fn uid(&self) -> Uuid;
    /// The fields that are indexed, each with the row's text, if it has one.
    fn keys(&self) -> Vec<(&'static str, &str)>;
    /// Whether `field` is indexed.
    fn is_key(field: &str) -> Option<&'static str>;
}

/// Rows with their indexes. Cost per row does not grow with the number of rows.
#[derive(Debug)]
pub(crate) struct Table<T> {
    rows: Vec<Option<T>>,
    by_uid: HashMap<Uuid, usize>,
    by_key: HashMap<&'static str, HashMap<Box<str>, Vec<usize>>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), by_uid: HashMap::new(), by_key: HashMap::new() }
    }
}

impl<T: Row> Table<T> {
    /// Adds `row`, or puts it in the place of the one with its UID.
    pub(crate) fn put(&mut self, row: T) {
        let at = match self.by_uid.get(&row.uid()) {
            Some(at) => *at,
            None => self.rows.len(),
        };
        if at < self.rows.len() {
            self.forget_keys(at);
        } else {
            self.rows.push(None);
        }
        self.by_uid.insert(row.uid(), at);
        for (field, text) in row.keys() {
            let index = self.by_key.entry(field).or_default();
            match index.get_mut(text) {
                Some(places) => places.push(at),
                None => drop(index.insert(text.into(), vec![at])),
            }
        }
        if let Some(place) = self.rows.get_mut(at) {
            *place = Some(row);
        }
    }

    /// Takes the row away, if it is there.
    pub(crate) fn remove(&mut self, uid: Uuid) {
        if let Some(at) = self.by_uid.remove(&uid) {
            self.forget_keys(at);
            if let Some(place) = self.rows.get_mut(at) {
                *place = None;
            }
        }
    }

    fn forget_keys(&mut self, at: usize) {
        let Some(Some(row)) = self.rows.get(at) else { return };
        for (field, text) in row.keys() {
            let Some(index) = self.by_key.get_mut(field) else { continue };
            let Some(places) = index.get_mut(text) else { continue };
            places.retain(|place| *place != at);
            if places.is_empty() {
                index.remove(text);
            }
        }
    }

    /// The row with this UID.
    pub(crate) fn get(&self, uid: Uuid) -> Option<&T> {
        self.rows.get(*self.by_uid.get(&uid)?)?.as_ref()
    }

    /// All rows, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.rows.iter().flatten()
    }

    /// How many rows have `text` in the indexed `field`.
    pub(crate) fn count(&self, field: &str, text: &str) -> usize {
        self.by_key.get(field).and_then(|index| index.get(text)).map_or(0, Vec::len)
    }

    /// The texts that more than one row has in the indexed `field`, each with the count.
    pub(crate) fn repeated(&self, field: &str) -> Vec<(&str, usize)> {
        let index = self.by_key.get(field);
        let mut found: Vec<_> = index
            .into_iter()
            .flatten()
            .filter(|(_, places)| places.len() > 1)
            .map(|(text, places)| (&**text, places.len()))
            .collect();
        found.sort_unstable();
        found
    }

    /// The rows that may pass `filter`, oldest first: by an index if the filter allows it.
    pub(crate) fn candidates(&self, filter: Option<&Filter>) -> Box<dyn Iterator<Item = &T> + '_> {
        match filter.and_then(|filter| self.places(filter)) {
            Some(mut places) => {
                places.sort_unstable();
                places.dedup();
                let rows = &self.rows;
                Box::new(places.into_iter().filter_map(|at| rows.get(at)?.as_ref()))
            }
            None => Box::new(self.iter()),
        }
    }

    /// The places that an index gives for `filter`; `None` if all rows have to be looked at.
    fn places(&self, filter: &Filter) -> Option<Vec<usize>> {
        match filter {
            Filter::Compare(field, Comparison::Equal, Value::Guid(uid)) if field == "UID" => {
                Some(self.by_uid.get(uid).copied().into_iter().collect())
            }
            Filter::Compare(field, Comparison::Equal, Value::Text(text)) => {
                let field = T::is_key(field)?;
                let index = self.by_key.get(field);
                Some(index.and_then(|index| index.get(&**text)).cloned().unwrap_or_default())
            }
            Filter::And(left, right) => match (self.places(left), self.places(right)) {
                (Some(left), Some(right)) if right.len() < left.len() => Some(right),
                (Some(left), _) => Some(left),
                (None, right) => right,
            },
            Filter::Or(left, right) => {
                let mut places = self.places(left)?;
                places.extend(self.places(right)?);
                Some(places)
            }
            Filter::Compare(..) | Filter::Folded(..) | Filter::Contains(..) | Filter::Not(_) => {
                None
            }
        }
    }
}
