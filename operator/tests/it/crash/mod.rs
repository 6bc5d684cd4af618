//! A crash before and after every write: whatever the operator was doing, its successor ends where it would have ended.
//!
//! A story is a list of steps; after each the cluster comes to rest. It is told once undisturbed. Then, for every mutating call of
//! that telling, in a world of its own: the process ends before or after the call (or the call's answer is an error and the process
//! lives on), a new one takes over, and when the cluster is at rest everything must be the same: the last object, role and row.
//! From there the story would go on as the undisturbed one did. Last, a new process looks at everything and writes nothing.

mod away;
mod database;
mod service;
mod split;

use crate::apiserver::{ApiServer, Fault, Hit};
use crate::harness::{Room, World, normal};
use futures::future::BoxFuture;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// One thing that somebody does.
pub(crate) enum Step {
    /// To objects.
    Do(fn(&World)),
    /// Involving PostgreSQL.
    Sql(Sql),
    /// What another story tells: nothing is disturbed here.
    Given(Sql),
}

/// A step that takes its time.
type Sql = for<'a> fn(&'a World) -> BoxFuture<'a, ()>;

/// The process ends before the call, or after it.
const CRASHES: &[(bool, Hit)] = &[(false, Hit::Crash), (true, Hit::Crash)];
/// And the call is done, its answer an error. What a call does that fails, the rooms' own tests show.
const ALL: &[(bool, Hit)] = &[(false, Hit::Crash), (true, Hit::Crash), (true, Hit::Error)];

/// What the undisturbed telling came to, step by step.
struct Chapter {
    /// The objects before the step.
    begins: ApiServer,
    /// Its mutating calls, by number.
    writes: Range<usize>,
    /// Everything after it.
    ends: BTreeMap<String, Value>,
}

/// Tells a story once undisturbed, and once for every way to disturb it.
async fn everywhere(rooms: &'static [Room], hits: &[(bool, Hit)], steps: &[Step]) {
    let chapters = undisturbed(rooms, steps).await;
    assert!(chapters.iter().any(|chapter| !chapter.writes.is_empty()), "nothing was written");
    for (number, chapter) in chapters.iter().enumerate() {
        for (write, (applied, hit)) in
            chapter.writes.clone().flat_map(|write| hits.iter().map(move |hit| (write, *hit)))
        {
            let fault = Fault { write, applied, hit };
            let mut world = before(rooms, &steps[..number], chapter).await;
            world.api.hit(fault);
            take(&mut world, &steps[number]).await;
            assert_eq!(world.api.pending_fault(), None, "it never came to this write");
            compare(&chapter.ends, &normal::photograph(&world).await, fault);
            silent(&mut world).await;
        }
    }
}

async fn undisturbed(rooms: &'static [Room], steps: &[Step]) -> Vec<Chapter> {
    let mut world = World::new(rooms);
    let mut chapters = Vec::new();
    for step in steps {
        let (begins, first) = (world.api.fork(), world.api.write_count());
        take(&mut world, step).await;
        let given = matches!(step, Step::Given(_));
        let writes = if given { 0..0 } else { first..world.api.write_count() };
        chapters.push(Chapter { begins, writes, ends: normal::photograph(&world).await });
    }
    silent(&mut world).await;
    chapters
}

/// A world in which the steps so far have been taken. PostgreSQL can't be copied: there they are taken again.
async fn before(rooms: &'static [Room], steps: &[Step], chapter: &Chapter) -> World {
    if !World::on_postgres(rooms) {
        return World::on(chapter.begins.fork(), rooms);
    }
    let mut world = World::new(rooms);
    for step in steps {
        take(&mut world, step).await;
    }
    world
}

/// Takes a step and lets the cluster come to rest, with as many processes as it needs.
async fn take(world: &mut World, step: &Step) {
    match step {
        Step::Do(step) => step(world),
        Step::Sql(step) | Step::Given(step) => step(world).await,
    }
    while world.settle().await.is_err() {
        world.restart();
    }
}

async fn silent(world: &mut World) {
    world.restart();
    world.api.calls();
    assert!(!world.round().await.expect("no fault is left"), "a new process changed something");
    assert_eq!(world.api.writes(), [], "a new process wrote");
}

fn compare(expected: &BTreeMap<String, Value>, found: &BTreeMap<String, Value>, fault: Fault) {
    let mut paths: Vec<&String> = expected.keys().chain(found.keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        let text = |side: &BTreeMap<String, Value>| side.get(path).map(|value| format!("{value:#}"));
        let (wanted, got) = (text(expected).unwrap_or_default(), text(found).unwrap_or_default());
        assert!(wanted == got, "{fault:?}: {path} differs\nundisturbed: {wanted}\ndisturbed: {got}");
    }
}
