//! A database file that is restored, and what the operator reads.

use std::fs;

use anyhow::Result;

use crate::harness::{Finished, Place, Sandbox};

const INVOICES: u32 = 8;

/// Invoices are imported, a backup is made, and they are posted.
fn posted(place: &Place) -> Result<()> {
    place.import("BACK", INVOICES)?;
    fs::copy(place.path().join("postonce.db"), place.path().join("backup.db"))?;
    place.run(&["sync"])?.expect(0).map(drop)
}

fn says(finished: &Finished, parts: &[&str]) {
    for part in parts {
        assert!(finished.stderr.contains(part), "{part}: {}", finished.stderr);
    }
}

#[test]
fn a_backup_in_the_files_place_sends_nothing_until_it_is_taken_over_and_quiet() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    posted(&place)?;
    fs::rename(place.path().join("backup.db"), place.path().join("postonce.db"))?;

    let moved = place.run(&["sync"])?.expect(78)?;
    says(&moved, &["another server than it was", "postonce connect --take-over"]);
    let preview = place.run(&["sync", "--dry-run"])?.expect(78)?;
    assert!(preview.stdout.contains("withheld"), "{}", preview.stdout);
    place.run(&["connect", "--take-over", "--yes"])?.expect(0)?;
    let quiet = place.run(&["sync"])?.expect(10)?;
    says(&quiet, &["company file books: an alarm stands", "nothing is sent there until"]);
    assert_eq!(sandbox.books()?.posts_received, u64::from(INVOICES));
    Ok(())
}

#[test]
fn a_backup_that_is_copied_into_the_file_is_noticed_by_its_oldest_invoices() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.short_quiet(20);
    posted(&place)?;
    fs::copy(place.path().join("backup.db"), place.path().join("postonce.db"))?;

    let alarm = place.run(&["sync"])?.expect(10)?;
    says(&alarm, &["what this database never sent: BACK-1 as ", "(now posted)", "BACK-4 as "]);
    // Its quiet period is none here, and the rest is found by the next run.
    let rest = place.json(&["sync", "--json"])?;
    assert_eq!(rest["claimed"], 0, "{rest}");
    let states = place.json(&["status", "--json"])?["invoices"].clone();
    assert_eq!(states["posted"], INVOICES, "{states}");
    let books = sandbox.books()?;
    assert_eq!((books.posts_received, books.duplicates.len()), (u64::from(INVOICES), 0));
    Ok(())
}
