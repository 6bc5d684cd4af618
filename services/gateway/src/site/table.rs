//! Which backend a request means, by its host and its path. In: the rules of the file, with their backends. Out: the first that fits. Pure.
//! Must not change a path: what is matched is what is passed on.

use std::collections::HashMap;
use std::sync::Arc;

use crate::upstream::Service;

/// Every rule, by host.
#[derive(Debug, Default)]
pub struct Table {
    hosts: HashMap<String, Vec<Rule>>,
    /// By what comes after `*.`.
    wild: HashMap<String, Vec<Rule>>,
    any: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    path: String,
    exact: bool,
    target: Target,
}

/// Where a rule leads.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// To the table of the API.
    Api,
    /// To one of these, by weight. To none: what the rule asks for can't be served.
    Backends(Vec<(Arc<Service>, u32)>),
}

impl Table {
    /// Adds a rule after those of its host that are there.
    pub(super) fn add(&mut self, host: &str, path: &str, exact: bool, target: Target) {
        let rule = Rule { path: path.to_owned(), exact, target };
        let host = host.to_ascii_lowercase();
        match host.strip_prefix("*.") {
            _ if host.is_empty() => self.any.push(rule),
            Some(rest) => self.wild.entry(rest.to_owned()).or_default().push(rule),
            None => self.hosts.entry(host).or_default().push(rule),
        }
    }

    /// Where a request goes: the rules of its host are tried first, then those of all names beside it, then those of every host. None: to the
    /// table of the API, which is there on every host.
    pub(super) fn find(&self, host: &str, path: &str) -> Option<&Target> {
        let host = name(host);
        let beside = host.split_once('.').and_then(|(_, rest)| self.wild.get(rest));
        let lists = [self.hosts.get(&host), beside, Some(&self.any)];
        lists.into_iter().flatten().flatten().find(|rule| rule.fits(path)).map(|rule| &rule.target)
    }
}

impl Rule {
    /// Whole segments: `/a` is for `/a`, `/a/` and `/a/b`, not for `/ab`. An exact one is for nothing but itself.
    fn fits(&self, path: &str) -> bool {
        if self.exact {
            return self.path == path;
        }
        let beginning = self.path.strip_suffix('/').unwrap_or(&self.path);
        path.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// A host's name as rules have it: without port, without the dot of the root, in small letters.
pub(crate) fn name(host: &str) -> String {
    // An address of IPv6 has colons of its own, and no rule.
    let host = if host.starts_with('[') { host } else { host.split(':').next().unwrap_or_default() };
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// One of the backends, each as often as its weight says. None if there is none, or none with a weight.
pub(crate) fn pick(backends: &[(Arc<Service>, u32)], chance: u64) -> Option<&Arc<Service>> {
    let total: u64 = backends.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let mut at = chance.checked_rem(total)?;
    backends.iter().find_map(|(service, weight)| match at.checked_sub(u64::from(*weight)) {
        Some(rest) => {
            at = rest;
            None
        }
        None => Some(service),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Maker;
    use rerp_kit::metrics::Metrics;

    /// What stands in for a target: how many backends, of which there are none.
    fn table(rules: &[(&str, &str, bool)]) -> Table {
        let mut table = Table::default();
        for (host, path, exact) in rules {
            let target = if path.starts_with("/api") { Target::Api } else { Target::Backends(Vec::new()) };
            table.add(host, path, *exact, target);
        }
        table
    }

    fn hit(table: &Table, host: &str, path: &str) -> &'static str {
        match table.find(host, path) {
            None => "nothing",
            Some(Target::Api) => "api",
            Some(Target::Backends(_)) => "site",
        }
    }

    #[test]
    fn hosts_are_whole_names_and_paths_whole_segments() {
        let table = table(&[
            ("App.example", "/api", false),
            ("app.example", "/only", true),
            ("app.example", "/docs/", false),
            ("*.example", "/", false),
            ("", "/any", false),
        ]);
        for (host, path, expected) in [
            ("app.example", "/api", "api"),
            ("APP.example:8080", "/api/x", "api"),
            ("app.example.", "/api/", "api"),
            ("app.example", "/apis", "site"),
            ("app.example", "/only", "site"),
            ("other.example", "/", "site"),
            ("a.b.example", "/", "nothing"),
            ("example", "/", "nothing"),
            ("elsewhere", "/any/x", "site"),
            ("elsewhere", "/anything", "nothing"),
            ("[::1]:8080", "/", "nothing"),
        ] {
            assert_eq!(hit(&table, host, path), expected, "{host}{path}");
        }
    }

    #[test]
    fn an_exact_path_is_itself_alone() {
        let table = table(&[("a.example", "/only", true), ("a.example", "/docs/", false)]);
        for (path, expected) in [
            ("/only", "site"),
            ("/only/", "nothing"),
            ("/only/x", "nothing"),
            ("/docs", "site"),
            ("/docs/", "site"),
            ("/docsx", "nothing"),
        ] {
            assert_eq!(hit(&table, "a.example", path), expected, "{path}");
        }
    }

    #[test]
    fn weights_part_the_requests() {
        let maker = Maker::new(&Metrics::new().unwrap()).unwrap();
        let backend = |name: &str| Arc::new(maker.plain(&format!("http://{name}:80")).unwrap());
        let backends = [(backend("one"), 3), (backend("none"), 0), (backend("two"), 1)];
        let picked =
            |chance| pick(&backends, chance).map(|found| backends.iter().position(|(one, _)| Arc::ptr_eq(one, found)));
        assert_eq!(
            [0, 1, 2, 3, 4].map(|chance| picked(chance).flatten()),
            [Some(0), Some(0), Some(0), Some(2), Some(0)]
        );
        assert!(pick(&[], 1).is_none() && pick(&backends[1..2], 1).is_none());
    }
}
