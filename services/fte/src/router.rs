//! The routes. In comes the state; out goes a router. Must not hold handlers.

use axum::Router;
use axum::routing::{delete, get, post, put};
use rerp_kit::events::dead_letters;

use crate::http::{
    badge, certificate, extra_time, module, people, progress, question, saved, scenario, session, statistics,
};
use crate::state::{AppState, Badges};

/// All routes of the service, without the guard that the kit puts around them.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/api/fte/modules", get(module::list).post(module::add))
        .route("/api/fte/modules/{code}", get(module::by_code).put(module::change))
        .route("/api/fte/modules/{code}/questions", get(question::list).post(question::add))
        .route("/api/fte/modules/{code}/statistics", get(statistics::of_module))
        .route("/api/fte/questions/{id}", put(question::change))
        .route("/api/fte/sessions", post(session::start))
        .route("/api/fte/sessions/{session_id}", get(session::by_id))
        .route("/api/fte/sessions/{session_id}/answers", post(saved::save))
        .route("/api/fte/sessions/{session_id}/complete", post(session::complete))
        .route("/api/fte/progress/{human_name_id}", get(progress::of_person))
        .route("/api/fte/scenarios", post(scenario::begin))
        .route("/api/fte/scenarios/{scenario_id}", get(scenario::by_id))
        .route("/api/fte/scenarios/{scenario_id}/actions", post(scenario::act))
        // The person's identifier here, the certificate's below: a router wants one name for one place.
        .route("/api/fte/certificates/{id}", get(certificate::of_person))
        .route("/api/fte/certificates/{id}/revoke", post(certificate::revoke))
        .route("/api/fte/certificates/verify/{token}", get(certificate::verify))
        .route("/api/fte/people/{human_name_id}/extra-time", put(extra_time::give).get(extra_time::of_person))
        .route("/api/fte/people/{human_name_id}/extra-time", delete(extra_time::take))
        .route("/api/fte/people/{human_name_id}/export", get(people::export))
        .route("/api/fte/dead-letters", get(dead_letters::page))
        .route("/api/fte/dead-letters/{id}/replay", post(dead_letters::replay))
        .with_state(state)
}

/// The routes of certificates as Open Badges, where there are keys to sign with.
pub fn badges(badges: Badges) -> Router {
    // They are for whoever has a token, or for everybody: nobody is asked who they are.
    let badges = Badges { db: badges.db.at_work(), ..badges };
    Router::new()
        .route("/api/fte/certificates/verify/{token}/credential", get(badge::credential))
        .route("/api/fte/issuer", get(badge::profile))
        .route("/api/fte/issuer/did.json", get(badge::did_document))
        .route("/api/fte/issuer/jwks.json", get(badge::key_set))
        .route("/api/fte/issuer/status/{list}", get(badge::status))
        .with_state(badges)
}
