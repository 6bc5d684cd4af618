//! What an engine says about its server. Pure. One file per engine that has something to judge; a
//! shared server is judged by `check`, from its own ServiceDatabase.

pub mod embedded;
