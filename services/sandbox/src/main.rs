//! `sandbox serve`. Wiring only.

use clap::{Parser, Subcommand};
use rerp_kit::client::builder;
use rerp_kit::config::{Env, log_format};
use rerp_kit::telemetry::{self, chain};
use rerp_sandbox::{config, serve};
use std::error::Error;
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "sandbox", version, about = "Stands in for the vendors and services that are not ours")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests. Settings come from the environment.
    Serve,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { command: Command::Serve } = Cli::parse();
    let mut env = Env::of_process();
    telemetry::init(log_format(&mut env));
    match run(env).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = chain(error.as_ref()), "the sandbox can't go on");
            ExitCode::FAILURE
        }
    }
}

async fn run(mut env: Env) -> Result<(), Box<dyn Error>> {
    let (settings, supabase) = config::read(&mut env);
    env.finish()?;
    // Events go to services inside the platform, by their names.
    let http = builder(None)?.build()?;
    Ok(serve::serve(settings, supabase, http).await?)
}
