//! `traffic serve` and `traffic seed`. Wiring only.

use clap::{Parser, Subcommand};
use rerp_kit::config::{Env, log_format};
use rerp_kit::telemetry::{self, chain};
use rerp_traffic::config::ServeSettings;
use rerp_traffic::seed::args::SeedArgs;
use rerp_traffic::{seed, serve};
use std::error::Error;
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "traffic", version, about = "Load with a ledger, and the data to begin with")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Wait for `POST /start`, post forms and make journeys, keep the ledger. Settings come from the environment.
    Serve,
    /// Fill the tables of identity, account and marketing with generated rows, once.
    Seed(SeedArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut env = Env::of_process();
    telemetry::init(log_format(&mut env));
    match run(cli.command, env).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = chain(error.as_ref()), "traffic can't go on");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, mut env: Env) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Serve => {
            let settings = ServeSettings::read(&mut env);
            env.finish()?;
            Ok(serve::serve(settings).await?)
        }
        Command::Seed(args) => Ok(seed::run::fill(&args).await?),
    }
}
