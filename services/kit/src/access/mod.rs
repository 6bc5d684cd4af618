//! Who asks, and whether they may. In: requests with the peers of their connections, and the table of a service's routes. Out: the requests that
//! may go on, each with its [`Caller`]; problems for the others. Behind the gateway is not a reason to trust.
//!
//! | room | holds |
//! |---|---|
//! | `rule` | the table: which route, who may, whose data it is |
//! | `caller` | who asks, as handlers see it, and whose things they may touch |
//! | `claims` | what an internal token has to say |
//! | `speaker` | the side that says it: tokens signed with the key of one's own certificate |
//! | `verifier` | the side that is told: whether to believe it |
//! | `guard` | puts it together around a router |
//!
//! A service of the platform that calls has its certificate, and is known by it. Whoever speaks for somebody else (the gateway) sends a token
//! besides: who it is for, for one service, for less than a minute, signed with the key of the certificate that is shown on the connection's
//! other end, which is in the token. So nothing has to be handed out but what mutual TLS needs, and a token that somebody copies
//! is worth nothing to them. See `docs/adr/0026-internal-tokens.md`. Must not log tokens.

mod caller;
mod claims;
mod guard;
mod rule;
mod speaker;
mod verifier;

pub use caller::{Assurance, Caller, Principal, PrincipalKind, Reach};
pub use guard::Guard;
pub use rule::{May, Own, Place, Rule, Verb};
pub use speaker::{MintError, Speaker};

/// The header that carries an internal token. From outside it never passes the gateway.
pub const TOKEN: &str = "x-rerp-token";

/// Seconds since 1970.
fn seconds_now() -> u64 {
    rustls::pki_types::UnixTime::now().as_secs()
}
