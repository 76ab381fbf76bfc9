//! What clients ask for beside records and sales: who they are, what they may do, how the company
//! file is set up, and lists of what the sandbox has none of.

use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::answers::{ApiError, ok};
use crate::call::Call;
use crate::record::Resource;
use crate::scopes;

/// Lists that are always empty.
pub(crate) const EMPTY_LISTS: [&str; 10] = [
    "Contact/Employee",
    "Sale/Invoice/Miscellaneous",
    "Sale/Invoice/Professional",
    "Sale/Invoice/TimeBilling",
    "Sale/Order",
    "Sale/Order/Item",
    "Sale/Order/Miscellaneous",
    "Sale/Order/Professional",
    "Sale/Order/Service",
    "Sale/Order/TimeBilling",
];

/// Every path under a company file that answers a `GET`.
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    let records = Resource::ALL.into_iter().map(Resource::path);
    let others = [
        "Sale/Invoice",
        "Sale/Invoice/Item",
        "Sale/Invoice/Service",
        "CurrentUser",
        "Company/Preferences",
        "DataScopes",
    ];
    records.chain(others).chain(EMPTY_LISTS)
}

/// `GET` of a list that is empty, whatever is asked of it.
pub(crate) async fn empty_list(call: Call) -> Result<Response, ApiError> {
    call.app.session().open_file(call.file())?;
    Ok(ok(&json!({ "Items": [], "NextPageLink": null, "Count": 0 })))
}

/// `GET /accountright/Info`.
pub(crate) async fn info(_: Call) -> Response {
    let resources = paths().map(|path| json!({ "Path": format!("/{path}"), "Build": "2026.1" }));
    ok(&json!({ "Build": "2026.1", "Resources": resources.collect::<Vec<_>>() }))
}

/// `GET CurrentUser`: what the user of the company file may do, which is everything.
pub(crate) async fn current_user(call: Call) -> Result<Response, ApiError> {
    call.app.session().open_file(call.file())?;
    let (base, access) = (call.base(), ["GET", "POST", "PUT", "DELETE"]);
    let rights =
        paths().map(|path| json!({ "ResourcePath": format!("{base}/{path}"), "Access": access }));
    Ok(ok(&json!({ "UserAccess": rights.collect::<Vec<_>>() })))
}

/// `GET Company/Preferences`, with the locked period that the switch sets.
pub(crate) async fn preferences(call: Call) -> Result<Response, ApiError> {
    call.app.session().open_file(call.file())?;
    let locked = call.orders.switches.lock_period_before;
    let locked = locked.map(|date| format!("{date}T00:00:00"));
    Ok(ok(&json!({
        "System": {
            "CategoryTracking": "Off",
            "TransactionsCannotBeChangedMustBeReversed": false,
            "LockPeriodPriorTo": locked,
            "UseAlphaAccountIdentifier": false,
        },
        "Sales": {
            "Terms": {
                "PaymentIsDue": "InAGivenNumberOfDays",
                "BalanceDueDate": 30,
                "DiscountDate": 0,
                "DiscountForEarlyPayment": 0,
                "MonthlyChargeForLatePayment": 0,
            },
        },
        "RowVersion": "1",
    })))
}

/// `GET DataScopes`: the scopes that the access token has, with what they open.
pub(crate) async fn data_scopes(call: Call) -> Response {
    let granted = scopes::granted(&call.orders.scope)
        .map(|(scope, paths)| json!({ "Scope": scope, "Endpoints": paths }));
    ok(&granted.collect::<Vec<Json>>())
}
