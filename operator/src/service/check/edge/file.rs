//! The file that a gateway's pods read. Pure. In: what is served. Out: JSON, the same for the same.
//!
//! The certificates themselves are in another file each: this one may be shown to anybody.

use super::{Rule, Served, Target};
use serde_json::{Value, json};

impl Served {
    /// `routes.json`.
    #[must_use]
    pub fn file(&self) -> String {
        let certificates: Vec<Value> =
            self.certificates.iter().map(|one| json!({"hosts": one.hosts, "name": one.name})).collect();
        let rules: Vec<Value> = self.rules.iter().map(rule).collect();
        format!("{:#}\n", json!({"certificates": certificates, "rules": rules}))
    }
}

fn rule(rule: &Rule) -> Value {
    let mut line = json!({"exact": rule.exact, "host": rule.host, "path": rule.path});
    if let Some(method) = &rule.method {
        line["method"] = json!(method);
    }
    if !rule.headers.is_empty() {
        let headers = rule.headers.iter().map(|(name, value)| json!({"name": name, "value": value}));
        line["headers"] = headers.collect();
    }
    match &rule.target {
        Target::Api => line["api"] = json!(true),
        Target::To(places) => {
            let places: Vec<Value> =
                places.iter().map(|(address, weight)| json!({"address": address, "weight": weight})).collect();
            line["to"] = json!(places);
        }
    }
    line
}
