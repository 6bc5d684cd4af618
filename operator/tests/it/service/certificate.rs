//! The certificate of a service: made, kept in silence, renewed at half of its life, whatever else holds the service up.

use super::{World, path, spec};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use rerp_operator::context::Clock;
use serde_json::json;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const CA: &str = "/api/v1/namespaces/rerp-system/secrets/rerp-ca";

/// What the certificate in the Secret says, parsed: names, and life in seconds.
fn says(world: &World, secret: &str) -> (Vec<String>, i64) {
    let pem = world.secret(secret, "tls.crt").expect("a certificate");
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

fn peers(world: &World, service: &str) -> String {
    world.live("configmaps", &format!("{service}-trust"))["data"]["peers"].as_str().expect("a list").to_owned()
}

#[tokio::test]
async fn a_service_has_a_certificate_of_its_own_and_a_list_of_callers() {
    let world = World::with_database();
    world.service("marketing", &json!({"image": "ghcr.io/rerp/marketing:1", "dependencies": [{"name": "identity"}]}));
    world.settle("identity").await;
    let (names, life) = says(&world, "identity-mtls");
    let id = "spiffe://rerp.local/ns/rerp/sa/identity";
    let svc = "identity.rerp.svc";
    assert_eq!(names, [id, "identity.rerp", svc, "identity.rerp.svc.cluster.local"]);
    assert_eq!(life, 24 * 3600 + 60);
    assert_eq!(peers(&world, "identity"), "spiffe://rerp.local/ns/rerp/sa/marketing\n");
    assert_eq!(peers(&world, "identity").lines().count(), 1);
    world.expect("identity", "CertificatesValid", "True", "AsExpected", &[id, "renewed at"]);
    let status = world.live("rerpservices", "identity")["status"].clone();
    assert_eq!(status["certificate"]["identity"], id);
    assert_eq!(status["resolved"]["callers"], json!(["marketing"]));
    let trusted = world.live("configmaps", "identity-trust")["data"]["ca.crt"].clone();
    let authority = world.api.object(CA).expect("an authority")["data"]["tls.crt"].clone();
    let authority = STANDARD.decode(authority.as_str().expect("text")).expect("base64");
    assert_eq!(trusted.as_str().expect("text").as_bytes(), authority, "what signs is what is trusted");
}

#[tokio::test]
async fn services_share_one_authority_and_none_shares_a_key() {
    let world = World::with_database();
    world.service("account", &json!({"image": "ghcr.io/rerp/account:1"}));
    world.settle("identity").await;
    let authority = world.api.object(CA);
    world.settle("account").await;
    assert_eq!(world.api.object(CA), authority);
    assert_ne!(world.secret("identity-mtls", "tls.key"), world.secret("account-mtls", "tls.key"));
    assert_eq!(peers(&world, "account"), "");
}

#[tokio::test]
async fn a_service_without_mtls_is_called_in_the_clear() {
    let world = World::new();
    world.service("identity", &json!({"image": "ghcr.io/rerp/identity:1", "mtls": {"mode": "Off"}}));
    world.service("marketing", &json!({"image": "ghcr.io/rerp/marketing:1", "dependencies": [{"name": "identity"}]}));
    world.pass("marketing").await;
    let status = world.live("rerpservices", "marketing")["status"].clone();
    assert_eq!(status["resolved"]["dependencies"]["RERP_IDENTITY_URL"], "http://identity.rerp.svc:8080");
    assert_eq!(status["resolved"]["url"], "https://marketing.rerp.svc:8080");
}

#[tokio::test]
async fn an_authority_that_is_damaged_is_named_and_not_replaced() {
    let world = World::with_database();
    world.service("marketing", &json!({"image": "ghcr.io/rerp/marketing:1", "dependencies": [{"name": "identity"}]}));
    world.settle("identity").await;
    world.api.edit(CA, |secret| secret["data"]["tls.key"] = json!(STANDARD.encode("no key")));
    let before = world.secret("identity-mtls", "tls.crt");
    world.pass("identity").await;
    world.expect("identity", "Ready", "False", "AuthorityUnusable", &["rerp-system/rerp-ca", "tls.key", "restore it"]);
    world.expect("identity", "CertificatesValid", "False", "AuthorityUnusable", &[]);
    assert_eq!(world.secret("identity-mtls", "tls.crt"), before);
    let callers = world.live("rerpservices", "identity")["status"]["resolved"]["callers"].clone();
    assert_eq!(callers, json!(["marketing"]), "what isn't known stays as it was");
}

#[tokio::test]
async fn roots_that_would_cut_everybody_off_are_refused() {
    let world = World::with_database();
    world.settle("identity").await;
    let other = World::with_database();
    other.settle("identity").await;
    let (own, foreign) = (world.api.object(CA).expect("ours"), other.api.object(CA).expect("theirs"));
    let pem = |secret: &serde_json::Value| {
        STANDARD.decode(secret["data"]["tls.crt"].as_str().expect("text")).expect("base64")
    };
    let before = world.live("configmaps", "identity-trust")["data"]["ca.crt"].clone();
    for (what, roots, words) in [
        ("empty", Vec::new(), "does not hold the certificate"),
        ("another root alone", pem(&foreign), "does not hold the certificate"),
        ("no text", vec![0xff, 0xfe], "ca.crt can't be read"),
    ] {
        world.api.edit(CA, |secret| secret["data"]["ca.crt"] = json!(STANDARD.encode(&roots)));
        world.pass("identity").await;
        world.expect("identity", "CertificatesValid", "False", "AuthorityUnusable", &[words]);
        assert_eq!(world.live("configmaps", "identity-trust")["data"]["ca.crt"], before, "{what}");
    }
    let both = [pem(&foreign), pem(&own)].concat();
    world.api.edit(CA, |secret| secret["data"]["ca.crt"] = json!(STANDARD.encode(&both)));
    world.settle("identity").await;
    assert_eq!(
        world.live("configmaps", "identity-trust")["data"]["ca.crt"],
        json!(String::from_utf8(both).expect("text"))
    );
    let own = |key: &str| json!(STANDARD.encode(world.secret("identity-mtls", key).expect("its own")));
    let (leaf, leaf_key) = (own("tls.crt"), own("tls.key"));
    world.api.edit(CA, |secret| {
        secret["data"]["tls.crt"] = leaf;
        secret["data"]["tls.key"] = leaf_key;
        secret["data"]["ca.crt"] = json!(null);
    });
    world.pass("identity").await;
    world.expect(
        "identity",
        "CertificatesValid",
        "False",
        "AuthorityUnusable",
        &["not the certificate of an authority"],
    );
}

#[tokio::test]
async fn a_certificate_that_could_not_be_looked_after_is_soon_looked_after_again() {
    let world = World::with_database();
    world.settle("identity").await;
    world.api.edit(&path("rerpservices", "identity"), |object| object["spec"]["suspend"] = json!(true));
    // The list of services succeeds, the look at the authority does not.
    world.api.fail_at(2);
    let (outcome, again) = world.visit("identity").await;
    assert!(world.api.failed());
    assert!(again <= Duration::from_secs(5), "{again:?} {outcome:?}");
    world.expect("identity", "CertificatesValid", "Unknown", "ApiError", &[]);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_certificate_a_new_one_is_made() {
    type Damage = (&'static str, fn(&World));
    let damage: [Damage; 4] = [
        ("it is gone", |world| {
            world.api.remove(&path("secrets", "identity-mtls"));
        }),
        ("it can't be read", |world| {
            world.api.edit(&path("secrets", "identity-mtls"), |s| s["data"]["tls.crt"] = json!(STANDARD.encode("x")));
        }),
        ("another service's key", |world| {
            let other = world.live("secrets", "account-mtls")["data"]["tls.key"].clone();
            world.api.edit(&path("secrets", "identity-mtls"), |s| s["data"]["tls.key"] = other);
        }),
        ("another service's certificate", |world| {
            let other = world.live("secrets", "account-mtls")["data"].clone();
            world.api.edit(&path("secrets", "identity-mtls"), |s| s["data"] = other);
        }),
    ];
    for (what, damage) in damage {
        let world = World::with_database();
        world.service("account", &json!({"image": "ghcr.io/rerp/account:1"}));
        world.settle("account").await;
        world.settle("identity").await;
        let before = world.secret("identity-mtls", "tls.crt");
        damage(&world);
        world.settle("identity").await;
        let (names, _) = says(&world, "identity-mtls");
        assert_eq!(names[0], "spiffe://rerp.local/ns/rerp/sa/identity", "{what}");
        assert_ne!(world.secret("identity-mtls", "tls.crt"), before, "{what}");
        world.pass("identity").await;
        assert_eq!(world.api.writes(), [], "{what}: one that is right again is kept");
    }
}

#[tokio::test]
async fn a_new_authority_signs_everything_anew() {
    let world = World::with_database();
    world.settle("identity").await;
    let before = (world.secret("identity-mtls", "tls.crt"), world.live("configmaps", "identity-trust")["data"].clone());
    world.api.remove(CA);
    world.settle("identity").await;
    let after = (world.secret("identity-mtls", "tls.crt"), world.live("configmaps", "identity-trust")["data"].clone());
    assert!(after.0 != before.0 && after.1["ca.crt"] != before.1["ca.crt"]);
}

#[tokio::test]
async fn a_neighbour_that_cannot_be_decoded_stops_everything_but_the_certificate() {
    let world = World::with_database();
    world.service("marketing", &json!({"image": "ghcr.io/rerp/marketing:1", "dependencies": [{"name": "identity"}]}));
    world.settle("identity").await;
    world.api.edit(&path("rerpservices", "marketing"), |object| object["spec"]["replicas"] = json!("three"));
    world.api.remove(&path("secrets", "identity-mtls"));
    let before = peers(&world, "identity");
    world.pass("identity").await;
    world.expect("identity", "Ready", "Unknown", "ApiError", &["RerpService marketing can't be decoded"]);
    world.expect("identity", "CertificatesValid", "True", "AsExpected", &[]);
    assert!(world.secret("identity-mtls", "tls.crt").is_some());
    assert_eq!(peers(&world, "identity"), before, "a caller is not struck off because its spec can't be read");
}

static NOW: AtomicI64 = AtomicI64::new(1_800_000_000);

fn now() -> Timestamp {
    Timestamp::from_second(NOW.load(Ordering::Relaxed)).expect("a time")
}

fn later(seconds: i64) {
    NOW.fetch_add(seconds, Ordering::Relaxed);
}

/// One test, since it moves the clock.
#[tokio::test]
async fn a_certificate_is_renewed_at_half_of_its_life_and_the_visit_is_due_then() {
    let mut world = World::with_database();
    world.context.clock = Clock::from_fn(now);
    let mut short = spec();
    short["mtls"] = json!({"certificateTTL": "60s"});
    world.service("identity", &short);
    let certificate = |world: &World| world.secret("identity-mtls", "tls.crt");
    world.settle("identity").await;
    let first = certificate(&world);
    assert_eq!(says(&world, "identity-mtls").1, 120, "a minute, and one for clocks that differ");
    assert_eq!(world.visit("identity").await.1, Duration::from_secs(30));
    later(29);
    world.pass("identity").await;
    assert_eq!((certificate(&world), world.api.writes()), (first.clone(), vec![]));
    later(1);
    let (_, again) = world.visit("identity").await;
    assert_ne!(certificate(&world), first);
    assert_eq!(again, Duration::from_secs(30));
    let renewal: Timestamp = world.live("rerpservices", "identity")["status"]["certificate"]["renewalAt"]
        .as_str()
        .expect("text")
        .parse()
        .expect("a time");
    assert_eq!(renewal.duration_since(now()), SignedDuration::from_secs(30));

    // Trouble of another kind, and a wish to be left alone: the pods serve on, and so does the certificate.
    for trouble in [json!({"databaseRef": {"name": "absent"}}), json!({"suspend": true})] {
        world.api.edit(&path("rerpservices", "identity"), |object| {
            for (key, value) in trouble.as_object().expect("fields") {
                object["spec"][key] = value.clone();
            }
        });
        let before = certificate(&world);
        later(30);
        let (_, again) = world.visit("identity").await;
        assert_ne!(certificate(&world), before, "{trouble}");
        assert_eq!(again, Duration::from_secs(30), "{trouble}");
        world.expect("identity", "CertificatesValid", "True", "AsExpected", &[]);
    }
}
