//! A migration's data is told to go back, or forward again. In: which, the epoch and the version that somebody has seen. Out: the object. The operator does
//! the rest, and does it once: what was meant for another epoch does nothing (`docs/split.md`). So sending the same again is harmless.

use axum::extract::State;
use axum::{Extension, Json};
use rerp_kit::http;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INVALID_VALUE, NOT_FOUND, SEQUENCE_GAP};
use serde::Deserialize;
use serde_json::{Value, json};

use super::person::Person;
use super::routes::{MIGRATIONS, Shared};
use super::settings::is_label;
use super::{Cluster, trim};

/// Longest version; Kubernetes' are numbers.
const LONGEST: usize = 64;

/// What somebody has seen when they decided.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    epoch: i64,
    resource_version: String,
}

type Who = Extension<Person>;
type Answer = Result<Json<Value>, Problem>;

pub(super) async fn rollback(
    State(cluster): Shared,
    Extension(person): Who,
    http::Path(name): http::Path<String>,
    http::Json(seen): http::Json<Seen>,
) -> Answer {
    turn(&cluster, &person, "rollback", &name, &seen).await
}

pub(super) async fn forward(
    State(cluster): Shared,
    Extension(person): Who,
    http::Path(name): http::Path<String>,
    http::Json(seen): http::Json<Seen>,
) -> Answer {
    turn(&cluster, &person, "forward", &name, &seen).await
}

async fn turn(cluster: &Cluster, person: &Person, way: &str, name: &str, seen: &Seen) -> Answer {
    if !is_label(name) {
        return Err(Problem::new(NOT_FOUND));
    }
    check(seen)?;
    let path = format!("{}/{name}", cluster.api.path(MIGRATIONS));
    let now = cluster.api.get(person, &path).await?;
    // Asked for before, by a request whose answer was lost.
    if now["spec"][way]["epoch"].as_i64() == Some(seen.epoch) {
        return Ok(Json(trim::object(now)));
    }
    if now["status"]["epoch"].as_i64() != Some(seen.epoch) {
        let detail = "the data has changed hands since you looked; look at the migration again, and decide anew";
        return Err(Problem::new(SEQUENCE_GAP).detail(detail));
    }
    // The version makes the apiserver refuse it when anything has changed: between this look and the patch, and since the person's.
    let change = json!({
        "metadata": { "resourceVersion": seen.resource_version }, "spec": { way: { "epoch": seen.epoch } },
    });
    let changed = cluster.api.merge(person, &path, &change).await?;
    tracing::info!(person = %person.id, role = person.role, migration = name, way, epoch = seen.epoch, "a turn is asked for");
    Ok(Json(trim::object(changed)))
}

/// Without a version the apiserver would change whatever is there.
fn check(seen: &Seen) -> Result<(), Problem> {
    let mut problem = None;
    let mut wrong = |pointer: &str, detail: &str| {
        problem = Some(problem.take().unwrap_or_else(|| Problem::new(INVALID_VALUE)).field(pointer, detail));
    };
    if seen.epoch < 1 {
        wrong("/epoch", "must be status.epoch of the migration, 1 at least");
    }
    let version = &seen.resource_version;
    if version.is_empty() || version.len() > LONGEST || !version.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        wrong("/resource_version", "must be metadata.resourceVersion of the migration");
    }
    problem.map_or(Ok(()), Err)
}
