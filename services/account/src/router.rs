//! The routes. In comes the state; out goes a router. Must not hold handlers.

use axum::Router;
use axum::routing::{delete, get, post, put};
use rerp_kit::events::dead_letters;

use crate::grpc;
use crate::http::{account, address, address_history, company, company_merge, invite, people, permission, role};
use crate::state::AppState;
use crate::store;

/// All routes of the service, without the guard that the kit puts around them.
pub fn router(state: AppState) -> Router {
    let state = AppState { db: state.db.reaching(store::REACHED), ..state };
    let rest = Router::new()
        .route("/api/accounts", get(account::list).post(account::open))
        .route("/api/accounts/{account_id}", get(account::by_id))
        .route("/api/accounts/{account_id}/roles", get(role::list).post(role::grant))
        .route("/api/accounts/{account_id}/roles/{role_id}", delete(role::revoke))
        .route("/api/accounts/{account_id}/addresses", get(address::list).post(address::add))
        .route("/api/accounts/{account_id}/addresses/history", get(address_history::list))
        .route("/api/accounts/{account_id}/addresses/{address_id}", put(address::change).delete(address::remove))
        .route("/api/accounts/{account_id}/permissions/{human_name_id}", get(permission::check))
        .route("/api/accounts/{account_id}/invites", get(invite::list).post(invite::create))
        .route("/api/accounts/{account_id}/invites/{invite_id}", delete(invite::revoke))
        .route("/api/accounts/{account_id}/invites/{invite_id}/resend", post(invite::resend))
        .route("/api/accounts/invites/accept", post(invite::accept))
        .route("/api/accounts/companies", get(company::by_query))
        .route("/api/accounts/companies/upsert", post(company::upsert))
        .route("/api/accounts/companies/{id_or_name}", get(company::by_path))
        .route("/api/accounts/companies/{id_or_name}/merge", post(company_merge::merge).delete(company_merge::undo))
        .route("/api/accounts/people/{human_name_id}/export", get(people::export))
        .route("/api/accounts/dead-letters", get(dead_letters::page))
        .route("/api/accounts/dead-letters/{id}/replay", post(dead_letters::replay))
        .with_state(state.clone());
    let with_companies = rerp_kit::grpc::mount(rest, grpc::company::server(&state.db));
    rerp_kit::grpc::mount(with_companies, grpc::permission::server(state))
}
