use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Attempt, ClaimId, ClaimToken, InstallationId, Marker, NotAfter, PreparedRequest};
use crate::{CompanyFile, CustomerCode, ExternalId, InvoiceId, InvoiceNumber};

fn request(marker: Marker) -> PreparedRequest {
    PreparedRequest {
        company_file: CompanyFile::parse("shop").unwrap(),
        marker,
        number: InvoiceNumber::parse("INV-1").unwrap(),
        reference: ExternalId::parse("order 1").unwrap(),
        customer: CustomerCode::parse("CUS1").unwrap(),
        route: "/invoice".to_owned(),
        payload: "{}".to_owned(),
    }
}

#[test]
fn either_clock_ends_a_token() {
    let wall = Timestamp::from_second(1_000).unwrap();
    let later = Timestamp::from_second(2_000).unwrap();
    let not_after = NotAfter { boot: Duration::from_secs(10), wall: later };
    assert!(!not_after.has_passed(Duration::from_secs(9), wall));
    assert!(not_after.has_passed(Duration::from_secs(10), wall));
    assert!(not_after.has_passed(Duration::from_secs(9), later));
}

#[test]
fn a_token_says_what_it_was_minted_for() {
    let marker = Marker {
        installation: InstallationId(Uuid::from_u128(1)),
        claim: ClaimId(Uuid::from_u128(2)),
    };
    let not_after = NotAfter { boot: Duration::from_secs(10), wall: Timestamp::UNIX_EPOCH };
    let request = request(marker);
    let token = ClaimToken::mint(InvoiceId(3), Attempt(4), not_after, request.clone());
    assert_eq!(
        (token.id(), token.invoice(), token.attempt()),
        (marker.claim, InvoiceId(3), Attempt(4))
    );
    assert_eq!((token.not_after(), token.request()), (not_after, &request));
}
