//! Why there is no connection. Must not show a password: no variant holds a URL.

use super::CONNECT_TIMEOUT;
use crate::spec::Side;

/// What a URL looks like.
const FORM: &str = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE";

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not a PostgreSQL URL.
    #[error(
        "the URL of the {side} can't be read: write {FORM}, with everything but letters, digits and -._~ in user and password \
         percent-encoded (@ is %40), and no other parameters than those of libpq that the driver knows (sslmode, sslrootcert, \
         connect_timeout, options)"
    )]
    Unreadable {
        /// Which side.
        side: Side,
    },
    /// It says of TLS what can't be had.
    #[error("the URL of the {side} can't be used")]
    Url {
        /// Which side.
        side: Side,
        /// What is wrong with it; it does not repeat the URL.
        #[source]
        source: rerp_pgtls::Error,
    },
    /// The roots to trust can't be used.
    #[error("prepare TLS for the {side}")]
    Tls {
        /// Which side.
        side: Side,
        /// Why.
        #[source]
        source: rerp_pgtls::Error,
    },
    /// The server's certificate is refused.
    #[error("trust the {side}: {advice}")]
    Certificate {
        /// Which side.
        side: Side,
        /// What to do.
        advice: String,
    },
    /// The URL lacks something, or names several servers.
    #[error("the URL of the {side} must name exactly one {what}: write {FORM}")]
    Incomplete {
        /// Which side.
        side: Side,
        /// What is missing.
        what: &'static str,
    },
    /// TCP failed.
    #[error("reach the {side}")]
    Reach {
        /// Which side.
        side: Side,
        /// The reason.
        #[source]
        source: std::io::Error,
    },
    /// The server refused.
    #[error("log in to the {side}")]
    Login {
        /// Which side.
        side: Side,
        /// The reason.
        #[source]
        source: tokio_postgres::Error,
    },
    /// Nothing happened for too long.
    #[error("the {side} did not answer within {CONNECT_TIMEOUT:?}")]
    Timeout {
        /// Which side.
        side: Side,
    },
}

impl ConnectError {
    /// The side that there is no way to at present; none if what was said of it can't be used.
    #[must_use]
    pub fn out_of_reach(&self) -> Option<Side> {
        match self {
            Self::Certificate { side, .. }
            | Self::Reach { side, .. }
            | Self::Login { side, .. }
            | Self::Timeout { side } => Some(*side),
            Self::Unreadable { .. } | Self::Url { .. } | Self::Tls { .. } | Self::Incomplete { .. } => None,
        }
    }
}
