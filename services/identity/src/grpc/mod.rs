//! gRPC: the calls other services make. One file per protocol service.

pub mod confirmation;
pub mod email;
pub mod invitation;
pub mod person;
pub mod rights;
