//! What the gateway of a namespace serves besides the table of the API: Ingresses and HTTPRoutes of class `rerp`. Pure. In: the gateway's
//! object, what is around it. Out: `Edge` with the rules in the order in which they are tried, and what is said of each object.
//!
//! A rule that can't be served stays in its place without a target, and is answered with a problem: another rule, meant for less, must not
//! take its requests.

pub mod backend;
pub mod certificate;
mod file;
pub mod ingress;
#[cfg(test)]
mod tests;

use super::Verdict;
use crate::args::Settings;
use crate::outcome::Outcome;
use crate::service::gather::edge::Around;
use backend::{Backends, Way};
use certificate::{Certificate, Certificates};
use jiff::SignedDuration;
use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt;
use rerp_crds::{Reason, RerpService};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Code of a certificate that isn't there.
const SECRET_MISSING: &str = "SecretMissing";
/// Most rules of a gateway.
const MOST_RULES: usize = 2000;
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
    /// What is said of each Ingress.
    pub ingresses: Vec<Said<Ingress>>,
    /// `RoutesAccepted`.
    pub verdict: Verdict,
}

/// Pods, each once, in the order of the rules.
pub type Ways = Vec<Way>;

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A host, `*.` and a host for one label more, or nothing for every host.
    pub host: String,
    /// A path, or the beginning of paths.
    pub path: String,
    /// The path alone, not those below it.
    pub exact: bool,
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
    /// To one of these addresses, by weight; to none: nobody is there.
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

impl Served {
    /// Whether a Secret is missing that may come.
    #[must_use]
    pub fn awaits_a_secret(&self) -> bool {
        self.ingresses.iter().filter_map(|said| said.trouble.as_ref()).any(|trouble| trouble.code == SECRET_MISSING)
    }
}

impl Trouble {
    fn new(code: &'static str, message: String) -> Self {
        Self { code, message }
    }
}

impl Rule {
    fn new(host: &str, path: &str, exact: bool, target: Target, place: &Place) -> Self {
        Self { host: host.to_owned(), path: path.to_owned(), exact, last: false, target, place: place.clone() }
    }
}

/// Names of the Secrets that what is around refers to.
#[must_use]
pub fn named(around: &Around) -> BTreeSet<String> {
    let ours = around.ingresses.iter().filter(|one| ingress::is_ours(one)).filter_map(|one| one.spec.as_ref());
    ours.flat_map(|spec| spec.tls.iter().flatten()).filter_map(|tls| tls.secret_name.clone()).collect()
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
    Edge::Itself(Box::new(served.finish(around)))
}

#[derive(Default)]
struct Collected {
    rules: Vec<Rule>,
    ways: Ways,
    certificates: Certificates,
    ingresses: Vec<(Said<Ingress>, Vec<String>)>,
}

impl Collected {
    fn ingress(&mut self, one: &Ingress, backends: &Backends<'_>) {
        if !ingress::is_ours(one) {
            self.ingresses.push((Said { object: one.clone(), trouble: None, ours: false }, Vec::new()));
            return;
        }
        let mut read = ingress::read(one, &place(one), backends);
        if self.rules.len() + read.rules.len() > MOST_RULES {
            let message = format!("with this the gateway would have more than {MOST_RULES} rules");
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

    fn finish(mut self, around: &Around) -> Served {
        let mut used = 0;
        let mut certificates = Vec::new();
        for (name, hosts) in &self.certificates {
            match certificate::take(name, hosts, &around.secrets, &mut used) {
                Ok(certificate) => certificates.push(certificate),
                Err(trouble) => tell(&mut self.ingresses, name, &trouble),
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
        let verdict = verdict(&ingresses);
        Served { rules: self.rules, certificates, ways, ingresses, verdict }
    }
}

/// Exact paths first, then long ones, then what is older. Default backends come last. Hosts are told apart by who reads the file.
fn order(rule: &Rule) -> impl Ord + '_ {
    (&rule.host, rule.last, !rule.exact, Reverse(rule.path.len()), &rule.path, &rule.place)
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

fn verdict(ingresses: &[Said<Ingress>]) -> Verdict {
    let ours: Vec<&Said<Ingress>> = ingresses.iter().filter(|said| said.ours).collect();
    let refused: Vec<String> = ours
        .iter()
        .filter_map(|said| Some(format!("Ingress {}: {}", said.object.name_any(), said.trouble.as_ref()?.message)))
        .collect();
    if refused.is_empty() {
        let message = format!("{} Ingresses are served", ours.len());
        return Verdict::Fine(Reason::AsExpected, message);
    }
    Verdict::Off(Outcome::refused(Reason::RoutesRefused, refused.join("; ")))
}
