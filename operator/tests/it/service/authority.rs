//! The authority changes while services live: whoever is visited late, nobody ever meets a certificate that it can't verify.

use super::{World, path, spec};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use rerp_operator::context::Clock;
use rerp_operator::pki::plan;
use rerp_operator::pki::rotate::{self, LookError};
use rerp_operator::pki::rotation::{ASKED, SETTLE, Step};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use x509_parser::extensions::ParsedExtension;
use x509_parser::pem::Pem;

const CA: &str = "/api/v1/namespaces/rerp-system/secrets/rerp-ca";
const SERVICES: [&str; 2] = ["identity", "marketing"];

static NOW: AtomicI64 = AtomicI64::new(1_800_000_000);

fn now() -> Timestamp {
    Timestamp::from_second(NOW.load(Ordering::Relaxed)).expect("a time")
}

/// The time of tests that don't move it.
fn beginning() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("a time")
}

/// Two services that run, and an authority whose change somebody has asked for.
async fn world(clock: fn() -> Timestamp) -> World {
    let mut world = World::with_database();
    world.context.clock = Clock::from_fn(clock);
    let mut marketing = spec();
    marketing["dependencies"] = json!([{"name": "identity"}]);
    marketing["databaseRef"] = Value::Null;
    world.service("marketing", &marketing);
    for name in SERVICES {
        world.settle(name).await;
    }
    ask(&world);
    world
}

fn ask(world: &World) {
    world.api.edit(CA, |secret| {
        secret["metadata"]["annotations"][ASKED] = json!("please");
        secret["metadata"]["annotations"][SETTLE] = json!("30s");
    });
}

async fn look(world: &World) -> Result<rotate::Look, LookError> {
    rotate::look(&world.context, Some("rerp")).await
}

fn decoded(secret: &Value, key: &str) -> String {
    let bytes = STANDARD.decode(secret["data"][key].as_str().unwrap_or_default()).expect("base64");
    String::from_utf8(bytes).expect("text")
}

/// Whether one of the roots signed the leaf.
fn verifies(roots: &str, leaf: &str) -> bool {
    Pem::iter_from_buffer(roots.as_bytes()).any(|root| {
        let root = root.expect("PEM");
        let root = root.parse_x509().expect("X.509");
        let mut extensions = root.iter_extensions().map(|extension| extension.parsed_extension());
        extensions.any(|one| matches!(one, ParsedExtension::SubjectKeyIdentifier(id) if plan::is_signed_by(leaf, id.0)))
    })
}

/// In every stored version everybody can verify everybody.
fn judge(world: &World, since: u64) {
    let (trusts, leaves) = (SERVICES.map(|one| format!("{one}-trust")), SERVICES.map(|one| format!("{one}-mtls")));
    let mut stored: BTreeMap<String, Value> = BTreeMap::new();
    let paths = trusts.iter().map(|one| path("configmaps", one)).chain(leaves.iter().map(|one| path("secrets", one)));
    let paths: Vec<String> = paths.collect();
    for version in world.api.history(0) {
        let Some(object) = version.object.filter(|_| paths.contains(&version.path)) else { continue };
        stored.insert(version.path, object);
        if version.number <= since {
            continue;
        }
        for (trust, leaf) in trusts.iter().flat_map(|trust| leaves.iter().map(move |leaf| (trust, leaf))) {
            let (at, of) = (&stored[&path("configmaps", trust)], &stored[&path("secrets", leaf)]);
            let roots = at["data"]["ca.crt"].as_str().expect("roots");
            assert!(verifies(roots, &decoded(of, "tls.crt")), "version {}: {trust} meets {leaf}", version.number);
        }
    }
}

/// One test, since it moves the clock.
#[tokio::test]
async fn whoever_is_visited_late_nobody_meets_a_certificate_that_it_cannot_verify() {
    let world = world(now).await;
    let (since, before) = (world.api.version(), decoded(&world.api.object(CA).expect("ours"), "tls.crt"));
    let mut steps = Vec::new();
    for round in 0.. {
        assert!(round < 60, "the change doesn't end: {steps:?}");
        let look = look(&world).await.expect("a look");
        steps.extend((look.step != Step::Wait).then_some(look.step));
        if look.step == Step::Retire {
            break;
        }
        // One of them is visited in every second round, the other seldom.
        let visited = if round % 2 == 0 { "identity" } else { "marketing" };
        if round % 2 == 0 || round % 7 == 0 {
            world.pass(visited).await;
        }
        NOW.fetch_add(10, Ordering::Relaxed);
    }
    assert!(
        matches!(steps[..], [Step::Begin, Step::Note(Some(_)), Step::Sign, Step::Note(Some(_)), Step::Retire]),
        "{steps:?}"
    );
    for name in SERVICES {
        world.settle(name).await;
    }
    judge(&world, since);
    let ca = world.api.object(CA).expect("ours");
    let trusted = world.live("configmaps", "marketing-trust")["data"]["ca.crt"].clone();
    assert_eq!(trusted, decoded(&ca, "tls.crt"));
    assert_ne!(trusted, json!(before));
    world.api.calls();
    assert_eq!(look(&world).await.expect("a look").step, Step::Wait);
    assert_eq!(world.api.writes(), [], "a settled authority is left alone");

    // Nobody looked for eleven years.
    NOW.fetch_add(11 * 365 * 24 * 3600, Ordering::Relaxed);
    world.pass("identity").await;
    world.expect("identity", "CertificatesValid", "Unknown", "AuthorityUnusable", &["within a minute"]);
    assert_eq!(look(&world).await.expect("a look").step, Step::Replace);
    for name in SERVICES {
        world.settle(name).await;
        world.expect(name, "CertificatesValid", "True", "AsExpected", &[]);
    }
}

#[tokio::test]
async fn a_step_is_taken_only_on_what_was_read() {
    let world = world(beginning).await;
    let mut calls = 0;
    world.api.interfere(Some(Box::new(move |api| {
        calls += 1;
        api.edit(CA, |secret| secret["metadata"]["labels"]["mine"] = json!(calls.to_string()));
    })));
    let error = look(&world).await.expect_err("somebody wrote in between");
    assert!(matches!(error, LookError::Cluster(_)), "{error:?}");
    world.api.interfere(None);
    let ca = world.api.object(CA).expect("ours");
    assert_eq!((&ca["data"]["next.crt"], &ca["metadata"]["labels"]["mine"]), (&Value::Null, &json!("2")));
    assert_eq!(look(&world).await.expect("a look").step, Step::Begin);
}

#[tokio::test]
async fn who_holds_the_change_up_is_named_and_what_nobody_owns_does_not() {
    let world = world(beginning).await;
    assert_eq!(look(&world).await.expect("a look").step, Step::Begin);
    world.pass("identity").await;
    let foreign = decoded(&world.api.object(path("secrets", "identity-mtls").as_str()).expect("a leaf"), "tls.crt");
    let kept = json!({"metadata": {"name": "kept", "namespace": "rerp", "labels": {"app.kubernetes.io/managed-by": "rerp"}},
        "data": {"ca.crt": STANDARD.encode(foreign)}});
    world.api.put(&path("secrets", "kept"), kept);
    assert_eq!(look(&world).await.expect("a look").lacking, ["ConfigMap rerp/marketing-trust"]);
}
