//! The table against the services' own, and what is found in it.

use rerp_kit::access::{Own, Place as At, Rule};

use super::*;
use crate::table::{Again, May, Upstream};

/// The tables of the services, with their names.
const SERVICES: [(Upstream, &[Rule]); 5] = [
    (Upstream::Identity, rerp_identity::access::RULES),
    (Upstream::Account, rerp_account::access::RULES),
    (Upstream::Marketing, rerp_marketing::access::RULES),
    (Upstream::Billing, rerp_billing::access::RULES),
    (Upstream::Fte, rerp_fte::access::RULES),
];

/// A route is outside exactly if somebody but services may call it, and then both tables say the same of who may and whose data it is.
#[test]
fn the_table_says_of_each_route_what_its_service_says() {
    let mut known = 0;
    for (service, rules) in SERVICES {
        for rule in rules {
            // Calls over gRPC are between services: no row of ours can be about them.
            let At::Route(verb, path) = rule.place else { continue };
            known += 1;
            let row = TABLE.iter().find(|row| (row.verb, row.path) == (verb, path));
            let (is_inside, named) = (rule.may == May::Service, INSIDE.contains(&(verb, path)));
            assert_eq!((row.is_none(), named), (is_inside, is_inside), "{} {path}: outside or inside", verb.name());
            let Some(row) = row else { continue };
            assert_eq!((row.to, row.may), (service, rule.may), "{} {path}", verb.name());
            let own = if let Own::Parameter(name) = rule.own { Some(name) } else { None };
            assert_eq!(row.own, own, "{} {path}: whose", verb.name());
        }
    }
    assert_eq!(known, TABLE.len() + INSIDE.len(), "no service has the others");
}

#[test]
fn rows_make_sense() {
    for row in TABLE {
        assert!(row.path.starts_with("/api/"), "{}", row.path);
        let has = |name: &str| row.path.contains(&format!("{{{name}}}"));
        assert!(
            row.may != May::Service && row.own.is_none_or(|name| has(name) && row.may == May::Person),
            "{}",
            row.path
        );
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
