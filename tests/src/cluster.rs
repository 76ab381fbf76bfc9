//! A cluster of three Galera nodes: what its locks are worth, and what the claim is worth there.
//!
//! These tests need packages of their own and are left out unless they are asked for:
//! `cargo xtask test cluster` installs what they need.

use anyhow::{Result, ensure};
use diesel_async::{AsyncConnection as _, AsyncMysqlConnection, SimpleAsyncConnection as _};
use postonce_test_servers::{Galera, Server};
use serde_json::{Value, json};

use crate::harness::{Guarded, Place, Sandbox, binary, wait_for};

const NODES: u16 = 3;

/// Within so many seconds a lease of a dead node is free.
const LEASE: &str = "3";

struct Cluster {
    galera: Galera,
    sandbox: Sandbox,
}

impl Cluster {
    fn start() -> Result<Self> {
        let galera = Galera::start(NODES)?;
        ensure!(galera.size_seen_by(0)? == u32::from(NODES), "not every node has joined");
        galera.nodes()[0].query("CREATE DATABASE books")?;
        Ok(Self { galera, sandbox: Sandbox::start()? })
    }

    fn node(&self, index: usize) -> &Server {
        &self.galera.nodes()[index]
    }

    /// `postonce` that talks to one node.
    fn place(&self, index: usize, kind: &str) -> Result<Place> {
        let mut place = Place::new(&self.sandbox)?;
        place.set("DATABASE__URL", &format!("{}books", self.node(index).url()));
        place.set("LOCK__KIND", kind);
        place.set("LOCK__TIMEOUT_SECONDS", LEASE);
        place.short_quiet(2);
        Ok(place)
    }

    fn each_once(&self, count: usize) -> Result<()> {
        let books = self.sandbox.books()?;
        ensure!(books.duplicates.is_empty(), "{:?}", books.duplicates);
        ensure!(books.invoices.len() == count, "{} of {count}", books.invoices.len());
        Ok(())
    }
}

#[test]
#[ignore = "needs Galera"]
fn a_named_lock_is_one_of_its_node_and_is_refused() -> Result<()> {
    let cluster = Cluster::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut holders = Vec::new();
        for node in cluster.galera.nodes() {
            let mut connection = AsyncMysqlConnection::establish(&node.url()).await?;
            // Fails if the lock is not granted.
            let take = "SET @taken = GET_LOCK('fts_myob_invoice_sync', 0);
                SELECT IF(@taken = 1, 1, (SELECT 1 UNION SELECT 2))";
            connection.batch_execute(take).await?;
            holders.push(connection);
        }
        anyhow::Ok(())
    })?;

    let place = cluster.place(0, "named")?;
    place.run(&["migrate"])?.expect(0)?;
    place.import("NAMED", 3)?;
    let refused = place.run(&["sync"])?.expect(78)?;
    ensure!(refused.stderr.contains("lock.kind"), "no mend: {}", refused.stderr);
    let doctor = place.run(&["doctor", "--json"])?.expect(78)?.json()?;
    let failure = |finding: &Value| finding["severity"] == "failure";
    ensure!(doctor.as_array().into_iter().flatten().any(failure), "{doctor}");
    cluster.each_once(0)
}

#[test]
#[ignore = "needs Galera"]
fn a_lease_excludes_across_nodes() -> Result<()> {
    let cluster = Cluster::start()?;
    let first = cluster.place(0, "lease")?;
    first.run(&["migrate"])?.expect(0)?;
    first.import("LEASE", 200)?;
    let places = [first, cluster.place(1, "lease")?, cluster.place(2, "lease")?];
    let started: Result<Vec<_>> =
        places.iter().map(|place| place.start(&["sync", "--json"])).collect();
    let ended: Result<Vec<_>> = started?.into_iter().map(Guarded::finish).collect();
    let mut codes: Vec<_> = ended?.into_iter().map(|ended| ended.code).collect();
    codes.sort();
    assert_eq!(codes, [Some(0), Some(75), Some(75)]);
    cluster.each_once(200)
}

#[test]
#[ignore = "needs Galera"]
fn with_a_useless_lock_on_every_node_the_claim_still_guards() -> Result<()> {
    let cluster = Cluster::start()?;
    let first = cluster.place(0, "lease")?;
    first.run(&["migrate"])?.expect(0)?;
    first.import("CLAIM", 200)?;
    let lost = first.path().join("lost");
    let places = [first, cluster.place(1, "lease")?, cluster.place(2, "lease")?];
    let held = binary("POSTONCE_HELD_BIN")?;
    let started: Result<Vec<_>> = places
        .iter()
        .map(|place| {
            let mut command = place.command(&held, &["sync", "--json"]);
            command.env("USELESS_LOCK", "1").env("LOST_CLAIMS", &lost);
            Guarded::start(&mut command)
        })
        .collect();
    for process in started? {
        let ended = process.finish()?;
        // An invoice whose customer another node is creating is blocked until the next run.
        ensure!(matches!(ended.code, Some(0 | 65)), "{ended:?}");
    }
    places[1].run(&["sync"])?.expect(0)?;
    let lost = std::fs::read_to_string(lost)?.lines().count();
    println!("{lost} claims were lost to another node");
    ensure!(lost > 20, "only {lost} claims were lost: the runs did not overlap");
    let pairs = places[1].json(&["audit", "pairs", "--json"])?;
    assert_eq!(pairs, json!({"claims": 200, "outcomes": 200, "unpaired": []}));
    cluster.each_once(200)
}

#[test]
#[ignore = "needs Galera"]
fn a_node_that_dies_in_the_middle_costs_no_invoice() -> Result<()> {
    let cluster = Cluster::start()?;
    let first = cluster.place(0, "lease")?;
    first.run(&["migrate"])?.expect(0)?;
    first.import("NODE", 300)?;
    let sync = first.start(&["sync", "--json"])?;
    wait_for("the middle of the run", || {
        Ok((cluster.sandbox.books()?.invoices.len() > 50).then_some(()))
    })?;
    cluster.node(0).kill()?;
    let ended = sync.finish()?;
    ensure!(matches!(ended.code, Some(70 | 74)), "{ended:?}");

    // The lease of the dead node's run ends by itself, and another node goes on.
    let second = cluster.place(1, "lease")?;
    wait_for("a run on another node", || {
        let ended = second.run(&["sync", "--json", "--wait", "30s"])?;
        ensure!(matches!(ended.code, Some(0 | 10 | 70 | 74 | 75)), "{ended:?}");
        let counts = second.run(&["status", "--json"])?;
        let Ok(status) = counts.json() else { return Ok(None) };
        let open = ["ready", "claimed", "in_doubt"].map(|it| status["invoices"][it].as_u64());
        second.run(&["in-doubt", "check"])?;
        Ok((open == [Some(0); 3]).then_some(()))
    })?;
    cluster.each_once(300)
}
