use super::*;
use crate::import::{Format, read};

fn kept() -> Closing {
    Closing {
        invoices: 3,
        posted: 3,
        in_ledger: 3,
        posts_received: 3,
        duplicates: 0,
        claims: 4,
        outcomes: 4,
        unpaired: 0,
    }
}

#[test]
fn the_promise_is_kept_only_if_every_number_agrees() {
    assert!(kept().is_kept());
    assert!(!Closing { duplicates: 1, ..kept() }.is_kept());
    assert!(!Closing { unpaired: 1, ..kept() }.is_kept());
    assert!(!Closing { posted: 2, ..kept() }.is_kept());
    assert!(!Closing { in_ledger: 4, ..kept() }.is_kept());
}

#[test]
fn the_sample_is_two_company_files_of_both_sides() {
    let placed = read(world::SAMPLE.as_bytes(), Format::Csv).unwrap();
    assert_eq!(placed.len(), 60);
    for part in PARTS {
        let rows = world::part(part);
        let placed = read(rows.as_bytes(), Format::Csv).unwrap();
        assert!(placed.len() > 2 * IN_FLIGHT, "{part}");
        for side in [postonce_domain::Side::Platform, postonce_domain::Side::Ordering] {
            assert!(placed.iter().any(|placed| placed.invoice.parts().side == side), "{part}");
        }
    }
}
