//! Status of Gateways and HTTPRoutes, as the Gateway API wants it. In: what was found, the live object, the time. Out: JSON. Must not write it.
//!
//! A time moves only with its status: else every status would be new, and its writing wake the next pass.

use crate::cluster::gateway_api::{GROUP, Gateway, HttpRoute};
use crate::service::check::edge::Trouble;
use crate::service::check::edge::gateway::Listener;
use crate::service::check::edge::http_route::ParentSaid;
use jiff::Timestamp;
use rerp_crds::names;
use serde_json::{Value, json};

/// What a Gateway's status is: it can be as soon as one listener can.
pub(super) fn of_gateway(gateway: &Gateway, listeners: &[Listener], host: &str, now: Timestamp) -> Value {
    let live = gateway.status.clone().unwrap_or_default();
    let generation = gateway.metadata.generation.unwrap_or_default();
    let none = listeners.iter().all(|one| one.trouble.is_some());
    let trouble = none.then(|| ("ListenersNotValid", "no listener can be served".to_owned()));
    let make = Maker { live: &live["conditions"], generation, now };
    let conditions = [make.condition("Accepted", trouble.clone()), make.condition("Programmed", trouble)];
    let listeners: Vec<Value> = listeners.iter().map(|one| of_listener(one, &live, generation, now)).collect();
    json!({"addresses": [{"type": "Hostname", "value": host}], "conditions": conditions, "listeners": listeners})
}

fn of_listener(one: &Listener, live: &Value, generation: i64, now: Timestamp) -> Value {
    let before = live["listeners"].as_array().into_iter().flatten().find(|before| before["name"] == one.name.as_str());
    let before = before.map(|before| before["conditions"].clone()).unwrap_or_default();
    let make = Maker { live: &before, generation, now };
    let (refused, unresolved) = (one.trouble.as_ref().map(said), one.unresolved.as_ref().map(said));
    let off = refused.clone().or_else(|| unresolved.clone()).map(|(_, message)| ("Invalid", message));
    json!({
        "attachedRoutes": one.attached,
        "conditions": [
            make.condition("Accepted", refused),
            make.condition("Programmed", off),
            make.condition("ResolvedRefs", unresolved),
        ],
        "name": one.name,
        "supportedKinds": [{"group": GROUP, "kind": "HTTPRoute"}],
    })
}

/// What an HTTPRoute's status is, if it isn't that already: what others say of it, and then what we say.
pub(super) fn of_route(route: &HttpRoute, parents: &[ParentSaid], now: Timestamp) -> Option<Value> {
    let live: Vec<Value> =
        route.status.as_ref().and_then(|status| status["parents"].as_array()).cloned().unwrap_or_default();
    let (ours, mut wanted): (Vec<Value>, Vec<Value>) =
        live.iter().cloned().partition(|one| one["controllerName"] == names::ROUTE_CONTROLLER);
    if ours.is_empty() && parents.is_empty() {
        return None;
    }
    let generation = route.metadata.generation.unwrap_or_default();
    for parent in parents {
        let before = ours.iter().find(|one| one["parentRef"] == parent.reference);
        let before = before.map(|before| before["conditions"].clone()).unwrap_or_default();
        let make = Maker { live: &before, generation, now };
        wanted.push(json!({
            "conditions": [
                make.condition("Accepted", parent.refused.as_ref().map(said)),
                make.condition("ResolvedRefs", parent.unresolved.as_ref().map(said)),
            ],
            "controllerName": names::ROUTE_CONTROLLER,
            "parentRef": parent.reference,
        }));
    }
    (wanted != live).then(|| json!({"parents": wanted}))
}

/// Reason and message of a trouble, by the words of the Gateway API where it has one.
fn said(trouble: &Trouble) -> (&'static str, String) {
    let reason = match trouble.code {
        "ServiceMissing" | "PortMissing" => "BackendNotFound",
        "NotExposed" => "RefNotPermitted",
        other => other,
    };
    (reason, trouble.message.clone())
}

struct Maker<'a> {
    live: &'a Value,
    generation: i64,
    now: Timestamp,
}

impl Maker<'_> {
    /// A condition; the reason of one that holds is its own name.
    fn condition(&self, type_: &'static str, trouble: Option<(&'static str, String)>) -> Value {
        let status = if trouble.is_none() { "True" } else { "False" };
        let (reason, message) = trouble.unwrap_or((type_, String::new()));
        let before = self.live.as_array().into_iter().flatten().find(|one| one["type"] == type_);
        let since = before.filter(|one| one["status"] == status).and_then(|one| one["lastTransitionTime"].as_str());
        let second = Timestamp::from_second(self.now.as_second()).unwrap_or(self.now);
        let since = since.map_or_else(|| second.to_string(), str::to_owned);
        json!({
            "lastTransitionTime": since,
            "message": message,
            "observedGeneration": self.generation,
            "reason": reason,
            "status": status,
            "type": type_,
        })
    }
}
