//! How a service proves who it is, and whom it lets in. In: what the user wrote. Out: what holds, defaults included.

use std::time;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::duration::{Duration, DurationError};

/// How long a certificate lives when nothing is said; also the most that may be said.
pub const DEFAULT_TTL: time::Duration = time::Duration::from_secs(24 * 3600);

/// Mutual TLS of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mtls {
    /// What callers have to show. Default Strict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<MtlsMode>,
    /// Lifetime of the service's certificate. Renewed at half of it, which pods see when their kubelet next looks at their
    /// volumes: about a minute by default, so less than 5m needs a kubelet that looks more often. Default 24h.
    #[serde(default, rename = "certificateTTL", skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('30s') && duration(self) <= duration('24h')")
        .message("spec.mtls.certificateTTL must be from 30s to 24h; certificates are renewed at half of it, without a restart"))]
    pub certificate_ttl: Option<Duration>,
}

/// What callers of a service have to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MtlsMode {
    /// A certificate of a service that names this one in its dependencies; everybody else is turned away.
    #[default]
    Strict,
    /// TLS, and everybody is let in; whom Strict would turn away is logged and counted.
    Audit,
    /// Plain HTTP for everybody. The service still has a certificate, for its own calls.
    Off,
}

/// The mode that holds for `mtls`.
#[must_use]
pub fn mode(mtls: Option<&Mtls>) -> MtlsMode {
    mtls.and_then(|mtls| mtls.mode).unwrap_or_default()
}

/// The lifetime that holds for `mtls`, in whole seconds, as certificates have them.
///
/// # Errors
/// A text that an older schema let through and that is no duration.
pub fn certificate_ttl(mtls: Option<&Mtls>) -> Result<time::Duration, DurationError> {
    ttl(mtls.and_then(|mtls| mtls.certificate_ttl.as_ref()))
}

/// The lifetime that holds where `given` was written, in whole seconds.
///
/// # Errors
/// As for [`certificate_ttl`].
pub fn ttl(given: Option<&Duration>) -> Result<time::Duration, DurationError> {
    let ttl = given.map_or(Ok(DEFAULT_TTL), Duration::parse)?;
    Ok(time::Duration::from_secs(ttl.as_secs()))
}
