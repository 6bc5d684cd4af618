//! The certificate that the outside sees. In: a directory with `tls.crt` and `tls.key`. Out: a configuration that shows the present one in
//! each new handshake. A version that can't be used leaves the last one in use. Must not ask clients for certificates: they have tokens.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use prometheus::IntGauge;
use rerp_kit::telemetry::chain;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use secrecy::zeroize::Zeroizing;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Why files can't be used. Must not show what they hold.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file can't be read.
    #[error("reading {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file holds no certificate, or no key.
    #[error("{file} holds no PEM text of the expected kind")]
    NotPem {
        /// Name of the file.
        file: &'static str,
    },
    /// Certificate and key don't go together, or are of a kind that isn't supported.
    #[error("using the certificate for the outside")]
    Unusable(#[from] rustls::Error),
}

/// One version of the files.
#[derive(PartialEq, Eq)]
struct Files {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

/// Reads the directory, and reads it again every `refresh` for as long as the configuration is used. `end` is told when the certificate in
/// use ends, in seconds since 1970.
///
/// # Errors
/// See [`CertificateError`].
pub async fn open(dir: PathBuf, refresh: Duration, end: IntGauge) -> Result<Arc<ServerConfig>, CertificateError> {
    let files = read(&dir).await?;
    let key = usable(&files)?;
    publish(&key, &end);
    let (sender, receiver) = watch::channel(Arc::new(key));
    tokio::spawn(follow(dir, refresh, files, sender, end));
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shown(receiver)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[derive(Debug)]
struct Shown(watch::Receiver<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.borrow()))
    }
}

async fn follow(
    dir: PathBuf,
    refresh: Duration,
    mut last: Files,
    sender: watch::Sender<Arc<CertifiedKey>>,
    end: IntGauge,
) {
    let mut ticks = interval(refresh);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = sender.closed() => return,
        }
        let fresh = match read(&dir).await {
            Ok(files) if files == last => continue,
            Ok(files) => usable(&files).map(|key| (files, key)),
            Err(error) => Err(error),
        };
        match fresh {
            Ok((files, key)) => {
                publish(&key, &end);
                tracing::info!("a new certificate for the outside is in use");
                sender.send_replace(Arc::new(key));
                (last, said) = (files, None);
            }
            Err(error) => {
                // Each trouble once: it would come with every tick.
                let text = chain(&error);
                if said.as_ref() != Some(&text) {
                    tracing::error!(
                        error = text,
                        "the certificate for the outside can't be used; the last one stays in use"
                    );
                }
                said = Some(text);
            }
        }
    }
}

/// Both files of one version: a kubelet swaps the link `..data`.
async fn read(dir: &Path) -> Result<Files, CertificateError> {
    let version = tokio::fs::canonicalize(dir.join("..data")).await.unwrap_or_else(|_| dir.to_owned());
    let file = async |name: &str| {
        let path = version.join(name);
        tokio::fs::read(&path).await.map_err(|source| CertificateError::Read { path: dir.join(name), source })
    };
    Ok(Files { certificate: file("tls.crt").await?, key: Zeroizing::new(file("tls.key").await?) })
}

fn usable(files: &Files) -> Result<CertifiedKey, CertificateError> {
    certified(&files.certificate, &files.key)
}

/// A certificate chain and its key, both PEM, as handshakes use them.
///
/// # Errors
/// See [`CertificateError`].
pub(crate) fn certified(certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, CertificateError> {
    let not_pem = |file| move |_| CertificateError::NotPem { file };
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>().map_err(not_pem("tls.crt"))?;
    if chain.is_empty() {
        return Err(CertificateError::NotPem { file: "tls.crt" });
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(not_pem("tls.key"))?;
    Ok(CertifiedKey::from_der(chain, key, &provider())?)
}

fn publish(key: &CertifiedKey, end: &IntGauge) {
    let parsed = key.cert.first().and_then(|own| X509Certificate::from_der(own).ok());
    if let Some((_, certificate)) = parsed {
        end.set(certificate.validity().not_after.timestamp());
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
