//! Keeps the material fresh. In: settings. Out: a handle whose users always see the latest version that can be used.
//! Must not drop a connection because of a new version: only new handshakes see it.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::callers::AtTheDoor;
use super::error::TlsError;
use super::files::{self, Files};
use super::material::Material;
use super::{Mode, Protocol, TlsSettings, client, provider};
use crate::metrics::TlsMetrics;
use crate::telemetry::chain;

/// A service's certificate and what it trusts. Clones share it.
#[derive(Debug, Clone)]
pub struct Tls {
    material: watch::Receiver<Arc<Material>>,
    metrics: TlsMetrics,
}

impl Tls {
    /// Reads the files, and reads them again from now on.
    ///
    /// # Errors
    /// They are missing or can't be used.
    pub async fn open(settings: &TlsSettings, metrics: TlsMetrics) -> Result<Self, TlsError> {
        let files = files::read(&settings.dir).await?;
        let material = Material::of(&files)?;
        publish(&material, &metrics);
        let (sender, receiver) = watch::channel(Arc::new(material));
        tokio::spawn(follow(settings.clone(), files, sender, metrics.clone()));
        Ok(Self { material: receiver, metrics })
    }

    /// What holds now.
    pub(crate) fn material(&self) -> Arc<Material> {
        Arc::clone(&self.material.borrow())
    }

    pub(crate) fn metrics(&self) -> &TlsMetrics {
        &self.metrics
    }

    /// How callers are received now. TLS 1.3 only; sessions are not resumed, since a resumed one would not be judged again.
    ///
    /// # Errors
    /// The provider lacks TLS 1.3, hence a bug.
    pub(crate) fn server(&self, mode: Mode) -> Result<Arc<ServerConfig>, rustls::Error> {
        let material = self.material();
        let key = Arc::new(Shown(Arc::clone(&material.key)));
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(Arc::new(AtTheDoor { material, mode }))
            .with_cert_resolver(key);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }

    /// How others are called; without a certificate of one's own, in the clear only.
    ///
    /// # Errors
    /// The provider lacks TLS 1.3, hence a bug.
    pub(crate) fn client(tls: Option<&Self>, protocol: Protocol) -> Result<rustls::ClientConfig, rustls::Error> {
        client::config(tls.map(|tls| tls.material.clone()), protocol)
    }
}

#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Reads the files for as long as anybody uses them. A version that can't be used leaves the last one in use.
async fn follow(settings: TlsSettings, mut last: Files, sender: watch::Sender<Arc<Material>>, metrics: TlsMetrics) {
    let mut ticks = interval(settings.refresh);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = sender.closed() => return,
        }
        let fresh = match files::read(&settings.dir).await {
            Ok(files) if files == last => continue,
            Ok(files) => Material::of(&files).map(|material| (files, material)),
            Err(error) => Err(error),
        };
        match fresh {
            Ok((files, material)) => {
                publish(&material, &metrics);
                tracing::info!(identity = %material.identity, "a new certificate or list of callers is in use");
                sender.send_replace(Arc::new(material));
                (last, said) = (files, None);
            }
            Err(error) => {
                metrics.reloads.with_label_values(&["failed"]).inc();
                // Each trouble once: it would come with every tick.
                let text = chain(&error);
                if said.as_ref() != Some(&text) {
                    tracing::error!(error = text, "the certificate files can't be used; the last ones stay in use");
                }
                said = Some(text);
            }
        }
    }
}

fn publish(material: &Material, metrics: &TlsMetrics) {
    metrics.reloads.with_label_values(&["used"]).inc();
    metrics.certificate_end.set(material.not_after);
}
