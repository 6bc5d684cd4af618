//! Which rule a request fits, and which backend of it.

use super::super::file::File;
use super::*;
use crate::upstream::Maker;
use hyper::Request;
use rerp_kit::metrics::Metrics;
use serde_json::{Value, json};

/// Rules below `/api` lead there, the others to nobody.
fn table(rules: &[Value]) -> Table {
    let file: File = serde_json::from_value(json!({"certificates": [], "rules": rules})).unwrap();
    let mut table = Table::default();
    for line in &file.rules {
        let target = if line.path.starts_with("/api") { Target::Api } else { Target::Backends(Vec::new()) };
        table.add(line, target);
    }
    table
}

fn rule(host: &str, path: &str, exact: bool) -> Value {
    json!({"host": host, "path": path, "exact": exact})
}

fn hit(table: &Table, host: &str, request: Request<()>) -> &'static str {
    match table.find(host, &request.into_parts().0) {
        None => "nothing",
        Some(Target::Api) => "api",
        Some(Target::Backends(_)) => "site",
    }
}

fn get(path: &str) -> Request<()> {
    Request::get(path).body(()).unwrap()
}

#[test]
fn hosts_are_whole_names_and_paths_whole_segments() {
    let table = table(&[
        rule("App.example", "/api", false),
        rule("app.example", "/only", true),
        rule("*.example", "/", false),
        rule("**.deep.test", "/", false),
        rule("**.very.deep.test", "/api", false),
        rule("", "/any", false),
    ]);
    for (host, path, expected) in [
        ("app.example", "/api", "api"),
        ("APP.example:8080", "/api/x", "api"),
        ("app.example.", "/api/", "api"),
        ("app.example", "/apis", "site"),
        ("other.example", "/", "site"),
        ("a.b.example", "/", "nothing"),
        ("example", "/", "nothing"),
        ("a.deep.test", "/", "site"),
        ("a.b.deep.test", "/x", "site"),
        ("a.very.deep.test", "/api", "api"),
        ("deep.test", "/", "nothing"),
        ("elsewhere", "/any/x", "site"),
        ("elsewhere", "/anything", "nothing"),
        ("[::1]:8080", "/", "nothing"),
    ] {
        assert_eq!(hit(&table, host, get(path)), expected, "{host}{path}");
    }
}

#[test]
fn an_exact_path_is_itself_alone() {
    let table = table(&[rule("a.example", "/only", true), rule("a.example", "/docs/", false)]);
    for (path, expected) in [
        ("/only", "site"),
        ("/only/", "nothing"),
        ("/only/x", "nothing"),
        ("/docs", "site"),
        ("/docs/", "site"),
        ("/docsx", "nothing"),
    ] {
        assert_eq!(hit(&table, "a.example", get(path)), expected, "{path}");
    }
}

#[test]
fn methods_and_headers_narrow_a_rule() {
    let mut narrow = rule("a.example", "/", false);
    narrow["method"] = json!("POST");
    narrow["headers"] = json!([{"name": "x-canary", "value": "yes"}]);
    let table = table(&[narrow]);
    let post = |values: &[&str]| {
        let request = values.iter().fold(Request::post("/"), |request, value| request.header("X-Canary", *value));
        request.body(()).unwrap()
    };
    assert_eq!(hit(&table, "a.example", post(&["yes"])), "site");
    for other in [post(&[]), post(&["no"]), post(&["yes", "no"]), post(&["no", "yes"]), get("/")] {
        assert_eq!(hit(&table, "a.example", other), "nothing");
    }
}

#[test]
fn what_a_site_does_not_get_chooses_none() {
    for (name, expected) in [
        ("x-canary", "site"),
        ("host", "site"),
        ("x-mine", "nothing"),
        ("x-request-id", "nothing"),
        ("rerp-deadline-ms", "nothing"),
        ("grpc-timeout", "nothing"),
        ("x-rerp-token", "nothing"),
        ("x-forwarded-proto", "nothing"),
    ] {
        let mut narrow = rule("a.example", "/", false);
        narrow["headers"] = json!([{"name": name, "value": "yes"}]);
        let asked = Request::get("/").header(name, "yes").header("connection", "X-Mine").body(()).unwrap();
        assert_eq!(hit(&table(&[narrow]), "a.example", asked), expected, "{name}");
    }
}

#[test]
fn weights_part_the_requests_and_who_is_missing_keeps_its_part() {
    let maker = Maker::new(&Metrics::new().unwrap()).unwrap();
    let backend = |name: &str| Some(Arc::new(maker.plain(&format!("http://{name}:80")).unwrap()));
    let backends: [Backend; 4] = [(backend("one"), 2), (backend("never"), 0), (None, 1), (backend("two"), 1)];
    let picked = |chance| {
        let found = pick(&backends, chance)?;
        backends.iter().position(|(one, _)| one.as_ref().is_some_and(|one| Arc::ptr_eq(one, found)))
    };
    assert_eq!([0, 1, 2, 3, 4].map(picked), [Some(0), Some(0), None, Some(3), Some(0)]);
    assert!(pick(&[], 1).is_none());
}

#[test]
fn a_field_that_is_not_known_spoils_the_file() {
    let mut line = rule("a.example", "/", false);
    line["only_on_sundays"] = json!(true);
    assert!(serde_json::from_value::<File>(json!({"certificates": [], "rules": [line]})).is_err());
}
