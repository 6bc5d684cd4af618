//! Pages of three portals and of strangers.

use reqwest::Method;
use rerp_gateway::table::Upstream;
use uuid::Uuid;

use crate::support::visitor;
use crate::world::{CONTACT, PLANS, PLATFORM, PORTAL, WEBSITE, World};

const PEOPLE: &str = "/api/fte/modules";

async fn preflight(world: &World, origin: &str, method: &str, path: &str) -> reqwest::Response {
    let asked = visitor().request(Method::OPTIONS, world.url(path)).header("origin", origin);
    asked.header("access-control-request-method", method).send().await.unwrap()
}

#[tokio::test]
async fn a_page_learns_what_it_may_ask() {
    let world = World::start().await;
    for (origin, method, path, expected) in [
        (WEBSITE, "POST", CONTACT, 204),
        (WEBSITE, "GET", PEOPLE, 403),
        (PORTAL, "GET", PEOPLE, 204),
        (PORTAL, "POST", PEOPLE, 403),
        (PLATFORM, "POST", PEOPLE, 204),
        ("https://evil.example", "GET", PLANS, 403),
        ("null", "GET", PLANS, 403),
        (PORTAL, "GET", "/api/nowhere/x", 404),
        (PORTAL, "PATCH", PEOPLE, 405),
    ] {
        let answer = preflight(&world, origin, method, path).await;
        assert_eq!(answer.status(), expected, "{origin} {method} {path}");
        let allowed = answer.headers().get("access-control-allow-origin").map(|origin| origin.to_str().unwrap());
        assert_eq!(allowed, (expected == 204).then_some(origin));
        assert!(answer.headers().get_all("vary").iter().any(|vary| vary == "origin"));
    }
    let answer = preflight(&world, PORTAL, "GET", PEOPLE).await;
    assert_eq!(answer.headers()["access-control-allow-methods"], "GET");
    assert!(answer.headers()["access-control-allow-headers"].to_str().unwrap().contains("idempotency-key"));
    assert!(
        !answer.headers().contains_key("access-control-allow-credentials"),
        "tokens travel in a header, not in cookies"
    );
    assert_eq!(world.heard(), 0);
}

#[tokio::test]
async fn a_page_that_may_not_ask_has_no_effect() {
    let world = World::start().await;
    let refused =
        visitor().post(world.url(CONTACT)).header("origin", "https://evil.example").body("{}").send().await.unwrap();
    assert_eq!(refused.status(), 403);
    let token = world.issuer.person(Uuid::now_v7());
    let website = visitor().get(world.url(PEOPLE)).bearer_auth(&token).header("origin", WEBSITE).send().await.unwrap();
    assert_eq!(website.status(), 403, "the website reaches what is public only, whoever is signed in there");
    assert_eq!(world.heard(), 0);
    let portal = visitor().get(world.url(PEOPLE)).bearer_auth(&token).header("origin", PORTAL).send().await.unwrap();
    assert_eq!(
        (portal.status().as_u16(), portal.headers()["access-control-allow-origin"].to_str().unwrap()),
        (200, PORTAL)
    );
    assert!(portal.headers()["access-control-expose-headers"].to_str().unwrap().contains("etag"));
    assert!(!world.backend(Upstream::Fte).last().headers.contains_key("origin"));
    let vary: Vec<_> = portal.headers().get_all("vary").iter().map(|vary| vary.to_str().unwrap()).collect();
    assert_eq!(vary, ["accept", "origin"], "what the service said stays");
}
