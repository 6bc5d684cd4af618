//! The children of a migration. Pure: checked values in, whole objects out.

pub mod network_policy;
pub mod worker;
