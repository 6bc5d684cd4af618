//! The program: `rerp-identity serve | migrate`. Must not hold anything but the wiring.

use std::process::ExitCode;

use rerp_kit::app::{self, Parts};

fn main() -> ExitCode {
    app::main("identity", rerp_identity::migrations(), |_env| |parts: Parts| Ok(rerp_identity::router(parts.db)))
}
