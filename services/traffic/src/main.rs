//! `traffic serve` and `traffic seed`. Wiring only.

use clap::{Parser, Subcommand};
use rerp_traffic::config::ServeArgs;
use rerp_traffic::seed::args::SeedArgs;
use std::error::Error;

#[derive(Debug, Parser)]
#[command(name = "traffic", version, about = "Load with a ledger, and the data to begin with")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Wait for `POST /start`, post forms, keep the ledger.
    Serve(ServeArgs),
    /// Fill identity's and marketing's tables with generated rows, once.
    Seed(SeedArgs),
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match Cli::parse().command {
        Command::Serve(args) => {
            args.plan()?;
            Ok(())
        }
        Command::Seed(args) => Ok(rerp_traffic::seed::run::fill(&args).await?),
    }
}
