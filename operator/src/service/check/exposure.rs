//! How a service is reached from outside. Pure. In: the spec, the services around it; later the Ingress or the HTTPRoute as it lives.
//! Out: what is wanted, whom the network lets in for it, and the verdict that becomes `Exposed`.
//!
//! A service that asks callers for certificates stays so: its host and paths lead to the namespace's gateway, which has a certificate,
//! checks who asks by its table, and has to list the service in its dependencies.

use super::Verdict;
use crate::args::Settings;
use crate::cluster::gateway_api::HttpRoute;
use crate::outcome::Outcome;
use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt;
use rerp_crds::exposure::{ParentGateway, Public, Via};
use rerp_crds::mtls::{self, MtlsMode};
use rerp_crds::network::PodsFrom;
use rerp_crds::{Reason, RerpService, names};
use serde_json::Value;
use std::time::Duration;

/// Look again at a route that nobody has taken; a watch usually comes first.
const AGAIN: Duration = Duration::from_secs(60);

/// How a service is exposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// The way in; none for a service that isn't exposed, or can't be.
    pub wanted: Option<Wanted>,
    /// Who may connect to the pods for it.
    pub let_in: LetIn,
    /// `Exposed`, as far as the spec says.
    pub verdict: Verdict,
}

/// Whom the network lets in for an exposure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetIn {
    /// The namespace's gateway, by name.
    pub gateway: Option<String>,
    /// Pods that the spec selects.
    pub pods: Option<PodsFrom>,
}

/// A way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The host in requests.
    pub host: String,
    /// Beginnings of paths.
    pub paths: Vec<String>,
    /// The Service that requests are led to.
    pub backend: String,
    /// What leads them.
    pub leader: Leader,
}

/// What leads requests to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leader {
    /// An Ingress.
    Ingress {
        /// Its class.
        class: String,
        /// Secret with the host's certificate.
        secret: Option<String>,
    },
    /// An HTTPRoute that hangs on this Gateway.
    Gateway(ParentGateway),
}

/// Finds out how `object` is exposed.
#[must_use]
pub fn exposure(object: &RerpService, services: &[RerpService], settings: &Settings) -> Exposure {
    let public = object.spec.exposure.as_ref().and_then(|exposure| exposure.public.as_ref());
    let Some((public, leader)) = public.and_then(|public| Some((public, leader(public)?))) else {
        let verdict = Verdict::Fine(Reason::NotNeeded, "the service is not reached from outside".to_owned());
        return Exposure { wanted: None, let_in: LetIn::default(), verdict };
    };
    let (name, gateway) = (object.name_any(), settings.gateway.as_str());
    let backend = match mtls::mode(object.spec.mtls.as_ref()) {
        MtlsMode::Off => Ok(name.clone()),
        MtlsMode::Strict | MtlsMode::Audit => stand_in(&name, gateway, services),
    };
    match backend {
        Err(outcome) => Exposure { wanted: None, let_in: LetIn::default(), verdict: Verdict::Off(outcome) },
        Ok(backend) => {
            // Whoever comes through the gateway comes by its dependency.
            let let_in = if backend == name {
                LetIn { gateway: (name != gateway).then(|| gateway.to_owned()), pods: public.from.clone() }
            } else {
                LetIn::default()
            };
            let wanted = Wanted { host: public.host.clone(), paths: public.paths(), backend, leader };
            let verdict = not_taken(&wanted, &name);
            Exposure { wanted: Some(wanted), let_in, verdict }
        }
    }
}

fn leader(public: &Public) -> Option<Leader> {
    match public.via() {
        Via::None => None,
        Via::Gateway => public.gateway.clone().map(Leader::Gateway),
        Via::Ingress => {
            let choices = public.ingress.clone().unwrap_or_default();
            Some(Leader::Ingress {
                class: choices.class_name.unwrap_or_else(|| names::ROUTE_CLASS.to_owned()),
                secret: choices.tls_secret_ref.map(|secret| secret.name),
            })
        }
    }
}

/// The gateway that stands before a service which asks for certificates.
fn stand_in(name: &str, gateway: &str, services: &[RerpService]) -> Result<String, Outcome> {
    let refused = |what: &str| {
        let message = format!(
            "RerpService {name} asks callers for certificates (spec.mtls.mode), which nobody outside has, so spec.exposure leads through the gateway: {what}"
        );
        Err(Outcome::refused(Reason::GatewayNeeded, message))
    };
    if name == gateway {
        return refused("this is the gateway; set spec.mtls.mode to Off");
    }
    let Some(found) = services.iter().find(|one| one.name_any() == gateway) else {
        return refused(&format!(
            "there is no RerpService {gateway} in the namespace; create it, or set spec.mtls.mode to Off"
        ));
    };
    if !found.spec.dependencies.iter().any(|one| one.name == name) {
        return refused(&format!("RerpService {gateway} does not list {name} in its spec.dependencies; add it there"));
    }
    if mtls::mode(found.spec.mtls.as_ref()) != MtlsMode::Off {
        return refused(&format!("RerpService {gateway} asks for certificates itself; set its spec.mtls.mode to Off"));
    }
    Ok(gateway.to_owned())
}

fn not_taken(wanted: &Wanted, name: &str) -> Verdict {
    let on = match &wanted.leader {
        Leader::Ingress { class, .. } => format!(
            "whoever serves class {class} to take Ingress {name}; if nobody does, set spec.exposure.public.ingress.className"
        ),
        Leader::Gateway(parent) => format!("whoever runs Gateway {} to take HTTPRoute {name}", parent.name),
    };
    Verdict::Off(Outcome::waiting(Reason::RouteNotTaken, on, AGAIN))
}

/// `Exposed`, as the Ingress that lives says: whoever serves it writes where it is reached.
#[must_use]
pub fn taken(wanted: &Wanted, live: &Ingress) -> Verdict {
    let balancer = live.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let entries = balancer.and_then(|balancer| balancer.ingress.as_deref()).unwrap_or_default();
    let mut errors =
        entries.iter().flat_map(|entry| entry.ports.iter().flatten()).filter_map(|port| port.error.as_deref());
    if let Some(error) = errors.next() {
        let on = format!(
            "Ingress {} to be accepted; whoever serves it says {error}, and its events say more",
            live.name_any()
        );
        return Verdict::Off(Outcome::waiting(Reason::RouteRefused, on, AGAIN));
    }
    if entries.is_empty() { not_taken(wanted, &live.name_any()) } else { reached(wanted) }
}

/// `Exposed`, as the HTTPRoute that lives says: each parent writes what it thinks of it.
#[must_use]
pub fn accepted(wanted: &Wanted, live: &HttpRoute) -> Verdict {
    let parents = live.status.as_ref().and_then(|status| status["parents"].as_array());
    let conditions: Vec<&Value> =
        parents.into_iter().flatten().filter_map(|parent| parent["conditions"].as_array()).flatten().collect();
    if let Some(against) = conditions.iter().find(|one| one["status"] == "False") {
        let text = |key: &str| against[key].as_str().unwrap_or_default().to_owned();
        let on =
            format!("HTTPRoute {} to be accepted: {} is False, {}", live.name_any(), text("type"), text("message"));
        return Verdict::Off(Outcome::waiting(Reason::RouteRefused, on, AGAIN));
    }
    let holds = conditions.iter().any(|one| one["type"] == "Accepted" && one["status"] == "True");
    if holds { reached(wanted) } else { not_taken(wanted, &live.name_any()) }
}

/// `Exposed`, where the cluster has never heard of HTTPRoutes.
#[must_use]
pub fn unknown() -> Verdict {
    let message = "the cluster does not know HTTPRoute; install the Gateway API (standard channel), or set spec.exposure.public.via to Ingress";
    Verdict::Off(Outcome::refused(Reason::GatewayApiMissing, message))
}

fn reached(wanted: &Wanted) -> Verdict {
    let Wanted { host, paths, backend, .. } = wanted;
    Verdict::Fine(Reason::AsExpected, format!("{host} at {} leads to Service {backend}", paths.join(", ")))
}

#[cfg(test)]
#[path = "exposure_tests.rs"]
mod tests;
