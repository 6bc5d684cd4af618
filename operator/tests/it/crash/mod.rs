//! A crash before and after every write: whatever the operator was doing, its successor ends where it would have ended.
//!
//! A scenario is a list of steps; after each the cluster comes to rest. It is told once undisturbed. Then, for every mutating
//! call of that run, in a world of its own: the process ends before or after the call (or the call fails and the process
//! lives on), a new one takes over, the story goes on, and what is left must be the same, down to the last object, role and
//! row. Last, a new process looks at everything and writes nothing.

mod database;
mod service;
mod split;

use crate::apiserver::{Fault, Hit};
use crate::harness::{Room, World, normal};
use futures::future::BoxFuture;
use serde_json::Value;
use std::collections::BTreeMap;

/// One thing that somebody does.
pub(crate) enum Step {
    /// To objects.
    Do(fn(&World)),
    /// Involving PostgreSQL.
    Sql(for<'a> fn(&'a World) -> BoxFuture<'a, ()>),
}

/// Crashes and failed calls.
const ALL: &[Hit] = &[Hit::Crash, Hit::Error];

/// Tells a story once undisturbed, and once for every way to disturb it.
async fn everywhere(rooms: &'static [Room], hits: &[Hit], steps: &[Step]) {
    let undisturbed = tell(rooms, steps, None).await;
    let (expected, writes) = (normal::photograph(&undisturbed).await, undisturbed.api.write_count());
    assert!(writes > 0, "nothing was written");
    for write in 0..writes {
        for (applied, hit) in [false, true].into_iter().flat_map(|applied| hits.iter().map(move |hit| (applied, *hit)))
        {
            let fault = Fault { write, applied, hit };
            let world = tell(rooms, steps, Some(fault)).await;
            assert_eq!(world.api.pending_fault(), None, "it never came to this write");
            compare(&expected, &normal::photograph(&world).await, fault);
        }
    }
}

async fn tell(rooms: &'static [Room], steps: &[Step], fault: Option<Fault>) -> World {
    let mut world = World::new(rooms);
    if let Some(fault) = fault {
        world.api.hit(fault);
    }
    for step in steps {
        match step {
            Step::Do(step) => step(&world),
            Step::Sql(step) => step(&world).await,
        }
        while world.settle().await.is_err() {
            world.restart();
        }
    }
    world.restart();
    world.api.calls();
    assert!(!world.round().await.expect("no fault is left"), "{fault:?}: a new process changed something");
    assert_eq!(world.api.writes(), [], "{fault:?}: a new process wrote");
    world
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
