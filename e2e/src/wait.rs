//! Waiting for a condition: polls with a deadline, and tells what was seen last.

use std::thread;
use std::time::{Duration, Instant};

/// The condition did not come true in time.
#[derive(Debug, thiserror::Error)]
#[error("waited {seconds} s for {what}; last seen: {last}")]
pub struct WaitError {
    what: String,
    seconds: u64,
    last: String,
}

/// Calls `probe` about four times a second until it gives `Ok`, at most for `seconds`.
///
/// `probe` answers `Err` with what it saw instead; the last such text is in the error.
///
/// # Errors
/// [`WaitError`] after `seconds`.
pub fn eventually<T>(seconds: u64, what: &str, mut probe: impl FnMut() -> Result<T, String>) -> Result<T, WaitError> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        match probe() {
            Ok(found) => return Ok(found),
            Err(last) if Instant::now() >= deadline => {
                return Err(WaitError { what: what.to_owned(), seconds, last });
            }
            Err(_) => thread::sleep(Duration::from_millis(250)),
        }
    }
}
