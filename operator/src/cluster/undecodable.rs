//! Objects of ours that don't decode: they get a condition like all others and can't stop the watch.
//! In: the metadata that could be read, and the error. Out: Stalled/InvalidSpec on the object.
//! Must not: write again what is already there.

use super::{Error, call, child::Owner};
use crate::context::Context;
use crate::outcome::Outcome;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::error_boundary::InvalidObject;
use rerp_crds::Reason;
use serde_json::json;

/// Puts the decoding error into the object's conditions.
pub async fn report<K>(context: &Context, manager: &str, owner: &Owner, invalid: &InvalidObject) -> Outcome
where
    K: kube::Resource<DynamicType = ()>,
{
    let said: String = invalid.error.chars().take(400).collect();
    let outcome = Outcome::refused(Reason::InvalidSpec, format!("the object can't be decoded: {said}"));
    match store::<K>(context, manager, owner, &outcome).await {
        Ok(()) => outcome,
        Err(error) if error.is_gone() => outcome,
        Err(error) => Outcome::from(error),
    }
}

async fn store<K>(context: &Context, manager: &str, owner: &Owner, outcome: &Outcome) -> Result<(), Error>
where
    K: kube::Resource<DynamicType = ()>,
{
    let resource = ApiResource::erase::<K>(&());
    let api = Api::<DynamicObject>::namespaced_with(context.client.clone(), &owner.namespace, &resource);
    let live = call("get", &owner.kind, &owner.path(), api.get(&owner.name)).await?;
    let generation = live.metadata.generation.unwrap_or_default();
    let before = conditions(&live);
    let after = super::status::conditions(&before, outcome, &[], generation, context.clock.now());
    if before == after {
        return Ok(());
    }
    let body = json!({
        "apiVersion": owner.api_version, "kind": owner.kind, "metadata": {"name": owner.name},
        "status": {"observedGeneration": generation, "conditions": after},
    });
    let params = PatchParams::apply(manager).force();
    let patch = Patch::Apply(&body);
    let patched = api.patch_status(&owner.name, &params, &patch);
    call("store the status of", &owner.kind, &owner.path(), patched).await?;
    context.metrics.wrote("status");
    Ok(())
}

/// The conditions of an object that as a whole doesn't decode; none if they don't either.
fn conditions(live: &DynamicObject) -> Vec<Condition> {
    live.data
        .pointer("/status/conditions")
        .and_then(|found| serde_json::from_value(found.clone()).ok())
        .unwrap_or_default()
}
