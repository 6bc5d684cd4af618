//! Staff who look at people are written down before they see anything. In: a request that the guard has let through. Out: the request, once its entry is in the audit log; a problem if
//! it can't be written. Around the handlers, so that none can forget it. Must not write down an address: only identifiers.

use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::{RequestExt as _, Router};
use rerp_kit::access::Caller;
use rerp_kit::audit::{Entry, Reason, note};
use rerp_kit::http::{single_header, strict_uuid};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use serde_json::json;

/// The header with which staff say why they look, in words of one line.
pub const REASON: &str = "x-audit-reason";

/// Routes that show people, and what looking at them is called. Of sessions also that all are ended.
const SHOWING: [(&str, &str); 6] = [
    ("/api/identity/email", "email.read"),
    ("/api/identity/email/{id_or_address}", "email.read"),
    ("/api/identity/user/{human_name_id}", "user.read"),
    ("/api/identity/verification-status/{human_name_id}", "verification-status.read"),
    ("/api/identity/platform-user/{platform_user_id}", "platform-user.read"),
    ("/api/identity/sessions/{human_name_id}", "sessions.used"),
];

/// Puts the watch around routes.
pub(crate) fn around(db: Db, routes: Router) -> Router {
    routes.route_layer(from_fn_with_state(db, watch))
}

async fn watch(State(db): State<Db>, mut request: Request, next: Next) -> Response {
    match entry(&mut request).await {
        Ok(None) => next.run(request).await,
        Ok(Some(entry)) => match note(&db, &entry).await {
            Ok(()) => next.run(request).await,
            Err(error) => Problem::from(error).into_response(),
        },
        Err(problem) => problem.into_response(),
    }
}

/// What is to be written down, if staff is about to see somebody.
async fn entry(request: &mut Request) -> Result<Option<Entry>, Problem> {
    let Some(caller @ Caller::Staff { .. }) = request.extensions().get::<Caller>().cloned() else { return Ok(None) };
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let Some((_, action)) = SHOWING.iter().find(|(showing, _)| *showing == path) else { return Ok(None) };
    let reason = single_header(request.headers(), REASON)?.map(Reason::parse).transpose()?;
    let given = request.extract_parts::<RawPathParams>().await.ok();
    let subject = given.as_ref().and_then(|all| all.iter().find_map(|(_, value)| strict_uuid(value)));
    let mut entry = Entry::new(&caller, action);
    entry = match subject {
        Some(subject) => entry.about(subject),
        // Whose address it was isn't said: it would be kept here.
        None => entry.with(json!({ "by": "address" })),
    };
    Ok(Some(match &reason {
        Some(reason) => entry.because(reason),
        None => entry,
    }))
}
