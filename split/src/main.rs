//! `rerp-split`: the command line and the worker. Everything that moves data is in the library.

mod cli;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run().await
}
