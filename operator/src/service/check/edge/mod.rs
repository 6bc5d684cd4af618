//! What the gateway of a namespace serves besides the table of the API: Ingresses and HTTPRoutes of class `rerp`. Pure. In: the gateway's
//! object, what is around it. Out: `Edge` with the rules in the order in which they are tried, and what is said of each object.
//!
//! A rule that can't be served stays in its place without a target, and is answered with a problem: another rule, meant for less, must not
//! take its requests.

pub mod backend;
pub mod certificate;
mod collect;
mod file;
pub mod gateway;
pub mod http_route;
pub mod ingress;
pub mod left;
#[cfg(test)]
mod route_tests;
#[cfg(test)]
#[path = "edge_tests.rs"]
mod tests;

use super::Verdict;
use crate::args::Settings;
use crate::cluster::gateway_api::{Gateway, HttpRoute};
use crate::service::gather::edge::Around;
use backend::{Backends, Way};
use certificate::Certificate;
use collect::Collected;
use gateway::Listener;
use http_route::ParentSaid;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use kube::ResourceExt;
use left::Left;
use rerp_crds::RerpService;
use std::collections::BTreeSet;

/// Code of a certificate that isn't there.
const SECRET_MISSING: &str = "SecretMissing";
/// Most rules of a gateway.
const MOST_RULES: usize = 2000;
/// Most bytes that they may take in the gateway's file.
const MOST_BYTES: usize = 900 * 1024;
/// Look again at a Secret that is missing: no watch tells of it.
pub const AGAIN: SignedDuration = SignedDuration::from_secs(15);

/// How a service stands to what comes from outside.
pub enum Edge {
    /// It is no gateway.
    Elsewhere,
    /// It is the gateway, and serves this.
    Itself(Box<Served>),
}

/// What a gateway serves.
pub struct Served {
    /// In the order in which they are tried.
    pub rules: Vec<Rule>,
    /// Certificates it shows.
    pub certificates: Vec<Certificate>,
    /// Pods that it has to reach.
    pub ways: Ways,
    /// Pods that it had to reach until a moment ago.
    pub left: Left,
    /// What is said of each Ingress.
    pub ingresses: Vec<Said<Ingress>>,
    /// What is said of each Gateway of our class, listener by listener.
    pub gateways: Vec<(Gateway, Vec<Listener>)>,
    /// What is said of each HTTPRoute, parent by parent; to none: it is not, or no longer, ours.
    pub routes: Vec<(HttpRoute, Vec<ParentSaid>)>,
    /// `RoutesAccepted`.
    pub verdict: Verdict,
}

/// Pods, each once, in the order of the rules.
pub type Ways = Vec<Way>;

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A host, `*.` and a host for one label more, `**.` for any number of them, or nothing for every host.
    pub host: String,
    /// A path, or the beginning of paths.
    pub path: String,
    /// The path alone, not those below it.
    pub exact: bool,
    /// Only requests with this method.
    pub method: Option<String>,
    /// Only requests with these headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// A default backend: tried when nothing else matches.
    pub last: bool,
    /// Where requests go.
    pub target: Target,
    place: Place,
}

/// Where requests of a rule go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To the gateway's table.
    Api,
    /// To one of these addresses, by weight; to none, or to an empty one: nobody is there.
    To(Vec<(String, u32)>),
}

/// Which of two objects comes first where both want the same: the older one, then the one whose name comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    born: Option<String>,
    name: String,
}

/// Something that can't be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// For programs, in CamelCase.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// What is said of an object.
pub struct Said<K> {
    /// The object.
    pub object: K,
    /// What can't be served of it; none: all can.
    pub trouble: Option<Trouble>,
    /// Whether it is meant for this gateway. One that was, and isn't any more, is let go.
    pub ours: bool,
}

impl Edge {
    /// The same, where `policy` is what the network lets the pods do so far: ways that they were told to leave stay open for a while.
    #[must_use]
    pub fn after(mut self, policy: Option<&NetworkPolicy>, now: Timestamp) -> Self {
        if let (Self::Itself(served), Some(policy)) = (&mut self, policy) {
            served.left = Left::after(policy, &served.ways, now);
        }
        self
    }
}

impl Served {
    /// Whether a Secret is missing that may come.
    #[must_use]
    pub fn awaits_a_secret(&self) -> bool {
        let of_ingresses = self.ingresses.iter().filter_map(|said| said.trouble.as_ref());
        let listeners = self.gateways.iter().flat_map(|(_, listeners)| listeners);
        of_ingresses
            .chain(listeners.filter_map(|one| one.unresolved.as_ref()))
            .any(|trouble| [SECRET_MISSING, "InvalidCertificateRef"].contains(&trouble.code))
    }
}

impl Trouble {
    fn new(code: &'static str, message: String) -> Self {
        Self { code, message }
    }
}

impl Rule {
    fn new(host: &str, path: &str, exact: bool, target: Target, place: &Place) -> Self {
        Self {
            host: host.to_owned(),
            path: path.to_owned(),
            exact,
            method: None,
            headers: Vec::new(),
            last: false,
            target,
            place: place.clone(),
        }
    }
}

/// Names of the Secrets that what is around refers to.
#[must_use]
pub fn named(around: &Around) -> BTreeSet<String> {
    let ours = around.ingresses.iter().filter(|one| ingress::is_ours(one)).filter_map(|one| one.spec.as_ref());
    let of_ingresses = ours.flat_map(|spec| spec.tls.iter().flatten()).filter_map(|tls| tls.secret_name.clone());
    let listeners = around.gateways.iter().flat_map(|one| gateway::read(one).listeners);
    of_ingresses.chain(listeners.flat_map(|listener| listener.secrets)).collect()
}

/// Finds out what `object` serves; `around` is there if it is the gateway.
#[must_use]
pub fn edge(object: &RerpService, around: Option<&Around>, ours: &[RerpService], settings: &Settings) -> Edge {
    let Some(around) = around else { return Edge::Elsewhere };
    let namespace = object.namespace().unwrap_or_default();
    let backends = Backends { namespace: &namespace, services: &around.services, ours, settings };
    let mut served = Collected::default();
    for one in &around.ingresses {
        served.ingress(one, &backends);
    }
    served.gateway_api(around, &backends);
    Edge::Itself(Box::new(served.finish(around)))
}
