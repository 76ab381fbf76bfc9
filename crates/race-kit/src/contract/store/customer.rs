//! Claims on customers that are being created.

use std::time::Duration;

use postonce_domain::CustomerCode;
use postonce_ports::customer::{CustomerAbsence, CustomerClaim, CustomerClaims};

use crate::contract::Fixture;
use crate::contract::fresh::fresh_claim;
use crate::contract::runtime::at_once;
use crate::contract::scene::{LONG, file, shop};

fn code(text: &str) -> CustomerCode {
    CustomerCode::parse(text).unwrap()
}

async fn claim(store: &impl CustomerClaims, quiet: Duration) -> CustomerClaim {
    store.claim_customer(&shop(), &code("CUS1"), fresh_claim(), quiet).await.unwrap()
}

async fn missed(store: &impl CustomerClaims, recheck: Duration) -> CustomerAbsence {
    store.customer_missed(&shop(), &code("CUS1"), recheck).await.unwrap()
}

pub async fn a_customer_is_claimed_once(fixture: &impl Fixture<Adapter: CustomerClaims>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(
        claim(&store, Duration::ZERO).await,
        CustomerClaim::Granted,
        "nobody had claimed it"
    );
    assert_eq!(
        claim(&store, Duration::ZERO).await,
        CustomerClaim::Open,
        "it is claimed, and the quiet period has no say in that"
    );
    assert_eq!(
        claim(&other, Duration::ZERO).await,
        CustomerClaim::Open,
        "another process sees the claim"
    );
    for (file, customer) in [(file("other"), "CUS1"), (shop(), "cus1")] {
        let answer =
            store.claim_customer(&file, &code(customer), fresh_claim(), LONG).await.unwrap();
        assert_eq!(
            answer,
            CustomerClaim::Granted,
            "another company file's, or another code by its case, is another customer"
        );
    }
}

pub async fn of_concurrent_customer_claims_one_is_granted(
    fixture: &impl Fixture<Adapter: CustomerClaims>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    let tasks = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        async move { claim(&store, LONG).await }
    });
    let answers = at_once(fixture, tasks).await;
    assert_eq!(
        answers.iter().filter(|it| **it == CustomerClaim::Granted).count(),
        1,
        "one of the callers may create the customer"
    );
}

pub async fn a_released_customer_may_be_claimed_again(
    fixture: &impl Fixture<Adapter: CustomerClaims>,
) {
    let store = fixture.adapter();
    assert_eq!(claim(&store, LONG).await, CustomerClaim::Granted, "nobody had claimed it");
    store.release_customer(&shop(), &code("CUS1")).await.unwrap();
    store.release_customer(&shop(), &code("CUS1")).await.unwrap();
    assert_eq!(
        claim(&store, LONG).await,
        CustomerClaim::Granted,
        "it was released, twice without harm"
    );
}

pub async fn two_misses_prove_that_a_customer_is_absent(
    fixture: &impl Fixture<Adapter: CustomerClaims>,
) {
    let store = fixture.adapter();
    assert_eq!(
        missed(&store, Duration::ZERO).await,
        CustomerAbsence::Unproven,
        "without a claim nothing is proven: another may have created it"
    );
    assert_eq!(
        missed(&store, Duration::ZERO).await,
        CustomerAbsence::Unproven,
        "nor by a second search"
    );
    assert_eq!(claim(&store, Duration::ZERO).await, CustomerClaim::Granted, "a miss is no claim");
    assert_eq!(
        missed(&store, Duration::ZERO).await,
        CustomerAbsence::Unproven,
        "a first miss after the claim proves nothing"
    );
    assert_eq!(
        missed(&store, Duration::ZERO).await,
        CustomerAbsence::Proven,
        "a second one proves that it is absent"
    );
    assert_eq!(
        claim(&store, Duration::ZERO).await,
        CustomerClaim::Granted,
        "what was proven absent may be created again"
    );
    assert_eq!(
        missed(&store, Duration::ZERO).await,
        CustomerAbsence::Unproven,
        "the count began anew"
    );
}

pub async fn customer_misses_too_early_prove_nothing(
    fixture: &impl Fixture<Adapter: CustomerClaims>,
) {
    let store = fixture.adapter();
    assert_eq!(claim(&store, LONG).await, CustomerClaim::Granted, "nobody had claimed it");
    for _ in 0..3 {
        assert_eq!(
            missed(&store, Duration::ZERO).await,
            CustomerAbsence::Unproven,
            "a search in the quiet period proves nothing"
        );
    }
    store.release_customer(&shop(), &code("CUS1")).await.unwrap();
    assert_eq!(claim(&store, Duration::ZERO).await, CustomerClaim::Granted, "it was released");
    for _ in 0..3 {
        assert_eq!(
            missed(&store, LONG).await,
            CustomerAbsence::Unproven,
            "two searches closer than `recheck` prove nothing"
        );
    }
    assert_eq!(
        claim(&store, Duration::ZERO).await,
        CustomerClaim::Open,
        "what is not proven absent stays claimed"
    );
}
