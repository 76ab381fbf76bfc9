//! A journal in memory, on a disk that can fail.

use std::io;
use std::sync::{Arc, Mutex};

use postonce_ports::clock::Clock;
use postonce_ports::error::StoreError;
use postonce_race_kit::contract::FreshIds;

use crate::journal::Medium;
use crate::{JournalStore, locked};

/// A disk. Its clones are one disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<Inside>>);

#[derive(Debug, Default)]
struct Inside {
    bytes: Vec<u8>,
    /// How many bytes more are taken, if it is about to fail.
    room: Option<usize>,
    /// Whether it fails to take bytes back, too.
    is_stuck: bool,
}

impl Disk {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let disk = Self::default();
        disk.replace(bytes.to_vec());
        disk
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        locked(&self.0).bytes.clone()
    }

    pub(super) fn replace(&self, bytes: Vec<u8>) {
        locked(&self.0).bytes = bytes;
    }

    /// From now on it takes `room` bytes and then fails.
    pub(super) fn fail_after(&self, room: usize, is_stuck: bool) {
        let mut inside = locked(&self.0);
        (inside.room, inside.is_stuck) = (Some(room), is_stuck);
    }

    pub(super) fn mend(&self) {
        let mut inside = locked(&self.0);
        (inside.room, inside.is_stuck) = (None, false);
    }

    /// A store on what is there, as after a start.
    pub(super) fn start(&self, clock: Arc<dyn Clock>) -> Result<JournalStore, StoreError> {
        JournalStore::start(Box::new(self.clone()), None, clock, Arc::new(FreshIds))
    }
}

impl Medium for Disk {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.bytes())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut inside = locked(&self.0);
        let Some(room) = inside.room else {
            inside.bytes.extend_from_slice(bytes);
            return Ok(());
        };
        inside.bytes.extend(bytes.iter().take(room));
        Err(io::Error::other("the disk is gone"))
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let mut inside = locked(&self.0);
        if inside.is_stuck {
            return Err(io::Error::other("the disk is gone"));
        }
        inside.bytes.truncate(usize::try_from(length).unwrap());
        Ok(())
    }

    fn identity(&self) -> io::Result<String> {
        Ok("a disk".to_owned())
    }
}
