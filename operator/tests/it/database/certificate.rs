//! The certificate of a server: made, kept in silence, renewed at half of its life, whatever else holds the object up; and a server
//! that doesn't prove its name is not talked to.

use super::{World, embedded, path, shared};
use crate::server;
use jiff::{SignedDuration, Timestamp};
use rerp_crds::Reason;
use rerp_operator::context::Clock;
use rerp_operator::outcome::Outcome;
use rerp_operator::postgres::exec::Connector;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// What the certificate in a Secret says: names, and life in seconds.
fn says(world: &World, secret: &str) -> (Vec<String>, i64) {
    let pem = world.secret(secret, "tls.crt");
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).expect("PEM");
    let parsed = pem.parse_x509().expect("X.509");
    let names = parsed.subject_alternative_name().expect("readable").expect("names").value.general_names.clone();
    let text = names.iter().map(|name| match name {
        x509_parser::extensions::GeneralName::URI(text) | x509_parser::extensions::GeneralName::DNSName(text) => *text,
        other => panic!("{other:?}"),
    });
    let validity = parsed.validity();
    (text.map(str::to_owned).collect(), validity.not_after.timestamp() - validity.not_before.timestamp())
}

fn condition(world: &World, name: &str, type_: &str) -> (String, String, String) {
    let object = world.api.object(&path("servicedatabases", name)).expect("the object");
    let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let found = conditions.into_iter().find(|one| one["type"] == type_).unwrap_or(Value::Null);
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"), text("message"))
}

/// One pass, and when the next one is due.
async fn visit(world: &World, name: &str) -> (Outcome, Duration) {
    let outcome = world.pass(name).await;
    let uid = world.api.object(&path("servicedatabases", name)).expect("the object")["metadata"]["uid"].clone();
    let again = world.context.again(uid.as_str().expect("a UID"), &outcome);
    (outcome, again)
}

#[tokio::test]
async fn a_server_has_a_certificate_for_the_names_it_is_called_by() {
    let world = World::new();
    world.embedded("proved", embedded()).await;
    let (names, life) = says(&world, "proved-postgres-tls");
    let id = "spiffe://rerp.local/ns/rerp/sa/proved-postgres";
    let svc = "proved-postgres.rerp.svc";
    assert_eq!(names, [id, "proved-postgres.rerp", svc, "proved-postgres.rerp.svc.cluster.local"]);
    assert_eq!(world.secret("proved-binding", "host"), svc);
    assert_eq!(life, 24 * 3600 + 60);
    let (status, reason, message) = condition(&world, "proved", "CertificatesValid");
    assert_eq!((status.as_str(), reason.as_str()), ("True", "AsExpected"));
    assert!(message.contains(id) && message.contains("renewed at"), "{message}");
    let stored = world.api.object(&path("servicedatabases", "proved")).expect("the object");
    assert_eq!(stored["status"]["certificate"]["identity"], id);
    let roots = world.secret("proved-postgres-tls", "ca.crt");
    for secret in ["proved-admin", "proved-binding", "proved-migrate"] {
        assert_eq!(world.secret(secret, "ca.crt"), roots, "{secret}");
    }
    world.done("proved").await;
    assert_eq!(world.api.writes(), []);

    world.create("tenant", shared("proved", "tenant"));
    world.done("tenant").await;
    assert_eq!(condition(&world, "tenant", "CertificatesValid").0, "", "the server is another object's");
    assert!(world.api.object(&path("secrets", "tenant-postgres-tls")).is_none());
}

#[tokio::test]
async fn a_damaged_authority_is_named_and_the_database_serves_on() {
    let world = World::new();
    world.embedded("orphan", embedded()).await;
    let before = world.secret("orphan-postgres-tls", "tls.crt");
    world.api.edit(server::AUTHORITY, |secret| secret["data"]["tls.key"] = json!("bm9uZQ=="));
    assert_eq!(world.pass("orphan").await.reason(), Reason::AuthorityUnusable);
    assert_eq!(condition(&world, "orphan", "CertificatesValid").1, "AuthorityUnusable");
    assert_eq!(condition(&world, "orphan", "Ready").0, "False");
    assert_eq!(condition(&world, "orphan", "DatabaseReady").0, "True");
    assert_eq!(world.secret("orphan-postgres-tls", "tls.crt"), before);
    // There is nothing to start a new server with.
    world.create("unborn", embedded());
    assert_eq!(world.pass("unborn").await.reason(), Reason::AuthorityUnusable);
    assert!(world.api.object(&path("statefulsets", "unborn-postgres")).is_none());
}

#[tokio::test]
async fn whatever_is_wrong_with_a_certificate_a_new_one_is_made() {
    let world = World::new();
    world.embedded("damaged", embedded()).await;
    world.embedded("neighbour", embedded()).await;
    for (key, from) in [("tls.key", "neighbour-postgres-tls"), ("tls.crt", "neighbour-postgres-tls")] {
        let before = world.secret("damaged-postgres-tls", "tls.crt");
        let other = world.api.object(&path("secrets", from)).expect("a Secret")["data"][key].clone();
        world.api.edit(&path("secrets", "damaged-postgres-tls"), |secret| secret["data"][key] = other);
        world.done("damaged").await;
        assert_ne!(world.secret("damaged-postgres-tls", "tls.crt"), before, "{key}");
        assert!(says(&world, "damaged-postgres-tls").0[0].ends_with("/sa/damaged-postgres"), "{key}");
    }
    world.api.remove(&path("secrets", "damaged-postgres-tls"));
    world.done("damaged").await;
    world.done("damaged").await;
    assert_eq!(world.api.writes(), [], "one that is right again is kept");
}

#[tokio::test]
async fn a_server_that_does_not_prove_its_name_is_not_talked_to() {
    let mut world = World::new();
    world.embedded("doubted", embedded()).await;
    world.context.postgres = Connector::pinned(server::ADDRESS, world.postgres.port, "elsewhere.example");
    let outcome = world.pass("doubted").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    assert_eq!(outcome.reason(), Reason::ServerUnreachable);
    assert!(outcome.message().contains("for other names than the host"), "{}", outcome.message());

    // Another authority: whatever signed the server's certificate, it is not among the roots.
    world.context.postgres = Connector::pinned(server::ADDRESS, world.postgres.port, server::NAME);
    world.api.remove(server::AUTHORITY);
    let outcome = world.pass("doubted").await;
    assert!(outcome.message().contains("not among the roots"), "{}", outcome.message());
}

static NOW: AtomicI64 = AtomicI64::new(1_800_000_000);

fn now() -> Timestamp {
    Timestamp::from_second(NOW.load(Ordering::Relaxed)).expect("a time")
}

/// One test, since it moves the clock.
#[tokio::test]
async fn a_certificate_is_renewed_at_half_of_its_life_and_the_visit_is_due_then() {
    let mut world = World::new();
    world.context.clock = Clock::from_fn(now);
    world.embedded("aging", json!({"engine": {"embedded": {"certificateTTL": "60s"}}})).await;
    let certificate = |world: &World| world.secret("aging-postgres-tls", "tls.crt");
    let template = |world: &World| {
        world.api.object(&path("statefulsets", "aging-postgres")).expect("a StatefulSet")["spec"]["template"].clone()
    };
    let (first, pod) = (certificate(&world), template(&world));
    assert_eq!(says(&world, "aging-postgres-tls").1, 120, "a minute, and one for clocks that differ");
    assert_eq!(visit(&world, "aging").await.1, Duration::from_secs(30));
    NOW.fetch_add(29, Ordering::Relaxed);
    assert_eq!(visit(&world, "aging").await.1, Duration::from_secs(1));
    assert_eq!((certificate(&world), world.api.writes()), (first.clone(), vec![]));
    NOW.fetch_add(1, Ordering::Relaxed);
    let (outcome, again) = visit(&world, "aging").await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_ne!(certificate(&world), first);
    assert_eq!(again, Duration::from_secs(30));
    assert_eq!(template(&world), pod, "nothing restarts");
    let stored = world.api.object(&path("servicedatabases", "aging")).expect("the object");
    let renewal: Timestamp =
        stored["status"]["certificate"]["renewalAt"].as_str().expect("text").parse().expect("a time");
    assert_eq!(renewal.duration_since(now()), SignedDuration::from_secs(30));

    // A spec that is refused: the server serves on, and so does its certificate.
    world.api.edit(&path("servicedatabases", "aging"), |object| {
        object["spec"]["engine"]["embedded"]["parameters"] = json!({"ssl_ciphers": "NULL"});
    });
    let before = certificate(&world);
    NOW.fetch_add(30, Ordering::Relaxed);
    let (outcome, again) = visit(&world, "aging").await;
    assert_eq!(outcome.reason(), Reason::InvalidSpec);
    assert_ne!(certificate(&world), before);
    assert_eq!(again, Duration::from_secs(30));
    assert_eq!(condition(&world, "aging", "CertificatesValid").0, "True");
}
