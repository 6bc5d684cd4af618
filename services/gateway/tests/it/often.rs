//! How often somebody may ask.

use rerp_gateway::rates::Rate;
use rerp_gateway::table::Upstream;
use serde_json::Value;
use uuid::Uuid;

use crate::support::visitor;
use crate::world::{CONTACT, PLANS, World};

async fn send(world: &World, from: &str) -> reqwest::Response {
    visitor().post(world.url(CONTACT)).header("x-forwarded-for", from).body("{}").send().await.unwrap()
}

/// The first refusal, and how many were allowed before it: the quota, give or take what flows in meanwhile.
async fn until_refused(quota: u32, send: impl AsyncFn(u32) -> reqwest::Response) -> (reqwest::Response, u32) {
    for n in 0..2 * quota {
        let answer = send(n).await;
        if answer.status() == 429 {
            assert!(n + 1 >= quota, "refused after {n}");
            return (answer, n);
        }
        assert_eq!(answer.status(), 200);
    }
    panic!("never refused")
}

#[tokio::test]
async fn an_address_is_told_what_is_left_and_then_that_nothing_is() {
    let world = World::start().await;
    let quota = Rate::Form.of_address().quota;
    let first = send(&world, "192.0.2.1").await;
    assert_eq!(first.headers()["ratelimit-policy"], format!("\"address-form\";q={quota};w=60"));
    assert_eq!(first.headers()["ratelimit"], format!("\"address-form\";r={};t=2", quota - 1));
    let (refused, allowed) = until_refused(quota, async |_| send(&world, "192.0.2.1").await).await;
    let wait: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60 / quota + 1).contains(&wait), "{wait}");
    assert!(refused.headers()["ratelimit"].to_str().unwrap().contains("r=0"));
    let problem: Value = refused.json().await.unwrap();
    assert!(problem["type"].as_str().unwrap().ends_with("too-many-requests"));
    assert_eq!(send(&world, "192.0.2.2").await.status(), 200, "others are not touched");
    assert_eq!(world.backend(Upstream::Marketing).heard().len(), allowed as usize + 2);
}

#[tokio::test]
async fn a_network_of_ipv6_is_one_address_and_made_up_ones_do_not_help() {
    let world = World::start().await;
    let quota = Rate::Form.of_address().quota;
    // The first address is what a stranger wrote; the hop before us added the second.
    until_refused(quota, async |n| send(&world, &format!("10.9.8.{n}, 2001:db8::{n:x}")).await).await;
    assert_eq!(send(&world, "2001:db8:0:1::1").await.status(), 200);
}

#[tokio::test]
async fn what_does_not_exist_is_counted_too() {
    let world = World::start().await;
    let client = visitor();
    let ask = async |path: &str, from: &str| {
        client.get(world.url(path)).header("x-forwarded-for", from).send().await.unwrap().status().as_u16()
    };
    let quota = Rate::Stray.of_address().quota;
    let mut refused = 0;
    for n in 0..2 * quota {
        match ask(if n % 2 == 0 { "/nowhere" } else { "/a//b" }, "192.0.2.1").await {
            404 | 400 => {}
            status => {
                assert_eq!(status, 429);
                assert!(n + 1 >= quota, "refused after {n}");
                refused += 1;
                break;
            }
        }
    }
    assert_eq!(refused, 1);
    assert_eq!(ask(PLANS, "192.0.2.1").await, 200, "what exists is counted by itself");
    assert_eq!(ask("/nowhere", "192.0.2.2").await, 404);
}

#[tokio::test]
async fn a_person_is_one_from_wherever() {
    let world = World::start().await;
    let quota = Rate::Codes.of_person().quota;
    let token = world.issuer.person(Uuid::now_v7());
    let send = async |token: &str, from: String| {
        let asked =
            visitor().post(world.url("/api/identity/verify/phone")).bearer_auth(token).header("x-forwarded-for", from);
        asked.body("{}").send().await.unwrap().status().as_u16()
    };
    for n in 0..quota {
        assert_eq!(send(&token, format!("192.0.2.{n}")).await, 200);
    }
    assert_eq!(send(&token, "198.51.100.1".to_owned()).await, 429);
    assert_eq!(send(&world.issuer.person(Uuid::now_v7()), "198.51.100.1".to_owned()).await, 200);
}
