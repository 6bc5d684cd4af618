//! The order of several moves from one database: out of its foreign keys, those that a move has severed included.

use crate::world::World;
use rerp_split::phase::Phase;
use serde_json::Value;

/// `app`, which moves, and `stay` refer to each other; `late` refers to both, `far` to nobody.
const KEYS: &str = "
CREATE SCHEMA stay; CREATE SCHEMA late; CREATE SCHEMA far;
CREATE TABLE stay.parent (id int PRIMARY KEY, item bigint CONSTRAINT to_app REFERENCES app.email (id));
CREATE TABLE app.child_of_stay (id int PRIMARY KEY, parent int CONSTRAINT to_stay REFERENCES stay.parent (id));
CREATE TABLE late.child (id int PRIMARY KEY, parent int CONSTRAINT late_stay REFERENCES stay.parent (id),
  other int CONSTRAINT late_stay_too REFERENCES stay.parent (id), email bigint CONSTRAINT late_app REFERENCES app.email (id));
CREATE TABLE late.parts (id int PRIMARY KEY, parent int REFERENCES late.child (id)) PARTITION BY RANGE (id);
CREATE TABLE late.part PARTITION OF late.parts DEFAULT;
CREATE TABLE far.alone (id int PRIMARY KEY);";

/// What `order` says of these schemas, and its exit code.
async fn order(world: &World, schemas: &[&str]) -> (Option<i32>, String) {
    let output = world.run("order", schemas).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_comes_out_of_the_keys_and_a_wrong_one_is_refused_with_the_key() {
    let world = World::new(20).await.severed(false);
    let source = world.source.admin().await;
    source.batch_execute(KEYS).await.unwrap();
    let owner = &world.source.roles.owner;
    source.batch_execute(&format!("ALTER TABLE app.child_of_stay OWNER TO {owner}")).await.unwrap();

    let (code, text) = order(&world, &["far", "late", "stay", "app"]).await;
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("1. far\n2. stay\n     foreign key to_app of stay.parent refers to app.email\n3. late\n"),
        "{text}"
    );
    assert!(text.contains("in a circle, any of them first: app, stay\n"), "{text}");
    assert!(
        text.contains("foreign key late_app of late.child refers to app.email and app is to move after late"),
        "{text}"
    );
    let (code, text) = order(&world, &["stay", "late", "app", "--json"]).await;
    assert_eq!(code, Some(0), "{text}");
    let event = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).nth(1).unwrap();
    assert_eq!(event["schemas"], serde_json::json!(["stay", "late", "app"]));
    assert_eq!(event["circles"], serde_json::json!([["app", "stay"]]));
    let link = serde_json::json!({"childSchema": "late", "parentSchema": "stay", "name": "late_stay", "child": "late.child",
        "parent": "stay.parent", "keys": 2, "severed": false});
    assert!(event["links"].as_array().unwrap().contains(&link), "{event}");

    world.succeeds("run", &["--advance-to", "Observe"]).await;
    let status = world.status(&source).await.unwrap();
    assert_eq!(status.phase, Phase::Observe);
    let ends = |severed: bool| {
        let links = status.links.iter().flatten().filter(move |link| link.severed == severed);
        links.map(|link| format!("{} {}", link.child_schema, link.parent_schema)).collect::<Vec<_>>()
    };
    assert_eq!(ends(false), ["app stay", "late app", "late stay", "stay app"], "as preflight has found them");
    // What the move has severed tells of the circle still, and holds nobody.
    let (code, text) = order(&world, &["late", "stay"]).await;
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("in a circle, any of them first: app, stay\n"), "{text}");
    assert!(text.contains("foreign key late_stay of late.child refers to stay.parent (one of 2 such keys)"), "{text}");
    let (code, text) = order(&world, &["app", "late", "stay"]).await;
    assert_eq!(code, Some(0), "app has gone first: {text}");
}
