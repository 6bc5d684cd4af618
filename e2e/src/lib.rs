//! What the tests against a real cluster share: kubectl, waiting with a deadline, a namespace of one's own, psql in a pod.
//!
//! The tests use kubectl because that is what users use; `cargo xtask e2e` says in `RERP_KUBECTL` how to call it.

mod kubectl;
mod namespace;
mod wait;

pub use kubectl::{Kubectl, KubectlError};
pub use namespace::TestNamespace;
pub use wait::{WaitError, eventually};

use std::error::Error;

/// What a cluster test returns: any failure, with its own words.
pub type TestResult = Result<(), Box<dyn Error>>;
