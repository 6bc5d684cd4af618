//! What the tests against a real cluster share: kubectl, waiting with a deadline, a namespace of one's own, psql in a pod, the
//! operator from outside, the audit log.
//!
//! The tests use kubectl because that is what users use; `cargo xtask e2e` says in `RERP_KUBECTL` how to call it.

mod audit;
mod door;
mod forward;
mod kubectl;
mod namespace;
mod operator;
mod wait;

pub use audit::AuditLog;
pub use door::{Door, DoorError};
pub use forward::{Answer, Forward, ForwardError};
pub use kubectl::{Kubectl, KubectlError};
pub use namespace::TestNamespace;
pub use operator::{OPERATOR_USER, Operator};
pub use wait::{WaitError, eventually};

use std::error::Error;

/// What a cluster test returns: any failure, with its own words.
pub type TestResult = Result<(), Box<dyn Error>>;
