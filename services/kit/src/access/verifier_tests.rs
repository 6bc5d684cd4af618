//! Tokens that are signed by who may, and tokens that only look like it.

#[path = "../../tests/support/authority.rs"]
mod authority;

use std::time::Duration;

use axum::http::HeaderValue;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::caller::{Assurance, PrincipalKind};
use super::super::speaker::{MintError, Speaker, mint};
use super::*;
use crate::tls::{Mode, Tls, TlsSettings};
use authority::Authority;

const ANN: Principal = Principal { id: Uuid::from_u128(1), kind: PrincipalKind::Person, assurance: Assurance::Second };

/// A service with its files.
struct Party {
    tls: Tls,
    dir: tempfile::TempDir,
}

impl Party {
    async fn of(authority: &Authority, name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        authority.publish(dir.path(), name, &[]);
        Self { tls: open(dir.path()).await, dir }
    }

    fn material(&self) -> Arc<Material> {
        self.tls.material()
    }

    /// A token that says this, signed by this party.
    fn says(&self, claims: &Claims) -> String {
        mint(&self.material(), claims).unwrap()
    }

    /// A token with any head and claims, signed by this party.
    fn signs(&self, head: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(head), part(claims));
        let signature = self.material().signer.as_ref().unwrap().sign(text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn certificate(&self) -> String {
        STANDARD.encode(&self.material().chain()[0])
    }
}

async fn open(dir: &std::path::Path) -> Tls {
    let settings = TlsSettings { dir: dir.to_owned(), mode: Some(Mode::Strict), refresh: Duration::from_millis(10) };
    Tls::open(&settings, Metrics::new().unwrap().tls).await.unwrap()
}

fn id(name: &str) -> SpiffeId {
    SpiffeId::parse(&authority::id(name)).unwrap()
}

/// Billing, which lets the gateway speak, and the gateway.
struct World {
    ours: Authority,
    billing: Party,
    gateway: Party,
    verifier: Verifier,
    now: u64,
}

impl World {
    async fn new() -> Self {
        let ours = Authority::new();
        let (billing, gateway) = (Party::of(&ours, "billing").await, Party::of(&ours, "gateway").await);
        let verifier = Verifier::new("billing", &["gateway".to_owned()], &Metrics::new().unwrap());
        Self { ours, billing, gateway, verifier, now: UnixTime::now().as_secs() }
    }

    fn heard(&self, peer: &str, text: &str) -> Result<Principal, Refused> {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(self.now));
        self.verifier.verify(text, &id(peer), &self.billing.material(), now)
    }

    fn told(&self, text: &str) -> Result<Principal, Refused> {
        self.heard("gateway", text)
    }

    fn claims(&self) -> Claims {
        Claims::new(&ANN, "billing", self.now, 30)
    }

    fn good(&self) -> String {
        self.gateway.says(&self.claims())
    }
}

#[tokio::test]
async fn what_a_speaker_says_is_believed_however_often() {
    let world = World::new().await;
    let token = world.good();
    for _ in 0..3 {
        assert_eq!(world.told(&token), Ok(ANN));
    }
    let count = |outcome: &str| world.verifier.lookups.with_label_values(&["internal_tokens", outcome]).get();
    assert_eq!((count("miss"), count("hit")), (1, 2));
    // What is remembered is so for that connection's service, and for as long as the token lives.
    assert_eq!(world.heard("marketing", &token), Err(Refused::NoSpeaker));
    let later = World { now: world.now + 30, ..world };
    assert_eq!(later.told(&token), Err(Refused::Wrong(Wrong::Ended)));
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let world = World::new().await;
    let (marketing, stranger) =
        (Party::of(&world.ours, "marketing").await, Party::of(&Authority::new(), "gateway").await);
    let claims = world.claims();
    assert_eq!(world.told(&stranger.says(&claims)), Err(Refused::Certificate), "of another authority");
    assert_eq!(world.told(&marketing.says(&claims)), Err(Refused::Another), "signed by who may not speak");
    assert_eq!(world.heard("marketing", &marketing.says(&claims)), Err(Refused::NoSpeaker));
    assert_eq!(world.heard("marketing", &world.good()), Err(Refused::NoSpeaker), "copied by a service");
    let elsewhere = SpiffeId::parse("spiffe://rerp.local/ns/other/sa/gateway").unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(world.now));
    let told = world.verifier.verify(&world.good(), &elsewhere, &world.billing.material(), now);
    assert_eq!(told, Err(Refused::NoSpeaker), "of another namespace");
    // The certificate is the gateway's, the key another one's.
    let (good, other) = (world.good(), marketing.says(&claims));
    let (text, signature) = (good.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
    assert_eq!(world.told(&format!("{text}.{signature}")), Err(Refused::Signature));
    assert_eq!(world.told(&good), Ok(ANN), "the positive control");
}

#[tokio::test]
async fn it_has_to_be_for_us_and_for_now() {
    let world = World::new().await;
    let (now, good) = (world.now, world.good());
    for (claims, wrong) in [
        (Claims::new(&ANN, "fte", now, 30), Wrong::Audience),
        (Claims::new(&ANN, "billing", now - 30, 30), Wrong::Ended),
        (Claims::new(&ANN, "billing", now + 6, 30), Wrong::NotYet),
    ] {
        assert_eq!(world.told(&world.gateway.says(&claims)), Err(Refused::Wrong(wrong)));
    }
    let head = json!({"alg": "ES256", "typ": TYPE, "x5c": [world.gateway.certificate()]});
    let long = json!({"sub": ANN.id, "kind": "person", "aal": "aal2", "aud": "billing", "iat": now, "exp": now + 61, "jti": ANN.id});
    assert_eq!(world.told(&world.gateway.signs(&head, &long)), Err(Refused::Wrong(Wrong::TooLong)));
    let mut right = long.clone();
    right["exp"] = json!(now + 60);
    assert_eq!(world.told(&world.gateway.signs(&head, &right)), Ok(ANN), "the positive control");
    for text in [format!("{good}A"), format!("{good}."), format!("{good}="), format!(" {good}"), String::new()] {
        assert!(matches!(world.told(&text), Err(Refused::Unreadable(_) | Refused::Signature)), "{text}");
    }
}

#[tokio::test]
async fn a_head_says_what_it_may_and_nothing_near_it() {
    let world = World::new().await;
    let claims = serde_json::to_value(world.claims()).unwrap();
    let own = world.gateway.certificate();
    let longer = STANDARD.encode([&STANDARD.decode(&own).unwrap()[..], &[0]].concat());
    let head = |name: &str, value: Value| {
        let mut head = json!({"alg": "ES256", "typ": TYPE, "x5c": [own]});
        head[name] = value;
        head
    };
    assert_eq!(world.told(&world.gateway.signs(&head("kid", json!("x")), &claims)), Ok(ANN), "the positive control");
    for (head, why) in [
        (head("alg", json!("EdDSA")), Refused::Signature),
        (head("alg", json!("RS256")), Refused::Signature),
        (head("alg", json!("none")), Refused::Unreadable(Unreadable::Algorithm)),
        (head("alg", json!("HS256")), Refused::Unreadable(Unreadable::Algorithm)),
        (head("crit", json!(["x"])), Refused::Unreadable(Unreadable::Head)),
        (head("typ", json!("JWT")), Refused::Type),
        (head("typ", Value::Null), Refused::Type),
        (head("x5c", json!([])), Refused::Certificate),
        (head("x5c", json!([own, own, own, own, own])), Refused::Certificate),
        (head("x5c", json!(["AAAA"])), Refused::Certificate),
        (head("x5c", json!([own.trim_end_matches('=').to_owned() + "A"])), Refused::Certificate),
        (head("x5c", json!([longer])), Refused::Certificate),
        (head("x5c", json!(own)), Refused::Unreadable(Unreadable::Head)),
    ] {
        assert_eq!(world.told(&world.gateway.signs(&head, &claims)), Err(why), "{head}");
    }
    // Any token of the gateway's, such as one that a person could have, is of another type.
    let foreign = world.gateway.signs(&json!({"alg": "ES256", "typ": "JWT", "kid": "1"}), &claims);
    assert_eq!(world.told(&foreign), Err(Refused::Type));
}

#[tokio::test]
async fn one_changed_byte_breaks_it() {
    let world = World::new().await;
    let good = world.good();
    // Every place once, with the neighbour in the alphabet, which changes one bit of what is written in most of them.
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(world.told(&changed).is_err(), "byte {at}");
    }
    proptest!(ProptestConfig::with_cases(512), |(at in 0..good.len(), byte in 0_u8..128)| {
        let mut bytes = good.clone().into_bytes();
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        prop_assert!(world.told(&String::from_utf8(bytes).unwrap()).is_err());
    });
    assert_eq!(world.told(&good), Ok(ANN), "the positive control");
}

#[tokio::test]
async fn a_change_of_our_own_files_has_everything_judged_anew() {
    let world = World::new().await;
    let token = world.good();
    assert_eq!(world.told(&token), Ok(ANN));
    let theirs = Party::of(&Authority::new(), "billing").await;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(world.now));
    let told = world.verifier.verify(&token, &id("gateway"), &theirs.material(), now);
    assert_eq!(told, Err(Refused::Certificate), "the root isn't trusted any more");
    assert_eq!(world.told(&token), Ok(ANN));
}

#[tokio::test]
async fn one_token_serves_the_same_principal_at_the_same_service() {
    let world = World::new().await;
    let speaker = Speaker::new(&world.gateway.tls);
    let bob = Principal { id: Uuid::from_u128(2), ..ANN };
    let weak = Principal { assurance: Assurance::First, ..ANN };
    let token = |who: &Principal, audience| speaker.token(who, audience).unwrap();
    let first = token(&ANN, "billing");
    assert!(first.is_sensitive() && first == token(&ANN, "billing"));
    assert!([token(&bob, "billing"), token(&weak, "billing"), token(&ANN, "fte")].iter().all(|other| *other != first));
    let told = |token: &HeaderValue| {
        world.verifier.verify(token.to_str().unwrap(), &id("gateway"), &world.billing.material(), UnixTime::now())
    };
    assert_eq!((told(&first), told(&token(&weak, "billing"))), (Ok(ANN), Ok(weak)));

    // With another certificate another token is signed, and believed on the connection that was there before.
    let serial = world.gateway.material().serial;
    world.ours.publish(world.gateway.dir.path(), "gateway", &[]);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while world.gateway.material().serial == serial {
        assert!(tokio::time::Instant::now() < deadline, "the new certificate is never read");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let second = token(&ANN, "billing");
    assert!(second != first);
    assert_eq!(told(&second), Ok(ANN));
}

#[tokio::test]
async fn keys_of_another_kind_sign_nothing() {
    let (ours, dir) = (Authority::new(), tempfile::tempdir().unwrap());
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    ours.renew_with(dir.path(), "gateway", &ours.roots(), &key);
    let speaker = Speaker::new(&open(dir.path()).await);
    assert_eq!(speaker.token(&ANN, "billing"), Err(MintError::Key));
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    ours.renew_with(dir.path(), "gateway", &ours.roots(), &key);
    let speaker = Speaker::new(&open(dir.path()).await);
    let token = speaker.token(&ANN, "billing").unwrap();
    let world = World { ours, ..World::new().await };
    let billing = Party::of(&world.ours, "billing").await;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(world.now));
    let told = world.verifier.verify(token.to_str().unwrap(), &id("gateway"), &billing.material(), now);
    assert_eq!(told, Ok(ANN), "Ed25519 is one of ours");
}
