//! The routes. In comes the database handle; out goes a router. Must not hold handlers.

use axum::Router;
use axum::routing::{delete, get, post, put};
use rerp_kit::events::dead_letters;
use rerp_kit::pool::Db;

use crate::grpc;
use crate::hooks::Hooks;
use crate::http::{audit, change, contact, email, hook, person, registration, rights, search, session, verify};
use crate::store::upsert::Upserts;
use crate::verification::Verification;

/// All routes of the service, without the guard that the kit puts around them. Starts the tasks that make addresses known, so it has to be called on a runtime.
pub fn router(db: Db) -> Router {
    let upserts = Upserts::new(&db);
    let (emails, people, asked) = (grpc::email::server(&upserts), grpc::person::server(&db), grpc::rights::server(&db));
    let rest = Router::new()
        .route("/api/identity/email", get(email::by_query))
        .route("/api/identity/email/upsert", post(email::upsert).with_state(upserts))
        .route("/api/identity/email/{id_or_address}", get(email::by_path))
        .route("/api/identity/user", post(registration::register))
        .route("/api/identity/user/{human_name_id}", get(person::human).put(change::names).delete(rights::erase))
        .route("/api/identity/user/{human_name_id}/email", put(change::email))
        .route("/api/identity/user/{human_name_id}/mobile", put(change::mobile))
        .route("/api/identity/user/{human_name_id}/export", get(rights::export))
        .route("/api/identity/user/{human_name_id}/erasure", get(rights::erasure))
        .route("/api/identity/verification-status/{human_name_id}", get(person::verification))
        .route("/api/identity/platform-user/{platform_user_id}", get(person::platform_user))
        .route("/api/identity/people", get(search::by_email))
        .route("/api/identity/audit", get(audit::page))
        .route("/api/identity/dead-letters", get(dead_letters::page))
        .route("/api/identity/dead-letters/{id}/replay", post(dead_letters::replay))
        .route("/api/identity/sessions/{human_name_id}", get(session::list).delete(session::end_all))
        .route("/api/identity/sessions/{human_name_id}/{session_id}", delete(session::end))
        .with_state(db);
    let with_emails = rerp_kit::grpc::mount(rest, emails);
    let with_people = rerp_kit::grpc::mount(with_emails, people);
    rerp_kit::grpc::mount(with_people, asked)
}

/// The routes that Supabase Auth asks, where it has hooks.
pub fn hooked(hooks: Hooks) -> Router {
    Router::new()
        .route("/api/identity/hooks/send-email", post(hook::send_email))
        .route("/api/identity/hooks/send-sms", post(hook::send_sms))
        .route("/api/identity/hooks/customize-access-token", post(hook::customize_access_token))
        .with_state(hooks)
}

/// The routes that prove contacts, and the calls that invite and ask people: where mail is configured.
pub fn verifying(verification: Verification) -> Router {
    let (invitations, confirmations) =
        (grpc::invitation::server(&verification), grpc::confirmation::server(&verification));
    let rest = Router::new()
        .route("/api/identity/verify/email", post(verify::email))
        .route("/api/identity/verify/phone", post(verify::phone))
        .route("/api/identity/user/{human_name_id}/contacts", get(contact::contacts))
        .with_state(verification);
    let with_invitations = rerp_kit::grpc::mount(rest, invitations);
    rerp_kit::grpc::mount(with_invitations, confirmations)
}
