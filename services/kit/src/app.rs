//! The life of a service's process: `migrate`, or `serve` until told to stop. In come the service's name, migrations
//! and a way to build its routes; out goes an exit code. Must not know what the routes do.

mod command;

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use clap::Parser as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use command::{Args, Command};

pub use command::Service;

use crate::access::Guard;
use crate::config::{ConfigError, Env, HttpSettings, Settings, log_format};
use crate::events::broker::Broker;
use crate::events::nats::{Nats, NatsError};
use crate::events::running::replay;
use crate::metrics::{Metrics, MetricsError};
use crate::migrate::{MigrationError, migrate};
use crate::pool::{BindingError, Db, DbError};
use crate::telemetry::chain;
use crate::tls::{Tls, TlsError, TlsSettings};
use crate::{admin, http, telemetry};

/// Time the pools have to close at the end.
const CLOSING: Duration = Duration::from_secs(5);

/// What a service builds its routes from.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The numbers.
    pub metrics: Metrics,
    /// The service's certificate, for calls to others.
    pub tls: Option<Tls>,
    /// Where events go and come from, where there is a broker.
    pub bus: Option<Arc<dyn Broker>>,
    /// Ends the service's own background work.
    pub stop: CancellationToken,
}

/// A failure a service met while building its routes.
pub type BuildError = Box<dyn std::error::Error + Send + Sync>;

/// Why a process can't go on.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The configuration can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The binding files can't be used.
    #[error("opening the database")]
    Database(#[from] BindingError),
    /// A mistake in a metric's name.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The schema can't be brought up to date.
    #[error("bringing the schema up to date")]
    Migrate(#[from] MigrationError),
    /// The certificate is mounted and can't be used.
    #[error("opening the certificate")]
    Tls(#[from] TlsError),
    /// The broker's address can't be used.
    #[error("preparing the way to the broker")]
    Bus(#[from] NatsError),
    /// Events that were given up stay so.
    #[error("letting go on what was given up")]
    Replay(#[source] DbError),
    /// An address is taken or not ours.
    #[error("listening on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The process can't hear that it should stop.
    #[error("preparing for signals")]
    Signals(#[source] std::io::Error),
    /// Nobody reads what is printed.
    #[error("printing the document")]
    Print(#[source] std::io::Error),
    /// There are no threads to be had.
    #[error("starting the runtime")]
    Runtime(#[source] std::io::Error),
    /// The service could not build its routes.
    #[error("building the service")]
    Build(#[source] BuildError),
}

/// What a program without a database builds its routes from.
#[derive(Debug, Clone)]
pub struct Bare {
    /// The numbers.
    pub metrics: Metrics,
    /// The program's certificate, for calls to others.
    pub tls: Option<Tls>,
    /// Cancelled by SIGTERM or SIGINT.
    pub stop: CancellationToken,
}

impl Bare {
    /// Prepares for signals and opens the certificate where one is mounted.
    ///
    /// # Errors
    /// The certificate or the signals can't be had.
    pub async fn open(settings: &Settings) -> Result<Self, AppError> {
        let (stop, metrics) = (stop_signal()?, Metrics::new()?);
        let tls = certificate(settings.tls.as_ref(), &metrics).await?;
        Ok(Self { metrics, tls, stop })
    }

    /// Serves requests and the admin pages until told to stop, then drains. Ready as soon as it listens. Nobody is asked who they are: these programs
    /// hold nobody's data.
    ///
    /// # Errors
    /// A listener can't be had.
    pub async fn serve(self, settings: Settings, routes: Router) -> Result<(), AppError> {
        let router = http::guarded(routes, &settings.http, &self.metrics);
        attend(settings, self, router, None, None).await
    }
}

/// Runs a service's process. `configure` reads the service's own settings, so that its mistakes are told together with the common ones; what it
/// returns builds the routes.
pub fn main<C, B>(service: Service, configure: C) -> ExitCode
where
    C: FnOnce(&mut Env) -> B,
    B: FnOnce(Parts) -> Result<Router, BuildError>,
{
    let (command, name) = (Args::parse().command.unwrap_or(Command::Serve), service.name);
    let mut env = Env::of_process();
    telemetry::init(log_format(&mut env));
    match run(&command, service, &mut env, configure) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = chain(&error), service = name, "the service can't go on");
            ExitCode::FAILURE
        }
    }
}

fn run<C, B>(command: &Command, service: Service, env: &mut Env, configure: C) -> Result<(), AppError>
where
    C: FnOnce(&mut Env) -> B,
    B: FnOnce(Parts) -> Result<Router, BuildError>,
{
    let settings = Settings::read(env, service.name);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(AppError::Runtime)?;
    match command {
        Command::Migrate => {
            // An init container may lack what only requests need.
            env.finish()?;
            Ok(runtime.block_on(migrate(&settings, service.migrations))?)
        }
        Command::Replay => {
            // As for a migration.
            env.finish()?;
            runtime.block_on(let_go_on(settings))
        }
        // Needs no setting.
        Command::Openapi => std::io::stdout().write_all((service.api)().text().as_bytes()).map_err(AppError::Print),
        Command::Serve => {
            let build = configure(env);
            env.finish()?;
            runtime.block_on(serve(settings, &service, build))
        }
    }
}

async fn serve<B>(settings: Settings, service: &Service, build: B) -> Result<(), AppError>
where
    B: FnOnce(Parts) -> Result<Router, BuildError>,
{
    let stop = stop_signal()?;
    let metrics = Metrics::new()?;
    let db = Db::open(settings.pool.clone(), metrics.pool.clone()).await?;
    let tls = certificate(settings.tls.as_ref(), &metrics).await?;
    let bus = bus(&settings, tls.as_ref()).await?;
    let parts = Parts { db: db.clone(), metrics: metrics.clone(), tls: tls.clone(), bus, stop: stop.clone() };
    let guard = Guard::new(service.rules, &settings, tls.as_ref(), &metrics)?;
    let router = guard.around(build(parts).map_err(AppError::Build)?);
    let router = http::guarded(router, &settings.http, &metrics);
    attend(settings, Bare { metrics, tls, stop }, router, Some(db), Some((service.api)().text().into())).await
}

/// Both listeners, until told to stop.
async fn attend(
    settings: Settings,
    bare: Bare,
    router: Router,
    db: Option<Db>,
    document: Option<Arc<str>>,
) -> Result<(), AppError> {
    let Bare { metrics, tls, stop } = bare;
    let requests = http::Listener::new(listen(settings.http_addr).await?, tls, settings.tls.and_then(|tls| tls.mode));
    let admin_listener = listen(settings.admin_addr).await?;
    let draining = Arc::new(AtomicBool::new(false));
    let pages = admin::Admin { draining: Arc::clone(&draining), db: db.clone(), metrics, document };
    let admin_router = admin::router(pages);

    tracing::info!(service = settings.service, http = %settings.http_addr, admin = %settings.admin_addr, "serving");
    // The admin pages outlive the requests: whoever watches the draining shouldn't lose sight of it.
    let done = CancellationToken::new();
    let admin_settings =
        HttpSettings { drain_delay: Duration::ZERO, drain_timeout: Duration::from_secs(1), ..settings.http };
    let admin_task = tokio::spawn(http::serve(admin_listener, admin_router, admin_settings, done.clone()));
    let flag = async {
        stop.cancelled().await;
        draining.store(true, Ordering::Relaxed);
        tracing::info!("stopping");
    };
    tokio::join!(http::serve(requests, router, settings.http, stop.clone()), flag);
    if let Some(db) = db {
        db.close(CLOSING).await;
    }
    done.cancel();
    let _ = admin_task.await;
    tracing::info!("stopped");
    Ok(())
}

/// Events that were given up go on: the pods that serve take them up.
async fn let_go_on(settings: Settings) -> Result<(), AppError> {
    let metrics = Metrics::new()?;
    let db = Db::open(settings.pool, metrics.pool).await?;
    let replayed = replay(&db.at_work()).await.map_err(AppError::Replay)?;
    tracing::info!(outbox = replayed.outbox, inbox = replayed.inbox, "events go on that were given up");
    db.close(CLOSING).await;
    Ok(())
}

/// The way to the broker, where there is one. It need not answer now.
async fn bus(settings: &Settings, tls: Option<&Tls>) -> Result<Option<Arc<dyn Broker>>, AppError> {
    let Some(bus) = &settings.bus else { return Ok(None) };
    let nats = Nats::connect(bus, &settings.pool.application_name, tls).await?;
    Ok(Some(Arc::new(nats)))
}

/// The service's certificate, where one is mounted.
async fn certificate(settings: Option<&TlsSettings>, metrics: &Metrics) -> Result<Option<Tls>, TlsError> {
    match settings {
        Some(settings) => Ok(Some(Tls::open(settings, metrics.tls.clone()).await?)),
        None => Ok(None),
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, AppError> {
    TcpListener::bind(address).await.map_err(|source| AppError::Listen { address, source })
}

/// A token that is cancelled by SIGTERM (a kubelet) or SIGINT (a person).
fn stop_signal() -> Result<CancellationToken, AppError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(AppError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(AppError::Signals)?;
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        cancelled.cancel();
    });
    Ok(stop)
}
