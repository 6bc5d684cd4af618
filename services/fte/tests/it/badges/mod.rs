//! Certificates as Open Badges: issued, fetched, verified, revoked, and signed with another key.

mod verifier;

use std::collections::BTreeSet;

use crate::certificates::{certificates, course};
use crate::platform::{ACCOUNT, ANN, BOB, Platform, right};
use crate::support::answer::Answer;
use rerp_kit::problem::catalogue;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use verifier::{of_jwt, of_proof, places};

pub(crate) const KEY: &str = include_str!("../../badges/vectors/key.pem");
const NEXT: &str = include_str!("../../badges/vectors/next.pem");

/// The course, with badges.
async fn signing() -> Platform {
    let mut platform = course().await;
    platform.sign_with(KEY).await;
    platform
}

/// Earns a certificate.
async fn earn(platform: &Platform, person: &str) -> Value {
    for module in ["risk", "chance", "final"] {
        platform.pass(person, module).await;
    }
    certificates(platform, person).await.pop().unwrap()
}

fn path(certificate: &Value) -> String {
    format!("/certificates/verify/{}/credential", certificate["verification_token"].as_str().unwrap())
}

async fn jwt(platform: &Platform, path: &str) -> Answer {
    let answer = platform.send("GET", path, &[("accept", "application/vc+jwt")], None).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/vc+jwt"), "{}", answer.text);
    answer
}

async fn did(platform: &Platform) -> Value {
    platform.get("/issuer/did.json").await.body
}

async fn keys(platform: &Platform) -> Value {
    platform.get("/issuer/jwks.json").await.body
}

/// The list a credential names, verified.
async fn list_of(platform: &Platform, credential: &Value) -> Value {
    let address = credential["credentialStatus"]["statusListCredential"].as_str().unwrap();
    let list = platform.get(address.strip_prefix("https://badges.example.com/api/fte").unwrap()).await;
    assert_eq!((list.status, list.header("content-type")), (200, "application/vc"), "{}", list.text);
    assert_eq!(list.header("cache-control"), "public, max-age=300");
    let said = of_proof(&list.text, &did(platform).await).unwrap();
    assert_eq!(said["issuer"], credential["issuer"]["id"]);
    said
}

fn index(credential: &Value) -> usize {
    credential["credentialStatus"]["statusListIndex"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_a_badge_that_anybody_can_verify() {
    let platform = signing().await;
    let certificate = earn(&platform, ANN).await;
    let path = path(&certificate);
    let fetched = platform.get(&path).await;
    assert_eq!((fetched.status, fetched.header("content-type")), (200, "application/vc"), "{}", fetched.text);
    assert_eq!((fetched.header("cache-control"), fetched.header("x-robots-tag")), ("no-store", "noindex"));
    assert_eq!(fetched.header("vary"), "accept");
    let said = of_proof(&fetched.text, &did(&platform).await).unwrap();
    let signed = jwt(&platform, &path).await;
    assert_eq!(of_jwt(&signed.text, &keys(&platform).await), Some(said.clone()));
    assert_eq!((platform.get(&path).await.text, jwt(&platform, &path).await.text), (fetched.text.clone(), signed.text));

    let subject = &said["credentialSubject"];
    assert_eq!(
        (&subject["licenseNumber"], &subject["result"][0]["value"]),
        (&certificate["certificate_number"], &json!("10"))
    );
    let points = &subject["achievement"]["resultDescription"][0];
    assert_eq!((&points["valueMax"], &points["requiredValue"]), (&json!("10"), &json!("7")));
    for (time, name) in [("issued_at", "validFrom"), ("expires_at", "validUntil")] {
        let second = |time: &Value| time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
        assert_eq!(second(&certificate[time]), second(&said[name]), "{name}");
    }
    // Who knows the person's identifier can compare it, and nobody else learns it.
    let identity = &subject["identifier"][0];
    let salted = format!("{ANN}{}", identity["salt"].as_str().unwrap());
    let hash = hex::encode(digest(&SHA256, salted.as_bytes()));
    assert_eq!(identity["identityHash"], json!(format!("sha256${hash}")));
    let secrets = [
        ANN,
        ACCOUNT,
        certificate["verification_token"].as_str().unwrap(),
        certificate["session_id"].as_str().unwrap(),
    ];
    for secret in secrets {
        assert!(!fetched.text.contains(secret) && !said.to_string().contains(secret), "{secret}");
    }
    for nobody in ["0".repeat(64), "x".to_owned()] {
        let answer = platform.get(&format!("/certificates/verify/{nobody}/credential")).await;
        assert!(answer.is(catalogue::NOT_FOUND), "{}", answer.text);
    }
    let profile = platform.get("/issuer").await;
    assert_eq!((&profile.body["id"], profile.header("content-type")), (&said["issuer"]["id"], "application/ld+json"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_keys_there_are_no_badges() {
    let platform = course().await;
    let certificate = earn(&platform, ANN).await;
    for path in [path(&certificate).as_str(), "/issuer", "/issuer/did.json", "/issuer/jwks.json", "/issuer/status/1"] {
        assert!(platform.get(path).await.is(catalogue::NO_SUCH_ROUTE), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_badge_tells_the_points_of_the_final_assessment_whatever_was_passed_last() {
    let platform = signing().await;
    let (session, questions) = platform.session(ANN, "final").await;
    for (question, right) in questions.iter().zip(right()).skip(1) {
        platform.answer(&session, question, 0, right).await;
    }
    assert_eq!(platform.complete(&session).await.body["points_earned"], json!(9));
    for module in ["risk", "chance"] {
        platform.pass(ANN, module).await;
    }
    let path = path(&certificates(&platform, ANN).await[0]);
    let fetched = platform.get(&path).await;
    assert_eq!(fetched.body["credentialSubject"]["result"][0]["value"], json!("9"), "{}", fetched.text);
    // What comes later changes nothing that was signed.
    platform.pass(ANN, "final").await;
    platform.fte.execute("UPDATE svc.modules SET title = 'Another', pass_bp = 5000, updated_at = now()").await;
    assert_eq!(platform.get(&path).await.text, fetched.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoking_sets_one_bit() {
    let platform = signing().await;
    let (ann, bob) = (earn(&platform, ANN).await, earn(&platform, BOB).await);
    let [of_ann, of_bob] = [platform.get(&path(&ann)).await, platform.get(&path(&bob)).await];
    assert!(places(&list_of(&platform, &of_ann.body).await).is_empty());
    let revoke = format!("/certificates/{}/revoke", ann["certificate_id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(platform.post(&revoke, &json!({ "reason": "Somebody else took the test" })).await.status, 200);
    }
    let list = list_of(&platform, &of_ann.body).await;
    assert_eq!(places(&list), BTreeSet::from([index(&of_ann.body)]));
    assert_ne!(index(&of_ann.body), index(&of_bob.body));
    assert_eq!(platform.get(&path(&ann)).await.text, of_ann.text, "the badge stays as it is, the list tells");
    let signed = jwt(&platform, "/issuer/status/1").await;
    assert_eq!(of_jwt(&signed.text, &keys(&platform).await), Some(list));
    for none in ["2", "0", "01", "+1", "-1", "x", "99999999999"] {
        assert!(platform.get(&format!("/issuer/status/{none}")).await.is(catalogue::NOT_FOUND), "{none}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn badges_outlive_the_key_that_signed_them() {
    let mut platform = signing().await;
    let path = path(&earn(&platform, ANN).await);
    let (old, old_jwt, before) =
        (platform.get(&path).await.text, jwt(&platform, &path).await.text, did(&platform).await);
    platform.sign_with(&format!("{NEXT}{KEY}")).await;
    let (both, set) = (did(&platform).await, keys(&platform).await);
    let (new, new_jwt) = (platform.get(&path).await.text, jwt(&platform, &path).await.text);
    let said = of_proof(&old, &both).unwrap();
    assert_eq!(
        (of_proof(&new, &both), of_jwt(&old_jwt, &set), of_jwt(&new_jwt, &set)),
        (Some(said.clone()), Some(said.clone()), Some(said))
    );
    assert!(new != old && of_proof(&new, &before).is_none());
    // A key that isn't published any more proves nothing.
    platform.sign_with(NEXT).await;
    let (gone, set) = (did(&platform).await, keys(&platform).await);
    assert_eq!((of_proof(&old, &gone), of_jwt(&old_jwt, &set)), (None, None));
    assert_eq!(platform.get(&path).await.text, new);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_certificate_has_a_place_of_its_own() {
    let platform = signing().await;
    let first = earn(&platform, ANN).await;
    platform.fte.execute("UPDATE svc.fte_certificates SET expires_at = now() - interval '1 second'").await;
    platform.pass(ANN, "final").await;
    let second = certificates(&platform, ANN).await.pop().unwrap();
    let [old, new] = [platform.get(&path(&first)).await.body, platform.get(&path(&second)).await.body];
    assert_ne!(old["credentialStatus"], new["credentialStatus"]);
    assert_ne!(old["credentialSubject"]["id"], new["credentialSubject"]["id"]);
    assert_eq!(platform.rows("certificate_status").await, 2);

    // One from before there were places gets its own when it is first asked for, once.
    platform.fte.execute("DELETE FROM svc.certificate_status").await;
    let path = path(&first);
    let (a, b, c, d) = tokio::join!(platform.get(&path), platform.get(&path), platform.get(&path), platform.get(&path));
    assert_eq!(a.status, 200, "{}", a.text);
    assert_eq!([&b.text, &c.text, &d.text], [&a.text; 3]);
    assert_eq!(platform.rows("certificate_status").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_list_is_followed_by_the_next() {
    let platform = signing().await;
    let fill = "ALTER TABLE svc.certificate_status DROP CONSTRAINT certificate_status_certificate_id_fkey; \
                INSERT INTO svc.certificate_status SELECT gen_random_uuid(), 1, n FROM generate_series(0, 131071) AS n";
    platform.fte.execute(fill).await;
    let certificate = earn(&platform, ANN).await;
    let badge = platform.get(&path(&certificate)).await;
    let list = list_of(&platform, &badge.body).await;
    assert_eq!((&list["id"], places(&list).len()), (&json!("https://badges.example.com/api/fte/issuer/status/2"), 0));
}
