//! One scenario, all its children, for review by diff.

use super::{World, path, spec};
use serde_json::{Value, json};

/// Every child that the operator made for `identity`, without what the server adds, Secrets in clear text.
fn children(world: &World) -> Value {
    let ours = [
        "serviceaccounts",
        "networkpolicies",
        "secrets",
        "configmaps",
        "services",
        "deployments",
        "poddisruptionbudgets",
        "ingresses",
        "httproutes",
    ];
    let all =
        world.api.paths().into_iter().filter(|at| ours.iter().any(|kind| at.contains(&format!("/{kind}/identity"))));
    all.map(|at| readable(world, &at)).collect()
}

fn readable(world: &World, at: &str) -> Value {
    let mut object = world.api.object(at).expect("the object");
    let name = object["metadata"]["name"].as_str().expect("a name").to_owned();
    for key in ["uid", "generation", "resourceVersion"] {
        object["metadata"].as_object_mut().expect("metadata").remove(key);
    }
    object["metadata"]["annotations"].as_object_mut().expect("annotations").remove("rerp.dev/applied");
    object["metadata"]["ownerReferences"][0]["uid"] = json!("uid");
    object.as_object_mut().expect("an object").remove("status");
    if object["kind"] == "Secret" {
        let keys: Vec<String> = object["data"].as_object().expect("data").keys().cloned().collect();
        for key in keys {
            object["data"][&key] = json!(world.secret(&name, &key));
        }
    }
    // Certificates and keys are random; what they say is tested where they are made.
    for secret in ["tls.crt", "tls.key", "ca.crt"] {
        if let Some(text) = object["data"].as_object_mut().and_then(|data| data.get_mut(secret)) {
            *text = json!("(PEM)");
        }
    }
    object
}

fn assert_golden(name: &str, children: &Value) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_yaml_snapshot!(name, children));
}

#[tokio::test]
async fn service_with_a_database() {
    let world = World::with_database();
    world.settle("identity").await;
    assert_golden("service_with_a_database", &children(&world));
}

#[tokio::test]
async fn service_during_a_split() {
    let world = World::with_database();
    world.database("own");
    world.migration("shared", "own", Some("Copy"));
    world.settle("identity").await;
    assert_golden("service_during_a_split", &children(&world));
}

#[tokio::test]
async fn service_with_everything() {
    let world = World::new();
    world.database("shared");
    for name in ["account", "fte-data"] {
        world.service(name, &json!({"image": "ghcr.io/rerp/x:1"}));
    }
    world.service("marketing", &json!({"image": "ghcr.io/rerp/x:1", "dependencies": [{"name": "identity"}]}));
    world.api.put(&path("secrets", "vendor"), json!({"data": {"token": "eA=="}}));
    world.api.put(&path("secrets", "registry"), json!({"data": {}}));
    world.api.put(&path("configmaps", "flags"), json!({"data": {"level": "1"}}));
    let mut all = spec();
    all["dependencies"] = json!([{"name": "fte-data"}, {"name": "account"}]);
    all["egress"] = json!([
        {"host": "api.example.com", "port": 443}, {"cidr": "203.0.113.0/24", "port": 443}, {"cidr": "10.9.0.0/16", "port": 6379},
        {"host": "sms.example.com", "port": 443},
    ]);
    all["monitoring"] = json!({"from": {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
        "podSelector": {"matchLabels": {"app": "prometheus"}},
    }});
    all["args"] = json!(["serve"]);
    all["env"] = json!([
        {"name": "RERP_LOG_FORMAT", "value": "text"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "vendor", "key": "token"}}},
        {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "flags", "key": "level"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    ]);
    all["envFrom"] = json!([{"secretRef": {"name": "vendor"}, "prefix": "V_"}, {"configMapRef": {"name": "flags"}}]);
    all["resources"] = json!({"requests": {"cpu": "50m"}, "limits": {"memory": "256Mi"}});
    all["probes"] =
        json!({"livenessPath": "/alive", "readinessPath": "/ready", "periodSeconds": 7, "startupSeconds": 90});
    all["pod"] = json!({
        "labels": {"team": "identity", "rerp.dev/service": "overridden"}, "annotations": {"example.com/owner": "identity"},
        "nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "imagePullSecrets": [{"name": "registry"}], "terminationGracePeriodSeconds": 60, "apiToken": true,
    });
    world.service("identity", &all);
    world.settle("identity").await;
    assert_golden("service_with_everything", &children(&world));
}

#[tokio::test]
async fn service_without_a_database() {
    let world = World::new();
    world.service("identity", &json!({"image": "ghcr.io/rerp/identity:1"}));
    world.settle("identity").await;
    assert_golden("service_without_a_database", &children(&world));
}

#[tokio::test]
async fn ways_in() {
    let world = World::new();
    let exposed = |more: Value| {
        let mut public = json!({"host": "app.example.com", "paths": ["/app", "/static"]});
        for (key, value) in more.as_object().expect("choices") {
            public[key] = value.clone();
        }
        json!({"image": "ghcr.io/rerp/identity:1", "mtls": {"mode": "Off"}, "exposure": {"public": public}})
    };
    let ingress = json!({"className": "nginx", "tlsSecretRef": {"name": "app-tls"}});
    world.service("identity", &exposed(json!({"ingress": ingress})));
    world.settle("identity").await;
    let ingress = readable(&world, &path("ingresses", "identity"));
    let parent = json!({"name": "edge", "namespace": "infra", "sectionName": "https"});
    world.service("identity", &exposed(json!({"via": "Gateway", "gateway": parent})));
    world.settle("identity").await;
    let route = readable(&world, &path("httproutes", "identity"));
    assert_golden("ways_in", &json!([ingress, route]));
}
