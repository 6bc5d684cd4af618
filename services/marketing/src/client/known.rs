//! Identifiers that another service gave for texts of visitors, kept for a while. In come a text and a way to ask; out goes
//! the identifier. Must not keep the texts: what is kept is a keyed hash of each, and the key is this process's own.

use std::sync::Arc;
use std::time::Duration;

use rerp_kit::cache::{Bounds, Cache};
use rerp_kit::client::CallError;
use rerp_kit::metrics::Metrics;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// An identifier never changes while its owner lives; the hard bound is how long one that was erased may still be named.
const KEPT: Bounds = Bounds { soft: Duration::from_secs(60), hard: Duration::from_secs(3600), capacity: 100_000 };

/// A hash that says nothing without the key.
type Fingerprint = [u8; 32];

/// What is known. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    ids: Cache<Fingerprint, Uuid>,
    key: Arc<[u8; 32]>,
}

impl Known {
    /// Nothing yet; `name` is the cache's label in the metrics.
    pub(super) fn new(name: &'static str, metrics: &Metrics) -> Self {
        Self { ids: Cache::new(name, KEPT, metrics), key: Arc::new(rand::random()) }
    }

    /// The identifier of a text. One that was seen within the hour is answered without waiting for `ask`.
    ///
    /// # Errors
    /// The text isn't known, and asking failed.
    pub(super) async fn id<Ask, Asking>(&self, text: &str, ask: Ask) -> Result<Uuid, Arc<CallError>>
    where
        Ask: FnOnce() -> Asking + Send + 'static,
        Asking: Future<Output = Result<Uuid, CallError>> + Send + 'static,
    {
        let fingerprint = Sha256::new().chain_update(*self.key).chain_update(text).finalize().into();
        self.ids.get(fingerprint, ask).await
    }
}
