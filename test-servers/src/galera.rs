//! A cluster of MariaDB servers by Galera, all on this machine.

use anyhow::{Context as _, Result};

use crate::installation::{Installation, Kind};
use crate::options::{Node, Options};
use crate::port;
use crate::server::Server;

/// Members that are in step. Each is a [`Server`]: kill it, and restart it to have it join again.
#[derive(Debug)]
pub struct Galera {
    nodes: Vec<Server>,
}

impl Galera {
    /// Starts `count` members one after the other; every one is in step when this returns.
    ///
    /// Fails if Galera, MariaDB or `rsync` is not installed.
    pub fn start(count: u16) -> Result<Self> {
        Self::start_with(count, &Options::default())
    }

    /// The same with options for every member.
    pub fn start_with(count: u16, options: &Options) -> Result<Self> {
        let installation = match &options.installation {
            Some(given) => given.clone(),
            None => Installation::for_galera(&Installation::unpacked_folder())
                .context("Galera is not installed: `cargo xtask test cluster` brings it")?,
        };
        let first = port::free(count * Node::PORTS);
        let members: Vec<u16> = (0..count).map(|it| first + it * Node::PORTS).collect();
        let mut nodes = Vec::new();
        for index in 0..members.len() {
            let mut own = options.clone().installation(installation.clone());
            own.galera = Some(Node { members: members.clone(), index });
            let node = Server::start(Kind::MariaDb, &own);
            nodes.push(node.with_context(|| format!("member {index} of the cluster"))?);
        }
        Ok(Self { nodes })
    }

    /// The members, in the order of their start; the first one founded the cluster.
    pub fn nodes(&self) -> &[Server] {
        &self.nodes
    }

    /// How many members the cluster has as member `index` sees it.
    ///
    /// Fails if that member does not answer.
    pub fn size_seen_by(&self, index: usize) -> Result<u32> {
        let rows = self.nodes[index].query("SHOW STATUS LIKE 'wsrep_cluster_size'")?;
        let value = rows.first().and_then(|it| it.last()).and_then(Option::as_deref);
        value.context("the server knows of no cluster")?.parse().context("the cluster's size")
    }
}

#[cfg(test)]
mod tests;
