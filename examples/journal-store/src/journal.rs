//! The file: one line for each committed transaction, and nothing that is not one.
//!
//! A line is a checksum, a blank and a JSON list of rows. A line counts once it and the line's end
//! are on the disk. What has no line's end is the last thing that somebody was writing when he died:
//! nobody was told that it happened, so it did not, and it is cut off. Any other line that cannot be
//! read may be a claim, so the store does not open until a person has looked.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use postonce_ports::error::StoreError;

use crate::rows::Put;

/// What the journal is written on: a file, or in tests a disk that fails.
pub(crate) trait Medium: Send {
    /// All of it.
    fn read(&mut self) -> io::Result<Vec<u8>>;

    /// Adds `bytes` at the end, and returns when they last.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Takes away what comes after `length`, and returns when that lasts.
    fn cut(&mut self, length: u64) -> io::Result<()>;

    /// What changes when the journal is another file.
    fn identity(&self) -> io::Result<String>;
}

/// A file whose lock is ours.
#[derive(Debug)]
pub(crate) struct OnDisk {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
}

impl Medium for OnDisk {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.file.sync_all()
    }

    fn identity(&self) -> io::Result<String> {
        let inode = self.file.metadata()?.ino();
        Ok(format!("{} (inode {inode})", self.path.display()))
    }
}

/// Why a line was not written.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It is certain that it is not there.
    Undone(StoreError),
    /// It may be there or not. Nothing more can be done until the journal is opened anew.
    Unknown(io::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Undone(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Undone(error) => error,
            Failure::Unknown(error) => unavailable("the disk failed; open the journal anew", error),
        }
    }
}

/// The end of the journal, where lines are added.
pub(crate) struct Journal {
    medium: Box<dyn Medium>,
    length: u64,
    /// Set when it is not known what the last line has done.
    broken: bool,
}

impl Journal {
    /// Reads all lines, and cuts off a half-written last one.
    pub(crate) fn open(mut medium: Box<dyn Medium>) -> Result<(Self, Vec<Put>), StoreError> {
        let bytes = medium.read().map_err(|error| unavailable("cannot read the journal", error))?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut puts = Vec::new();
        let (lines, half) = bytes.split_at(whole);
        for (number, line) in (1_u64..).zip(lines.split_inclusive(|byte| *byte == b'\n')) {
            let corrupt = |why: String| StoreError::Corrupt {
                table: "journal",
                key: format!("line {number}"),
                why,
            };
            puts.append(&mut parse(line).map_err(corrupt)?);
        }
        let length = lines.len().try_into().unwrap_or(u64::MAX);
        if !half.is_empty() {
            let failed = |error| unavailable("cannot cut off a half-written line", error);
            medium.cut(length).map_err(failed)?;
        }
        Ok((Self { medium, length, broken: false }, puts))
    }

    /// Adds a line. It lasts when this returns.
    pub(crate) fn append(&mut self, puts: &[Put]) -> Result<(), Failure> {
        self.check()?;
        let json = serde_json::to_string(puts)
            .map_err(|error| StoreError::Refused { message: error.to_string() })?;
        let line = format!("{:016x} {json}\n", checksum(json.as_bytes()));
        let Err(error) = self.medium.append(line.as_bytes()) else {
            self.length += u64::try_from(line.len()).unwrap_or(0);
            return Ok(());
        };
        if self.medium.cut(self.length).is_ok() {
            return Err(Failure::Undone(unavailable("cannot write the journal", error)));
        }
        self.broken = true;
        Err(Failure::Unknown(error))
    }

    /// An error if what is in memory may not be what is on the disk.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let words = "the disk failed, and it is not known what was written; open the journal anew";
        if self.broken { Err(StoreError::unavailable(words)) } else { Ok(()) }
    }

    pub(crate) fn identity(&self) -> Result<String, StoreError> {
        self.medium.identity().map_err(|error| unavailable("cannot look at the journal", error))
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }
}

pub(crate) fn unavailable(what: &str, error: io::Error) -> StoreError {
    StoreError::Unavailable { message: format!("{what}: {error}"), source: Some(error.into()) }
}

fn parse(line: &[u8]) -> Result<Vec<Put>, String> {
    let line = str::from_utf8(line).map_err(|error| error.to_string())?.trim_end_matches('\n');
    let (sum, json) = line.split_once(' ').ok_or("it has no checksum")?;
    if sum != format!("{:016x}", checksum(json.as_bytes())) {
        return Err("its checksum is another".to_owned());
    }
    serde_json::from_str(json).map_err(|error| error.to_string())
}

/// FNV-1a: enough to tell a line from one that the disk has spoilt.
fn checksum(bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(start, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
