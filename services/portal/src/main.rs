//! `rerp-portal serve`. Wiring only.

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rerp_kit::config::{Env, Settings, log_format};
use rerp_kit::telemetry::{self, chain};
use rerp_portal::config::PortalSettings;
use rerp_portal::serve::serve;

#[derive(Debug, Parser)]
#[command(version, about = "Serves one portal's built bundle, and takes its forms from browsers without JavaScript")]
struct Cli {
    /// Without one: serve.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests. Settings come from the environment.
    Serve,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { command: None | Some(Command::Serve) } = Cli::parse();
    let mut env = Env::of_process();
    telemetry::init(log_format(&mut env));
    match run(env).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = chain(error.as_ref()), "the portal can't go on");
            ExitCode::FAILURE
        }
    }
}

async fn run(mut env: Env) -> Result<(), Box<dyn Error>> {
    let settings = Settings::read(&mut env, "portal");
    let own = PortalSettings::read(&mut env);
    env.finish()?;
    Ok(serve(settings, own).await?)
}
