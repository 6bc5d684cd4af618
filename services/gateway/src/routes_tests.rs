//! The table against the services' own, and what is found in it.

use rerp_kit::access::{Own, Place as At, Rule};
use rerp_kit::openapi::Api;

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

/// What a service's document marks with `x-exposure` is outside, for those whom it names, and nothing else is.
#[test]
fn the_documents_show_outside_what_is_outside() {
    let apis: [fn() -> Api; 5] = [
        rerp_identity::openapi::api,
        rerp_account::openapi::api,
        rerp_marketing::openapi::api,
        rerp_billing::openapi::api,
        rerp_fte::openapi::api,
    ];
    let documents = apis.map(|api| (api().service, api().document()));
    let mut outside = 0;
    for (service, document) in &documents {
        for (path, operations) in document["paths"].as_object().expect("paths") {
            for (verb, operation) in operations.as_object().expect("operations") {
                let row = TABLE.iter().find(|row| row.verb.name().eq_ignore_ascii_case(verb) && row.path == path);
                let shown = operation.get("x-exposure").map(|exposure| exposure.as_str().expect("a word"));
                let may = row.map(|row| match row.may {
                    May::Public => "public",
                    May::Person => "person",
                    May::Staff => "staff",
                    May::Service => "nobody",
                });
                assert_eq!(shown, may, "{verb} {path}");
                assert!(row.is_none_or(|row| row.to.name() == *service), "{verb} {path}");
                outside += usize::from(row.is_some());
            }
        }
    }
    assert_eq!(outside, TABLE.len(), "every row is in a document");
}

/// Who sends what the gateway lets through is not told by the service that it is too much.
#[test]
fn a_service_takes_what_passes() {
    let webhook = TABLE.iter().find(|row| row.path == "/api/billing/webhooks/stripe").expect("the webhook");
    let usual = rerp_kit::config::HttpSettings::default().body_limit;
    let bytes = |bytes: usize| u64::try_from(bytes).expect("a number of 64 bits");
    assert_eq!(webhook.body, bytes(rerp_billing::http::webhook::LARGEST));
    assert!(TABLE.iter().all(|row| row.path == webhook.path || row.body <= bytes(usual)));
}

#[test]
fn rows_make_sense() {
    for (at, row) in TABLE.iter().enumerate() {
        assert_eq!(row.at, at, "{}", row.path);
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
    match Routes::new().unwrap().find(&method, path) {
        Found::Route(row, _) => Some(row.path),
        Found::OtherMethods(_) | Found::Nothing => None,
    }
}

#[test]
fn every_row_is_found_where_it_is() {
    let routes = Routes::new().unwrap();
    for row in TABLE {
        let words = row.path.split('/').map(|word| if word.starts_with('{') { "018f3f5e" } else { word });
        let path = words.collect::<Vec<_>>().join("/");
        let method = Method::from_bytes(row.verb.name().as_bytes()).unwrap();
        let Found::Route(found, parameters) = routes.find(&method, &path) else { panic!("{path}") };
        assert_eq!((found.verb, found.path), (row.verb, row.path));
        assert!(row.own.is_none_or(|name| parameters.get(name) == Some("018f3f5e")), "{path}");
    }
}

#[test]
fn a_fixed_word_is_preferred() {
    for (path, row) in [
        ("/api/fte/certificates/verify/abc", "/api/fte/certificates/verify/{token}"),
        ("/api/fte/certificates/abc", "/api/fte/certificates/{id}"),
        ("/api/accounts/companies", "/api/accounts/companies"),
        ("/api/accounts/0191f7a1", "/api/accounts/{account_id}"),
        ("/api/accounts/companiesx", "/api/accounts/{account_id}"),
        ("/api/fte/certificates/verifier", "/api/fte/certificates/{id}"),
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
        "/api/accounts//roles",
        "/api/accounts/companies//merge",
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
    assert!(matches!(Routes::new().unwrap().find(&Method::GET, "/api/identity/email/upsert"), Found::Nothing));
}

#[test]
fn other_methods_are_named() {
    let routes = Routes::new().unwrap();
    let Found::OtherMethods(names) = routes.find(&Method::PATCH, "/api/fte/modules") else {
        panic!("there are others")
    };
    assert_eq!(names, ["GET", "POST"]);
}

#[test]
fn parameters_keep_their_spelling() {
    let routes = Routes::new().unwrap();
    let Found::Route(_, parameters) = routes.find(&Method::GET, "/api/identity/email/a%40b.example") else {
        panic!("there is one")
    };
    assert_eq!(parameters.get("id_or_address"), Some("a%40b.example"));
    assert_eq!(parameters.get("other"), None);
}
