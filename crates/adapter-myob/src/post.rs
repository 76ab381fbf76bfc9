//! One claim, one request.

use postonce_domain::{ClaimToken, NotSentCause, Outcome};
use postonce_ports::ledger::Receipt;

use crate::MyobLedger;
use crate::classify::outcome;
use crate::computed::computed;

/// The error of MYOB that says that a UID in the request names nothing.
const REFERENCE_NOT_FOUND: &str = "150";

impl MyobLedger {
    pub(crate) async fn post_claimed(&self, token: ClaimToken) -> Receipt {
        let request = token.request();
        let file = &request.company_file;
        // Not refreshed here: the claim is on record, and the request goes out at once or never.
        let Some(access) = self.api.tokens.at_hand(file) else {
            let reason = "the access token was refused or ended meanwhile; nothing was sent";
            let cause = NotSentCause::Unauthorised;
            return Outcome::NotSent { cause, reason: reason.to_owned() }.into();
        };
        let (payload, to) = (request.payload.clone(), (file, request.route.as_str()));
        let sent = self.api.post_once(&access, to, payload, token.not_after()).await;
        let outcome = outcome(&sent, self.rate_limit_is_not_sent);
        match &outcome {
            Outcome::NotSent { cause: NotSentCause::Unauthorised, .. } => {
                self.api.tokens.forget(file, &access);
            }
            Outcome::Rejected { code: Some(code), reason } if code == REFERENCE_NOT_FOUND => {
                self.references.forget(file);
                self.mappings.gone(file, reason).await;
            }
            Outcome::Posted { .. }
            | Outcome::Rejected { .. }
            | Outcome::NotSent { .. }
            | Outcome::InDoubt { .. } => {}
        }
        let computed = matches!(outcome, Outcome::Posted { .. }).then(|| computed(&sent)).flatten();
        Receipt { outcome: self.api.scrubbed(outcome, &access), computed }
    }
}
