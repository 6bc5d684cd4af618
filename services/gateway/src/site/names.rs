//! Which certificate a handshake is shown, by the name that the client asks for (SNI). In: certificates with their hosts. Out: the right one, or
//! none, which ends the handshake. Must not show a certificate for a host that it isn't meant for, and asks clients for none.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::sync::watch;

use super::table::name;

/// Certificates by host; a host may begin with `*.`, and the empty one is for whoever asks for none of the others.
#[derive(Debug, Default)]
pub(super) struct Certificates(HashMap<String, Arc<CertifiedKey>>);

impl Certificates {
    /// Shows `key` for `hosts`. Whoever came first keeps a host.
    pub(super) fn add(&mut self, hosts: &[String], key: &Arc<CertifiedKey>) {
        for host in hosts {
            self.0.entry(name(host).into_owned()).or_insert_with(|| Arc::clone(key));
        }
    }

    fn find(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        let host = name(host);
        let beside = || self.0.get(&format!("*.{}", host.split_once('.')?.1));
        self.0.get(&*host).or_else(beside).or_else(|| self.0.get("")).cloned()
    }
}

#[derive(Debug)]
struct Shown(watch::Receiver<Arc<Certificates>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.borrow().find(hello.server_name().unwrap_or_default())
    }
}

/// TLS with the present certificates.
///
/// # Errors
/// The provider of cryptography lacks a version of TLS, hence a bug.
pub(super) fn config(certificates: watch::Receiver<Arc<Certificates>>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shown(certificates)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
