//! What is said of a scan, and how a command leaves.

use jiff::Timestamp;
use jiff::civil::date;
use postonce_domain::CompanyFile;
use postonce_ports::scan::ScanId;

use super::*;

fn scan() -> Scan {
    Scan {
        id: ScanId(1),
        company_file: CompanyFile::parse("books").unwrap(),
        span: DateSpan::default(),
        position: None,
        step: 1,
        began_at: Timestamp::UNIX_EPOCH,
        finished_at: Some(Timestamp::UNIX_EPOCH),
        documents: 0,
        unsure: Vec::new(),
    }
}

#[test]
fn all_is_well_only_if_nothing_is_found_and_every_day_is_sure() {
    let unsure = Scan { unsure: vec![date(2026, 3, 1)], ..scan() };
    assert_eq!(left(true, 0, &scan()), Exit::Done);
    assert_eq!(left(true, 1, &scan()), Exit::InDoubt);
    assert_eq!(left(true, 0, &unsure), Exit::InDoubt);
    assert_eq!(left(false, 1, &unsure), Exit::Done, "nobody asks");
}

#[test]
fn the_last_scan_says_of_which_dates_it_is() {
    assert!(whose(&scan()).starts_with("The last scan: invoices of all dates; it began at "));
    let (from, before) = (Some(date(2026, 3, 1)), Some(date(2026, 4, 1)));
    let part = Scan { span: DateSpan { from, before }, ..scan() };
    let text = whose(&part);
    assert!(text.contains("invoices since 2026-03-01 until 2026-03-31;"), "{text}");
}
