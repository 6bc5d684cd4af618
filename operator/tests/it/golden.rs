//! One scenario, all its children, for review by diff.

use crate::core::settings;
use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use rerp_crds::ServiceDatabase;
use rerp_operator::cluster::child::Owner;
use rerp_operator::database::build::{Built, ServerChildren, build};
use rerp_operator::database::certificate::Certified;
use rerp_operator::database::credentials::Fresh;
use rerp_operator::database::{
    check,
    gather::{Around, Gathered},
};
use rerp_operator::pki::plan::Life;
use serde_json::{Value, json};

fn built(object: Value, server: Option<Value>, admin: Option<Secret>) -> Built {
    built_with(object, server, admin, Around::default())
}

fn built_with(object: Value, server: Option<Value>, admin: Option<Secret>, around: Around) -> Built {
    let object: ServiceDatabase = serde_json::from_value(object).expect("an object");
    let fresh = Fresh {
        admin: "admin-password".to_owned(),
        app: "app-password".to_owned(),
        migrate: "migrate-password".to_owned(),
        app_salt: [1; 16],
        migrate_salt: [2; 16],
    };
    let gathered = Gathered {
        owner: Owner::of(&object),
        now: Timestamp::UNIX_EPOCH,
        fresh,
        certified: object.spec.engine.embedded.as_ref().map(|_| Ok(certified())),
        admin,
        binding: None,
        binding_migrate: None,
        server: server.map(|server| serde_json::from_value(server).expect("a server")),
        pods: vec![],
        claim: None,
        around,
    };
    match check::check(&object, gathered, &settings()) {
        Ok(checked) => build(&checked),
        Err(outcome) => panic!("{outcome:?}"),
    }
}

/// What a pass knows of a certificate that was just made.
pub(crate) fn certified() -> Certified {
    let life = Life { not_after: Timestamp::UNIX_EPOCH, renewal_at: Timestamp::UNIX_EPOCH };
    Certified { identity: "spiffe://rerp.local/ns/rerp/sa/x".to_owned(), life, roots: "(roots)".to_owned() }
}

fn object(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "rerp.dev/v1alpha1", "kind": "ServiceDatabase",
        "metadata": {"name": name, "namespace": "rerp", "uid": "u1", "generation": 1}, "spec": spec,
    })
}

/// Secrets in clear text, so that a reviewer can read them.
fn readable(secret: Secret) -> Value {
    let data = secret.data.clone().unwrap_or_default();
    let clear = |value: ByteString| String::from_utf8(value.0).expect("text");
    let mut value = serde_json::to_value(secret).expect("json");
    value["data"] = data.into_iter().map(|(key, value)| (key, Value::String(clear(value)))).collect();
    value
}

fn assert_golden(name: &str, children: &Value) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_yaml_snapshot!(name, children));
}

#[test]
fn embedded() {
    let spec = json!({
        "engine": {"embedded": {"storage": "10Gi", "storageClassName": "fast", "parameters": {"work_mem": "8MB"}}},
        "schemas": ["identity"], "extensions": ["pg_trgm"],
        "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
    });
    let Built { server, binding, binding_migrate } = built(object("identity", &spec), None, None);
    let ServerChildren { network_policy, admin, config, service, nodes, stateful_set } = server.expect("a server");
    let children = json!([
        network_policy,
        readable(admin),
        config,
        service,
        nodes,
        stateful_set,
        readable(binding),
        readable(binding_migrate)
    ]);
    assert_golden("embedded", &children);
}

#[test]
fn shared() {
    let spec = json!({"engine": {"shared": {"databaseRef": {"name": "monolith"}, "schema": "identity"}}});
    let mut server = object("monolith", &json!({"engine": {"embedded": {}}}));
    server["status"] = json!({"conditions": [{
        "type": "DatabaseReady", "status": "True", "reason": "AsExpected", "message": "", "observedGeneration": 1,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }]});
    let data = [("password", "root"), ("ca.crt", "(roots)")];
    let data = data.map(|(key, text)| (key.to_owned(), ByteString(text.as_bytes().to_vec())));
    let admin = Secret { data: Some(data.into()), ..Secret::default() };
    let Built { server: children, binding, binding_migrate } =
        built(object("identity-shared", &spec), Some(server), Some(admin));
    assert!(children.is_none(), "a shared database runs no server");
    assert_golden("shared", &json!([readable(binding), readable(binding_migrate)]));
}

#[test]
fn embedded_during_a_split() {
    let embedded = || json!({"engine": {"embedded": {}}});
    let shared = json!({"engine": {"shared": {"databaseRef": {"name": "monolith"}, "schema": "identity"}}});
    let policy = |name: &str, label: &str, servers: &[&str]| {
        let peer = |server: &&str| json!({"podSelector": {"matchLabels": {"rerp.dev/database": server}}});
        json!({"metadata": {"name": name, "namespace": "rerp", "labels": {label: name}},
            "spec": {"egress": [{"to": servers.iter().map(peer).collect::<Vec<_>>()}]}})
    };
    let migration = json!({"apiVersion": "rerp.dev/v1alpha1", "kind": "DatabaseSplitMigration",
        "metadata": {"name": "identity", "namespace": "rerp", "finalizers": ["rerp.dev/split"]},
        "spec": {"serviceRef": {"name": "identity"}, "source": {"databaseRef": {"name": "identity-shared"}},
            "target": {"databaseRef": {"name": "identity"}}}});
    let around = Around {
        policies: serde_json::from_value(json!([
            policy("identity", "rerp.dev/service", &["identity", "monolith"]),
            policy("marketing", "rerp.dev/service", &["monolith"]),
            policy("billing", "rerp.dev/service", &["billing"]),
        ]))
        .expect("policies"),
        databases: serde_json::from_value(json!([
            object("monolith", &embedded()),
            object("identity", &embedded()),
            object("identity-shared", &shared),
        ]))
        .expect("databases"),
        migrations: serde_json::from_value(json!([migration])).expect("migrations"),
        ..Around::default()
    };
    let built = built_with(object("monolith", &embedded()), None, None, around);
    let policy = built.server.expect("a server").network_policy;
    assert_golden("embedded_during_a_split", &json!(policy));
}
