//! Specs and surroundings against what `check` makes of them.

use super::*;
use crate::database::credentials::Fresh;
use crate::database::gather::Around;
use crate::pki::plan::Life;
use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

fn database(name: &str, spec: Value) -> ServiceDatabase {
    serde_json::from_value(json!({
        "apiVersion": "rerp.dev/v1alpha1", "kind": "ServiceDatabase",
        "metadata": {"name": name, "namespace": "rerp", "uid": "u1", "generation": 1}, "spec": spec,
    }))
    .expect("a ServiceDatabase")
}

fn gathered(object: &ServiceDatabase) -> Gathered {
    let text = |text: &str| text.to_owned();
    Gathered {
        owner: Owner::of(object),
        now: Timestamp::UNIX_EPOCH,
        fresh: Fresh { admin: text("A"), app: text("B"), migrate: text("C"), app_salt: [1; 16], migrate_salt: [2; 16] },
        certified: object.spec.engine.embedded.as_ref().map(|_| Ok(certified())),
        admin: None,
        binding: None,
        binding_migrate: None,
        server: None,
        pods: vec![],
        claim: None,
        around: Around::default(),
    }
}

fn certified() -> Certified {
    let life = Life { not_after: Timestamp::UNIX_EPOCH, renewal_at: Timestamp::UNIX_EPOCH };
    Certified { identity: "spiffe://rerp.local/ns/rerp/sa/x".to_owned(), life, roots: "roots".to_owned() }
}

fn secret(keys: &[(&str, &str)]) -> Secret {
    let data = keys.iter().map(|(key, text)| ((*key).to_owned(), ByteString(text.as_bytes().to_vec())));
    Secret { data: Some(data.collect()), ..Secret::default() }
}

fn settings() -> Settings {
    Settings {
        image_postgres: "postgres:dev".to_owned(),
        image_split: "split:dev".to_owned(),
        trust_domain: "rerp.local".to_owned(),
        operator_namespace: "rerp-system".to_owned(),
        bus: "bus".to_owned(),
        gateway: "gateway".to_owned(),
    }
}

fn refused(spec: Value) -> Outcome {
    let object = database("identity", spec);
    match check(&object, gathered(&object), &settings()) {
        Ok(_) => panic!("not refused"),
        Err(outcome) => outcome,
    }
}

fn ready(mut server: ServiceDatabase) -> ServiceDatabase {
    let condition = json!({
        "type": "DatabaseReady", "status": "True", "reason": "AsExpected", "message": "", "observedGeneration": 1,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    });
    server.status =
        serde_json::from_value(json!({"observedGeneration": 1, "conditions": [condition]})).expect("status");
    server
}

fn shared() -> ServiceDatabase {
    database(
        "identity-shared",
        json!({"engine": {"shared": {"databaseRef": {"name": "monolith"}, "schema": "identity"}}}),
    )
}

#[test]
fn defaults_come_from_the_name() {
    let object = database("fte-data", json!({"engine": {"embedded": {}}}));
    let Ok(checked) = check(&object, gathered(&object), &settings()) else { panic!("refused") };
    assert_eq!(checked.server.database, "fte-data");
    assert_eq!(checked.wanted.schema, "fte_data");
    assert_eq!(checked.server.host, "fte-data-postgres.rerp.svc");
    assert_eq!(checked.admin.password, "A");
}

#[test]
fn bad_specs_are_refused_with_the_field() {
    let embedded = |embedded: Value| json!({"engine": {"embedded": embedded}});
    let cases = [
        (embedded(json!({"version": 15})), "version"),
        (embedded(json!({"storage": "ten"})), "storage"),
        (embedded(json!({"storage": "0Gi"})), "storage"),
        (embedded(json!({"parameters": {"wal_level": "minimal"}})), "wal_level"),
        (embedded(json!({"parameters": {"ssl_min_protocol_version": "TLSv1"}})), "ssl_min_protocol_version"),
        (embedded(json!({"certificateTTL": "long"})), "certificateTTL"),
        (embedded(json!({"parameters": {"work mem": "1MB"}})), "work mem"),
        (embedded(json!({"parameters": {"work_mem": "1MB\nfsync = off"}})), "control character"),
        (json!({"engine": {"embedded": {}}, "resources": {"limits": {"memory": "64Mi"}}}), "128Mi"),
        (json!({"engine": {"embedded": {}}, "credentials": {"rotateEvery": "soon"}}), "rotateEvery"),
    ];
    for (spec, named) in cases {
        let outcome = refused(spec);
        assert_eq!(outcome.reason(), Reason::InvalidSpec);
        assert!(outcome.message().contains(named), "{named}: {}", outcome.message());
    }
}

#[test]
fn a_shared_database_waits_for_its_server_by_name() {
    let object = shared();
    let outcome = |gathered: Gathered| match check(&object, gathered, &settings()) {
        Ok(_) => panic!("not stopped"),
        Err(outcome) => (outcome.reason(), outcome.message().to_owned()),
    };
    let (reason, message) = outcome(gathered(&object));
    assert_eq!(reason, Reason::ServerMissing);
    assert!(message.contains("ServiceDatabase rerp/monolith") && message.contains("does not exist"));

    let server = database("monolith", json!({"engine": {"embedded": {}}}));
    let (reason, message) = outcome(Gathered { server: Some(server.clone()), ..gathered(&object) });
    assert_eq!(reason, Reason::ServerNotReady);
    assert!(message.contains("rerp/monolith"));

    let (reason, message) = outcome(Gathered { server: Some(ready(server)), ..gathered(&object) });
    assert_eq!(reason, Reason::SecretMissing);
    assert!(message.contains("Secret rerp/monolith-admin"));

    let server = database("monolith", json!({"engine": {"embedded": {}}}));
    let admin = Some(secret(&[("password", "from before there were certificates")]));
    let (reason, message) = outcome(Gathered { server: Some(ready(server)), admin, ..gathered(&object) });
    assert_eq!(reason, Reason::SecretMissing);
    assert!(message.contains("with the key ca.crt"), "{message}");

    let (reason, _) = outcome(Gathered { server: Some(ready(shared())), ..gathered(&object) });
    assert_eq!(reason, Reason::ServerMissing);
}

#[test]
fn a_shared_database_uses_the_servers_database_and_superuser() {
    let object = shared();
    let server = ready(database("monolith", json!({"engine": {"embedded": {}}, "databaseName": "erp"})));
    let admin = secret(&[("password", "root"), ("ca.crt", "its roots")]);
    let gathered = Gathered { server: Some(server), admin: Some(admin), ..gathered(&object) };
    let Ok(checked) = check(&object, gathered, &settings()) else { panic!("refused") };
    assert_eq!(checked.server.database, "erp");
    assert_eq!(checked.server.host, "monolith-postgres.rerp.svc");
    assert_eq!((checked.admin.password.as_str(), checked.admin.roots.as_str()), ("root", "its roots"));
    assert_eq!(checked.wanted.marker, "rerp:rerp/identity-shared");
}

#[test]
fn trouble_with_a_certificate_stops_only_a_server_that_never_had_one() {
    let object = database("identity", json!({"engine": {"embedded": {}}}));
    let trouble = || Some(Err(Outcome::refused(Reason::AuthorityUnusable, "damaged")));
    let admin = Some(secret(&[("password", "root"), ("ca.crt", "known roots")]));
    let Ok(checked) = check(&object, Gathered { certified: trouble(), admin, ..gathered(&object) }, &settings()) else {
        panic!("stopped")
    };
    assert_eq!(checked.admin.roots, "known roots");
    let Err(outcome) = check(&object, Gathered { certified: trouble(), ..gathered(&object) }, &settings()) else {
        panic!("not stopped")
    };
    assert_eq!(outcome.reason(), Reason::AuthorityUnusable);
}
