//! The table against the services' own routers, and what is found in it.

use std::collections::BTreeSet;

use super::*;
use crate::table::{Again, May, Upstream};

/// The routers as they are written, with the name of their service.
const ROUTERS: [(Upstream, &str); 5] = [
    (Upstream::Identity, include_str!("../../identity/src/router.rs")),
    (Upstream::Account, include_str!("../../account/src/router.rs")),
    (Upstream::Marketing, include_str!("../../marketing/src/router.rs")),
    (Upstream::Billing, include_str!("../../billing/src/router.rs")),
    (Upstream::Fte, include_str!("../../fte/src/router.rs")),
];

/// `.route("/path", get(…).post(…))`, read off the source.
fn routes_of(source: &'static str) -> Vec<(Verb, &'static str)> {
    let mut routes = Vec::new();
    for statement in source.split(".route(\"").skip(1) {
        let (path, rest) = statement.split_once('"').expect("a path in quotes");
        let handlers = rest.lines().next().expect("a line");
        for (call, verb) in [("get(", Verb::Get), ("post(", Verb::Post), ("put(", Verb::Put), ("delete(", Verb::Delete)]
        {
            if handlers.contains(&format!(" {call}")) || handlers.contains(&format!(".{call}")) {
                routes.push((verb, path));
            }
        }
    }
    routes
}

#[test]
fn every_route_of_a_service_is_outside_or_inside_and_no_other_is() {
    let mut known = BTreeSet::new();
    for (service, source) in ROUTERS {
        let routes = routes_of(source);
        assert!(routes.len() >= 2, "{} has routes that this test can read", service.name());
        for (verb, path) in routes {
            let outside = TABLE.iter().find(|row| (row.verb, row.path) == (verb, path));
            let inside = INSIDE.contains(&(verb, path));
            assert!(outside.is_some() != inside, "{} {path} must be either in the table or inside", verb.name());
            assert!(outside.is_none_or(|row| row.to == service), "{path} goes to the service that has it");
            known.insert((verb, path));
        }
    }
    for (verb, path) in TABLE.iter().map(|row| (row.verb, row.path)).chain(INSIDE.iter().copied()) {
        assert!(known.contains(&(verb, path)), "no service has {} {path}", verb.name());
    }
}

#[test]
fn rows_make_sense() {
    for row in TABLE {
        assert!(row.path.starts_with("/api/"), "{}", row.path);
        let has = |name: &str| row.path.contains(&format!("{{{name}}}"));
        assert!(row.own.is_none_or(|name| has(name) && row.may == May::Person), "{}", row.path);
        assert!(row.verb != Verb::Get || (row.body == 0 && row.again == Again::Yes), "{}", row.path);
        assert!(row.verb != Verb::Delete || row.again == Again::No, "{} would deny what it did", row.path);
        let twins = TABLE.iter().filter(|other| (other.verb, other.path) == (row.verb, row.path)).count();
        assert_eq!(twins, 1, "{}", row.path);
    }
    for (at, upstream) in Upstream::ALL.iter().enumerate() {
        assert_eq!(upstream.index(), at);
    }
}

fn found(method: Method, path: &str) -> Option<&'static str> {
    match Routes::new().find(&method, path) {
        Found::Route(row, _) => Some(row.path),
        Found::OtherMethods(_) | Found::Nothing => None,
    }
}

#[test]
fn a_fixed_word_is_preferred() {
    for (path, row) in [
        ("/api/fte/certificates/verify/abc", "/api/fte/certificates/verify/{token}"),
        ("/api/fte/certificates/abc", "/api/fte/certificates/{id}"),
        ("/api/accounts/companies", "/api/accounts/companies"),
        ("/api/accounts/0191f7a1", "/api/accounts/{account_id}"),
        ("/api/accounts/companies/Acme%20Ltd", "/api/accounts/companies/{id_or_name}"),
    ] {
        assert_eq!(found(Method::GET, path), Some(row), "{path}");
        assert_eq!(found(Method::HEAD, path), Some(row), "{path}");
    }
}

#[test]
fn what_is_not_in_the_table_does_not_exist() {
    for path in [
        "/",
        "/api",
        "/api/",
        "/api/identity",
        "/api/accounts/",
        "/metrics",
        "/livez",
        "/API/accounts",
        "/api/billing/plans/",
        "/rerp.identity.v1.EmailService/UpsertEmail",
        "/api/fte/certificates/a/b/c",
        "/api/identity/email/upsert",
    ] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            assert_eq!(found(method.clone(), path), None, "{method} {path}");
        }
    }
    // What is inside is hidden wholly: not even its methods are told.
    assert!(matches!(Routes::new().find(&Method::GET, "/api/identity/email/upsert"), Found::Nothing));
}

#[test]
fn other_methods_are_named() {
    let routes = Routes::new();
    let Found::OtherMethods(names) = routes.find(&Method::PATCH, "/api/fte/modules") else {
        panic!("there are others")
    };
    assert_eq!(names, ["GET", "POST"]);
}

#[test]
fn parameters_keep_their_spelling() {
    let routes = Routes::new();
    let Found::Route(_, parameters) = routes.find(&Method::GET, "/api/identity/email/a%40b.example") else {
        panic!("there is one")
    };
    assert_eq!(parameters.get("id_or_address"), Some("a%40b.example"));
    assert_eq!(parameters.get("other"), None);
}
