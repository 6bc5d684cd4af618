//! The issuer's keys, kept up to date. In: the address of a JWKS. Out: the key of a name. A key that the document no longer names is
//! believed for an overlap, or tokens signed the moment before a change would fail; with an issuer that is away the keys stay good up to
//! a bound, and then none is. Both ends are instants that whoever remembers a key looks at: a key ends on time, whether or not the document
//! can be had just then.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::telemetry::chain;
use futures::FutureExt as _;
use serde::Deserialize;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use url::Url;

use super::key::{Entry, Key};
use super::moment::Moment;

/// Largest document in bytes.
const LARGEST: usize = 64 * 1024;
/// The most keys.
const MOST: usize = 32;
/// Time a fetch may take.
const FETCH: Duration = Duration::from_secs(5);
/// Pause after a fetch that failed, while none has succeeded yet.
const FIRST: Duration = Duration::from_secs(1);
/// How long a request waits for a key that nobody knows yet.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where the keys are, and how long they are good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysSettings {
    /// The document.
    pub url: Url,
    /// How often it is fetched.
    pub refresh: Duration,
    /// Shortest time between two fetches, also when somebody shows a key that isn't known, or the last one failed.
    pub hold_off: Duration,
    /// How long a key is believed that the document doesn't name any more.
    pub overlap: Duration,
    /// How long keys are believed while the document can't be had.
    pub hard: Duration,
}

/// A handle on the keys. Clones share them.
#[derive(Debug, Clone)]
pub struct Keys {
    held: watch::Receiver<Arc<Held>>,
    /// Until when what is held is young enough.
    good: Arc<Moment>,
    wake: Arc<Notify>,
    settings: Arc<KeysSettings>,
}

/// What is known of a name.
#[derive(Debug)]
pub(super) enum Answer {
    Key(Arc<Believed>),
    Unknown,
    /// No document, or none that is young enough.
    Unavailable,
}

#[derive(Debug, Default)]
struct Held {
    keys: HashMap<String, Arc<Believed>>,
    /// When the document was last had.
    fetched: Option<Instant>,
}

/// A key, and until when it is believed: for ever, as long as the document names it.
#[derive(Debug)]
pub(super) struct Believed {
    pub(super) key: Key,
    until: Moment,
}

impl Believed {
    /// Whether it is believed at `now`.
    pub(super) fn holds(&self, now: Instant) -> bool {
        self.until.is_after(now)
    }
}

/// Why the document can't be used. Must not show it.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("fetching the keys")]
    Fetch(#[from] reqwest::Error),
    #[error("the document is too long")]
    TooLarge,
    #[error("reading the keys")]
    Unreadable(#[source] serde_json::Error),
}

/// A set of keys. Entries are read one by one: one that is odd takes no other with it.
#[derive(Debug, Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

impl Keys {
    /// Fetches the keys with `http`, and again from now on, for as long as a handle lives. Within a runtime only.
    #[must_use]
    pub fn open(settings: KeysSettings, http: reqwest::Client) -> Self {
        let (sender, held) = watch::channel(Arc::new(Held::default()));
        let (wake, settings, good) = (Arc::new(Notify::new()), Arc::new(settings), Arc::new(Moment::past()));
        let follower = Follower { settings: Arc::clone(&settings), http, sender, good: Arc::clone(&good) };
        tokio::spawn(follower.follow(Arc::clone(&wake)));
        Self { held, good, wake, settings }
    }

    /// Waits for the first document, for `patience` at most, and says whether it is there.
    pub async fn first(&self, patience: Duration) -> bool {
        let mut held = self.held.clone();
        timeout(patience, held.wait_for(|held| held.fetched.is_some())).await.is_ok_and(|found| found.is_ok())
    }

    /// Whether `key`, which was found here before, is believed at `now`. Looks at two numbers: it is asked with every request.
    pub(super) fn hold(&self, key: &Believed, now: Instant) -> bool {
        key.holds(now) && self.good.is_after(now)
    }

    /// The key of this name. One that nobody knows is looked for anew, unless that was just done: whoever invents names waits once. So does
    /// whoever comes before the first document.
    pub(super) async fn find(&self, name: &str) -> Answer {
        let answer = self.look(name);
        if matches!(answer, Answer::Key(_)) || !self.is_due() {
            return answer;
        }
        let mut held = self.held.clone();
        held.mark_unchanged();
        self.wake.notify_one();
        // Whatever comes of it, the second look says.
        let _ = timeout(PATIENCE, held.changed()).await;
        self.look(name)
    }

    fn look(&self, name: &str) -> Answer {
        let (held, now) = (self.held.borrow(), Instant::now());
        match held.keys.get(name) {
            _ if !self.good.is_after(now) => Answer::Unavailable,
            Some(believed) if believed.holds(now) => Answer::Key(Arc::clone(believed)),
            _ => Answer::Unknown,
        }
    }

    fn is_due(&self) -> bool {
        self.held.borrow().fetched.is_none_or(|fetched| fetched.elapsed() >= self.settings.hold_off)
    }
}

/// Fetches the document again and again.
struct Follower {
    settings: Arc<KeysSettings>,
    http: reqwest::Client,
    sender: watch::Sender<Arc<Held>>,
    good: Arc<Moment>,
}

impl Follower {
    async fn follow(self, wake: Arc<Notify>) {
        loop {
            let (began, held) = (Instant::now(), Arc::clone(&self.sender.borrow()));
            // Nobody can sign in before the first document.
            let hold_off = self.settings.hold_off;
            let hold_off = if held.fetched.is_none() { hold_off.min(FIRST) } else { hold_off };
            let pause = match fetch(&self.http, &self.settings.url).await {
                Ok(keys) => {
                    let now = Instant::now();
                    let renewed = held.renewed(keys, now, self.settings.overlap);
                    // First: whoever sees the keys is to find them young enough.
                    self.good.set(now + self.settings.hard);
                    self.sender.send_replace(Arc::new(renewed));
                    self.settings.refresh
                }
                Err(error) => {
                    tracing::warn!(
                        error = chain(&error),
                        "the keys of the issuer can't be had; the last ones stay in use"
                    );
                    hold_off
                }
            };
            // Whoever asked meanwhile has been answered by this.
            let _ = wake.notified().now_or_never();
            tokio::select! {
                () = sleep(pause) => {}
                () = wake.notified() => sleep_until(began + hold_off).await,
                () = self.sender.closed() => return,
            }
        }
    }
}

impl Held {
    /// What holds with a new document. Keys that stay are the same ones, so whoever remembers one learns of its end.
    fn renewed(&self, fresh: Vec<Key>, now: Instant, overlap: Duration) -> Self {
        let mut keys: HashMap<String, Arc<Believed>> = HashMap::new();
        for key in fresh {
            // The first of a name: a second one would be what its reader likes.
            if keys.contains_key(key.id()) {
                continue;
            }
            let believed = match self.keys.get(key.id()) {
                Some(old) if old.key == key => Arc::clone(old),
                _ => Arc::new(Believed { key, until: Moment::never() }),
            };
            believed.until.set_never();
            keys.insert(believed.key.id().to_owned(), believed);
        }
        for (name, old) in &self.keys {
            match keys.get(name) {
                Some(new) if Arc::ptr_eq(new, old) => {}
                // Another key under the same name takes its place at once.
                Some(_) => old.until.set(now),
                None => {
                    old.until.set_once(now + overlap);
                    if old.holds(now) {
                        keys.insert(name.clone(), Arc::clone(old));
                    }
                }
            }
        }
        Self { keys, fetched: Some(now) }
    }
}

async fn fetch(http: &reqwest::Client, url: &Url) -> Result<Vec<Key>, FetchError> {
    let mut response = http.get(url.clone()).timeout(FETCH).send().await?.error_for_status()?;
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        text.extend_from_slice(&chunk);
        if text.len() > LARGEST {
            return Err(FetchError::TooLarge);
        }
    }
    read(&text)
}

/// The keys of a document that can be used. None is an answer, too: all were taken back.
fn read(text: &[u8]) -> Result<Vec<Key>, FetchError> {
    let document: Document = serde_json::from_slice(text).map_err(FetchError::Unreadable)?;
    let entries = document.keys.into_iter().filter_map(|entry| serde_json::from_value::<Entry>(entry).ok());
    let keys: Vec<Key> = entries.filter_map(|entry| Key::of(&entry)).take(MOST).collect();
    if keys.is_empty() {
        tracing::warn!("the issuer publishes no key that can be used");
    }
    Ok(keys)
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
