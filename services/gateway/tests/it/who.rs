//! Who may ask what: tokens of people, from the issuer's keys to what is passed on. What services are told is in `inside.rs`.

use std::time::Duration;

use rerp_gateway::table::Upstream;
use rerp_kit::bearer::KeysSettings;
use rerp_kit::metrics::Metrics;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{until, visitor};
use crate::world::{Issuer, World, auth, claims, key_settings};

const STAFF_ONLY: &str = "/api/identity/email?email=a%40b.example";
const PEOPLE: &str = "/api/fte/modules";

async fn status(world: &World, path: &str, token: &str) -> u16 {
    visitor().get(world.url(path)).bearer_auth(token).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_person_s_token_stays_outside() {
    let world = World::start().await;
    assert_eq!(status(&world, PEOPLE, &world.issuer.person(Uuid::now_v7())).await, 200);
    let heard = world.backend(Upstream::Fte).last().headers;
    assert!(!heard.contains_key("authorization"));
    assert!(!heard.contains_key("x-rerp-token"), "without a certificate there is nothing to tell with");
}

#[tokio::test]
async fn nothing_but_a_good_token_is_one() {
    let world = World::start().await;
    let who = Uuid::now_v7();
    let good = claims("people", who);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        world.issuer.sign(&claims)
    };
    let right = world.issuer.person(who);
    for (what, token) in [
        ("nonsense", "nonsense".to_owned()),
        ("forged", world.issuer.forge(&good)),
        ("longer by a character", format!("{right}A")),
        ("without a signature", right.rsplit_once('.').unwrap().0.to_owned() + "."),
        ("ended", with("exp", json!(1_700_000_000))),
        ("not yet", with("nbf", json!(4_000_000_000_u64))),
        ("of another issuer", with("iss", json!("other"))),
        ("for another audience", with("aud", json!("other"))),
        ("for both audiences", with("aud", json!(["people", "staff"]))),
    ] {
        let answer = visitor().get(world.url(PEOPLE)).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{what}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        let text = answer.text().await.unwrap();
        assert!(!text.contains(&token), "{text}");
    }
    for header in ["", "Bearer", "Basic YTpi", format!("Bearer  {right}").as_str()] {
        let answer = visitor().get(world.url(PEOPLE)).header("authorization", header).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{header}");
    }
    assert_eq!(visitor().get(world.url(PEOPLE)).send().await.unwrap().status(), 401);
    assert_eq!(world.heard(), 0);
    assert_eq!(status(&world, PEOPLE, &right).await, 200, "the positive control");
}

#[tokio::test]
async fn each_gets_what_is_theirs() {
    let world = World::start().await;
    let (who, other) = (Uuid::now_v7(), Uuid::now_v7());
    let (person, staff) = (world.issuer.person(who), world.issuer.staff());
    let mut weak = claims("staff", who);
    weak["aal"] = json!("aal1");
    let weak = world.issuer.sign(&weak);
    let progress = |who: Uuid| format!("/api/fte/progress/{who}");
    for (path, token, expected) in [
        (progress(who), &person, 200),
        (progress(other), &person, 404),
        (progress(other), &staff, 200),
        (progress(other), &weak, 403),
        (STAFF_ONLY.to_owned(), &person, 403),
        (STAFF_ONLY.to_owned(), &staff, 200),
        (STAFF_ONLY.to_owned(), &weak, 403),
    ] {
        assert_eq!(status(&world, &path, token).await, expected, "{path}");
    }
    assert_eq!(world.heard(), 3);
}

#[tokio::test]
async fn a_token_is_checked_once() {
    let world = World::start().await;
    let token = world.issuer.person(Uuid::now_v7());
    for _ in 0..5 {
        assert_eq!(status(&world, PEOPLE, &token).await, 200);
    }
    assert_eq!(world.counted("rerp_cache_lookups_total{cache=\"tokens\",outcome=\"miss\"}"), 1);
    assert_eq!(world.counted("rerp_cache_lookups_total{cache=\"tokens\",outcome=\"hit\"}"), 4);
}

#[tokio::test]
async fn keys_change_without_a_failed_request() {
    let mut world = World::start().await;
    let who = Uuid::now_v7();
    let old = world.issuer.person(who);
    let unused = world.issuer.sign(&claims("people", Uuid::now_v7()));
    assert_eq!(status(&world, PEOPLE, &old).await, 200);
    // A key that was just fetched isn't fetched again at once.
    tokio::time::sleep(Duration::from_millis(150)).await;
    world.issuer.change("second");
    assert_eq!(status(&world, PEOPLE, &world.issuer.person(who)).await, 200, "an unknown key is looked for");
    assert_eq!(status(&world, PEOPLE, &old).await, 200, "the old one is good for a while");
    assert_eq!(status(&world, PEOPLE, &unused).await, 200, "also for tokens that nobody has seen yet");
    until("the old key is gone, and with it what was remembered", async || status(&world, PEOPLE, &old).await == 401)
        .await;
    assert_eq!(status(&world, PEOPLE, &unused).await, 401);
}

#[tokio::test]
async fn a_remembered_token_ends_with_its_key_though_the_issuer_is_away() {
    let mut world = World::start().await;
    let who = Uuid::now_v7();
    let old = world.issuer.person(who);
    assert_eq!(status(&world, PEOPLE, &old).await, 200);
    tokio::time::sleep(Duration::from_millis(150)).await;
    world.issuer.change("second");
    let new = world.issuer.person(who);
    assert_eq!(status(&world, PEOPLE, &new).await, 200, "the change was seen");
    world.issuer.fall_silent();
    assert_eq!(status(&world, PEOPLE, &old).await, 200, "the overlap has begun, and isn't over");
    until("the overlap is over", async || status(&world, PEOPLE, &old).await == 401).await;
    assert_eq!(status(&world, PEOPLE, &new).await, 200, "the other key is good, and so is what was remembered of it");
}

#[tokio::test]
async fn nobody_is_remembered_for_longer_than_keys_are_good_that_cannot_be_fetched() {
    let issuer = Issuer::start().await;
    let settings = KeysSettings { hard: Duration::from_secs(1), ..key_settings(&issuer) };
    let world = World::with(|gateway| gateway.auth = auth(settings, &Metrics::new().unwrap())).await;
    let token = issuer.person(Uuid::now_v7());
    until("the keys are there", async || status(&world, PEOPLE, &token).await == 200).await;
    issuer.fall_silent();
    until("they are too old", async || status(&world, PEOPLE, &token).await == 503).await;
}
