//! The status, always. In: the object, its certificate, what was applied or the outcome that stopped the pass. Out:
//! the final outcome. What isn't known in this pass stays as it was: a server that restarts has
//! not moved.

use super::MANAGER;
use super::apply::Applied;
use super::certificate::Certified;
use super::check::{Checked, Engine};
use crate::cluster::status;
use crate::context::Context;
use crate::outcome::Outcome;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use rerp_crds::database::{Binding, CredentialsStatus, ResolvedDatabase};
use rerp_crds::service::Certificate;
use rerp_crds::{
    ConditionStatus, ConditionType, NewCondition, Reason, ServiceDatabase, ServiceDatabaseStatus, Summary, names,
};
use std::time::Duration;

/// Somebody may change roles behind our back, and no watch tells.
const DRIFT: Duration = Duration::from_secs(300);

/// Stores the status and says how the pass ended.
pub(super) async fn report(
    object: &ServiceDatabase,
    context: &Context,
    certified: Option<Result<Certified, Outcome>>,
    applied: Result<Applied, Outcome>,
) -> Outcome {
    let now = context.clock.now();
    let mut status = object.status.clone().unwrap_or_default();
    let served = match applied {
        Ok(Applied { checked }) => {
            describe(&mut status, &checked);
            done(&checked, now)
        }
        Err(outcome) => outcome,
    };
    let mut details = vec![usable(&served)];
    details.extend(certified.as_ref().map(proved));
    if let Some(Ok(Certified { identity, life, .. })) = &certified {
        let (not_after, renewal_at) = (Time(life.not_after), Time(life.renewal_at));
        status.certificate = Some(Certificate { identity: identity.clone(), not_after, renewal_at });
    }
    let outcome = whole(served, certified);
    let generation = object.metadata.generation.unwrap_or_default();
    status.observed_generation = Some(generation);
    status.conditions = status::conditions(&status.conditions, &outcome, &details, generation, now);
    status::settle(context, MANAGER, object, outcome, status, conditions).await
}

fn conditions(status: &ServiceDatabaseStatus) -> &[Condition] {
    &status.conditions
}

/// Done, until the next rotation or the next look for drift.
fn done(checked: &Checked, now: Timestamp) -> Outcome {
    let until_due = checked.credentials.due.map(|due| Duration::try_from(due.duration_since(now)).unwrap_or_default());
    let again = until_due.map_or(DRIFT, |due| due.clamp(Duration::from_secs(1), DRIFT));
    let server = &checked.server;
    let message = format!("schema {} in database {} on {}", checked.wanted.schema, server.database, server.host);
    Outcome::Done { message, again }
}

/// DatabaseReady follows what was served: it is what services that use this database wait for.
fn usable(served: &Outcome) -> NewCondition {
    follows(ConditionType::DatabaseReady, served)
}

fn proved(certified: &Result<Certified, Outcome>) -> NewCondition {
    match certified {
        Ok(Certified { identity, life, .. }) => {
            let message = format!("{identity} until {}, renewed at {}", life.not_after, life.renewal_at);
            NewCondition::new(ConditionType::CertificatesValid, ConditionStatus::True, Reason::AsExpected, message)
        }
        Err(outcome) => follows(ConditionType::CertificatesValid, outcome),
    }
}

fn follows(type_: ConditionType, outcome: &Outcome) -> NewCondition {
    let status = match outcome.summary() {
        Summary::Ready => ConditionStatus::True,
        Summary::Stalled => ConditionStatus::False,
        Summary::Progressing | Summary::Suspended => ConditionStatus::Unknown,
    };
    NewCondition::new(type_, status, outcome.reason(), outcome.message())
}

/// What it all comes to: what needs a person comes first, then what needs time.
fn whole(served: Outcome, certified: Option<Result<Certified, Outcome>>) -> Outcome {
    let Some(Err(trouble)) = certified else { return served };
    let rank = |outcome: &Outcome| match outcome.summary() {
        Summary::Stalled => 0,
        Summary::Progressing | Summary::Suspended => 1,
        Summary::Ready => 2,
    };
    if rank(&trouble) < rank(&served) { trouble } else { served }
}

fn describe(status: &mut ServiceDatabaseStatus, checked: &Checked) {
    status.binding = Some(Binding { name: names::binding_secret(&checked.owner.name) });
    status.server = Some(checked.server.clone());
    status.schemas = vec![checked.wanted.schema.clone()];
    status.credentials = Some(CredentialsStatus {
        rotated_at: Some(Time(checked.credentials.rotated_at)),
        slot: Some(checked.credentials.slot.to_string()),
    });
    let (engine, version, storage) = match &checked.engine {
        Engine::Embedded(embedded) => ("Embedded", Some(embedded.version), Some(embedded.storage.clone())),
        Engine::Shared => ("Shared", None, None),
    };
    status.resolved = Some(ResolvedDatabase {
        engine: Some(engine.to_owned()),
        version,
        storage,
        deletion_policy: Some(checked.deletion_policy),
    });
}
