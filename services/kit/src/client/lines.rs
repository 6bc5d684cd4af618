//! Connections to one service. In: its address. Out: channels, each over a connection of its own, in turn.
//!
//! A cluster's Service picks a pod per connection, and HTTP/2 puts all calls on one: so there are several, and none gets old,
//! or pods that came later would never see a call. A retired connection ends with its last call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tonic::transport::{Channel, Endpoint, Uri};

use super::dial::Dial;

/// Connections to one service.
const LINES: usize = 4;
/// Time a connection may take to open, handshake included.
const CONNECT: Duration = Duration::from_secs(1);
/// Age at which a connection takes no new calls; up to half more by chance, so that not all are made at once.
const AGE: Duration = Duration::from_secs(30);
/// A connection whose other end is gone without a word is noticed after this long, twice.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Lines {
    endpoint: Endpoint,
    dial: Dial,
    next: AtomicUsize,
    lines: [Mutex<Option<Line>>; LINES],
}

#[derive(Debug)]
struct Line {
    channel: Channel,
    until: Instant,
}

impl Lines {
    pub(super) fn new(address: Uri, dial: Dial) -> Self {
        let endpoint = Endpoint::from(address)
            .connect_timeout(CONNECT)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE);
        Self { endpoint, dial, next: AtomicUsize::new(0), lines: [const { Mutex::new(None) }; LINES] }
    }

    /// A channel whose connection opens with the first call. Within a runtime only.
    pub(super) fn pick(&self) -> Channel {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % LINES;
        // A panic while it was held can only have left a line, or none.
        let mut line = self.lines[turn].lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match line.as_ref() {
            Some(line) if now < line.until => line.channel.clone(),
            _ => {
                let channel = self.endpoint.connect_with_connector_lazy(self.dial.clone());
                let until = now + AGE.mul_f64(1.0 + rand::random::<f64>() / 2.0);
                line.insert(Line { channel, until }).channel.clone()
            }
        }
    }
}
