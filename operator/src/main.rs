//! The operator's process: arguments, logs, signals, lease, controllers. Nothing else lives here.

use clap::Parser;
use rerp_operator::{admin, args::Args, leader, metrics::Metrics, run, telemetry};
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

/// Name of the Lease; one per namespace of operators.
const LEASE: &str = "rerp-operator";

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    telemetry::init(args.log_format);
    match start(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = %error, cause = error.source().map(ToString::to_string), "the operator ends");
            ExitCode::FAILURE
        }
    }
}

async fn start(args: Args) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let shutdown = CancellationToken::new();
    tokio::spawn(signals(shutdown.clone()));
    let metrics = Metrics::new()?;
    let gates = admin::Gates::default();
    let admin = admin::serve(args.admin_addr, gates.clone(), metrics.clone(), shutdown.clone());
    let mut admin = tokio::spawn(admin);
    let client = run::client().await?;
    let identity = args.identity.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let leader = leader::Leader::new(client.clone(), &args.namespace, LEASE, &identity, leader::Pace::default());

    tokio::select! {
        result = work(&args, client, &identity, &leader, &metrics, gates, &shutdown) => result?,
        result = &mut admin => result??,
    }
    if args.leader_elect {
        leader.release().await;
    }
    Ok(())
}

/// Waits for the lease, then runs the controllers until a signal. Losing the lease is an error: the
/// process must end, since a controller in mid-flight can't be told apart from a stale one.
async fn work(
    args: &Args,
    client: kube::Client,
    identity: &str,
    leader: &leader::Leader,
    metrics: &Metrics,
    gates: admin::Gates,
    shutdown: &CancellationToken,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    if !run::wait_for_kinds(&client, args.watch_namespace.as_deref(), &gates, shutdown).await {
        return Ok(());
    }
    if args.leader_elect {
        tokio::select! {
            () = leader.acquire() => {}
            () = shutdown.cancelled() => return Ok(()),
        }
    }
    metrics.lead(true);
    tracing::info!(identity, "leading");
    let controllers = run::controllers(args, client, identity, metrics.clone(), shutdown.clone());
    if !args.leader_elect {
        controllers.await;
        return Ok(());
    }
    tokio::select! {
        () = controllers => Ok(()),
        () = leader.hold() => Err("the lease was lost".into()),
    }
}

/// Fires the token on SIGTERM or SIGINT.
async fn signals(shutdown: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        tracing::error!("can't listen for signals");
        return;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    tracing::info!("stopping");
    shutdown.cancel();
}
