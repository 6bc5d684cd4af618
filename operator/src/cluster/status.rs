//! The one status writer. In: an object, what its reconcile came to, the whole new status. Out: the
//! outcome, or a failure if the status could not be stored. Writes only when something changed, so
//! that a status is a fixed point: every write wakes the watch that caused it.
//! One event goes out per change of the Ready condition's status or reason.

use super::{CALL_TIMEOUT, Class, Error, apply::Child, call};
use crate::context::Context;
use crate::outcome::Outcome;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams};
use kube::core::object::HasStatus;
use kube::runtime::events::{Event, EventType};
use rerp_crds::{ConditionType, NewCondition, condition};
use serde::Serialize;
use serde_json::{Value, json};

/// How a status of ours shows its conditions; the three kinds share no type.
pub type Conditions<S> = fn(&S) -> &[Condition];

/// The conditions after this pass: the summary of `outcome`, and what the room found in detail.
/// Conditions that neither names stay as they were.
pub fn conditions(
    before: &[Condition],
    outcome: &Outcome,
    details: &[NewCondition],
    generation: i64,
    now: Timestamp,
) -> Vec<Condition> {
    let mut after = before.to_vec();
    let summary = outcome.summary().conditions(outcome.reason(), outcome.message());
    for new in summary.iter().chain(details) {
        condition::upsert(&mut after, new, generation, now);
    }
    after
}

/// Stores `status` if it differs from the object's, and publishes an event if Ready changed. Ready=True is stored only on the version
/// of the object that was looked at.
/// A status that can't be stored makes the outcome a failure; an object that is gone is done with.
pub async fn settle<K>(
    context: &Context,
    manager: &str,
    object: &K,
    outcome: Outcome,
    status: K::Status,
    conditions: Conditions<K::Status>,
) -> Outcome
where
    K: Child + HasStatus,
    K::Status: Serialize + PartialEq + Default,
{
    let before = object.status().map(conditions).unwrap_or_default();
    // Who claims Ready speaks of the very version it has looked at. An object that was edited or made anew since then is about to be
    // looked at again; every other status may be a moment late.
    let claims =
        conditions(&status).iter().any(|one| one.type_ == ConditionType::Ready.to_string() && one.status == "True");
    let version = object.resource_version().filter(|_| claims);
    match write(context, manager, object, &status, version.as_deref()).await {
        Ok(false) => outcome,
        Ok(true) => {
            if turned(before, conditions(&status)) {
                announce(context, object, &outcome).await;
            }
            outcome
        }
        Err(error) if error.is_gone() => outcome,
        Err(error) if error.class() == Class::Conflict => {
            tracing::debug!(error = error.describe(), "the object has changed meanwhile");
            Outcome::from(error)
        }
        Err(error) => {
            tracing::warn!(error = error.describe(), "can't store the status");
            Outcome::from(error)
        }
    }
}

/// Stores `status` unless the object already has it; says whether it wrote. With `version` the write
/// happens only if the object still has that resourceVersion (for steps that must not be lost).
pub async fn write<K>(
    context: &Context,
    manager: &str,
    object: &K,
    status: &K::Status,
    version: Option<&str>,
) -> Result<bool, Error>
where
    K: Child + HasStatus,
    K::Status: Serialize + PartialEq,
{
    if object.status() == Some(status) {
        return Ok(false);
    }
    store(context, manager, object, &json!(status), version).await?;
    Ok(true)
}

/// Stores a status on an object of somebody else's, whose kind asks its controller for one. The caller has seen that it is new. One that went
/// away meanwhile is done with. With `whole` the object must still be as it was read, for lists that others write to as well.
pub async fn stamp<K: Child>(
    context: &Context,
    manager: &str,
    object: &K,
    status: &Value,
    whole: bool,
) -> Result<(), Error> {
    let version = object.resource_version().filter(|_| whole);
    match store(context, manager, object, status, version.as_deref()).await {
        Err(error) if !error.is_gone() => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

async fn store<K: Child>(
    context: &Context,
    manager: &str,
    object: &K,
    status: &Value,
    version: Option<&str>,
) -> Result<(), Error> {
    let (kind, name) = (K::kind(&()), object.name_any());
    let namespace = object.namespace().unwrap_or_default();
    let mut body = json!({
        "apiVersion": K::api_version(&()), "kind": kind, "metadata": {"name": name}, "status": status,
    });
    if let (Some(version), Some(metadata)) = (version, body.get_mut("metadata")) {
        metadata["resourceVersion"] = json!(version);
    }
    let api = Api::<K>::namespaced(context.client.clone(), &namespace);
    let params = PatchParams::apply(manager).force();
    let patch = Patch::Apply(&body);
    let patched = api.patch_status(&name, &params, &patch);
    call("store the status of", &kind, &format!("{namespace}/{name}"), patched).await?;
    context.metrics.wrote("status");
    Ok(())
}

/// True if Ready has another status or reason than before.
fn turned(before: &[Condition], after: &[Condition]) -> bool {
    let ready =
        |list: &[Condition]| condition::find(list, ConditionType::Ready).map(|c| (c.status.clone(), c.reason.clone()));
    ready(before) != ready(after)
}

/// Publishes the outcome as an event. Best effort: the condition has been stored already.
async fn announce<K: Child>(context: &Context, object: &K, outcome: &Outcome) {
    publish(context, object, outcome.event(), &outcome.reason().to_string(), outcome.message()).await;
}

/// Publishes a warning about an object of somebody else's, whose status has no room for words. Best effort.
pub async fn warn<K: Child>(context: &Context, object: &K, reason: &str, message: &str) {
    publish(context, object, EventType::Warning, reason, message).await;
}

async fn publish<K: Child>(context: &Context, object: &K, type_: EventType, reason: &str, message: &str) {
    let event = Event {
        type_,
        reason: reason.to_owned(),
        note: Some(message.chars().take(1000).collect()),
        action: "Reconcile".to_owned(),
        secondary: None,
    };
    let reference = object.object_ref(&());
    match tokio::time::timeout(CALL_TIMEOUT, context.recorder.publish(&event, &reference)).await {
        Ok(Ok(())) => context.metrics.wrote("event"),
        Ok(Err(_)) | Err(_) => tracing::warn!(reason = event.reason, "can't publish an event"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rerp_crds::Reason;
    use std::time::Duration;

    fn waiting(on: &str) -> Outcome {
        Outcome::waiting(Reason::ServerStarting, on, Duration::from_secs(1))
    }

    #[test]
    fn the_same_outcome_gives_the_same_conditions_at_any_time() {
        let first = conditions(&[], &waiting("pod"), &[], 1, Timestamp::UNIX_EPOCH);
        let later = conditions(&first, &waiting("pod"), &[], 1, Timestamp::MAX);
        assert_eq!(first, later);
        assert_eq!(first.len(), 3);
    }

    #[test]
    fn an_event_follows_a_reason_and_not_a_message() {
        let first = conditions(&[], &waiting("pod"), &[], 1, Timestamp::UNIX_EPOCH);
        let reworded = conditions(&first, &waiting("pod, 2 of 3"), &[], 1, Timestamp::UNIX_EPOCH);
        let refused = Outcome::refused(Reason::InvalidSpec, "x");
        let doomed = conditions(&first, &refused, &[], 1, Timestamp::UNIX_EPOCH);
        assert!(turned(&[], &first) && !turned(&first, &reworded) && turned(&first, &doomed));
    }
}
