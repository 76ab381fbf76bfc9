//! Faults on demand: what is to go wrong, for which requests, how often.

use serde::{Deserialize, Serialize};

/// One action, for documents and for whoever wants to try them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultAction {
    /// Its name.
    pub name: &'static str,
    /// What it does to a request.
    pub does: String,
}

macro_rules! actions {
    ($($(#[doc = $does:literal])+ $variant:ident = $name:literal;)+) => {
        /// What to do to a request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) enum Action {
            $($(#[doc = $does])+ #[serde(rename = $name)] $variant,)+
        }

        impl Action {
            /// As it is asked for.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        /// Everything that can be made to go wrong.
        pub fn fault_actions() -> Vec<FaultAction> {
            vec![$(FaultAction {
                name: $name,
                does: concat!($($does),+).trim().to_owned(),
            },)+]
        }
    };
}

actions! {
    /// Wait for `delay_ms`, then go on; later faults apply too.
    Delay = "delay";
    /// Close the connection before any effect.
    Drop = "drop";
    /// Take effect, then close the connection.
    CommitThenDrop = "commit_then_drop";
    /// Close the connection now and take effect after `delay_ms`.
    LateCommit = "late_commit";
    /// Reset the connection (TCP RST) before any effect.
    Reset = "reset";
    /// Take effect, then reset the connection (TCP RST).
    ResetCommitted = "reset_committed";
    /// 500 `InternalError`, no effect.
    Error500 = "error_500";
    /// Effect, then 500 `InternalError`.
    Error500Committed = "error_500_committed";
    /// 502 with a page of HTML, no effect.
    Error502 = "error_502";
    /// Effect, then 502 with a page of HTML.
    Error502Committed = "error_502_committed";
    /// 504 `GatewayTimeout`, no effect.
    GatewayTimeout = "gateway_timeout";
    /// Effect, then 504 `GatewayTimeout`.
    GatewayTimeoutCommitted = "gateway_timeout_committed";
    /// 503 with a page of HTML, no effect.
    Unavailable503 = "unavailable_503";
    /// 403 `RateLimitError`, no effect.
    RateLimit = "rate_limit";
    /// 429, no effect.
    TooMany429 = "too_many_429";
    /// 401, no effect.
    Unauthorised = "unauthorised";
    /// 403 `AccessDenied`, no effect.
    AccessDenied = "access_denied";
    /// 404, no effect.
    NotFound = "not_found";
    /// 409 `IncorrectRowVersionSupplied`, no effect.
    Conflict409 = "conflict_409";
    /// 400 with an `Errors` body, no effect.
    Reject = "reject";
    /// 307 to the same address, no effect.
    Redirect307 = "redirect_307";
    /// 403 with a page of HTML, no effect.
    HtmlError = "html_error";
    /// Effect, then an answer that breaks off in its body.
    TruncateBody = "truncate_body";
    /// Effect, then an answer that comes byte by byte, one every `delay_ms` (a second if 0).
    Trickle = "trickle";
    /// Effect, then 201 with `Location` and no body.
    Empty201 = "empty_201";
    /// Effect, then 201 without `Location` and body.
    NoLocation201 = "no_location_201";
    /// Effect, then 201 with `Location` and a body that is no JSON.
    InvalidJson201 = "invalid_json_201";
    /// Effect, then 201 with the UID of another record in `Location` and body.
    WrongUid = "wrong_uid";
    /// Effect, then 200 with the record but its UID and address, and no `Location`.
    Ok200WithoutUid = "ok_200_without_uid";
    /// 202 without a body at once, effect after `delay_ms`.
    Accepted202 = "accepted_202";
    /// Effect and answer as usual, but lists do not show the invoice for `delay_ms`.
    HideFromSearch = "hide_from_search";
    /// 500 to a search.
    SearchError = "search_error";
}

/// Which requests a fault is for. An absent key matches any.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Match {
    /// The HTTP method, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<String>,
    /// How the path begins: in full, or from behind the company file (`/Sale/Invoice`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path_prefix: Option<String>,
    /// The company file's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) company_file: Option<String>,
    /// The invoice number in the request's body; for `search_error`, the one searched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<String>,
}

/// One fault as a client asks for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// Absent: POSTs to `/Sale/Invoice`, for `search_error` GETs of it.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    pub(crate) matches: Option<Match>,
    /// What to do.
    pub(crate) action: Action,
    /// How often; 0 = for ever.
    #[serde(default = "once")]
    pub(crate) times: u64,
    /// Milliseconds: for actions that speak of it what they say; every other action holds its
    /// answer back for so long.
    #[serde(default)]
    pub(crate) delay_ms: u64,
}

fn once() -> u64 {
    1
}

/// What a request shows to the faults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The company file and the path behind it, which begins with a slash.
    pub(crate) file: Option<(String, String)>,
    /// The number in the body of a POST or PUT.
    pub(crate) number: Option<String>,
    /// The numbers that a search asks for.
    pub(crate) searched: Vec<String>,
}

/// A fault that waits for its requests.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Waiting {
    #[serde(flatten)]
    pub(crate) fault: Fault,
    /// How often it will still apply; none if for ever.
    pub(crate) remaining: Option<u64>,
    #[serde(skip)]
    id: u64,
}

/// The faults in order.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Waiting>,
    last: u64,
}

impl Faults {
    /// Adds `faults` behind the others.
    pub(crate) fn append(&mut self, faults: Vec<Fault>) {
        for fault in faults {
            self.last += 1;
            let remaining = (fault.times > 0).then_some(fault.times);
            self.waiting.push(Waiting { fault, remaining, id: self.last });
        }
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// What still waits.
    pub(crate) fn waiting(&self) -> &[Waiting] {
        &self.waiting
    }

    /// The faults that apply to a request, with their ids: delays, and at most one other, last.
    /// They still have to be [`used`](Self::used).
    pub(crate) fn applying(&self, facts: &Facts) -> Vec<(u64, Fault)> {
        let mut found = Vec::new();
        for waiting in self.waiting.iter().filter(|waiting| waiting.fault.applies(facts)) {
            found.push((waiting.id, waiting.fault.clone()));
            if waiting.fault.action != Action::Delay {
                break;
            }
        }
        found
    }

    /// Counts one use.
    pub(crate) fn used(&mut self, id: u64) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.id == id) {
            waiting.remaining = waiting.remaining.map(|remaining| remaining.saturating_sub(1));
        }
        self.waiting.retain(|waiting| waiting.remaining != Some(0));
    }
}

impl Fault {
    /// Whether it is for this request.
    pub(crate) fn applies(&self, facts: &Facts) -> bool {
        let search = self.action == Action::SearchError;
        let Some(matches) = &self.matches else {
            let method = if search { "GET" } else { "POST" };
            return facts.method == method && facts.begins_with("/Sale/Invoice");
        };
        // A search that fails is a GET, whatever else is said.
        let method = matches.method.as_deref().or(search.then_some("GET"));
        let number = |wanted: &String| {
            if search {
                facts.searched.contains(wanted)
            } else {
                facts.number.as_ref() == Some(wanted)
            }
        };
        method.is_none_or(|wanted| wanted.eq_ignore_ascii_case(&facts.method))
            && matches.path_prefix.as_ref().is_none_or(|prefix| facts.begins_with(prefix))
            && matches
                .company_file
                .as_ref()
                .is_none_or(|wanted| facts.file.as_ref().is_some_and(|(file, _)| file == wanted))
            && matches.number.as_ref().is_none_or(number)
    }
}

impl Facts {
    fn begins_with(&self, prefix: &str) -> bool {
        self.path.starts_with(prefix)
            || self.file.as_ref().is_some_and(|(_, rest)| rest.starts_with(prefix))
    }
}

#[cfg(test)]
mod tests;
