//! One side can't be reached while a migration is given up: the worker tells by name what is left there, and removes it later.
//!
//! In: a network that is cut between worker and server, or a server that is down. Out: both sides as they were.

use super::catalogs::{difference, everything};
use super::play::Play;
use super::points::{How, Kind};
use super::wire::{Link, Wire};
use crate::support::cluster::Cluster;
use crate::support::{apart, eventually};
use crate::world::LIMIT;
use rerp_split::journal::cleanup;
use rerp_split::phase::Phase;
use rerp_split::schema;
use std::sync::Arc;
use tokio_postgres::Client;

/// A migration whose worker reaches both servers, and they each other, by wires.
async fn by_wire() -> (Play, [Wire; 2]) {
    let play = Play::begin(Kind::Plain, apart()).await;
    let (source, target) = (&play.world.source, &play.world.target);
    let wires = [Wire::start(source.cluster.port()).await, Wire::start(target.cluster.port()).await];
    for (name, side, wire) in [("source", source, &wires[0]), ("target", target, &wires[1])] {
        let url = format!("postgresql://postgres@127.0.0.1:{}/{}", wire.port(), side.database);
        std::fs::write(play.world.path(name), url).unwrap();
    }
    (play, wires)
}

/// What the migration has made on a side, as its journal and its catalog say.
async fn left(client: &Client, migration: &str, before: &[String]) -> Vec<String> {
    let intents = cleanup::pending(client, migration).await.unwrap();
    let objects = intents.iter().filter(|intent| !schema::is_mark(&intent.kind));
    let mut left: Vec<String> = objects.map(|intent| format!("{} {}", intent.kind, intent.name)).collect();
    let new = difference(before, &everything(client).await);
    let aside = ["slot ", "subscription ", "publication ", "event trigger "];
    let aside = new
        .iter()
        .filter_map(|line| line.strip_prefix("+ "))
        .filter(|line| aside.iter().any(|kind| line.starts_with(kind)));
    left.extend(aside.map(|line| line.split(' ').filter(|word| word.len() > 1).collect::<Vec<_>>().join(" ")));
    assert!(left.len() > 2, "{left:?}");
    left
}

fn names_all(text: &str, left: &[String]) {
    for object in left {
        assert!(text.contains(object.as_str()), "{object} is not named: {text}");
    }
}

fn until_it_is_back(side: &str) -> String {
    format!("until the {side} is back there remain on it: ")
}

/// The worker tells it to the journal on the source.
pub async fn target_cut() {
    let (mut play, wires) = by_wire().await;
    let before = everything(&play.target).await;
    play.wish(Phase::ReadyForCutover).await;
    let worker = play.start(None);
    play.reaches(Phase::ReadyForCutover, &worker).await;
    let left = left(&play.target, &play.world.migration, &before).await;
    wires[1].cut(Link::Worker);
    play.give_up().await;
    let told = until_it_is_back("target");
    eventually("it is told of", LIMIT, || async { play.status().await.message.contains(&told) }).await;
    names_all(&play.status().await.message, &left);
    play.is_alive().await;
    assert!(!play.status().await.phase.is_terminal());
    wires[1].mend();
    assert_eq!(play.terminal(&worker).await, Phase::Aborted);
    worker.kill();
    play.nothing_is_left(false).await;
}

/// There is nobody to tell it to but the log.
pub async fn source_cut() {
    let (mut play, wires) = by_wire().await;
    let before = everything(&play.source).await;
    play.wish(Phase::ReadyForCutover).await;
    play.advance(Phase::ReadyForCutover).await;
    play.give_up().await;
    let worker = play.come_to("AbortClaimed", How::Wish).await;
    let left = left(&play.source, &play.world.migration, &before).await;
    wires[0].cut(Link::Worker);
    play.let_go();
    let told = until_it_is_back("source");
    eventually("it is told of", LIMIT, || async { worker.log().contains(&told) }).await;
    names_all(&worker.log(), &left);
    play.is_alive().await;
    wires[0].mend();
    assert_eq!(play.terminal(&worker).await, Phase::Aborted);
    worker.kill();
    play.nothing_is_left(false).await;
}

/// First the target, then the source, each under a worker that has just begun.
pub async fn servers_down() {
    let (from, to) = (Arc::new(Cluster::start()), Arc::new(Cluster::start()));
    let mut play = Play::begin(Kind::Plain, (from.clone(), to.clone())).await;
    play.wish(Phase::Completed).await;
    play.kill_at("SubscriptionEnabled").await;
    let subscription = play.status().await.made.into_iter().find(|made| made.kind == "subscription").unwrap().name;
    let made = [format!("subscription {subscription}"), "table app.email".to_owned(), "table app.child".to_owned()];
    to.crash();
    let told = until_it_is_back("target");
    let output = play.world.run("abort", &[]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains(&told), "{said}");
    names_all(&said, &made);
    play.give_up().await;
    let worker = play.start(None);
    eventually("it is told of", LIMIT, || async { worker.log().contains(&told) }).await;
    names_all(&worker.log(), &made);
    play.is_alive().await;
    worker.kill();
    to.boot();
    play.target = play.world.target.admin().await;
    play.kill_at("StreamGone").await;
    from.crash();
    let worker = play.start(None);
    eventually("it can't begin", LIMIT, || async { worker.log().contains("log in to the source") }).await;
    from.boot();
    play.source = play.world.source.admin().await;
    assert_eq!(play.terminal(&worker).await, Phase::Aborted);
    play.is_alive().await;
    worker.kill();
    play.nothing_is_left(false).await;
}
