//! The order of fetches. In come the ticket of the fetch that wrote a row last, and that of another one; out goes whether the other may write. Pure.
//!
//! The SQL in `store/mirror.rs` says the same in each of its statements; a test compares them, and a model explores what follows from it.

/// Whether a fetch with `ticket` may write over a row that was written by the fetch with `written`; 0 for a row that none has written.
/// Tickets are drawn before Stripe is asked.
#[must_use]
pub fn may_write(written: i64, ticket: i64) -> bool {
    written < ticket
}
