//! HTTPRoutes that hang on a Gateway of class `rerp`. Pure. In: one of them, the Gateways. Out: its rules, and what is said to each parent.
//!
//! Served are: hosts, `PathPrefix` and `Exact`, `method`, exact `headers`, and Services of the namespace by weight. A route with anything else
//! is not served at all and says so: half of a rule may let through what the whole would not.

use super::backend::{Backend, Backends, Port};
use super::gateway::{self, Listener};
use super::{Place, Rule, Target, Trouble, Ways};
use crate::cluster::gateway_api::{GROUP, HttpRoute};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What came of one HTTPRoute.
#[derive(Default)]
pub(super) struct Read {
    pub(super) rules: Vec<Rule>,
    pub(super) ways: Ways,
    pub(super) parents: Vec<ParentSaid>,
}

/// What is said to a parent.
#[derive(Clone, Debug, PartialEq)]
pub struct ParentSaid {
    /// Which one, as status names it.
    pub reference: Value,
    /// Why it isn't served there.
    pub refused: Option<Trouble>,
    /// What it leads to that can't be led to.
    pub unresolved: Option<Trouble>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    parent_refs: Vec<Map<String, Value>>,
    hostnames: Vec<String>,
    rules: Vec<RouteRule>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RouteRule {
    #[serde(rename = "name")]
    _name: Option<String>,
    matches: Vec<Match>,
    backend_refs: Vec<Reference>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Match {
    path: Option<PathMatch>,
    method: Option<String>,
    headers: Vec<Header>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PathMatch {
    #[serde(rename = "type")]
    kind: Option<String>,
    value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Header {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: String,
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reference {
    group: String,
    kind: Option<String>,
    name: String,
    namespace: Option<String>,
    port: Option<i32>,
    weight: Option<u32>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// Reads one; none if it hangs on no Gateway of ours.
pub(super) fn read(
    route: &HttpRoute,
    place: &Place,
    backends: &Backends<'_>,
    gateways: &mut [gateway::Read],
) -> Option<Read> {
    // What the API server has stored can be read, or was stored under rules that we don't know.
    let spec: Spec = serde_json::from_value(route.spec.clone()).ok()?;
    let unsupported = spec.rules.iter().find_map(unsupported);
    let (mut read, mut hosts, mut any) = (Read::default(), BTreeSet::new(), false);
    for parent in &spec.parent_refs {
        let Some(found) = ours(parent, backends.namespace, gateways) else { continue };
        any = true;
        let refused = unsupported.clone().or_else(|| attach(parent, found, &spec.hostnames, &mut hosts));
        read.parents.push(ParentSaid { reference: reference(parent), refused, unresolved: None });
    }
    if !any {
        return None;
    }
    let mut unresolved = None;
    for rule in spec.rules.iter().filter(|_| unsupported.is_none()) {
        let target = target(rule, backends, &mut read.ways, &mut unresolved);
        let fallback = [Match::default()];
        let matches = if rule.matches.is_empty() { &fallback[..] } else { &rule.matches };
        for (host, one) in hosts.iter().flat_map(|host| matches.iter().map(move |one| (host, one))) {
            read.rules.push(lead(host, one, target.clone(), place));
        }
    }
    for parent in &mut read.parents {
        parent.unresolved.clone_from(&unresolved);
    }
    Some(read)
}

/// The Gateway of ours that a parent reference means.
fn ours<'a>(
    parent: &Map<String, Value>,
    namespace: &str,
    gateways: &'a mut [gateway::Read],
) -> Option<&'a mut gateway::Read> {
    let text = |key: &str| parent.get(key).and_then(Value::as_str);
    let kind = text("kind").unwrap_or("Gateway") == "Gateway" && text("group").unwrap_or(GROUP) == GROUP;
    let here = text("namespace").unwrap_or(namespace) == namespace;
    gateways.iter_mut().find(|gateway| kind && here && text("name") == Some(gateway.name.as_str()))
}

/// Hangs a route on the listeners that it means, and adds the hosts that it has there.
fn attach(
    parent: &Map<String, Value>,
    gateway: &mut gateway::Read,
    hostnames: &[String],
    hosts: &mut BTreeSet<String>,
) -> Option<Trouble> {
    let section = parent.get("sectionName").and_then(Value::as_str);
    let port = parent.get("port").and_then(Value::as_i64);
    let meant = |one: &&mut Listener| {
        one.trouble.is_none()
            && section.is_none_or(|name| name == one.name)
            && port.is_none_or(|port| port == i64::from(one.port))
    };
    let (mut listeners, mut met) = (0, false);
    for listener in gateway.listeners.iter_mut().filter(meant) {
        listeners += 1;
        let found = meet(listener.hostname.as_deref(), hostnames);
        if !found.is_empty() {
            listener.attached += 1;
            met = true;
            hosts.extend(found);
        }
    }
    match (listeners, met) {
        (_, true) => None,
        (0, _) => Some(Trouble::new("NoMatchingParent", "the Gateway has no such listener that can be".to_owned())),
        _ => Some(Trouble::new("NoMatchingListenerHostname", "no listener is for one of the hosts".to_owned())),
    }
}

/// Hosts that a listener and a route have in common, as the gateway's file writes them: `**.` for any number of labels.
fn meet(listener: Option<&str>, route: &[String]) -> Vec<String> {
    let deep = |host: &str| host.strip_prefix("*.").map_or_else(|| host.to_owned(), |rest| format!("**.{rest}"));
    if route.is_empty() {
        return vec![listener.map(deep).unwrap_or_default()];
    }
    let within =
        |host: &str, wide: &str| wide.strip_prefix('*').is_some_and(|rest| host.ends_with(rest) && host != rest);
    let common = |host: &String| match listener {
        None => Some(deep(host)),
        Some(wide) if host == wide || within(host, wide) => Some(deep(host)),
        Some(narrow) if within(narrow, host) => Some(deep(narrow)),
        Some(_) => None,
    };
    route.iter().filter_map(common).collect()
}

fn reference(parent: &Map<String, Value>) -> Value {
    let mut all = json!({"group": GROUP, "kind": "Gateway"});
    for key in ["name", "namespace", "sectionName", "port"] {
        if let Some(value) = parent.get(key) {
            all[key] = value.clone();
        }
    }
    all
}

/// The first thing in a rule that isn't served.
fn unsupported(rule: &RouteRule) -> Option<Trouble> {
    let fields =
        |more: &Map<String, Value>| more.iter().find(|(_, value)| !is_nothing(value)).map(|(key, _)| key.clone());
    let of_match = |one: &Match| {
        let path = one.path.as_ref().and_then(|path| path.kind.as_deref()).unwrap_or("PathPrefix");
        let header = one.headers.iter().filter_map(|header| header.kind.as_deref()).find(|kind| *kind != "Exact");
        let path = (!["PathPrefix", "Exact"].contains(&path)).then(|| format!("path.type {path}"));
        path.or_else(|| header.map(|kind| format!("headers.type {kind}"))).or_else(|| fields(&one.more))
    };
    let found = fields(&rule.more)
        .or_else(|| rule.matches.iter().find_map(of_match))
        .or_else(|| rule.backend_refs.iter().find_map(|one| fields(&one.more)));
    found.map(|what| Trouble::new("UnsupportedValue", format!("the gateway has no {what}, so the route is not served")))
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

fn lead(host: &str, one: &Match, target: Target, place: &Place) -> Rule {
    let path = one.path.as_ref();
    let text = path.and_then(|path| path.value.as_deref()).unwrap_or("/");
    let exact = path.and_then(|path| path.kind.as_deref()) == Some("Exact");
    let headers = one.headers.iter().map(|one| (one.name.to_ascii_lowercase(), one.value.clone())).collect();
    Rule { method: one.method.clone(), headers, ..Rule::new(host, text, exact, target, place) }
}

/// Where a rule leads. What it can't be led to keeps its part of the requests.
fn target(rule: &RouteRule, backends: &Backends<'_>, ways: &mut Ways, unresolved: &mut Option<Trouble>) -> Target {
    let mut places = Vec::new();
    for one in &rule.backend_refs {
        let weight = one.weight.unwrap_or(1);
        match found(one, backends) {
            Ok(Backend::Api) if rule.backend_refs.len() == 1 => return Target::Api,
            Ok(Backend::Plain(plain)) => {
                ways.push(plain.way);
                places.push((plain.address, weight));
            }
            other => {
                let alone = || Trouble::new("NotSupported", format!("Service {} stands beside no other one", one.name));
                unresolved.get_or_insert(other.err().unwrap_or_else(alone));
                places.push((String::new(), weight));
            }
        }
    }
    Target::To(places)
}

fn found(one: &Reference, backends: &Backends<'_>) -> Result<Backend, Trouble> {
    if !one.group.is_empty() || one.kind.as_deref().unwrap_or("Service") != "Service" {
        return Err(Trouble::new("InvalidKind", format!("{} is no Service", one.name)));
    }
    if one.namespace.as_deref().is_some_and(|other| other != backends.namespace) {
        let message = format!("Service {} is in another namespace, which the gateway does not reach", one.name);
        return Err(Trouble::new("RefNotPermitted", message));
    }
    let port = one.port.ok_or_else(|| Trouble::new("NotSupported", format!("Service {} without a port", one.name)))?;
    backends.find(&one.name, Port::Number(port))
}
