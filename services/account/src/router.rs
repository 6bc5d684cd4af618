//! The routes. In comes the database handle; out goes a router. Must not hold handlers.

use axum::Router;
use axum::routing::{get, post};
use rerp_kit::pool::Db;

use crate::grpc;
use crate::http::company;

/// All routes of the service, without the guard that the kit puts around them.
pub fn router(db: Db) -> Router {
    let rest = Router::new()
        .route("/api/accounts/companies", get(company::by_query))
        .route("/api/accounts/companies/upsert", post(company::upsert))
        .route("/api/accounts/companies/{id_or_name}", get(company::by_path))
        .with_state(db.clone());
    rerp_kit::grpc::mount(rest, grpc::company::server(db))
}
