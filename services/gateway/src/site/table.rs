//! Which backend a request means, by its host, its path, its method and its headers. In: the rules of the file, with their backends. Out: the
//! first that fits. Pure. Must not change a path: what is matched is what is passed on.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use axum::http::request::Parts;
use hyper::header::{HeaderName, HeaderValue};

use super::file::Line;
use crate::headers::reaches_site;
use crate::upstream::Service;

/// Every rule, by host.
#[derive(Debug, Default)]
pub(crate) struct Table {
    hosts: HashMap<String, Vec<Rule>>,
    /// By what comes after `*.`: one label more.
    beside: HashMap<String, Vec<Rule>>,
    /// By what comes after `**.`: any number of labels more.
    below: HashMap<String, Vec<Rule>>,
    any: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    path: String,
    exact: bool,
    method: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    target: Target,
}

/// Where a rule leads.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// To the table of the API.
    Api,
    /// To one of these, by weight. None stands for whom can't be led to.
    Backends(Vec<Backend>),
}

/// A backend with its weight.
pub(crate) type Backend = (Option<Arc<Service>>, u32);

impl Table {
    /// Adds a rule after those of its host that are there. One that no request can fit is left out.
    pub(super) fn add(&mut self, line: &Line, target: Target) {
        let Some(rule) = Rule::of(line, target) else { return };
        let host = line.host.to_ascii_lowercase();
        let list = match (host.strip_prefix("**."), host.strip_prefix("*.")) {
            _ if host.is_empty() => &mut self.any,
            (Some(rest), _) => self.below.entry(rest.to_owned()).or_default(),
            (None, Some(rest)) => self.beside.entry(rest.to_owned()).or_default(),
            (None, None) => self.hosts.entry(host.clone()).or_default(),
        };
        list.push(rule);
    }

    /// Where a request goes: the rules of its host are tried first, then those of all names beside it, then those of all names below another,
    /// the longest first, then those of every host. None: to the table of the API, which is there on every host.
    pub(super) fn find(&self, host: &str, parts: &Parts) -> Option<&Target> {
        if self.is_empty() {
            return None;
        }
        let host = name(host);
        let beside = host.split_once('.').and_then(|(_, rest)| self.beside.get(rest));
        let ends = host.match_indices('.').filter_map(|(at, _)| host.get(at + 1..));
        let below = ends.filter_map(|rest| self.below.get(rest));
        let lists = self.hosts.get(&*host).into_iter().chain(beside).chain(below).chain([&self.any]);
        lists.flatten().find(|rule| rule.fits(parts)).map(|rule| &rule.target)
    }

    fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.beside.is_empty() && self.below.is_empty() && self.any.is_empty()
    }
}

impl Rule {
    fn of(line: &Line, target: Target) -> Option<Self> {
        let header = |one: &super::file::Header| {
            Some((HeaderName::from_bytes(one.name.as_bytes()).ok()?, HeaderValue::from_str(&one.value).ok()?))
        };
        let headers = line.headers.iter().map(header).collect::<Option<Vec<_>>>()?;
        Some(Self { path: line.path.clone(), exact: line.exact, method: line.method.clone(), headers, target })
    }

    fn fits(&self, parts: &Parts) -> bool {
        self.fits_path(parts.uri.path())
            && self.method.as_deref().is_none_or(|method| method == parts.method.as_str())
            && self.headers.iter().all(|(name, value)| {
                let mut all = parts.headers.get_all(name).iter();
                // What a site doesn't get, a stranger can't choose it by.
                all.next() == Some(value) && all.next().is_none() && reaches_site(&parts.headers, name)
            })
    }

    /// Whole segments: `/a` is for `/a`, `/a/` and `/a/b`, not for `/ab`. An exact one is for nothing but itself.
    fn fits_path(&self, path: &str) -> bool {
        if self.exact {
            return self.path == path;
        }
        let beginning = self.path.strip_suffix('/').unwrap_or(&self.path);
        path.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// A host's name as rules have it: without port, without the dot of the root, in small letters.
pub(crate) fn name(host: &str) -> Cow<'_, str> {
    // An address of IPv6 has colons of its own, and no rule.
    let host = if host.starts_with('[') { host } else { host.split(':').next().unwrap_or_default() };
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) { host.to_ascii_lowercase().into() } else { host.into() }
}

/// One of the backends, each as often as its weight says. None if there is none, or none with a weight, or if it can't be led to.
pub(crate) fn pick(backends: &[Backend], chance: u64) -> Option<&Arc<Service>> {
    let total: u64 = backends.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let mut at = chance.checked_rem(total)?;
    let picked = backends.iter().find(|(_, weight)| match at.checked_sub(u64::from(*weight)) {
        Some(rest) => {
            at = rest;
            false
        }
        None => true,
    });
    picked.and_then(|(service, _)| service.as_ref())
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
