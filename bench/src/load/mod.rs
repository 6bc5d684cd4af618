//! Load over HTTP/1.1. In: an address, how much, and what to ask. Out: how much was answered, and how long it took. Bounded in count and in
//! time, and only ever sent to the loopback range.
//!
//! Two kinds, for two questions. [`closed`]: so many connections, each asks as soon as it is answered: how much can be had? [`paced`]: one
//! connection asks at fixed times: how long does one wait who isn't alone to blame? A client of its own, since no load generator of the usual
//! ones sends a token and an address of another person with each request without spending more on that than on sending, and the machine has few
//! cores; see `docs/adr/0031-benchmarks.md`.

mod closed;
mod paced;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

pub(crate) use closed::{Carried, Closed, closed};
pub(crate) use paced::{Paced, Plain, paced};
use wire::{Head, Unreadable};

/// Longest time for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of an answer that an error shows.
const SHOWN: usize = 300;

/// Why there is no figure. An answer that isn't a success ends the measurement: what was measured then isn't what was meant.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("{at} isn't on loopback: load goes nowhere else")]
    Elsewhere { at: SocketAddr },
    #[error("connecting to {at}")]
    Connect { at: SocketAddr, source: io::Error },
    #[error("talking to {at}")]
    Talk { at: SocketAddr, source: io::Error },
    #[error("reading an answer of {at}")]
    Read { at: SocketAddr, source: Unreadable },
    #[error("{at} answered {status}: {text}")]
    Refused { at: SocketAddr, status: u16, text: String },
    #[error("{at} did not answer in time")]
    TooSlow { at: SocketAddr },
    #[error("{at} answered nothing in the time that counts")]
    Nothing { at: SocketAddr },
    #[error("running the load")]
    Runtime(#[source] io::Error),
    #[error("a connection's task ended by itself")]
    Task(#[from] tokio::task::JoinError),
}

fn on_loopback(at: SocketAddr) -> Result<(), LoadError> {
    if at.ip().is_loopback() { Ok(()) } else { Err(LoadError::Elsewhere { at }) }
}

/// A whole answer, if what has come so far is one.
fn whole(at: SocketAddr, got: &[u8]) -> Result<Option<Head>, LoadError> {
    let head = wire::head(got).map_err(|source| LoadError::Read { at, source })?;
    Ok(head.filter(|head| got.len() >= head.head + head.body))
}

/// Whether an answer is the success that was expected.
fn success(at: SocketAddr, head: Head, got: &[u8]) -> Result<(), LoadError> {
    if (200..300).contains(&head.status) {
        return Ok(());
    }
    let body = got.get(head.head..).unwrap_or_default();
    let text = String::from_utf8_lossy(body.get(..SHOWN.min(body.len())).unwrap_or_default()).into_owned();
    Err(LoadError::Refused { at, status: head.status, text })
}

fn ended_early() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended within an answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_stays_on_loopback() {
        assert!(on_loopback("127.0.0.1:80".parse().unwrap()).is_ok());
        assert!(on_loopback("[::1]:80".parse().unwrap()).is_ok());
        for elsewhere in ["10.0.0.1:80", "192.168.1.1:80", "0.0.0.0:80", "8.8.8.8:80"] {
            assert!(on_loopback(elsewhere.parse().unwrap()).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn a_refusal_is_no_success_and_says_why() {
        let at = "127.0.0.1:80".parse().unwrap();
        let got = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 8\r\n\r\ntoo many";
        assert!(whole(at, &got[..got.len() - 1]).unwrap().is_none());
        let head = whole(at, got).unwrap().unwrap();
        let error = success(at, head, got).unwrap_err().to_string();
        assert!(error.contains("429") && error.contains("too many"), "{error}");
    }
}
