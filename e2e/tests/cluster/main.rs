//! What only a real cluster shows. One program, so that tests can take turns: they share the operator and few processors, and only what
//! merely waits does so beside the others.
#![allow(clippy::unwrap_used, clippy::panic)]

mod abort;
mod at_rest;
mod bad_specs;
mod identities;
mod readiness;
mod retain;

use std::sync::{Mutex, MutexGuard, PoisonError};

use rerp_e2e::{TestNamespace, TestResult};

static TURN: Mutex<()> = Mutex::new(());

/// Waits until no other test has the cluster. One that failed has left its namespace behind and nothing else.
fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a test in a namespace of its own while no other one has its turn.
fn in_turn(name: &str, test: impl FnOnce(&TestNamespace) -> TestResult) -> TestResult {
    let _turn = turn();
    TestNamespace::run_test(name, test)
}
