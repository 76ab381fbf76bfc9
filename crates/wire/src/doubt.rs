//! Invoices in doubt, and what came of asking.

use postonce_domain::InvoiceId;
use postonce_engine::{Checked, CheckedOutcome, Resolved};
use postonce_ports::doubt::{Absence, Doubtful};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{chain, time};

/// An invoice in doubt.
#[derive(Debug, Serialize, ToSchema)]
pub struct DoubtJson {
    invoice: i64,
    number: String,
    company_file: String,
    claim_id: String,
    since: String,
    quiet_until: String,
    inquiries: u32,
    absent_confirmed_at: Option<String>,
    next_check: String,
}

impl DoubtJson {
    /// As programs read it.
    pub fn new(doubtful: &Doubtful) -> Self {
        Self {
            invoice: doubtful.invoice.0,
            number: doubtful.number.to_string(),
            company_file: doubtful.company_file.to_string(),
            claim_id: doubtful.claim.to_string(),
            since: time(doubtful.since),
            quiet_until: time(doubtful.quiet_until),
            inquiries: doubtful.inquiries,
            absent_confirmed_at: doubtful.absent_confirmed_at.map(time),
            next_check: time(doubtful.next_check),
        }
    }
}

/// What asking about one invoice in doubt led to.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "programs read the names")]
pub struct CheckedDoubtJson {
    pub invoice: i64,
    pub outcome: &'static str,
    pub uids: Vec<String>,
    pub reason: Option<String>,
    pub again_at: Option<String>,
    pub absent_confirmed_at: Option<String>,
}

impl CheckedDoubtJson {
    /// As programs read it.
    pub fn new(checked: &Checked) -> Self {
        let mut json = Self {
            invoice: checked.invoice.0,
            outcome: "adopted",
            uids: Vec::new(),
            reason: None,
            again_at: None,
            absent_confirmed_at: None,
        };
        match &checked.outcome {
            CheckedOutcome::Adopted { uid, differing_total } => {
                json.uids = vec![uid.to_string()];
                json.reason =
                    differing_total.as_ref().map(|total| format!("its total there is {total}"));
            }
            CheckedOutcome::NeedsHuman { uids, reason } => {
                json.outcome = "needs_human";
                json.uids = uids.iter().map(ToString::to_string).collect();
                json.reason = Some(reason.clone());
            }
            CheckedOutcome::StillInDoubt { absence } => {
                json.outcome = "in_doubt";
                json.note_absence(*absence);
            }
            CheckedOutcome::Reposted => json.outcome = "reposted",
            CheckedOutcome::NotInDoubt(state) => {
                json.outcome = "not_in_doubt";
                json.reason = Some(format!("it is {state}"));
            }
            CheckedOutcome::NotFound => json.outcome = "not_found",
            CheckedOutcome::Failed(why) => {
                json.outcome = "failed";
                json.reason = Some(chain(why));
            }
        }
        json
    }

    fn note_absence(&mut self, absence: Absence) {
        match absence {
            Absence::Unproven => {
                self.reason = Some("not found, which proves nothing yet".to_owned());
            }
            Absence::Once { again_at } => {
                self.reason = Some("not found once; a second search is needed".to_owned());
                self.again_at = Some(time(again_at));
            }
            Absence::Proven { at } => {
                self.reason = Some("confirmed absent; a person decides".to_owned());
                self.absent_confirmed_at = Some(time(at));
            }
        }
    }
}

/// What a person's word led to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResolvedJson {
    invoice: i64,
    state: &'static str,
    note: String,
}

impl ResolvedJson {
    /// As programs read it.
    pub fn new(invoice: InvoiceId, resolved: Resolved) -> Self {
        let Resolved { state, note } = resolved;
        Self { invoice: invoice.0, state: state.as_str(), note }
    }
}
