//! The issuer's keys, kept up to date. In: the address of a JWKS. Out: the key of a name. A key that the document no longer names is
//! believed for an overlap, or tokens signed the moment before a change would fail; with an issuer that is away the keys stay good up to
//! a bound, and then none is.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use rerp_kit::telemetry::chain;
use serde::Deserialize;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use url::Url;

use super::key::{Entry, Key};

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
    wake: Arc<Notify>,
    settings: Arc<KeysSettings>,
}

/// What is known of a name.
#[derive(Debug)]
pub(super) enum Answer {
    Key(Arc<Key>),
    Unknown,
    /// No document, or none that is young enough.
    Unavailable,
}

#[derive(Debug, Default)]
struct Held {
    keys: HashMap<String, Believed>,
    /// When the document was last had.
    fetched: Option<Instant>,
    /// Grows whenever a key is believed no more.
    generation: u64,
}

#[derive(Debug, Clone)]
struct Believed {
    key: Arc<Key>,
    /// Set once the document names it no more.
    until: Option<Instant>,
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
        let (wake, settings) = (Arc::new(Notify::new()), Arc::new(settings));
        tokio::spawn(follow(Arc::clone(&settings), http, sender, Arc::clone(&wake)));
        Self { held, wake, settings }
    }

    /// Waits for the first document, for `patience` at most, and says whether it is there.
    pub async fn first(&self, patience: Duration) -> bool {
        let mut held = self.held.clone();
        timeout(patience, held.wait_for(|held| held.fetched.is_some())).await.is_ok_and(|found| found.is_ok())
    }

    /// A number that changes when a key is believed no more.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.held.borrow().generation
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
        let is_young = held.fetched.is_some_and(|fetched| now.duration_since(fetched) < self.settings.hard);
        match held.keys.get(name) {
            _ if !is_young => Answer::Unavailable,
            Some(believed) if believed.until.is_none_or(|until| now < until) => Answer::Key(Arc::clone(&believed.key)),
            _ => Answer::Unknown,
        }
    }

    fn is_due(&self) -> bool {
        self.held.borrow().fetched.is_none_or(|fetched| fetched.elapsed() >= self.settings.hold_off)
    }
}

async fn follow(
    settings: Arc<KeysSettings>,
    http: reqwest::Client,
    sender: watch::Sender<Arc<Held>>,
    wake: Arc<Notify>,
) {
    loop {
        let (began, held) = (Instant::now(), Arc::clone(&sender.borrow()));
        // Nobody can sign in before the first document.
        let hold_off = if held.fetched.is_none() { settings.hold_off.min(FIRST) } else { settings.hold_off };
        let pause = match fetch(&http, &settings.url).await {
            Ok(keys) => {
                sender.send_replace(Arc::new(held.renewed(keys, Instant::now(), settings.overlap)));
                settings.refresh
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "the keys of the issuer can't be had; the last ones stay in use");
                hold_off
            }
        };
        // Whoever asked meanwhile has been answered by this.
        let _ = wake.notified().now_or_never();
        // A key ends on time, not when somebody next fetches.
        let next_end = sender.borrow().keys.values().filter_map(|believed| believed.until).min();
        let ends_in = next_end.map_or(pause, |end| end.saturating_duration_since(began).max(settings.hold_off));
        tokio::select! {
            () = sleep(pause.min(ends_in)) => {}
            () = wake.notified() => sleep_until(began + hold_off).await,
            () = sender.closed() => return,
        }
    }
}

impl Held {
    /// What holds with a new document.
    fn renewed(&self, fresh: Vec<Key>, now: Instant, overlap: Duration) -> Self {
        let mut keys: HashMap<String, Believed> = HashMap::new();
        for key in fresh {
            // The first of a name: a second one would be what its reader likes.
            keys.entry(key.id().to_owned()).or_insert(Believed { key: Arc::new(key), until: None });
        }
        let mut generation = self.generation;
        for (name, old) in &self.keys {
            match keys.get(name) {
                Some(new) if new.key == old.key => {}
                // Another key under the same name takes its place at once.
                Some(_) => generation += 1,
                None => {
                    let until = old.until.unwrap_or(now + overlap);
                    if now < until {
                        keys.insert(name.clone(), Believed { key: Arc::clone(&old.key), until: Some(until) });
                    } else {
                        generation += 1;
                    }
                }
            }
        }
        Self { keys, fetched: Some(now), generation }
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
mod tests {
    use super::*;

    fn key(kid: &str, x: char) -> Key {
        let entry = serde_json::json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": format!("{}A", x.to_string().repeat(42))});
        Key::of(&serde_json::from_value(entry).unwrap()).unwrap()
    }

    #[test]
    fn a_key_that_is_gone_is_believed_for_a_while() {
        let (now, overlap) = (Instant::now(), Duration::from_secs(60));
        let first = Held::default().renewed(vec![key("1", 'A')], now, overlap);
        let second = first.renewed(vec![key("2", 'B')], now, overlap);
        assert_eq!((second.keys.len(), second.generation), (2, 0));
        let later = now + Duration::from_secs(59);
        assert_eq!(second.renewed(vec![key("2", 'B')], later, overlap).keys.len(), 2, "the overlap isn't begun anew");
        let last = second.renewed(vec![key("2", 'B')], now + overlap, overlap);
        assert_eq!((last.keys.len(), last.generation), (1, 1));
        let back = second.renewed(vec![key("1", 'A'), key("2", 'B')], later, overlap);
        assert!(back.keys["1"].until.is_none(), "a key may come back");
    }

    #[test]
    fn an_odd_entry_takes_no_other_with_it() {
        let entry = |kid: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{}"}}"#, "A".repeat(43));
        let document = format!(r#"{{"keys":[7,{{"kid":"2"}},{{"kty":["EC"]}},{},{{"kty":"new"}}]}}"#, entry("1"));
        assert_eq!(read(document.as_bytes()).unwrap(), [key("1", 'A')]);
        assert!(read(br#"{"keys":[]}"#).unwrap().is_empty(), "all were taken back");
        for unreadable in ["", "[]", "{}", r#"{"keys":{}}"#] {
            assert!(read(unreadable.as_bytes()).is_err(), "{unreadable}");
        }
    }

    #[test]
    fn when_all_are_taken_back_none_is_believed_after_the_overlap() {
        let (now, overlap) = (Instant::now(), Duration::from_secs(60));
        let last = Held::default().renewed(vec![key("1", 'A')], now, overlap).renewed(Vec::new(), now, overlap);
        assert_eq!((last.keys.len(), last.generation), (1, 0));
        let none = last.renewed(Vec::new(), now + overlap, overlap);
        assert_eq!((none.keys.len(), none.generation, none.fetched), (0, 1, Some(now + overlap)));
    }

    #[test]
    fn another_key_under_the_same_name_takes_its_place() {
        let now = Instant::now();
        let first = Held::default().renewed(vec![key("1", 'A')], now, Duration::from_secs(60));
        let second = first.renewed(vec![key("1", 'B')], now, Duration::from_secs(60));
        assert_eq!((second.keys.len(), second.generation), (1, 1));
        assert_eq!(*second.keys["1"].key, key("1", 'B'));
    }
}
