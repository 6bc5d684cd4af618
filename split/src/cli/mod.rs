//! The commands: arguments in, text or events and an exit code out.

mod admin;
mod args;
mod back;
mod commands;
mod exit;
mod failure;
mod migrate;
mod order;
mod progress;
mod rehearse;
mod rollback;
mod settings;
mod status;
mod verify;

use args::{Arguments, Command, Sides};
use clap::Parser;
use exit::Exit;
use failure::Failure;
use progress::{Event, Form, Output, say};
use rerp_split::failpoint;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// A command's end, with words for whoever waits for it.
pub(crate) struct Ended {
    exit: Exit,
    message: String,
}

impl Ended {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

/// Parses, runs, reports.
pub(crate) async fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return misunderstood(&error),
    };
    let name = arguments.command.name();
    let logs = std::env::var_os("RUST_LOG").is_some();
    log(matches!(arguments.command, Command::Worker { .. }));
    if let Err(error) = failpoint::arm_from_env() {
        say(&format!("rerp-split: {error}\n"));
        return Exit::Refused.into();
    }
    let stop = CancellationToken::new();
    listen(stop.clone());
    let (form, migration) = match arguments.command.sides() {
        Some(sides) => (Form::choose(sides.json, logs), sides.migration().ok().flatten().unwrap_or_default()),
        None => (Form::Lines, String::new()),
    };
    let output = Output::new(form, &migration);
    output.tell(&Event::Begin { command: name, version: env!("CARGO_PKG_VERSION") });
    let ended = dispatch(arguments.command, &output, &stop).await;
    let Ended { exit, message } = ended.unwrap_or_else(|failure| end_of(failure, &stop));
    if !message.is_empty() || form == Form::Json {
        let message = if form == Form::Json || exit == Exit::Done { message } else { format!("rerp-split: {message}") };
        output.tell(&Event::End { exit, code: exit.code(), message });
    }
    exit.into()
}

async fn dispatch(command: Command, output: &Output, stop: &CancellationToken) -> Result<Ended, Failure> {
    match command {
        Command::Plan(sides) => commands::plan(sides, output).await,
        Command::Run { sides, advance_to, approve } => migrate::run(sides, advance_to, approve, output, stop).await,
        Command::Status(sides) => status::status(sides, output).await,
        Command::Verify(sides) => verify::verify(sides, output, stop).await,
        Command::Abort(sides) => back::abort(sides, output, stop).await,
        Command::Rollback { sides, epoch, undo } => rollback::rollback(sides, epoch, undo, output, stop).await,
        Command::UndoForeignKeys(sides) => commands::undo_foreign_keys(sides, output).await,
        Command::Rehearse(sides) => rehearse::rehearse(sides, output, stop).await,
        Command::Order { sides, schemas } => order::order(sides, &schemas, output).await,
        Command::Worker { dir, admin, pg_dump } => {
            commands::worker(settings::from_dir(&dir, pg_dump)?, &admin, stop).await
        }
    }
}

impl Command {
    fn name(&self) -> &'static str {
        match self {
            Self::Plan(_) => "plan",
            Self::Run { .. } => "run",
            Self::Status(_) => "status",
            Self::Verify(_) => "verify",
            Self::Abort(_) => "abort",
            Self::Rollback { .. } => "rollback",
            Self::UndoForeignKeys(_) => "undo-foreign-keys",
            Self::Rehearse(_) => "rehearse",
            Self::Order { .. } => "order",
            Self::Worker { .. } => "worker",
        }
    }

    fn sides(&self) -> Option<&Sides> {
        match self {
            Self::Plan(sides)
            | Self::Run { sides, .. }
            | Self::Status(sides)
            | Self::Verify(sides)
            | Self::Abort(sides)
            | Self::Rollback { sides, .. }
            | Self::UndoForeignKeys(sides)
            | Self::Rehearse(sides)
            | Self::Order { sides, .. } => Some(sides),
            Self::Worker { .. } => None,
        }
    }
}

/// What was interrupted ends with whatever was under way just then.
fn end_of(failure: Failure, stop: &CancellationToken) -> Ended {
    let exit = if failure.exit == Exit::Failed && stop.is_cancelled() { Exit::Stopped } else { failure.exit };
    Ended::new(exit, failure.text)
}

/// Help and version are no errors; all else is, and what it repeats of the arguments may be a URL.
fn misunderstood(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return Exit::Done.into();
    }
    say(&args::redacted(&error.render().to_string()));
    Exit::Refused.into()
}

/// Logs go to standard error. A worker's are all that is seen of it; a person's command shows what it does by itself.
fn log(worker: bool) {
    let usual = if worker { "info" } else { "error" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::env::var("RERP_LOG_FORMAT").is_ok_and(|format| format == "json") {
        lines.json().init();
    } else {
        lines.init();
    }
}

/// SIGTERM and SIGINT ask the process to end where the migration can be taken up again. Who asks twice doesn't want to wait, and
/// a process may end anywhere.
fn listen(stop: CancellationToken) {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        match signal(kind) {
            Ok(mut stream) => {
                let stop = stop.clone();
                tokio::spawn(async move {
                    while stream.recv().await.is_some() {
                        if stop.is_cancelled() {
                            std::process::exit(Exit::Stopped.code().into());
                        }
                        stop.cancel();
                    }
                });
            }
            Err(error) => tracing::warn!(%error, "signals are not handled"),
        }
    }
}
