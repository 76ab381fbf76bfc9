//! Which path leads where.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

use crate::answers::ApiError;
use crate::app::App;
use crate::call::Call;
use crate::intake::intake;
use crate::record::Resource;
use crate::{bystanders, control, control_state, invoice_api, oauth, record_api, request_pages};

/// Everything the server answers. Paths have no slash at their end.
pub(crate) fn routes(app: Arc<App>) -> Router {
    let mut api = Router::new()
        .route("/oauth2/account/authorize", get(oauth::authorize))
        .route("/oauth2/v1/authorize", post(oauth::token))
        .route("/accountright", get(record_api::company_files))
        .route("/accountright/Info", get(bystanders::info))
        .route("/accountright/info", get(bystanders::info))
        .route("/accountright/DataScopes", get(bystanders::data_scopes))
        .route("/accountright/{file}/DataScopes", get(bystanders::data_scopes))
        .route("/accountright/{file}/CurrentUser", get(bystanders::current_user))
        .route("/accountright/{file}/Company/Preferences", get(bystanders::preferences))
        .route("/accountright/{file}", get(record_api::company_file))
        .route("/accountright/{file}/Sale/Invoice", get(invoice_api::list_all))
        .route(
            "/accountright/{file}/Sale/Invoice/{layout}",
            get(invoice_api::list).post(invoice_api::post),
        )
        .route(
            "/accountright/{file}/Sale/Invoice/{layout}/{uid}",
            get(invoice_api::show).put(invoice_api::put).delete(invoice_api::delete),
        );
    for list in bystanders::EMPTY_LISTS {
        let list = format!("/accountright/{{file}}/{list}");
        api = api.route(&list, get(bystanders::empty_list));
    }
    for resource in Resource::ALL {
        api = with_resource(api, resource);
    }
    let api = api
        .fallback(async || ApiError::not_found())
        .layer(from_fn_with_state(Arc::clone(&app), intake));
    let control = Router::new()
        .route("/sandbox/ledger", get(control::ledger))
        .route("/sandbox/requests", get(request_pages::list))
        .route("/sandbox/requests/{seq}", get(request_pages::show))
        .route(
            "/sandbox/faults",
            get(control::faults).post(control::append_faults).delete(control::clear_faults),
        )
        .route("/sandbox/switches", get(control_state::switches).put(control_state::set_switches))
        .route("/sandbox/files", get(control_state::files).post(control_state::name_file))
        .route("/sandbox/tokens/expire", post(control_state::expire_tokens))
        .route("/sandbox/tokens/revoke", post(control_state::revoke_tokens))
        .route("/sandbox/keys", post(control_state::set_keys))
        .route("/sandbox/fill", post(control_state::fill))
        .route("/sandbox/clock", get(control::clock).post(control::advance_clock))
        .route("/sandbox/reset", post(control::reset))
        .layer(from_fn(control::only_from_here));
    api.merge(control).with_state(app)
}

fn with_resource(api: Router<Arc<App>>, resource: Resource) -> Router<Arc<App>> {
    let list = format!("/accountright/{{file}}/{}", resource.path());
    let one = format!("{list}/{{uid}}");
    api.route(
        &list,
        get(async move |call: Call| record_api::list(resource, &call))
            .post(async move |call: Call| record_api::post(resource, &call)),
    )
    .route(
        &one,
        get(async move |call: Call| record_api::show(resource, &call))
            .put(async move |call: Call| record_api::put(resource, &call))
            .delete(async move |call: Call| record_api::delete(resource, &call)),
    )
}
