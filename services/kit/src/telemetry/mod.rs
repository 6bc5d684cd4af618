//! Logs. In come the wanted format and `RUST_LOG`; out go lines on standard output.
//! Must not be given personal data or secrets: paths go through [`redact`], errors are shown, never debug-printed.

pub mod redact;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogFormat;

/// What is logged when `RUST_LOG` is silent. Drivers log statement texts and peer names below `warn`.
const USUAL_FILTER: &str = "info,sqlx=warn,hyper=warn,reqwest=warn,async_nats=warn";

/// Starts logging and reports panics by their place only: a panic's message can hold anything. Doing it twice (tests)
/// keeps the first.
pub fn init(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(USUAL_FILTER));
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Json => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false),
            )
            .try_init(),
        LogFormat::Text => registry.with(tracing_subscriber::fmt::layer().with_target(false)).try_init(),
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "a task panicked");
        }));
    }
}

/// An error and its causes in one line. Built from `Display` alone, which the kit keeps free of values.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // Several libraries repeat their source in their own text.
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}
