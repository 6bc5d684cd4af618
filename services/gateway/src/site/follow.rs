//! The operator's files, read again and again. In: two folders. Out: rules and certificates, swapped whole. Backends that stay keep their
//! connections and what is known of them. Must not give up: what can't be read is told once, and the last version stays.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rerp_kit::telemetry::chain;
use secrecy::zeroize::Zeroizing;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::Folders;
use super::file::{File, LARGEST};
use super::names::Certificates;
use super::table::{Table, Target};
use crate::front::certificate::certified;
use crate::upstream::{Maker, Service};

/// Why a version can't be used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("reading the rules of the operator")]
    Read(#[source] io::Error),
    #[error("the rules of the operator are larger than {LARGEST} bytes")]
    TooLarge,
    #[error("the rules of the operator are not what they should be")]
    NotRules(#[from] serde_json::Error),
}

/// Certificate chain and key, as they are in the files.
type Pair = (Vec<u8>, Zeroizing<Vec<u8>>);

/// See the file's header.
pub(super) struct Follower {
    folders: Folders,
    maker: Maker,
    rules: watch::Sender<Arc<Table>>,
    shown: watch::Sender<Arc<Certificates>>,
    backends: HashMap<String, Arc<Service>>,
    /// What is in use.
    text: Vec<u8>,
    pairs: BTreeMap<String, Pair>,
    said: Option<String>,
}

impl Follower {
    pub(super) fn new(
        folders: Folders,
        maker: Maker,
        rules: watch::Sender<Arc<Table>>,
        shown: watch::Sender<Arc<Certificates>>,
    ) -> Self {
        let (backends, pairs) = (HashMap::new(), BTreeMap::new());
        Self { folders, maker, rules, shown, backends, text: Vec::new(), pairs, said: None }
    }

    /// Looks every `refresh` until nobody wants to know any more.
    pub(super) async fn follow(mut self, refresh: Duration) {
        let mut ticks = interval(refresh);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.look().await,
                () = nobody(&self.rules, &self.shown) => return,
            }
        }
    }

    /// Takes over what is new.
    pub(super) async fn look(&mut self) {
        if let Err(error) = self.take_over().await {
            let text = chain(&error);
            // Each trouble once: it would come with every look.
            if self.said.as_ref() != Some(&text) {
                tracing::error!(error = text, "the operator's rules can't be used; the last ones stay in use");
            }
            self.said = Some(text);
        }
    }

    async fn take_over(&mut self) -> Result<(), Unusable> {
        let text = read(&present(&self.folders.routes).await, "routes.json").await.map_err(Unusable::Read)?;
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > LARGEST {
            return Err(Unusable::TooLarge);
        }
        let file: File = serde_json::from_slice(&text)?;
        let pairs = self.pairs_of(&file).await;
        self.said = None;
        if text == self.text && pairs == self.pairs {
            return Ok(());
        }
        self.show(&file, &pairs);
        self.lead(&file);
        tracing::info!(rules = file.rules.len(), certificates = pairs.len(), "new rules of the operator are in use");
        (self.text, self.pairs) = (text, pairs);
        Ok(())
    }

    /// The certificates that the rules name. One that isn't there yet comes with a later look: the kubelet brings one folder after the other.
    async fn pairs_of(&self, file: &File) -> BTreeMap<String, Pair> {
        let mut pairs = BTreeMap::new();
        // One version for all: a certificate and a key of two of them don't fit, and its hosts would be without.
        let version = present(&self.folders.certificates).await;
        for one in &file.certificates {
            let name = &one.name;
            let chain = read(&version, &format!("{name}.crt")).await;
            let key = read(&version, &format!("{name}.key")).await;
            if let (Ok(chain), Ok(key)) = (chain, key) {
                pairs.insert(name.clone(), (chain, Zeroizing::new(key)));
            }
        }
        pairs
    }

    fn show(&self, file: &File, pairs: &BTreeMap<String, Pair>) {
        let mut certificates = Certificates::default();
        for one in &file.certificates {
            let Some((chain_pem, key_pem)) = pairs.get(&one.name) else { continue };
            match certified(chain_pem, key_pem) {
                Ok(key) => certificates.add(&one.hosts, &Arc::new(key)),
                Err(error) => tracing::error!(
                    certificate = one.name,
                    error = chain(&error),
                    "a certificate can't be used; its hosts have none"
                ),
            }
        }
        self.shown.send_replace(Arc::new(certificates));
    }

    fn lead(&mut self, file: &File) {
        let mut used = HashMap::new();
        let mut table = Table::default();
        for line in &file.rules {
            let target = if line.api {
                Target::Api
            } else {
                let places = line.to.iter().map(|place| (self.backend(&place.address, &mut used), place.weight));
                Target::Backends(places.collect())
            };
            table.add(line, target);
        }
        for gone in self.backends.keys().filter(|address| !used.contains_key(*address)) {
            self.maker.forget(gone);
        }
        self.backends = used;
        self.rules.send_replace(Arc::new(table));
    }

    /// The backend at an address: the one that is known, or a new one.
    fn backend(&self, address: &str, used: &mut HashMap<String, Arc<Service>>) -> Option<Arc<Service>> {
        if address.is_empty() {
            return None;
        }
        if let Some(found) = used.get(address).or_else(|| self.backends.get(address)).cloned() {
            used.insert(address.to_owned(), Arc::clone(&found));
            return Some(found);
        }
        match self.maker.plain(address) {
            Ok(service) => {
                let service = Arc::new(service);
                used.insert(address.to_owned(), Arc::clone(&service));
                Some(service)
            }
            Err(error) => {
                tracing::error!(address, error = chain(&error), "a backend can't be reached by its address");
                None
            }
        }
    }
}

/// The folder's present version: a kubelet swaps the link `..data`.
async fn present(folder: &Path) -> PathBuf {
    tokio::fs::canonicalize(folder.join("..data")).await.unwrap_or_else(|_| folder.to_owned())
}

/// A file of a version. A name with a slash is no file of the operator's.
async fn read(version: &Path, name: &str) -> io::Result<Vec<u8>> {
    if name.contains('/') {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    tokio::fs::read(version.join(name)).await
}

/// Ends when neither rules nor certificates are wanted.
async fn nobody(rules: &watch::Sender<Arc<Table>>, shown: &watch::Sender<Arc<Certificates>>) {
    tokio::join!(rules.closed(), shown.closed());
}
