//! One value for each company file, made when it is first asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use postonce_domain::CompanyFile;

/// Values by company file. Grows with the number of company files only.
#[derive(Debug)]
pub(crate) struct PerFile<T>(Mutex<BTreeMap<CompanyFile, Arc<T>>>);

impl<T> Default for PerFile<T> {
    fn default() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }
}

impl<T: Default> PerFile<T> {
    /// The file's value.
    pub(crate) fn of(&self, file: &CompanyFile) -> Arc<T> {
        // A panic while the map was held leaves a whole map.
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(values.entry(file.clone()).or_default())
    }
}
