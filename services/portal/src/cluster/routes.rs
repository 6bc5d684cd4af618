//! Lists, and what somebody may do. In: requests of our own pages with a token. Out: JSON, or a problem.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use rerp_kit::problem::Problem;
use serde_json::{Value, json};
use tokio::try_join;

use super::person::Person;
use super::{Cluster, trim, turn};
use crate::session::origin::own_pages;

/// Longest body: an epoch and a version.
const BODY: usize = 1024;
/// Most objects of a list.
const MOST: u32 = 200;
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// Our kinds, as paths name them.
pub(super) const SERVICES: &str = "rerpservices";
pub(super) const DATABASES: &str = "servicedatabases";
pub(super) const MIGRATIONS: &str = "databasesplitmigrations";

pub(super) type Shared = State<Arc<Cluster>>;

/// The routes, for pages of the portal's own and for staff.
pub fn routes(cluster: Cluster) -> Router {
    let cluster = Arc::new(cluster);
    let list = |plural: &'static str| {
        get(move |State(cluster): Shared, Extension(person): Extension<Person>| async move {
            let path = format!("{}?limit={MOST}", cluster.api.path(plural));
            cluster.api.get(&person, &path).await.map(|given| Json(trim::list(given)))
        })
    };
    let routes = Router::new()
        .route("/cluster/services", list(SERVICES))
        .route("/cluster/databases", list(DATABASES))
        .route("/cluster/migrations", list(MIGRATIONS))
        .route("/cluster/rights", get(rights))
        .route("/cluster/migrations/{name}/rollback", post(turn::rollback))
        .route("/cluster/migrations/{name}/forward", post(turn::forward));
    let routes = routes.layer(from_fn_with_state(Arc::clone(&cluster), known));
    routes.layer(DefaultBodyLimit::max(BODY)).layer(from_fn(own_pages)).with_state(cluster)
}

/// Surrounds the routes: whoever isn't staff comes no further.
async fn known(State(cluster): Shared, mut request: Request, next: Next) -> Result<Response, Problem> {
    let principal = cluster.auth.principal(request.headers()).await?;
    request.extensions_mut().insert(Person::of(&principal)?);
    Ok(next.run(request).await)
}

async fn rights(State(cluster): Shared, Extension(person): Extension<Person>) -> Result<Json<Value>, Problem> {
    let may = |plural, verb| may(&cluster, &person, plural, verb);
    let (services, databases, migrations, turn) =
        try_join!(may(SERVICES, "list"), may(DATABASES, "list"), may(MIGRATIONS, "list"), may(MIGRATIONS, "patch"),)?;
    Ok(Json(json!({
        "role": person.role,
        "services": { "list": services },
        "databases": { "list": databases },
        "migrations": { "list": migrations, "patch": turn },
    })))
}

/// Whether the cluster would let this person do it.
async fn may(cluster: &Cluster, person: &Person, plural: &str, verb: &str) -> Result<bool, Problem> {
    let about = json!({ "namespace": cluster.api.namespace(), "group": "rerp.dev", "resource": plural, "verb": verb });
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": { "resourceAttributes": about },
    });
    let answer = cluster.api.post(person, REVIEWS, &review).await?;
    Ok(answer["status"]["allowed"].as_bool().unwrap_or_default())
}
