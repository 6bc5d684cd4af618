//! Logging set-up. In: the filter of `RUST_LOG` and the wished format. Out: a global subscriber.
//! Must not: be called twice, or decide what is worth logging (that is the caller's business).

use tracing_subscriber::EnvFilter;

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line, for collectors.
    Json,
    /// Human readable, for terminals.
    Text,
}

/// Installs the subscriber. Filters that don't parse fall back to `info`: a typo in a deployment
/// must not stop the operator.
pub fn init(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,kube=warn,tower=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    let installed = match format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.try_init(),
    };
    if installed.is_err() {
        tracing::debug!("a tracing subscriber is already installed");
    }
}
