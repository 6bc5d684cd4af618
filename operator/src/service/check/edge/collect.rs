//! Everything that a gateway serves, put together. Pure. In: what was read of each object. Out: `Served`: rules in the order in which they are
//! tried, each certificate once, each way once, and what is said of whom.

use super::backend::Backends;
use super::certificate::{self, Certificates};
use super::gateway::{self, Listener};
use super::http_route::{self, ParentSaid};
use super::ingress;
use super::left::Left;
use super::{MOST_BYTES, MOST_RULES, Place, Rule, Said, Served, Target, Trouble, Ways};
use crate::cluster::gateway_api::{Gateway, HttpRoute};
use crate::outcome::Outcome;
use crate::service::check::Verdict;
use crate::service::gather::edge::Around;
use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt;
use rerp_crds::Reason;
use std::cmp::Reverse;

#[derive(Default)]
pub(super) struct Collected {
    rules: Vec<Rule>,
    /// What they take in the file, at most.
    bytes: usize,
    ways: Ways,
    certificates: Certificates,
    ingresses: Vec<(Said<Ingress>, Vec<String>)>,
    gateways: Vec<(Gateway, Vec<Listener>)>,
    routes: Vec<(HttpRoute, Vec<ParentSaid>)>,
}

impl Collected {
    pub(super) fn ingress(&mut self, one: &Ingress, backends: &Backends<'_>) {
        if !ingress::is_ours(one) {
            self.ingresses.push((Said { object: one.clone(), trouble: None, ours: false }, Vec::new()));
            return;
        }
        let mut read = ingress::read(one, &place(one), backends);
        if let Some(message) = self.too_many(&read.rules) {
            read = ingress::Read { troubles: vec![Trouble::new("TooMany", message)], ..ingress::Read::default() };
        }
        let secrets: Vec<String> = read.certificates.keys().cloned().collect();
        self.rules.extend(read.rules);
        self.ways.extend(read.ways);
        for (secret, hosts) in read.certificates {
            self.certificates.entry(secret).or_default().extend(hosts);
        }
        self.ingresses.push((Said { object: one.clone(), trouble: together(read.troubles), ours: true }, secrets));
    }

    /// Why these rules can't be served beside those that are there, if they can't: a ConfigMap holds 1 MiB.
    fn too_many(&mut self, rules: &[Rule]) -> Option<String> {
        let bytes = self.bytes + rules.iter().map(bytes).sum::<usize>();
        if self.rules.len() + rules.len() > MOST_RULES || bytes > MOST_BYTES {
            return Some(format!(
                "with this the gateway would have more than {MOST_RULES} rules or {MOST_BYTES} bytes of them"
            ));
        }
        self.bytes = bytes;
        None
    }

    pub(super) fn gateway_api(&mut self, around: &Around, backends: &Backends<'_>) {
        let ours: Vec<&Gateway> = around.gateways.iter().filter(|one| gateway::is_ours(one)).collect();
        let mut gateways: Vec<gateway::Read> = ours.iter().map(|one| gateway::read(one)).collect();
        for route in &around.routes {
            let read = http_route::read(route, &place(route), backends, &mut gateways);
            let mut read = read.unwrap_or_default();
            if let Some(message) = self.too_many(&read.rules) {
                read.parents.iter_mut().for_each(|one| one.refused = Some(Trouble::new("TooMany", message.clone())));
                read.rules.clear();
                read.ways.clear();
            }
            self.rules.extend(read.rules);
            self.ways.extend(read.ways);
            self.routes.push((route.clone(), read.parents));
        }
        for (object, read) in ours.into_iter().zip(gateways) {
            for listener in read.listeners.iter().filter(|one| one.trouble.is_none()) {
                // Without a host: for whoever asks for one that has no certificate.
                let host = listener.hostname.clone().unwrap_or_default();
                for secret in &listener.secrets {
                    certificate::add(&mut self.certificates, secret, vec![host.clone()]);
                }
            }
            self.gateways.push((object.clone(), read.listeners));
        }
    }

    pub(super) fn finish(mut self, around: &Around) -> Served {
        let mut used = 0;
        let mut certificates = Vec::new();
        for (name, hosts) in &self.certificates {
            match certificate::take(name, hosts, &around.secrets, &mut used) {
                Ok(certificate) => certificates.push(certificate),
                Err(trouble) => {
                    tell(&mut self.ingresses, name, &trouble);
                    let listeners = self.gateways.iter_mut().flat_map(|(_, listeners)| listeners);
                    for one in listeners.filter(|one| one.secrets.contains(name)) {
                        one.unresolved = Some(Trouble::new("InvalidCertificateRef", trouble.message.clone()));
                    }
                }
            }
        }
        self.rules.sort_by(|a, b| order(a).cmp(&order(b)));
        let mut ways: Ways = Vec::new();
        for way in self.ways {
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        let ingresses: Vec<Said<Ingress>> = self.ingresses.into_iter().map(|(said, _)| said).collect();
        let verdict = verdict(&ingresses, &self.gateways, &self.routes);
        let (rules, gateways, routes) = (self.rules, self.gateways, self.routes);
        Served { rules, certificates, ways, left: Left::default(), ingresses, gateways, routes, verdict }
    }
}

/// What a rule takes in the file, at most: its texts, twice for what has to be escaped, and what stands around them.
fn bytes(rule: &Rule) -> usize {
    let headers: usize = rule.headers.iter().map(|(name, value)| 100 + 2 * (name.len() + value.len())).sum();
    let places: usize = match &rule.target {
        Target::Api => 0,
        Target::To(places) => places.iter().map(|(address, _)| 100 + address.len()).sum(),
    };
    200 + 2 * (rule.host.len() + rule.path.len()) + headers + places
}

/// Exact paths first, then long ones, then those with a method, with more headers, then what is older. Default backends come last. Hosts are
/// told apart by who reads the file.
fn order(rule: &Rule) -> impl Ord + '_ {
    let narrow = (rule.method.is_none(), Reverse(rule.headers.len()));
    (&rule.host, rule.last, !rule.exact, Reverse(rule.path.len()), &rule.path, narrow, &rule.place)
}

fn place<K: ResourceExt>(object: &K) -> Place {
    let born = object.creation_timestamp().map(|time| time.0.to_string());
    Place { born, name: object.name_any() }
}

/// Everybody who wants the certificate in `secret` hears that it can't be used.
fn tell(ingresses: &mut [(Said<Ingress>, Vec<String>)], secret: &str, trouble: &Trouble) {
    for (said, _) in ingresses.iter_mut().filter(|(_, secrets)| secrets.iter().any(|one| one == secret)) {
        let before = said.trouble.take();
        said.trouble = together(before.into_iter().chain([trouble.clone()]).collect());
    }
}

/// Several troubles of one object in one: the first one's code, everybody's words.
fn together(troubles: Vec<Trouble>) -> Option<Trouble> {
    let code = troubles.first()?.code;
    let mut messages: Vec<String> = Vec::new();
    for trouble in troubles {
        if !messages.contains(&trouble.message) {
            messages.push(trouble.message);
        }
    }
    Some(Trouble { code, message: messages.join("; ") })
}

fn verdict(
    ingresses: &[Said<Ingress>],
    gateways: &[(Gateway, Vec<Listener>)],
    routes: &[(HttpRoute, Vec<ParentSaid>)],
) -> Verdict {
    let ours: Vec<&Said<Ingress>> = ingresses.iter().filter(|said| said.ours).collect();
    let of_ingresses = ours
        .iter()
        .filter_map(|said| Some(format!("Ingress {}: {}", said.object.name_any(), said.trouble.as_ref()?.message)));
    let of_gateways = gateways.iter().flat_map(|(gateway, listeners)| {
        let troubles = listeners.iter().filter_map(|one| one.trouble.as_ref().or(one.unresolved.as_ref()));
        troubles.map(|trouble| format!("Gateway {}: {}", gateway.name_any(), trouble.message))
    });
    let of_routes = routes.iter().flat_map(|(route, parents)| {
        let troubles = parents.iter().filter_map(|one| one.refused.as_ref().or(one.unresolved.as_ref()));
        troubles.map(|trouble| format!("HTTPRoute {}: {}", route.name_any(), trouble.message))
    });
    let refused: Vec<String> = of_ingresses.chain(of_gateways).chain(of_routes).collect();
    if refused.is_empty() {
        let hanging = routes.iter().filter(|(_, parents)| !parents.is_empty()).count();
        return Verdict::Fine(
            Reason::AsExpected,
            format!("{} Ingresses and {hanging} HTTPRoutes are served", ours.len()),
        );
    }
    Verdict::Off(Outcome::refused(Reason::RoutesRefused, refused.join("; ")))
}
