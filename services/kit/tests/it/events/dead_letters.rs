//! What was given up, as staff see it and let it go on, one by one. Who may is the services' tests' to show.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::{get, post};
use rerp_kit::events::dead_letters::{page, replay};
use rerp_kit::events::memory::Trouble;
use serde_json::{Value, json};
use uuid::Uuid;

use super::World;
use super::outbox::sequences;
use crate::support::service::serve;
use crate::support::visitor;

async fn doors(world: &World) -> SocketAddr {
    let routes = Router::new().route("/dead-letters", get(page)).route("/dead-letters/{id}/replay", post(replay));
    serve(routes.with_state(world.db.clone())).await
}

async fn letters(at: SocketAddr, query: &str) -> Value {
    let answer = visitor().get(format!("http://{at}/dead-letters{query}")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

async fn go_on(at: SocketAddr, id: &str) -> u16 {
    let request = visitor().post(format!("http://{at}/dead-letters/{id}/replay"));
    request.header("x-audit-reason", "ticket 4711").send().await.unwrap().status().as_u16()
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

const DEAD: &str = "attempts = 10, error = 'why', dead_at = now()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_of_both_tables_come_in_pages_and_without_what_they_tell() {
    let world = World::new().await;
    let at = doors(&world).await;
    assert_eq!(letters(at, "").await, json!({ "items": [], "next_cursor": null }));
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(world.tell(Uuid::now_v7()).await.to_string());
    }
    world.publish_all().await;
    world.store_all().await;
    for _ in 0..2 {
        told.push(world.tell(Uuid::now_v7()).await.to_string());
    }
    // One of three goes on; one that is done was dead once, as where its pod was lost on the way.
    let dead = format!(
        "UPDATE svc.outbox SET {DEAD}; UPDATE svc.inbox SET {DEAD} WHERE id <> '{}'; \
         UPDATE svc.inbox SET done_at = now() WHERE id = '{}'",
        told[0], told[1]
    );
    world.home.execute(&dead).await;
    let all = letters(at, "").await;
    assert_eq!(ids(&all), [&told[2], &told[3], &told[4]]);
    let (first, last) = (&all["items"][0], &all["items"][2]);
    assert_eq!((&first["queue"], &last["queue"]), (&json!("inbox"), &json!("outbox")));
    assert_eq!((&first["event"], &first["sequence"]), (&json!("account.created.v1"), &json!(2)));
    assert_eq!((&first["attempts"], &first["error"]), (&json!(10), &json!("why")));
    let fields: Vec<&String> = first.as_object().unwrap().keys().collect();
    let known = ["attempts", "created_at", "dead_at", "error", "event", "id", "queue", "sequence", "subject_id"];
    assert_eq!(fields, known);

    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = letters(at, &query).await;
        assert!(ids(&page).len() <= 2);
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={next}");
    }
    assert_eq!(seen, told[2..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_goes_on_with_what_waits_behind_it_and_no_other() {
    let world = World::new().await;
    let at = doors(&world).await;
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    let first = world.tell(one).await.to_string();
    world.tell(other).await;
    world.memory.suffer(Trouble::Refuses);
    for _ in 0..10 {
        world.relay.turn().await.unwrap();
        world.later().await;
    }
    world.memory.suffer(Trouble::None);
    let behind = world.tell(one).await.to_string();
    world.home.execute("UPDATE svc.outbox SET due_at = now() - interval '20 seconds' WHERE dead_at IS NULL").await;
    world.relay.look().await.unwrap();
    world.publish_all().await;
    assert_eq!((sequences(&world, one), ids(&letters(at, "").await).len()), (vec![], 2));

    assert_eq!(go_on(at, &behind).await, 404, "what waits isn't given up");
    for none in [Uuid::now_v7().to_string().as_str(), "1"] {
        assert_eq!(go_on(at, none).await, 404);
    }
    assert_eq!((go_on(at, &first).await, go_on(at, &first).await), (204, 404));
    let fresh = format!("SELECT count(*) FROM svc.outbox WHERE id = '{first}' AND attempts = 0");
    assert_eq!(world.home.number(&fresh).await, 1, "it has all its attempts again");
    world.publish_all().await;
    assert_eq!((sequences(&world, one), sequences(&world, other)), (vec![2, 3], vec![]));
    assert_eq!(go_on(at, &first).await, 404, "it is gone");
    assert_eq!(ids(&letters(at, "").await).len(), 1, "the other one is for somebody else to look at");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_tells_and_hears_nothing_has_none() {
    let home = crate::support::Home::new().await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("current"), home.app()).unwrap();
    let routes = Router::new().route("/dead-letters", get(page)).route("/dead-letters/{id}/replay", post(replay));
    let at = serve(routes.with_state(crate::support::open(dir.path()).await.0)).await;
    assert_eq!(ids(&letters(at, "").await), Vec::<&str>::new());
    assert_eq!(go_on(at, &Uuid::now_v7().to_string()).await, 404);
    let unsaid = visitor().post(format!("http://{at}/dead-letters/{}/replay", Uuid::nil()));
    assert_eq!(unsaid.send().await.unwrap().status(), 422);
}
