//! How long one waits at a low, fixed rate. In: an address, a rate and a time; what to ask. Out: the times of answers.
//!
//! A request that was due while the last answer was still awaited counts from when it was due: leaving out that wait would hide just the
//! moments at which the server was slow (coordinated omission). One that left late because this thread woke late counts from when it
//! left: that is the client's doing, the same with every server.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{LoadError, PATIENCE, ended_early, on_loopback, success, whole};
use crate::stats::percentile;

/// Requests at the beginning that don't count: connections are opened for them, and caches filled.
const FIRST: u32 = 100;

/// How much load, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paced {
    /// The server.
    pub(crate) at: SocketAddr,
    /// Requests a second.
    pub(crate) per_second: u32,
    /// For how long.
    pub(crate) time: Duration,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delay {
    /// Microseconds half of the answers took at most.
    pub(crate) p50_us: f64,
    /// Microseconds that 99 of 100 answers took at most.
    pub(crate) p99_us: f64,
}

/// Asks at fixed times until the time is over. `ask` writes request number `n`.
pub(crate) fn paced(plan: Paced, ask: impl Fn(u64, &mut Vec<u8>)) -> Result<Delay, LoadError> {
    let mut line = Plain::open(plan.at)?;
    let counted = plan.time.as_millis() * u128::from(plan.per_second) / 1000;
    let (pause, counted) =
        (Duration::from_secs(1) / plan.per_second.max(1), u32::try_from(counted).unwrap_or(u32::MAX - FIRST));
    let (mut request, mut times, began) = (Vec::with_capacity(2048), Vec::new(), Instant::now());
    for n in 0..FIRST.saturating_add(counted) {
        request.clear();
        ask(n.into(), &mut request);
        let from = counts_from(began + pause * n);
        line.exchange(&request).and_then(|answer| answer.succeeded())?;
        if n >= FIRST {
            times.push(u64::try_from(from.elapsed().as_nanos()).unwrap_or(u64::MAX));
        }
    }
    match (percentile(&mut times, 500), percentile(&mut times, 990)) {
        (Some(p50), Some(p99)) => Ok(Delay { p50_us: p50 as f64 / 1e3, p99_us: p99 as f64 / 1e3 }),
        _ => Err(LoadError::Nothing { at: plan.at }),
    }
}

/// Waits until a request is due. Out: from when its time counts.
fn counts_from(due: Instant) -> Instant {
    let rest = due.saturating_duration_since(Instant::now());
    if rest.is_zero() {
        return due;
    }
    sleep(rest);
    Instant::now()
}

/// One connection, asked by a thread that does nothing else meanwhile.
pub(crate) struct Plain {
    at: SocketAddr,
    stream: TcpStream,
    got: Vec<u8>,
}

/// An answer, whatever it is.
pub(crate) struct Answer<'a> {
    at: SocketAddr,
    head: super::Head,
    got: &'a [u8],
}

impl Answer<'_> {
    /// The status.
    pub(crate) fn status(&self) -> u16 {
        self.head.status
    }

    fn succeeded(&self) -> Result<(), LoadError> {
        success(self.at, self.head, self.got)
    }
}

impl Plain {
    /// Connects.
    pub(crate) fn open(at: SocketAddr) -> Result<Self, LoadError> {
        on_loopback(at)?;
        let open = || -> io::Result<TcpStream> {
            let stream = TcpStream::connect_timeout(&at, PATIENCE)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Ok(stream)
        };
        let stream = open().map_err(|source| LoadError::Connect { at, source })?;
        Ok(Self { at, stream, got: Vec::with_capacity(4096) })
    }

    /// Sends a request and takes its answer.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, LoadError> {
        let at = self.at;
        let broken = |source| LoadError::Talk { at, source };
        self.stream.write_all(request).map_err(broken)?;
        self.got.clear();
        let mut part = [0; 4096];
        let head = loop {
            let read = self.stream.read(&mut part).map_err(broken)?;
            if read == 0 {
                return Err(broken(ended_early()));
            }
            self.got.extend_from_slice(part.get(..read).unwrap_or_default());
            if let Some(head) = whole(at, &self.got)? {
                break head;
            }
        };
        Ok(Answer { at, head, got: &self.got })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_answer_is_held_against_the_next_request_and_our_own_waking_is_not() {
        let now = Instant::now();
        assert_eq!(counts_from(now), now, "it was due while the last answer was awaited");
        let due = Instant::now() + Duration::from_millis(2);
        assert!(counts_from(due) >= due);
    }

    #[test]
    fn nothing_is_asked_elsewhere() {
        let at = "10.255.255.1:9".parse().unwrap();
        assert!(matches!(Plain::open(at), Err(LoadError::Elsewhere { .. })));
    }
}
