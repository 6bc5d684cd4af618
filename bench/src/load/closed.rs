//! As much as there is to be had. In: an address, connections and a time; what to ask. Out: answers a second, the times they took, and how busy
//! the server's processes were. Each connection asks again as soon as it is answered, so times are those of a full house: they say nothing
//! of how long one waits at a rate that the server can carry; see `paced`.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::{LoadError, ended_early, on_loopback, success, whole};
use crate::process::cpu_time;
use crate::stats::percentile;

/// What every run may take beyond its own time.
const GRACE: Duration = Duration::from_secs(15);

/// How much load, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closed {
    /// The server.
    pub(crate) at: SocketAddr,
    /// Connections, each with one request at a time.
    pub(crate) connections: usize,
    /// Time that doesn't count, at the beginning.
    pub(crate) warm_up: Duration,
    /// Time that counts.
    pub(crate) time: Duration,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Carried {
    /// Answers a second.
    pub(crate) per_second: f64,
    /// Milliseconds half of the answers took at most.
    pub(crate) p50_ms: f64,
    /// Milliseconds that 99 of 100 answers took at most.
    pub(crate) p99_ms: f64,
    /// Processor seconds a second of the watched process and its children; none if nobody was watched.
    pub(crate) busy: Option<f64>,
}

/// The time that counts.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Instant,
    until: Instant,
}

/// Asks until the time is over. `ask` writes request number `n`; `watched` is the process whose processor time is looked at.
pub(crate) fn closed<A>(plan: Closed, watched: Option<u32>, ask: A) -> Result<Carried, LoadError>
where
    A: Fn(u64, &mut Vec<u8>) + Clone + Send + 'static,
{
    on_loopback(plan.at)?;
    // One thread: what the client spends is taken from what it measures.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(LoadError::Runtime)?;
    runtime.block_on(async {
        let limit = plan.warm_up + plan.time + GRACE;
        timeout(limit, run(plan, watched, ask)).await.unwrap_or(Err(LoadError::TooSlow { at: plan.at }))
    })
}

async fn run<A>(plan: Closed, watched: Option<u32>, ask: A) -> Result<Carried, LoadError>
where
    A: Fn(u64, &mut Vec<u8>) + Clone + Send + 'static,
{
    let from = Instant::now() + plan.warm_up;
    let (span, next) = (Span { from, until: from + plan.time }, Arc::new(AtomicU64::new(0)));
    let mut talks = JoinSet::new();
    for _ in 0..plan.connections {
        talks.spawn(talk(plan.at, span, Arc::clone(&next), ask.clone()));
    }
    let busy = busy(watched, span).await;
    let mut times = Vec::new();
    while let Some(ended) = talks.join_next().await {
        times.extend(ended??);
    }
    let nothing = LoadError::Nothing { at: plan.at };
    let (Some(p50), Some(p99)) = (percentile(&mut times, 500), percentile(&mut times, 990)) else {
        return Err(nothing);
    };
    Ok(Carried {
        per_second: times.len() as f64 / plan.time.as_secs_f64(),
        p50_ms: p50 as f64 / 1e6,
        p99_ms: p99 as f64 / 1e6,
        busy,
    })
}

/// Processor seconds a second of a process, within the time that counts.
async fn busy(watched: Option<u32>, span: Span) -> Option<f64> {
    let process = watched?;
    sleep_until(span.from).await;
    let (before, began) = (cpu_time(process)?, Instant::now());
    sleep_until(span.until).await;
    let (after, took) = (cpu_time(process)?, began.elapsed());
    Some(after.saturating_sub(before).as_secs_f64() / took.as_secs_f64())
}

/// One connection's requests. Out: nanoseconds of each that was answered in the time that counts.
async fn talk<A>(at: SocketAddr, span: Span, next: Arc<AtomicU64>, ask: A) -> Result<Vec<u64>, LoadError>
where
    A: Fn(u64, &mut Vec<u8>),
{
    let (mut line, mut request, mut times) = (Line::open(at).await?, Vec::with_capacity(2048), Vec::new());
    loop {
        let began = Instant::now();
        if began >= span.until {
            return Ok(times);
        }
        request.clear();
        ask(next.fetch_add(1, Ordering::Relaxed), &mut request);
        let closes = line.exchange(&request).await?;
        let now = Instant::now();
        if now >= span.from && now < span.until {
            times.push(u64::try_from(now.duration_since(began).as_nanos()).unwrap_or(u64::MAX));
        }
        if closes {
            line = Line::open(at).await?;
        }
    }
}

/// One connection.
struct Line {
    at: SocketAddr,
    stream: TcpStream,
    got: Vec<u8>,
}

impl Line {
    async fn open(at: SocketAddr) -> Result<Self, LoadError> {
        let open = async {
            let stream = TcpStream::connect(at).await?;
            stream.set_nodelay(true)?;
            Ok::<_, io::Error>(stream)
        };
        let stream = open.await.map_err(|source| LoadError::Connect { at, source })?;
        Ok(Self { at, stream, got: Vec::with_capacity(4096) })
    }

    /// Sends a request and takes its answer, which must be a success. Out: whether the connection ends with it.
    async fn exchange(&mut self, request: &[u8]) -> Result<bool, LoadError> {
        let at = self.at;
        let broken = |source| LoadError::Talk { at, source };
        self.stream.write_all(request).await.map_err(broken)?;
        // One request at a time: whatever comes belongs to its answer.
        self.got.clear();
        loop {
            if self.stream.read_buf(&mut self.got).await.map_err(broken)? == 0 {
                return Err(broken(ended_early()));
            }
            if let Some(head) = whole(at, &self.got)? {
                success(at, head, &self.got)?;
                return Ok(head.closes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    /// A server that answers each connection so many requests, and then closes it.
    fn server(answer: &'static [u8], each: usize) -> SocketAddr {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in socket.incoming() {
                let mut stream = stream.unwrap();
                std::thread::spawn(move || {
                    let mut request = [0; 256];
                    for _ in 0..each {
                        if stream.read(&mut request).unwrap_or(0) == 0 || stream.write_all(answer).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        at
    }

    fn ask(_: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    fn short(at: SocketAddr) -> Closed {
        Closed { at, connections: 2, warm_up: Duration::ZERO, time: Duration::from_millis(50) }
    }

    #[test]
    fn answers_are_counted_and_closed_connections_opened_anew() {
        let at = server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", 1);
        let carried = closed(short(at), None, ask).unwrap();
        assert!(carried.per_second > 0.0 && carried.p50_ms <= carried.p99_ms && carried.busy.is_none(), "{carried:?}");
    }

    #[test]
    fn a_refusal_ends_the_measurement() {
        let at = server(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", 1000);
        let error = closed(short(at), None, ask).unwrap_err();
        assert!(matches!(error, LoadError::Refused { status: 401, .. }), "{error}");
    }

    #[test]
    fn a_server_that_hangs_up_is_no_answer() {
        let at = server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no", 1);
        let error = closed(short(at), None, ask).unwrap_err();
        assert!(matches!(error, LoadError::Talk { .. }), "{error}");
    }
}
