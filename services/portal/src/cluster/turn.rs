//! A migration's data is told to go back, or forward again. In: which, the epoch and the generation that somebody has seen. Out: the object. The operator does
//! the rest, and does it once: what was meant for another epoch does nothing (`docs/split.md`). So sending the same again is harmless.
//!
//! The status of a migration under load is written every few seconds; nobody would ever be fast enough for its version. What was decided by is the epoch, and
//! the spec, whose generation counts.

use axum::extract::State;
use axum::{Extension, Json};
use rerp_kit::http;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INVALID_VALUE, NOT_FOUND, SEQUENCE_GAP};
use serde::Deserialize;
use serde_json::{Value, json};

use super::person::Person;
use super::refusal::changed;
use super::routes::{MIGRATIONS, Shared};
use super::settings::is_label;
use super::{Cluster, trim};

/// How often it is tried when the status is written between look and patch.
const TRIES: usize = 5;

/// What somebody has seen when they decided.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    epoch: i64,
    generation: i64,
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
    for _ in 0..TRIES {
        let now = cluster.api.get(person, &path).await?;
        // Asked for before, by a request whose answer was lost.
        if now["spec"][way]["epoch"].as_i64() == Some(seen.epoch) {
            return Ok(Json(trim::object(now)));
        }
        let is_as_seen = now["metadata"]["generation"].as_i64() == Some(seen.generation)
            && now["status"]["epoch"].as_i64() == Some(seen.epoch);
        if !is_as_seen {
            return Err(changed());
        }
        // The version makes the apiserver refuse it when anything has changed between this look and the patch.
        let version = &now["metadata"]["resourceVersion"];
        let change = json!({ "metadata": { "resourceVersion": version }, "spec": { way: { "epoch": seen.epoch } } });
        match cluster.api.merge(person, &path, &change).await {
            Err(problem) if problem.kind() == SEQUENCE_GAP => {}
            Err(problem) => return Err(problem),
            Ok(object) => {
                tracing::info!(person = %person.id, role = person.role, migration = name, way, epoch = seen.epoch, "a turn is asked for");
                return Ok(Json(trim::object(object)));
            }
        }
    }
    Err(changed())
}

fn check(seen: &Seen) -> Result<(), Problem> {
    let mut problem = None;
    let mut wrong = |pointer: &str, detail: &str| {
        problem = Some(problem.take().unwrap_or_else(|| Problem::new(INVALID_VALUE)).field(pointer, detail));
    };
    if seen.epoch < 1 {
        wrong("/epoch", "must be status.epoch of the migration, 1 at least");
    }
    if seen.generation < 1 {
        wrong("/generation", "must be metadata.generation of the migration, 1 at least");
    }
    problem.map_or(Ok(()), Err)
}
