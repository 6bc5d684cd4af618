//! `rerp-gateway serve`. Wiring only.

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rerp_gateway::config::GatewaySettings;
use rerp_gateway::serve::serve;
use rerp_kit::config::{Env, Settings, log_format};
use rerp_kit::telemetry::{self, chain};

#[derive(Debug, Parser)]
#[command(version, about = "The one way from outside to the services of the platform")]
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
            tracing::error!(error = chain(error.as_ref()), "the gateway can't go on");
            ExitCode::FAILURE
        }
    }
}

async fn run(mut env: Env) -> Result<(), Box<dyn Error>> {
    let settings = Settings::read(&mut env, "gateway");
    let own = GatewaySettings::read(&mut env);
    env.finish()?;
    // Whatever is missing has been told by now.
    let own = own.ok_or("the settings of the gateway are not complete")?;
    Ok(serve(settings, own).await?)
}
