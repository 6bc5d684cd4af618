//! gRPC: the calls other services make. One file per protocol service.

pub mod company;
pub mod permission;
