//! What reaches the cluster from outside: the Ingress that a service's spec wants, and what a namespace's gateway is told of all of them.

use super::{World, path};
use jiff::Timestamp;
use rerp_operator::context::Clock;
use rerp_operator::outcome::Outcome;
use serde_json::{Value, json};

fn plain(host: &str) -> Value {
    json!({"image": "ghcr.io/rerp/portal:1", "mtls": {"mode": "Off"}, "exposure": {"public": {"host": host}}})
}

fn gateway(world: &World, dependencies: &Value) {
    world.service(
        "gateway",
        &json!({"image": "ghcr.io/rerp/gateway:1", "mtls": {"mode": "Off"}, "dependencies": dependencies}),
    );
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

/// The rules as the gateway's pods see them: host, path, and where they lead.
fn told(world: &World) -> Vec<String> {
    let map = world.live("configmaps", "gateway-routes");
    let file: Value = serde_json::from_str(map["data"]["routes.json"].as_str().expect("a file")).expect("JSON");
    let rules = file["rules"].as_array().expect("rules").clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let to = |rule: &Value| if rule["api"] == true { "api".to_owned() } else { text(&rule["to"][0]["address"]) };
    rules.iter().map(|rule| format!("{}{} {}", text(&rule["host"]), text(&rule["path"]), to(rule))).collect()
}

fn ingress(world: &World, name: &str, service: &str) {
    let backend = json!({"service": {"name": service, "port": {"number": 80}}});
    let rule =
        json!({"host": "x.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}});
    let spec = json!({"ingressClassName": "rerp", "rules": [rule]});
    world.api.put(&path("ingresses", name), json!({"metadata": {"name": name, "namespace": "rerp"}, "spec": spec}));
}

fn web(world: &World) {
    let spec = json!({"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]});
    world.api.put(&path("services", "web"), json!({"metadata": {"name": "web", "namespace": "rerp"}, "spec": spec}));
}

/// Ports and selected labels of the rules of one direction of a policy.
fn ways(world: &World, name: &str, direction: &str, side: &str, label: &str) -> Vec<(Value, Value)> {
    let rules = world.live("networkpolicies", name)["spec"][direction].as_array().expect("rules").clone();
    let of =
        |rule: &Value| (rule["ports"][0]["port"].clone(), rule[side][0]["podSelector"]["matchLabels"][label].clone());
    rules.iter().map(of).filter(|(_, value)| !value.is_null()).collect()
}

#[tokio::test]
async fn a_portal_gets_an_ingress_and_the_gateway_serves_it() {
    let world = World::new();
    world.service("portal", &plain("app.example"));
    gateway(&world, &json!([]));
    world.settle("portal").await;
    world.expect("portal", "Exposed", "Unknown", "RouteNotTaken", &["class rerp", "Ingress portal"]);
    assert_eq!(ways(&world, "portal", "ingress", "from", "rerp.dev/service"), [(json!(8080), json!("gateway"))]);
    world.settle("gateway").await;
    assert_eq!(told(&world), ["app.example/ http://portal.rerp.svc:8080"]);
    world.expect("gateway", "RoutesAccepted", "True", "AsExpected", &["1 Ingresses"]);
    let out = ways(&world, "gateway", "egress", "to", "rerp.dev/service");
    assert_eq!(out, [(json!("http"), json!("portal"))], "and nothing more");
    world.pass("portal").await;
    world.expect("portal", "Exposed", "True", "AsExpected", &["app.example at /"]);
    for name in ["portal", "gateway"] {
        world.pass(name).await;
        assert_eq!(world.api.writes(), [], "{name}");
    }
    let pod = world.live("deployments", "gateway")["spec"]["template"]["spec"].clone();
    let mounts = pod["containers"][0]["volumeMounts"].to_string();
    assert!(mounts.contains("/etc/rerp/routes") && mounts.contains("/etc/rerp/certificates"), "{mounts}");
    let portal = world.live("deployments", "portal").to_string();
    assert!(!portal.contains("/etc/rerp/routes"));
}

#[tokio::test]
async fn whom_the_gateway_lets_in_may_come_over_tls() {
    let world = World::new();
    let public = json!({"host": "api.example", "from": {"podSelector": {"matchLabels": {"app": "balancer"}}}});
    let spec = json!({"image": "ghcr.io/rerp/gateway:1", "mtls": {"mode": "Off"}, "exposure": {"public": public}});
    world.service("gateway", &spec);
    world.pass("gateway").await;
    let who = json!("balancer");
    assert_eq!(ways(&world, "gateway", "ingress", "from", "app"), [(json!(8080), who.clone()), (json!(8443), who)]);
}

#[tokio::test]
async fn what_is_no_longer_wanted_goes() {
    let world = World::new();
    world.service("portal", &plain("app.example"));
    world.settle("portal").await;
    let parent = json!({"public": {"host": "app.example", "via": "Gateway", "gateway": {"name": "edge"}}});
    world.api.edit(&path("rerpservices", "portal"), |object| object["spec"]["exposure"] = parent);
    world.settle("portal").await;
    assert!(world.api.object(&path("ingresses", "portal")).is_none());
    let route = world.live("httproutes", "portal");
    assert_eq!(route["spec"]["parentRefs"], json!([{"name": "edge"}]));
    assert_eq!(route["spec"]["rules"][0]["backendRefs"], json!([{"name": "portal", "port": 8080}]));
    world.expect("portal", "Exposed", "Unknown", "RouteNotTaken", &["Gateway edge"]);
    world.api.edit(&path("rerpservices", "portal"), |object| object["spec"]["exposure"] = Value::Null);
    world.settle("portal").await;
    assert!(world.api.object(&path("httproutes", "portal")).is_none());
    world.expect("portal", "Exposed", "True", "NotNeeded", &[]);
    assert!(ways(&world, "portal", "ingress", "from", "rerp.dev/service").is_empty());
}

#[tokio::test]
async fn who_asks_for_certificates_is_led_to_through_the_gateway() {
    let world = World::new();
    world.service(
        "identity",
        &json!({"image": "x:1", "exposure": {"public": {"host": "api.example", "paths": ["/api/identity"]}}}),
    );
    world.pass("identity").await;
    world.expect("identity", "Exposed", "False", "GatewayNeeded", &["no RerpService gateway"]);
    assert!(world.api.object(&path("ingresses", "identity")).is_none());
    gateway(&world, &json!([{"name": "identity"}]));
    world.settle("identity").await;
    world.settle("gateway").await;
    assert_eq!(told(&world), ["api.example/api/identity api"]);
    assert_eq!(ways(&world, "identity", "ingress", "from", "rerp.dev/service"), [(json!(8080), json!("gateway"))]);
}

#[tokio::test]
async fn of_an_ingress_that_can_not_be_served_everybody_concerned_is_told() {
    let mut world = World::new();
    world.context.clock = Clock::from_fn(|| second(0));
    gateway(&world, &json!([]));
    ingress(&world, "one", "web");
    world.settle("gateway").await;
    world.expect("gateway", "RoutesAccepted", "False", "RoutesRefused", &["Ingress one", "Service web does not exist"]);
    world.expect("gateway", "Ready", "True", "AsExpected", &[]);
    assert_eq!(told(&world), ["x.example/ "], "nobody else gets its requests");
    let status = |world: &World| world.live("ingresses", "one")["status"]["loadBalancer"]["ingress"].clone();
    assert_eq!(status(&world)[0]["ports"][0]["error"], "rerp.dev/ServiceMissing");
    let events = || world.api.events().into_iter().filter(|(reason, _)| reason == "ServiceMissing").count();
    assert_eq!(events(), 1);
    world.pass("gateway").await;
    assert_eq!((world.api.writes(), events()), (vec![], 1));
    web(&world);
    world.pass("gateway").await;
    assert_eq!(status(&world), json!([{"hostname": "gateway.rerp.svc.cluster.local"}]));
    assert_eq!(ways(&world, "gateway", "egress", "to", "app"), [(json!("http"), json!("web"))]);
    world.expect("gateway", "RoutesAccepted", "True", "AsExpected", &[]);
    // It goes to somebody else.
    world.api.edit(&path("ingresses", "one"), |object| object["spec"]["ingressClassName"] = json!("nginx"));
    world.pass("gateway").await;
    assert_eq!((told(&world), status(&world)), (vec![], json!([])));
    // Pods that haven't read that yet still lead there.
    assert_eq!(ways(&world, "gateway", "egress", "to", "app"), [(json!("http"), json!("web"))]);
    world.context.clock = Clock::from_fn(|| second(179));
    let (_, again) = world.visit("gateway").await;
    assert_eq!((world.api.writes(), again.as_secs()), (vec![], 1), "the last second of the way");
    world.context.clock = Clock::from_fn(|| second(180));
    world.pass("gateway").await;
    assert!(ways(&world, "gateway", "egress", "to", "app").is_empty());
    assert!(!world.live("networkpolicies", "gateway").to_string().contains("rerp.dev/ways-left"));
}

#[tokio::test]
async fn a_certificate_reaches_the_gateway_and_no_other_secret_does() {
    let world = World::new();
    gateway(&world, &json!([]));
    web(&world);
    ingress(&world, "one", "web");
    world.api.edit(&path("ingresses", "one"), |object| {
        object["spec"]["tls"] = json!([{"hosts": ["x.example"], "secretName": "x-tls"}]);
    });
    world.settle("gateway").await;
    world.expect("gateway", "RoutesAccepted", "False", "RoutesRefused", &["Secret x-tls does not exist"]);
    let (_, again) = world.visit("gateway").await;
    assert!(again.as_secs() <= 15, "no watch tells of it: {again:?}");
    world.api.put(&path("secrets", "other"), json!({"data": {"tls.crt": "YQ==", "tls.key": "Yg=="}}));
    world.api.put(&path("secrets", "x-tls"), json!({"data": {"tls.crt": "YQ==", "tls.key": "Yg=="}}));
    world.pass("gateway").await;
    assert_eq!(world.secret("gateway-certificates", "x-tls.crt").as_deref(), Some("a"));
    assert_eq!(world.secret("gateway-certificates", "x-tls.key").as_deref(), Some("b"));
    let keys = world.live("secrets", "gateway-certificates")["data"].as_object().expect("data").len();
    assert_eq!(keys, 2);
}

#[tokio::test]
async fn a_fault_at_any_call_is_survived() {
    let start = || {
        let world = World::new();
        gateway(&world, &json!([]));
        world.service("portal", &plain("app.example"));
        ingress(&world, "one", "nobody");
        world
    };
    let counting = start();
    counting.pass("gateway").await;
    let calls = counting.api.calls().len();
    for call in 0..calls {
        let world = start();
        world.settle("portal").await;
        world.api.fail_at(call + 1);
        world.pass("gateway").await;
        assert!(world.api.failed(), "call {call} was never made");
        assert!(matches!(world.pass("gateway").await, Outcome::Waiting { .. } | Outcome::Done { .. }));
        assert_eq!(told(&world), ["app.example/ http://portal.rerp.svc:8080", "x.example/ "]);
    }
}

#[tokio::test]
async fn a_route_and_its_gateway_are_told_once_and_others_keep_their_say() {
    let world = World::new();
    gateway(&world, &json!([]));
    web(&world);
    let put = |kind: &str, name: &str, spec: Value, status: Value| {
        let metadata = json!({"name": name, "namespace": "rerp", "generation": 1});
        world.api.put(&path(kind, name), json!({"metadata": metadata, "spec": spec, "status": status}));
    };
    let listeners = json!([{"name": "web", "protocol": "HTTP", "port": 80}]);
    put("gateways", "edge", json!({"gatewayClassName": "rerp", "listeners": listeners}), Value::Null);
    let rule = json!({"backendRefs": [{"name": "web", "port": 80}]});
    let theirs = json!({"controllerName": "example.com/theirs", "parentRef": {"name": "theirs"}, "conditions": []});
    let spec =
        json!({"parentRefs": [{"name": "edge"}, {"name": "theirs"}], "hostnames": ["r.example"], "rules": [rule]});
    put("httproutes", "one", spec, json!({"parents": [theirs]}));
    world.settle("gateway").await;
    assert_eq!(told(&world), ["r.example/ http://web.rerp.svc:80"]);
    let parents = world.live("httproutes", "one")["status"]["parents"].clone();
    assert_eq!((parents.as_array().map(Vec::len), &parents[0]), (Some(2), &theirs));
    assert_eq!(parents[1]["controllerName"], "rerp.dev/gateway");
    let says = |conditions: &Value| {
        let all = conditions.as_array().expect("conditions").clone();
        all.iter().map(|one| format!("{} {}", one["type"], one["status"]).replace('"', "")).collect::<Vec<_>>()
    };
    assert_eq!(says(&parents[1]["conditions"]), ["Accepted True", "ResolvedRefs True"]);
    let live = world.live("gateways", "edge")["status"].clone();
    assert_eq!(says(&live["conditions"]), ["Accepted True", "Programmed True"]);
    assert_eq!(live["listeners"][0]["attachedRoutes"], 1);
    for _ in 0..2 {
        world.pass("gateway").await;
        assert_eq!(world.api.writes(), [], "nothing is new");
    }
    world.api.remove(&path("services", "web"));
    world.pass("gateway").await;
    let parents = world.live("httproutes", "one")["status"]["parents"].clone();
    assert_eq!(says(&parents[1]["conditions"]), ["Accepted True", "ResolvedRefs False"]);
    assert_eq!(parents[1]["conditions"][1]["reason"], "BackendNotFound");
    world.expect("gateway", "RoutesAccepted", "False", "RoutesRefused", &["HTTPRoute one"]);
    // It leaves us.
    world.api.edit(&path("httproutes", "one"), |object| object["spec"]["parentRefs"] = json!([{"name": "theirs"}]));
    world.pass("gateway").await;
    assert_eq!(world.live("httproutes", "one")["status"]["parents"], json!([theirs]));
    assert_eq!(told(&world), [""; 0]);
}
