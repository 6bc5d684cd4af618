//! `rerp-gateway serve`. Wiring only.

use std::error::Error;
use std::num::NonZero;
use std::process::ExitCode;
use std::{env, io, thread};

use clap::{Parser, Subcommand};
use rerp_gateway::config::GatewaySettings;
use rerp_gateway::serve::serve;
use rerp_kit::config::{Env, Settings, log_format};
use rerp_kit::telemetry::{self, chain};
use tokio::runtime::{Builder, Runtime};

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

fn main() -> ExitCode {
    let Cli { command: None | Some(Command::Serve) } = Cli::parse();
    let mut env = Env::of_process();
    telemetry::init(log_format(&mut env));
    let ended = runtime().map_err(Into::into).and_then(|runtime| runtime.block_on(run(env)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = chain(error.as_ref()), "the gateway can't go on");
            ExitCode::FAILURE
        }
    }
}

/// With one worker all is done by one thread: nobody hands anything over. With more they take from each other.
fn runtime() -> io::Result<Runtime> {
    let wished = env::var("TOKIO_WORKER_THREADS").ok().and_then(|workers| workers.parse().ok());
    let workers = wished.or_else(|| thread::available_parallelism().map(NonZero::get).ok());
    let mut builder = if workers == Some(1) { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.enable_all().build()
}

async fn run(mut env: Env) -> Result<(), Box<dyn Error>> {
    let settings = Settings::read(&mut env, "gateway");
    let own = GatewaySettings::read(&mut env);
    env.finish()?;
    // Whatever is missing has been told by now.
    let own = own.ok_or("the settings of the gateway are not complete")?;
    Ok(serve(settings, own).await?)
}
