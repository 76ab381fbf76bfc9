//! How soon a run says that another has the lock.

use anyhow::{Result, bail};
use postonce_adapter_host::RandomIds;
use postonce_adapter_sqlite::SqliteStore;
use postonce_ports::lock::LockAnswer;
use postonce_tests::harness::{Place, Sandbox};

use crate::figures::{Stopwatch, median};
use crate::mariadb::MariaDb;
use crate::settings::{Kind, Settings};
use crate::sync::Store;

/// How often a whole process is asked, and how often the lock alone.
const PROCESSES: u32 = 20;
const LOOKS: u32 = 200;

/// The exit code of a run that found the lock held.
const BUSY: i32 = 75;

pub(crate) fn measure(settings: &Settings) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!("{:>9} {:>24} {:>24}", "database", "`postonce sync`, ms", "the lock alone, µs");
    let sandbox = Sandbox::start()?;
    for database in &settings.databases {
        match database {
            Kind::Sqlite => {
                let place = Place::new(&sandbox)?;
                place.run(&["migrate"])?.expect(0)?;
                let path = place.path().join("postonce.db");
                let store = SqliteStore::open(&path, &RandomIds)?;
                one(*database, &runtime, &store, &place)?;
            }
            Kind::MariaDb => {
                let server = MariaDb::start()?;
                let ours = server.empty()?;
                let mut place = Place::at(&ours.url(), &sandbox)?;
                place.set("LOCK__NAME", ours.lock_name());
                let store = runtime.block_on(ours.open())?;
                one(*database, &runtime, &store, &place)?;
            }
        }
    }
    Ok(())
}

fn one(
    database: Kind,
    runtime: &tokio::runtime::Runtime,
    store: &impl Store,
    place: &Place,
) -> Result<()> {
    let LockAnswer::Acquired(held) = runtime.block_on(store.try_acquire())? else {
        bail!("the lock is held already");
    };
    let mut processes = Vec::new();
    for _ in 0..PROCESSES {
        let watch = Stopwatch::start();
        place.run(&["sync", "--json"])?.expect(BUSY)?;
        processes.push(watch.stop().wall);
    }
    let mut looks = Vec::new();
    for _ in 0..LOOKS {
        let watch = Stopwatch::start();
        let answer = runtime.block_on(store.try_acquire())?;
        looks.push(watch.stop().wall);
        if matches!(answer, LockAnswer::Acquired(_)) {
            bail!("a lock that is held was acquired");
        }
    }
    runtime.block_on(held.release())?;
    let (whole, alone) = (median(processes), median(looks));
    println!("{:>9} {:>24} {:>24}", database.name(), whole.as_millis(), alone.as_micros());
    Ok(())
}
