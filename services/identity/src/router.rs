//! The routes. In comes the database handle; out goes a router. Must not hold handlers.

use axum::Router;
use axum::routing::{get, post, put};
use rerp_kit::pool::Db;

use crate::grpc;
use crate::http::{change, email, person, registration, rights, verify};
use crate::verification::Verification;

/// All routes of the service, without the guard that the kit puts around them.
pub fn router(db: Db) -> Router {
    let (emails, people, asked) = (grpc::email::server(&db), grpc::person::server(&db), grpc::rights::server(&db));
    let rest = Router::new()
        .route("/api/identity/email", get(email::by_query))
        .route("/api/identity/email/upsert", post(email::upsert))
        .route("/api/identity/email/{id_or_address}", get(email::by_path))
        .route("/api/identity/user", post(registration::register))
        .route("/api/identity/user/{human_name_id}", get(person::human).put(change::names).delete(rights::erase))
        .route("/api/identity/user/{human_name_id}/email", put(change::email))
        .route("/api/identity/user/{human_name_id}/mobile", put(change::mobile))
        .route("/api/identity/user/{human_name_id}/export", get(rights::export))
        .route("/api/identity/user/{human_name_id}/erasure", get(rights::erasure))
        .route("/api/identity/verification-status/{human_name_id}", get(person::verification))
        .route("/api/identity/platform-user/{platform_user_id}", get(person::platform_user))
        .with_state(db);
    let with_emails = rerp_kit::grpc::mount(rest, emails);
    let with_people = rerp_kit::grpc::mount(with_emails, people);
    rerp_kit::grpc::mount(with_people, asked)
}

/// The routes that prove contacts, where verification is configured.
pub fn verifying(verification: Verification) -> Router {
    Router::new()
        .route("/api/identity/verify/email", post(verify::email))
        .route("/api/identity/verify/phone", post(verify::phone))
        .with_state(verification)
}
