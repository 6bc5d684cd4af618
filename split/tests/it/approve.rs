//! A plan that was approved is the plan that is carried out, or none is.

use crate::world::{World, catalog};
use rerp_split::phase::Phase;
use serde_json::Value;

/// The hash that `plan` ends with.
async fn plan(world: &World) -> String {
    let events = world.succeeds("plan", &["--json"]).await;
    let mut all = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.find(|event| event["event"] == "plan").unwrap()["planHash"].as_str().unwrap().to_owned()
}

/// Exit code and everything that was said.
async fn run(world: &World, hash: &str, advance_to: &str) -> (Option<i32>, String) {
    let output = world.run("run", &["--approve", hash, "--advance-to", advance_to]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_approved_plan_is_carried_out() {
    let world = World::new(20).await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    let approved = plan(&world).await;
    assert_eq!(plan(&world).await, approved, "the same plan has the same hash");
    world.source.migrate().await.batch_execute("ALTER TABLE app.email ADD COLUMN late int").await.unwrap();
    let present = plan(&world).await;
    assert_ne!(present, approved);

    let (refused, text) = run(&world, &approved, "Completed").await;
    assert_eq!(refused, Some(2), "{text}");
    let says = [format!("fatal not-approved on the source: {present}"), format!("--approve {present}")];
    assert!(says.iter().all(|part| text.contains(part)), "{text}");
    assert_eq!(world.status(&source).await.unwrap().phase, Phase::Preflight);
    let made = catalog(&target).await.into_iter().filter(|line| line.contains("app.email"));
    assert_eq!(made.count(), 0, "nothing is begun");

    let (begun, text) = run(&world, &present, "Prepare").await;
    assert_eq!(begun, Some(0), "{text}");
    let (refused, text) = run(&world, &approved, "Prepare").await;
    assert_eq!(refused, Some(2), "{text}");
    assert!(text.contains(&format!("has been begun with plan {present}")), "{text}");
    let (goes_on, text) = run(&world, &present, "Completed").await;
    assert_eq!(goes_on, Some(0), "{text}");
}
