//! The authorizer: what the operator's table of rights doesn't grant is refused, as a real server would. In: a request.
//! Out: whether it may be answered. Admission's right to finalizers is asked for where a child blocks its owner's deletion.

use axum::http::{Method, request::Parts};
use rerp_operator::rbac::{Request, permits};
use serde_json::Value;

/// The namespace of the operator itself.
const OWN: &str = "rerp-system";

/// Whether the call is within the rights; `exists` tells whether its object is there.
pub(super) fn permitted(parts: &Parts, body: &Value, exists: bool) -> bool {
    let call = Parsed::of(parts.uri.path());
    let apply = parts.headers.get("content-type").is_some_and(|kind| kind == "application/apply-patch+yaml");
    let verbs: &[&str] = match parts.method {
        Method::GET if !call.name.is_empty() => &["get"],
        Method::GET if parts.uri.query().is_some_and(|query| query.contains("watch=")) => &["watch"],
        Method::GET => &["list"],
        Method::POST => &["create"],
        Method::PUT => &["update"],
        Method::PATCH if apply && !exists && !call.resource.contains('/') => &["patch", "create"],
        Method::PATCH => &["patch"],
        Method::DELETE => &["delete"],
        _ => return false,
    };
    verbs.iter().all(|verb| call.may(verb)) && owners(body).all(|owner| owner.may("update"))
}

/// Where a path leads.
struct Parsed<'a> {
    own_namespace: bool,
    group: &'a str,
    resource: String,
    name: &'a str,
}

impl<'a> Parsed<'a> {
    /// `/api/v1/…` or `/apis/group/version/…`, then `namespaces/ns/` or nothing, then `resource[/name[/subresource]]`.
    fn of(path: &'a str) -> Self {
        let words: Vec<&str> = path.split('/').skip(1).collect();
        let (group, rest) = if words[0] == "api" { ("", &words[2..]) } else { (words[1], &words[3..]) };
        let (namespace, rest) = if rest[0] == "namespaces" { (rest[1], &rest[2..]) } else { ("", rest) };
        let sub = rest.get(2).map_or_else(String::new, |sub| format!("/{sub}"));
        let name = rest.get(1).copied().unwrap_or_default();
        Self { own_namespace: namespace == OWN, group, resource: format!("{}{sub}", rest[0]), name }
    }

    fn may(&self, verb: &str) -> bool {
        let Self { own_namespace, group, resource, name } = self;
        permits(&Request { own_namespace: *own_namespace, group, resource, name, verb })
    }
}

/// Owners whose deletion the object in `body` blocks, as the right that takes.
fn owners(body: &Value) -> impl Iterator<Item = Parsed<'_>> {
    let references = body["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    references.filter(|reference| reference["blockOwnerDeletion"] == true).map(|reference| {
        let text = |key: &str| reference[key].as_str().unwrap_or_default();
        Parsed {
            own_namespace: false,
            group: text("apiVersion").split('/').next().unwrap_or_default(),
            resource: format!("{}s/finalizers", text("kind").to_lowercase()),
            name: text("name"),
        }
    })
}
