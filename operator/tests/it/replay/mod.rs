//! Ready is never claimed without reason: services live through random transitions, some of them in the middle of a pass, and
//! a judge replays every stored version. The seed of a failing life is printed; `RERP_REPLAY_SEED` lives it again.

mod fate;
mod judge;

use crate::harness::{Room, World, environment};
use fate::Fate;
use judge::Judge;
use rand::RngExt;
use rerp_operator::outcome::Outcome;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Lives, and transitions in each of them.
const LIVES: u64 = 50;
const TRANSITIONS: usize = 60;
/// So often the passes are let come to rest, and Ready has to say how things are.
const REST: usize = 12;

#[tokio::test]
async fn ready_is_claimed_only_for_what_was_seen_and_at_rest_says_how_things_are() {
    let seeds = match std::env::var("RERP_REPLAY_SEED") {
        Ok(seed) => vec![seed.parse().expect("a number")],
        Err(_) => (1..=LIVES).collect(),
    };
    let mut claims = 0;
    for seed in seeds {
        println!("RERP_REPLAY_SEED={seed}");
        claims += live(seed).await;
    }
    // A judge who has nothing to judge finds no fault.
    assert!(claims >= 25, "Ready=True was claimed {claims} times only");
}

/// Before each call of the pass that would call a service Ready, the service is deleted and made again.
#[tokio::test]
async fn an_object_made_anew_is_not_called_ready_for_what_its_predecessor_was() {
    for call in 0.. {
        let world = World::new(&[Room::Services]);
        world.create(Room::Services, "a", &json!({"image": "x:1"}));
        world.visit(Room::Services, "a").await.expect("nothing crashes here");
        environment::step(&world.api);
        let (at, counter) = (world.path("rerpservices", "a"), Arc::new(AtomicUsize::new(0)));
        let (path, calls) = (at.clone(), Arc::clone(&counter));
        world.api.interfere(Some(Box::new(move |api| {
            if calls.fetch_add(1, Ordering::Relaxed) == call {
                let mut object = api.remove(&path).expect("it is there");
                object["metadata"].as_object_mut().expect("metadata").remove("uid");
                object.as_object_mut().expect("an object").remove("status");
                api.put(&path, object);
            }
        })));
        let outcome = world.visit(Room::Services, "a").await.expect("nothing crashes here");
        world.api.interfere(None);
        if counter.load(Ordering::Relaxed) <= call {
            assert!(call >= 10 && matches!(outcome, Outcome::Done { .. }), "{call} calls: {outcome:?}");
            break;
        }
        let ready = world.condition(Room::Services, "a", "Ready");
        assert_ne!(ready["status"], "True", "call {call}: {ready}");
        while world.round().await.expect("nothing crashes here") {}
        world.expect(Room::Services, "a", "True", "AsExpected");
    }
}

/// One life; returns how often Ready=True was claimed in it.
async fn live(seed: u64) -> usize {
    let world = World::new(&[Room::Services]);
    let fate = Arc::new(Mutex::new(Fate::new(seed, &world.namespace)));
    let mut judge = Judge::default();
    let (during, mut rested) = (Arc::clone(&fate), 0);
    world.api.interfere(Some(Box::new(move |api| {
        let mut fate = during.lock().unwrap();
        if fate.active && fate.rng.random_ratio(1, 20) {
            fate.strike(api);
        }
    })));
    loop {
        let struck = {
            let mut fate = fate.lock().unwrap();
            fate.strike(&world.api);
            fate.strikes
        };
        for name in world.names(Room::Services) {
            pass(&world, &mut judge, &name).await;
        }
        if struck >= TRANSITIONS {
            break;
        }
        if struck - rested >= REST {
            rested = struck;
            rest(&world, &fate, &mut judge).await;
        }
    }
    rest(&world, &fate, &mut judge).await;
    judge.claims
}

async fn pass(world: &World, judge: &mut Judge, name: &str) {
    if world.live(Room::Services.plural(), name).is_none() {
        return;
    }
    let begun = world.api.version();
    world.visit(Room::Services, name).await.expect("nothing crashes here");
    judge.pass(world, name, begun);
}

/// Nothing happens until no pass changes anything any more.
async fn rest(world: &World, fate: &Mutex<Fate>, judge: &mut Judge) {
    fate.lock().unwrap().active = false;
    for _ in 0..20 {
        let before = world.api.version();
        for name in world.names(Room::Services) {
            pass(world, judge, &name).await;
        }
        if world.api.version() == before {
            judge.rest(world);
            fate.lock().unwrap().active = true;
            return;
        }
    }
    panic!("the passes come to no rest");
}
