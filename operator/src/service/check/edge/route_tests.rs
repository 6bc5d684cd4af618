//! What becomes of Gateways and HTTPRoutes: rules by listener and host, and what is said to each parent.

use super::tests::{lines, plain, served};
use super::*;
use serde_json::{Value, json};

fn gateway(name: &str, class: &str, listeners: &Value) -> Gateway {
    let metadata = json!({"name": name, "namespace": "rerp"});
    serde_json::from_value(json!({"metadata": metadata, "spec": {"gatewayClassName": class, "listeners": listeners}}))
        .unwrap()
}

fn route(spec: &Value) -> HttpRoute {
    serde_json::from_value(json!({"metadata": {"name": "one", "namespace": "rerp"}, "spec": spec})).unwrap()
}

fn leads(parent: Value, hostnames: &[&str], rules: Value) -> HttpRoute {
    route(&json!({"parentRefs": [parent], "hostnames": hostnames, "rules": rules}))
}

fn to(name: &str) -> Value {
    json!([{"name": name, "port": 80}])
}

fn around(route: HttpRoute) -> Around {
    let listeners = json!([
        {"name": "wide", "protocol": "HTTP", "port": 80, "hostname": "*.example.com"},
        {"name": "exact", "protocol": "HTTPS", "port": 443, "hostname": "a.test", "tls": {"certificateRefs": [{"name": "web"}]}},
        {"name": "udp", "protocol": "UDP", "port": 53},
    ]);
    Around {
        gateways: vec![gateway("edge", "rerp", &listeners), gateway("theirs", "istio", &listeners)],
        routes: vec![route],
        services: ["a", "b"].map(plain).to_vec(),
        ..Around::default()
    }
}

/// What is said of the only route.
fn said(around: &Around) -> Vec<(Option<&'static str>, Option<&'static str>)> {
    let served = served(around, &[]);
    let code = |trouble: &Option<Trouble>| trouble.as_ref().map(|trouble| trouble.code);
    served.routes[0].1.iter().map(|one| (code(&one.refused), code(&one.unresolved))).collect()
}

#[test]
fn a_route_has_the_hosts_that_it_shares_with_its_listeners() {
    let rules = json!([{"matches": [{"path": {"type": "PathPrefix", "value": "/x"}}], "backendRefs": to("a")}]);
    for (parent, hostnames, expected) in [
        (json!({"name": "edge"}), vec!["b.example.com", "a.test", "elsewhere.test"], vec!["a.test", "b.example.com"]),
        (json!({"name": "edge", "sectionName": "wide"}), vec!["b.example.com", "a.test"], vec!["b.example.com"]),
        (json!({"name": "edge", "port": 443}), vec!["*.test"], vec!["a.test"]),
        (json!({"name": "edge", "sectionName": "wide"}), vec![], vec!["**.example.com"]),
        (json!({"name": "edge", "sectionName": "wide"}), vec!["*.b.example.com"], vec!["**.b.example.com"]),
    ] {
        let around = around(leads(parent.clone(), &hostnames, rules.clone()));
        let wanted: Vec<String> = expected.iter().map(|host| format!("{host}/x http://a.rerp.svc:80")).collect();
        assert_eq!(lines(&served(&around, &[])), wanted, "{parent} {hostnames:?}");
        assert_eq!(said(&around), [(None, None)]);
    }
}

#[test]
fn what_can_not_be_hung_is_told_and_what_is_others_is_left_alone() {
    let rules = json!([{"backendRefs": to("a")}]);
    for (parent, hostnames, code) in [
        (json!({"name": "edge", "sectionName": "nowhere"}), vec!["a.test"], "NoMatchingParent"),
        (json!({"name": "edge", "sectionName": "udp"}), vec!["a.test"], "NoMatchingParent"),
        (json!({"name": "edge"}), vec!["b.test"], "NoMatchingListenerHostname"),
    ] {
        let around = around(leads(parent, &hostnames, rules.clone()));
        assert_eq!(said(&around), [(Some(code), None)]);
        assert!(served(&around, &[]).rules.is_empty());
    }
    for parent in [
        json!({"name": "theirs"}),
        json!({"name": "edge", "namespace": "infra"}),
        json!({"name": "x", "kind": "Service"}),
    ] {
        assert_eq!(said(&around(leads(parent, &["a.test"], rules.clone()))), []);
    }
}

#[test]
fn a_route_with_something_that_is_not_served_is_not_served_at_all() {
    let usual = json!({"backendRefs": to("a")});
    for (what, rule) in [
        ("filters", json!({"filters": [{"type": "URLRewrite"}], "backendRefs": to("a")})),
        ("timeouts", json!({"timeouts": {"request": "1s"}, "backendRefs": to("a")})),
        (
            "path.type",
            json!({"matches": [{"path": {"type": "RegularExpression", "value": "/.*"}}], "backendRefs": to("a")}),
        ),
        ("queryParams", json!({"matches": [{"queryParams": [{"name": "a", "value": "b"}]}], "backendRefs": to("a")})),
        ("headers.type", json!({"matches": [{"headers": [{"type": "RegularExpression", "name": "a", "value": "b"}]}]})),
        ("filters", json!({"backendRefs": [{"name": "a", "port": 80, "filters": [{"type": "RequestMirror"}]}]})),
    ] {
        let around = around(leads(json!({"name": "edge"}), &["a.test"], json!([usual, rule])));
        let served = served(&around, &[]);
        let refused = served.routes[0].1[0].refused.clone().unwrap();
        assert!(refused.code == "UnsupportedValue" && refused.message.contains(what), "{what}: {}", refused.message);
        assert!(served.rules.is_empty(), "{what}");
    }
}

#[test]
fn narrow_rules_come_first_and_missing_backends_keep_their_part() {
    let path = json!({"type": "PathPrefix", "value": "/"});
    let rules = json!([
        {"name": "usual", "matches": [{"path": path}], "backendRefs": to("a")},
        {"matches": [{"path": path, "method": "GET", "headers": [{"name": "X-Canary", "value": "yes"}]}], "backendRefs": [
            {"name": "b", "port": 80, "weight": 3}, {"name": "nobody", "port": 80, "weight": 1},
        ]},
    ]);
    let around = around(leads(json!({"name": "edge"}), &["a.test"], rules));
    assert_eq!(said(&around), [(None, Some("ServiceMissing"))]);
    let file: Value = serde_json::from_str(&served(&around, &[]).file()).unwrap();
    let first = json!({
        "exact": false, "host": "a.test", "path": "/", "method": "GET",
        "headers": [{"name": "x-canary", "value": "yes"}],
        "to": [{"address": "http://b.rerp.svc:80", "weight": 3}, {"address": "", "weight": 1}],
    });
    assert_eq!(file["rules"][0], first);
    assert_eq!(file["rules"][1]["to"], json!([{"address": "http://a.rerp.svc:80", "weight": 1}]));
}

#[test]
fn a_listener_says_what_it_lacks() {
    let around = around(leads(json!({"name": "edge"}), &["a.test"], json!([{"backendRefs": to("a")}])));
    assert_eq!(named(&around), ["web".to_owned()].into(), "and nothing of another class");
    let served = served(&around, &[]);
    assert_eq!(served.gateways.len(), 1);
    let code = |trouble: &Option<Trouble>| trouble.as_ref().map(|trouble| trouble.code);
    let said: Vec<_> =
        served.gateways[0].1.iter().map(|one| (one.attached, code(&one.trouble), code(&one.unresolved))).collect();
    assert_eq!(
        said,
        [(0, None, None), (1, None, Some("InvalidCertificateRef")), (0, Some("UnsupportedProtocol"), None)]
    );
    assert!(served.awaits_a_secret());
}
