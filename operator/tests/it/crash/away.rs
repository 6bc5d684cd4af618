//! A migration is deleted while one of its databases takes no connections: the condition says what is left there, by name, and once it
//! is back the deletion goes on. Nothing crashes here; the stories' world is all that is needed.

use super::split::{begin, gone, id, reports};
use crate::harness::{Room, World};
use crate::server;
use rerp_operator::outcome::Outcome;
use rerp_split::journal;
use rerp_split::phase::Phase;
use rerp_split::spec::Side;
use rerp_split::status::{Made, Status};

/// Lets nobody into a database any more, or lets everybody in again.
async fn accepts(database: &str, accepts: bool) {
    let admin = server::shared().admin("postgres").await;
    let alter = format!("ALTER DATABASE {database} ALLOW_CONNECTIONS {accepts}");
    admin.batch_execute(&alter).await.expect("a database");
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    admin.execute(end, &[&database]).await.expect("an answer");
}

/// What a worker says that has come as far as `phase`.
fn report(phase: Phase) -> Status {
    let made = |side, kind: &str, name: &str| Made { side, kind: kind.into(), name: name.into() };
    let made = vec![
        made(Side::Source, "slot", "rerp_m_fwd_1"),
        made(Side::Source, "publication", "rerp_m_fwd"),
        made(Side::Target, "subscription", "rerp_m_fwd_1"),
        made(Side::Target, "table", "identity.person"),
    ];
    Status { phase, made, ..Status::default() }
}

async fn rest(world: &World) {
    world.settle().await.expect("no fault");
}

fn message(world: &World) -> String {
    world.expect(Room::Splits, "move", "Unknown", "ServerUnreachable");
    let ready = world.condition(Room::Splits, "move", "Ready");
    ready["message"].as_str().expect("a message").to_owned()
}

async fn ends(world: &World, story: &'static str) {
    rest(world).await;
    world.expect(Room::Splits, "move", "Unknown", "Deleting");
    reports(world, story, Status { phase: Phase::Aborted, ..Status::default() }).await;
    rest(world).await;
    gone(world);
}

#[tokio::test]
async fn a_target_that_is_away_is_told_of_and_its_worker_hears_of_the_deletion_all_the_same() {
    let (world, story) = (World::new(&[Room::Services, Room::Splits]), "targetaway");
    begin(&world, story).await;
    rest(&world).await;
    reports(&world, story, report(Phase::ReadyForCutover)).await;
    rest(&world).await;
    accepts("crash_targetaway_own", false).await;
    world.delete("databasesplitmigrations", "move");
    rest(&world).await;
    let message = message(&world);
    let left = "until the target is back there remain on it: subscription rerp_m_fwd_1, table identity.person, rows of";
    assert!(message.starts_with("target: ") && message.contains(left), "{message}");
    let source = server::shared().admin("crash_targetaway_shared").await;
    let wish = journal::read_wish(&source, &id(&world)).await.expect("an answer").expect("a wish");
    assert!(wish.abort && !wish.services_prepared, "{wish:?}");
    accepts("crash_targetaway_own", true).await;
    ends(&world, story).await;
}

#[tokio::test]
async fn a_target_that_goes_away_at_the_end_keeps_the_journals_of_both_sides() {
    let (world, story) = (World::new(&[Room::Services, Room::Splits]), "targetlate");
    begin(&world, story).await;
    rest(&world).await;
    reports(&world, story, report(Phase::Copy)).await;
    rest(&world).await;
    accepts("crash_targetlate_own", false).await;
    reports(&world, story, Status { phase: Phase::Aborted, ..Status::default() }).await;
    world.delete("databasesplitmigrations", "move");
    rest(&world).await;
    let message = message(&world);
    assert!(message.contains("there remain on it: rows of migration"), "{message}");
    let source = server::shared().admin("crash_targetlate_shared").await;
    assert!(journal::read_status(&source, &id(&world)).await.expect("an answer").is_some(), "forgotten on one side");
    accepts("crash_targetlate_own", true).await;
    rest(&world).await;
    gone(&world);
}

#[tokio::test]
async fn a_source_that_is_away_is_told_of_by_what_was_last_seen_there() {
    let (world, story) = (World::new(&[Room::Services, Room::Splits]), "sourceaway");
    begin(&world, story).await;
    rest(&world).await;
    reports(&world, story, report(Phase::Copy)).await;
    rest(&world).await;
    accepts("crash_sourceaway_shared", false).await;
    world.delete("databasesplitmigrations", "move");
    let outcome = world.visit(Room::Splits, "move").await.expect("no fault");
    assert!(matches!(outcome, Outcome::Failed { .. }), "it is tried again: {outcome:?}");
    let message = message(&world);
    let left = "until the source is back there remain on it: slot rerp_m_fwd_1, publication rerp_m_fwd, rows of";
    assert!(message.starts_with("source: ") && message.contains(left), "{message}");
    accepts("crash_sourceaway_shared", true).await;
    ends(&world, story).await;
}
