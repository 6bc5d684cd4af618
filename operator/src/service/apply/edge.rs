//! What a gateway's pass says of the objects that it serves, to whoever made them: their status, and an event when it changes for the worse.
//! In: `Said`. Out: writes, and only where something is new. Must not: change anything but status.
//!
//! An Ingress has no conditions. Where it is reached stands in its status, with an error at that place if something of it isn't served.

use super::gateway_status;
use crate::cluster::covers::covers;
use crate::cluster::{Error, status};
use crate::context::Context;
use crate::service::MANAGER;
use crate::service::check::edge::{Said, Served};
use k8s_openapi::api::networking::v1::Ingress;
use rerp_crds::names::{self, Id};
use serde_json::{Value, json};

/// Port that an error is told at: the format wants one.
const PORT: i32 = 80;

/// Says it.
pub(super) async fn tell(served: &Served, gateway: Id<'_>, context: &Context) -> Result<(), Error> {
    let [_, _, host] = names::service_hosts(gateway);
    for said in &served.ingresses {
        ingress(said, &host, context).await?;
    }
    let now = context.clock.now();
    for (object, listeners) in &served.gateways {
        let wanted = gateway_status::of_gateway(object, listeners, &host, now);
        if !covers(&object.status.clone().unwrap_or_default(), &wanted) {
            status::stamp(context, MANAGER, object, &wanted, false).await?;
        }
    }
    for (object, parents) in &served.routes {
        // The parents of others stand in the same list, and the list is written whole.
        if let Some(wanted) = gateway_status::of_route(object, parents, now) {
            status::stamp(context, MANAGER, object, &wanted, true).await?;
        }
    }
    Ok(())
}

async fn ingress(said: &Said<Ingress>, host: &str, context: &Context) -> Result<(), Error> {
    let live = entries(&said.object);
    let error = said.trouble.as_ref().map(|trouble| format!("rerp.dev/{}", trouble.code));
    let wanted = match (said.ours, &error) {
        (true, None) => json!([{"hostname": host}]),
        (true, Some(error)) => {
            json!([{"hostname": host, "ports": [{"error": error, "port": PORT, "protocol": "TCP"}]}])
        }
        // Somebody else's, unless it still says what we said.
        (false, _) if live[0]["hostname"] == host => json!([]),
        (false, _) => return Ok(()),
    };
    if live == wanted {
        return Ok(());
    }
    let told = live[0]["ports"][0]["error"].as_str().map(str::to_owned);
    let status = json!({"loadBalancer": {"ingress": wanted}});
    status::stamp(context, MANAGER, &said.object, &status, false).await?;
    if let Some(trouble) = said.trouble.as_ref().filter(|_| told != error) {
        status::warn(context, &said.object, trouble.code, &trouble.message).await;
    }
    Ok(())
}

/// Where an Ingress is reached, as its status says; an empty list if it says nothing.
fn entries(ingress: &Ingress) -> Value {
    let balancer = ingress.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let entries = balancer.and_then(|balancer| balancer.ingress.clone()).unwrap_or_default();
    serde_json::to_value(entries).unwrap_or_default()
}
