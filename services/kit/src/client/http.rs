//! HTTP clients for whoever calls from outside the services: load, tests, people's tools. In: the certificate to show.
//! Out: a builder.

use crate::tls::{Protocol, Tls};

/// An HTTP/1.1 client with the certificate of `tls`, no proxy and no redirects.
///
/// # Errors
/// The provider of cryptography lacks TLS 1.3, hence a bug.
pub fn builder(tls: Option<&Tls>) -> Result<reqwest::ClientBuilder, rustls::Error> {
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(Tls::client(tls, Protocol::Http1)?)
        .tcp_nodelay(true)
        // One HTTP/2 connection would tie all calls of this process to one pod of the service.
        .http1_only()
        // Proxies of the environment are for the outside world.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none()))
}
