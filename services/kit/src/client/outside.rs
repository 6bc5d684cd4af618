//! HTTP clients for vendors on the internet. In comes nothing; out goes a builder that trusts the public authorities.
//! Must not show the service's own certificate to strangers.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};

/// Longest time to connect.
const CONNECT: Duration = Duration::from_secs(5);

/// A client for vendors: public authorities (the list is part of the program, images hold no other file), no client
/// certificate, no redirects: a vendor that moved is told to us by its documentation, not by whoever answers there.
///
/// # Errors
/// The provider of cryptography lacks what TLS needs, hence a bug.
pub fn outside() -> Result<reqwest::ClientBuilder, rustls::Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .connect_timeout(CONNECT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_for_vendors_can_be_built() {
        assert!(outside().unwrap().build().is_ok());
    }
}
