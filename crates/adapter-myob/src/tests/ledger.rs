//! A ledger in front of a scripted server, and what tests send through it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use postonce_domain::{
    Attempt, ClaimId, ClaimToken, CompanyFile, Customer, CustomerCode, ExternalId, InstallationId,
    Invoice, InvoiceId, InvoiceNumber, InvoiceParts, Line, Marker, Money, NotAfter, Percent,
    PreparedRequest, Quantity, Side, TaxCode, UnitPrice,
};
use postonce_ports::clock::Clock;
use postonce_ports::ledger::Ledger;
use uuid::Uuid;

use crate::tests::host::{TestClaims, TestClock, TestIds, TestMappings, TestTokens};
use crate::tests::server::{Reply, Seen, Server, answer, page};
use crate::{Layout, Missing, MyobLedger, Options, Ports, Unusual};

/// A UID that the scripts use for everything.
pub(super) const UID: &str = "6b1c9f2e-0d5a-4e5e-9a42-0c8b7a1f2d3e";

/// A secret that must not show anywhere.
pub(super) const SECRET: &str = "a-secret-of-more-than-sixteen-characters";

pub(super) struct World {
    pub(super) ledger: MyobLedger,
    pub(super) server: Server,
    pub(super) clock: Arc<TestClock>,
    pub(super) claims: Arc<TestClaims>,
    pub(super) mappings: Arc<TestMappings>,
}

impl World {
    pub(super) fn new(script: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static) -> Self {
        Self::with(script, |_| {})
    }

    /// `script` answers first, [`usual`] answers the rest.
    pub(super) fn with(
        script: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static,
        change: impl FnOnce(&mut Options),
    ) -> Self {
        let server = Server::start(move |seen| script(seen).unwrap_or_else(|| usual(seen)));
        let mut options = options(&server.url);
        change(&mut options);
        let (clock, claims) = (Arc::new(TestClock::default()), Arc::new(TestClaims::default()));
        let tokens = Arc::new(TestTokens::default());
        let mappings = Arc::new(TestMappings::default());
        let ports = Ports {
            clock: clock.clone(),
            ids: Arc::new(TestIds::default()),
            tokens: tokens.clone(),
            access: tokens,
            creations: claims.clone(),
            mappings: mappings.clone(),
        };
        let ledger = MyobLedger::new(options, BTreeMap::new(), true, ports).unwrap();
        Self { ledger, server, clock, claims, mappings }
    }

    pub(super) async fn prepared(&self) -> PreparedRequest {
        self.ledger.prepare(&invoice(), marker()).await.unwrap()
    }

    /// The token of a claim that was made now.
    pub(super) async fn claim(&self) -> ClaimToken {
        let request = self.prepared().await;
        let window = Duration::from_secs(10);
        let not_after = NotAfter {
            boot: self.clock.boot() + window,
            wall: self.clock.wall() + SignedDuration::try_from(window).unwrap(),
        };
        ClaimToken::mint(InvoiceId(1), Attempt(1), not_after, request)
    }

    pub(super) fn invoice_posts(&self) -> usize {
        self.server.count("POST", "/Sale/Invoice")
    }
}

fn options(url: &str) -> Options {
    Options {
        base_url: format!("{url}/accountright"),
        token_url: format!("{url}/oauth2/v1/authorize"),
        api_key: SECRET.into(),
        api_secret: SECRET.into(),
        refresh_token: Some("seed".into()),
        layout: Layout::Service,
        default_account: Some("4-1000".to_owned()),
        missing_customer: Missing::Block,
        missing_item: Missing::Block,
        credits: Unusual::Post,
        zero_totals: Unusual::Post,
        rate_per_second: 0,
        rate_share_percent: 100,
        post_timeout: Duration::from_secs(20),
        rate_limit_is_not_sent: true,
        quiet: Duration::from_secs(300),
        recheck: Duration::from_secs(300),
        start_date: None,
    }
}

/// A MYOB where everything is there.
pub(super) fn usual(seen: &Seen) -> Reply {
    let record =
        |field: &str, code: &str| page(&format!("{{\"UID\":\"{UID}\",\"{field}\":\"{code}\"}}"));
    let target = seen.target.as_str();
    if target.contains("/oauth2/") {
        let tokens =
            "{\"access_token\":\"access\",\"expires_in\":\"1200\",\"refresh_token\":\"next\"}";
        return answer(200, tokens);
    }
    match target.split('?').next().unwrap_or_default() {
        "/accountright/main" => answer(200, "{\"CompanyFile\":{}}"),
        "/accountright/main/Contact/Customer" => record("DisplayID", "C-1"),
        "/accountright/main/GeneralLedger/Account" => record("DisplayID", "4-1000"),
        "/accountright/main/GeneralLedger/TaxCode" => record("Code", "GST"),
        "/accountright/main/Sale/Invoice" => page(""),
        _ => answer(404, ""),
    }
}

pub(super) fn file() -> CompanyFile {
    CompanyFile::parse("main").unwrap()
}

pub(super) fn marker() -> Marker {
    Marker { installation: InstallationId(Uuid::from_u128(1)), claim: ClaimId(Uuid::from_u128(2)) }
}

pub(super) fn parts() -> InvoiceParts {
    let line = Line {
        number: 1,
        item: None,
        description: "Work".to_owned(),
        quantity: Quantity::parse("1").unwrap(),
        unit_price: UnitPrice::parse("9.99").unwrap(),
        discount: Percent::default(),
        tax_code: TaxCode::parse("GST").unwrap(),
    };
    InvoiceParts {
        company_file: file(),
        side: Side::Platform,
        external_id: ExternalId::parse("ref-1").unwrap(),
        number: InvoiceNumber::parse("INV-1").unwrap(),
        date: jiff::civil::date(2026, 2, 3),
        customer: Customer {
            code: CustomerCode::parse("C-1").unwrap(),
            name: "Ann".to_owned(),
            email: String::new(),
        },
        lines: vec![line],
        freight: Money::ZERO,
        tax_inclusive: true,
        memo: String::new(),
    }
}

pub(super) fn invoice() -> Invoice {
    Invoice::new(parts()).unwrap()
}
