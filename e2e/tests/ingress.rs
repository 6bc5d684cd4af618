//! What comes from outside, on a real cluster: the gateway serves what specs, Ingresses and HTTPRoutes ask for, follows every change without a
//! failed request, and says of what it can't serve why.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rerp_e2e::{Answer, Forward, TestNamespace, TestResult, eventually};
use serde_json::{Value, json};

const PLATFORM: &str = include_str!("ingress/platform.yaml");
const MAILBOX: &str = "/sandbox/messages?to=ann%40example.com";
/// What the kubelet takes to bring a changed ConfigMap to its pods, and some.
const SOON: u64 = 150;

#[test]
fn the_gateway_serves_what_is_asked_for_and_follows_every_change() -> TestResult {
    TestNamespace::run_test("ingress", |ns| {
        ns.apply(PLATFORM)?;
        for service in ["sandbox", "second", "gateway"] {
            ns.condition(&format!("rsvc/{service}"), "Ready", "True", 180)?;
        }
        for service in ["sandbox", "second", "identity"] {
            ns.condition(&format!("rsvc/{service}"), "Exposed", "True", 60)?;
        }
        let door = Forward::open(ns.name(), "gateway", 8080)?;
        by_their_specs(&door)?;
        by_an_ingress(ns, &door)?;
        by_an_http_route(ns, &door)?;
        what_can_not_be_served(ns)?;
        Ok(())
    })
}

/// Hosts and paths of specs: whole segments, and nothing else.
fn by_their_specs(door: &Forward) -> TestResult {
    until(door, "first.e2e.example", MAILBOX, 200)?;
    until(door, "second.e2e.example", MAILBOX, 200)?;
    let mail = json!({"from": "codes@example.com", "to": ["ann@example.com"], "subject": "s", "text": "t"});
    let sent =
        door.post("first.e2e.example", "/resend/emails", "authorization: Bearer re_for_tests", &mail.to_string())?;
    assert_eq!(sent.status, 200, "{sent:?}");
    assert!(has_mail(&door.get("first.e2e.example", MAILBOX)?), "it was sent to this one");
    assert!(!has_mail(&door.get("second.e2e.example", MAILBOX)?), "and not to that one");
    for (host, path) in [
        ("unknown.e2e.example", MAILBOX),
        ("first.e2e.example", "/sandboxes"),
        ("first.e2e.example", "/supabase/auth/v1/health"),
        ("api.e2e.example", "/api/identity/email/upsert"),
    ] {
        let answer = door.get(host, path)?;
        assert_eq!(answer.status, 404, "{host}{path} {answer:?}");
    }
    let answer = door.get("api.e2e.example", "/api/identity/user/01900000-0000-7000-8000-00000000000a")?;
    assert_eq!(answer.status, 401, "the table of the API judges who asks: {answer:?}");
    Ok(())
}

fn ingress(service: &str) -> String {
    let backend = json!({"service": {"name": service, "port": {"name": "http"}}});
    let path = json!({"path": "/sandbox", "pathType": "Prefix", "backend": backend});
    let rule = json!({"host": "changing.e2e.example", "http": {"paths": [path]}});
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "changing"},
        "spec": {"ingressClassName": "rerp", "rules": [rule]},
    })
    .to_string()
}

/// An Ingress comes, leads to somebody else under load without a failed request, and goes.
fn by_an_ingress(ns: &TestNamespace, door: &Forward) -> TestResult {
    ns.apply(&ingress("sandbox"))?;
    until(door, "changing.e2e.example", MAILBOX, 200)?;
    assert!(has_mail(&door.get("changing.e2e.example", MAILBOX)?));
    let live = ns.get(&["ingress/changing"])?;
    let host = format!("gateway.{}.svc.cluster.local", ns.name());
    assert_eq!(live["status"]["loadBalancer"]["ingress"][0]["hostname"], host.as_str());

    let stop = AtomicBool::new(false);
    let failed = thread::scope(|scope| -> Result<Vec<String>, Box<dyn Error>> {
        let load = scope.spawn(|| load(door, &stop));
        let changed = ns.apply(&ingress("second")).map_err(Into::into).and_then(|_| moved(door));
        stop.store(true, Ordering::Relaxed);
        let failed = load.join().map_err(|_| "the load panicked")?;
        changed?;
        Ok(failed)
    })?;
    assert_eq!(failed, Vec::<String>::new());

    ns.run(&["delete", "ingress", "changing"])?;
    until(door, "changing.e2e.example", MAILBOX, 404)
}

/// Asks until it is told to stop; gives what wasn't answered with 200.
fn load(door: &Forward, stop: &AtomicBool) -> Vec<String> {
    let mut failed = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        match door.get("changing.e2e.example", MAILBOX) {
            Ok(answer) if answer.status == 200 => {}
            other => failed.push(format!("{other:?}")),
        }
        thread::sleep(Duration::from_millis(20));
    }
    failed
}

/// Waits until the second service answers, which has no mail.
fn moved(door: &Forward) -> TestResult {
    eventually(SOON, "the change to be followed", || {
        let answer = door.get("changing.e2e.example", MAILBOX).map_err(|e| e.to_string())?;
        if answer.status == 200 && !has_mail(&answer) { Ok(()) } else { Err(format!("{answer:?}")) }
    })?;
    Ok(())
}

/// A Gateway and an HTTPRoute that chooses by a header.
fn by_an_http_route(ns: &TestNamespace, door: &Forward) -> TestResult {
    let listener = json!({"name": "web", "protocol": "HTTP", "port": 80, "hostname": "*.routes.e2e.example"});
    let gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
        "spec": {"gatewayClassName": "rerp", "listeners": [listener]},
    });
    let backend = |name: &str| json!([{"name": name, "port": 8080}]);
    let path = json!({"type": "PathPrefix", "value": "/sandbox"});
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "canary"},
        "spec": {
            "parentRefs": [{"name": "edge"}],
            "hostnames": ["a.routes.e2e.example"],
            "rules": [
                {"matches": [{"path": path, "method": "GET"}], "backendRefs": backend("second")},
                {"matches": [{"path": {"type": "PathPrefix", "value": "/resend"}}], "backendRefs": backend("sandbox")},
            ],
        },
    });
    ns.apply(&gateway.to_string())?;
    ns.apply(&route.to_string())?;
    let accepted = |conditions: &Value| {
        let all = conditions.as_array().cloned().unwrap_or_default();
        ["Accepted", "ResolvedRefs"]
            .iter()
            .all(|type_| all.iter().any(|one| one["type"] == *type_ && one["status"] == "True"))
    };
    eventually(60, "the route to be accepted", || {
        let live = ns.get(&["httproute/canary"]).map_err(|e| e.to_string())?;
        if accepted(&live["status"]["parents"][0]["conditions"]) { Ok(()) } else { Err(live["status"].to_string()) }
    })?;
    until(door, "a.routes.e2e.example", MAILBOX, 200)?;
    assert!(!has_mail(&door.get("a.routes.e2e.example", MAILBOX)?), "it leads to the second service");
    assert_eq!(door.get("b.routes.e2e.example", MAILBOX)?.status, 404);
    ns.condition("gateway.gateway.networking.k8s.io/edge", "Programmed", "True", 60)?;
    ns.run(&["delete", "httproute", "canary"])?;
    until(door, "a.routes.e2e.example", MAILBOX, 404)
}

/// An Ingress that would open a service which isn't exposed.
fn what_can_not_be_served(ns: &TestNamespace) -> TestResult {
    ns.apply(&ingress("identity"))?;
    let found = ns.condition("rsvc/gateway", "RoutesAccepted", "False", 60)?;
    let message = found["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("Ingress changing") && message.contains("does not let the gateway in"), "{message}");
    eventually(30, "the Ingress to say so", || {
        let live = ns.get(&["ingress/changing"]).map_err(|e| e.to_string())?;
        let error = &live["status"]["loadBalancer"]["ingress"][0]["ports"][0]["error"];
        if error == "rerp.dev/NotExposed" { Ok(()) } else { Err(live["status"].to_string()) }
    })?;
    ns.condition("rsvc/gateway", "Ready", "True", 30)?;
    Ok(())
}

fn until(door: &Forward, host: &str, path: &str, status: u16) -> TestResult {
    eventually(SOON, &format!("{host}{path} to answer {status}"), || {
        let answer = door.get(host, path).map_err(|e| e.to_string())?;
        if answer.status == status { Ok(()) } else { Err(format!("{answer:?}")) }
    })?;
    Ok(())
}

fn has_mail(answer: &Answer) -> bool {
    answer.body.contains("ann@example.com")
}
