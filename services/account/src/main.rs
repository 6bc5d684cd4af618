//! The program: `rerp-account serve | migrate`. Must not hold anything but the wiring.

use std::process::ExitCode;

use rerp_kit::app::{self, Parts};
use rerp_kit::idempotency::keep_swept;

fn main() -> ExitCode {
    app::main("account", rerp_account::migrations(), |_env| {
        |parts: Parts| {
            tokio::spawn(keep_swept(parts.db.clone(), parts.stop));
            Ok(rerp_account::router(parts.db))
        }
    })
}
