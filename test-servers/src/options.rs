//! What a test asks of its server.

use std::path::{Path, PathBuf};

use crate::installation::Installation;

/// How a server is started. The default keeps every commit and takes 400 connections.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) installation: Option<Installation>,
    pub(crate) arguments: Vec<String>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) large: bool,
    pub(crate) galera: Option<Node>,
}

/// A server's place in a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Ports of every member, for talk between them.
    pub(crate) members: Vec<u16>,
    /// Its own place among them.
    pub(crate) index: usize,
}

impl Options {
    /// Takes this installation, not the one that would be found.
    #[must_use]
    pub fn installation(mut self, installation: Installation) -> Self {
        self.installation = Some(installation);
        self
    }

    /// Adds an argument of the server, such as `--log-bin`. It wins over ours.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Starts on a copy of this data folder, as [`Server::copy_data`](crate::Server::copy_data)
    /// makes it.
    #[must_use]
    pub fn data(mut self, folder: &Path) -> Self {
        self.data = Some(folder.to_owned());
        self
    }

    /// For measurements: a redo log and a buffer pool in which nothing has to wait. Every commit
    /// is still kept.
    #[must_use]
    pub fn durable_bench(mut self) -> Self {
        self.large = true;
        self
    }
}
