//! The gateway's own settings. In comes the environment; out go checked values, or mistakes that the kit tells together.
//! Must not open anything.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use rerp_kit::bearer::Trust;
use rerp_kit::config::Env;
use url::Url;

use crate::cors::{Origins, is_origin};
use crate::limit::Network;
use crate::site::Folders;
use crate::table::Upstream;

/// Most connections at the same time unless `RERP_GATEWAY_CONNECTIONS` says otherwise.
const CONNECTIONS: usize = 10_000;

/// What a gateway needs to know beside what every service does.
#[derive(Debug, Clone)]
pub struct GatewaySettings {
    /// Where services are, in the order of [`Upstream::ALL`].
    pub addresses: [Url; Upstream::ALL.len()],
    /// Directory with `tls.crt` and `tls.key` for the outside, `RERP_GATEWAY_TLS_DIR`; none: in the clear, behind an ingress.
    pub certificate: Option<PathBuf>,
    /// Whether clients come over TLS: here, or at the ingress as `RERP_GATEWAY_BEHIND_TLS` says.
    pub secure: bool,
    /// Hops whose `X-Forwarded-For` is believed, `RERP_TRUSTED_HOPS`.
    pub trusted: Vec<Network>,
    /// Pages that may ask: `RERP_WEBSITE_ORIGINS`, `RERP_PORTAL_ORIGINS`, `RERP_PLATFORM_ORIGINS`.
    pub origins: Origins,
    /// Whose tokens are believed.
    pub trust: Trust,
    /// Most connections at the same time, `RERP_GATEWAY_CONNECTIONS`.
    pub connections: usize,
    /// Where the operator says what else is served: `RERP_ROUTES_DIR` and `RERP_CERTIFICATES_DIR`; none: nothing else is.
    pub folders: Option<Folders>,
    /// Where that is served with TLS, `RERP_HTTPS_ADDR`.
    pub https_addr: Option<SocketAddr>,
}

impl GatewaySettings {
    /// None when something is missing or wrong, which is a mistake by then.
    pub fn read(env: &mut Env) -> Option<Self> {
        let addresses = Upstream::ALL.map(|upstream| env.dependency(upstream.name()));
        let certificate = env.text("RERP_GATEWAY_TLS_DIR").map(PathBuf::from);
        let secure = env.parse("RERP_GATEWAY_BEHIND_TLS", false, "true or false") || certificate.is_some();
        let trusted =
            list(env, "RERP_TRUSTED_HOPS", "networks such as 10.0.0.0/8, with commas between", Network::from_str);
        let origins = Origins {
            website: origins(env, "RERP_WEBSITE_ORIGINS"),
            portal: origins(env, "RERP_PORTAL_ORIGINS"),
            platform: origins(env, "RERP_PLATFORM_ORIGINS"),
        };
        let trust = Trust::read(env);
        let connections = env.parse("RERP_GATEWAY_CONNECTIONS", CONNECTIONS, "a number of connections");
        if connections == 0 {
            env.mistake("RERP_GATEWAY_CONNECTIONS", "expected at least 1");
        }
        let folders = folders(env);
        let https_addr = https_addr(env);
        let [identity, account, marketing, billing, fte] = addresses;
        let addresses = [identity?, account?, marketing?, billing?, fte?];
        Some(Self { addresses, certificate, secure, trusted, origins, trust: trust?, connections, folders, https_addr })
    }
}

fn folders(env: &mut Env) -> Option<Folders> {
    let folder = |name: &str| env.text(name).map(PathBuf::from);
    match (folder("RERP_ROUTES_DIR"), folder("RERP_CERTIFICATES_DIR")) {
        (Some(routes), Some(certificates)) => Some(Folders { routes, certificates }),
        (None, None) => None,
        _ => {
            env.mistake("RERP_ROUTES_DIR", "and RERP_CERTIFICATES_DIR go together");
            None
        }
    }
}

fn https_addr(env: &mut Env) -> Option<SocketAddr> {
    let text = env.text("RERP_HTTPS_ADDR").map(str::to_owned)?;
    let address = text.parse().ok();
    if address.is_none() {
        env.mistake("RERP_HTTPS_ADDR", "expected an address and a port such as 0.0.0.0:8443");
    }
    address
}

fn origins(env: &mut Env, name: &str) -> Vec<String> {
    let read = |text: &str| if is_origin(text) { Ok(text.to_owned()) } else { Err(()) };
    list(env, name, "origins such as https://app.example, with commas between", read)
}

/// A list with commas between. A mistake anywhere is one of the whole.
fn list<T, E>(env: &mut Env, name: &str, expected: &str, read: impl Fn(&str) -> Result<T, E>) -> Vec<T> {
    let text = env.text(name).unwrap_or_default();
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    match parts.map(read).collect::<Result<Vec<T>, E>>() {
        Ok(values) => values,
        Err(_) => {
            env.mistake(name, format!("expected {expected}"));
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: [(&str, &str); 9] = [
        ("RERP_IDENTITY_URL", "http://identity:8080"),
        ("RERP_ACCOUNT_URL", "http://account:8080"),
        ("RERP_MARKETING_URL", "http://marketing:8080"),
        ("RERP_BILLING_URL", "http://billing:8080"),
        ("RERP_FTE_URL", "http://fte:8080"),
        ("RERP_TOKEN_KEYS_ADDRESS", "https://auth.example/keys"),
        ("RERP_TOKEN_ISSUER", "https://auth.example"),
        ("RERP_PERSON_AUDIENCE", "people"),
        ("RERP_STAFF_AUDIENCE", "staff"),
    ];

    #[test]
    fn what_is_needed_is_enough() {
        let mut env = Env::of(NEEDED);
        let settings = GatewaySettings::read(&mut env).unwrap();
        assert!(env.finish().is_ok());
        assert!(settings.certificate.is_none() && !settings.secure && settings.trusted.is_empty());
        assert_eq!((settings.origins, settings.connections), (Origins::default(), CONNECTIONS));
        assert_eq!(settings.addresses[4].as_str(), "http://fte:8080/");
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let mut env = Env::of([
            ("RERP_TRUSTED_HOPS", "10.0.0.0/8, everybody"),
            ("RERP_PORTAL_ORIGINS", "https://app.example/"),
            ("RERP_TOKEN_KEYS_ADDRESS", "auth.example"),
            ("RERP_PERSON_AUDIENCE", "all"),
            ("RERP_STAFF_AUDIENCE", "all"),
            ("RERP_GATEWAY_CONNECTIONS", "0"),
            ("RERP_ROUTES_DIR", "/etc/rerp/routes"),
            ("RERP_HTTPS_ADDR", "8443"),
        ]);
        assert!(GatewaySettings::read(&mut env).is_none());
        let mistakes = env.finish().unwrap_err().to_string();
        for name in [
            "RERP_IDENTITY_URL:",
            "RERP_FTE_URL:",
            "RERP_TRUSTED_HOPS:",
            "RERP_PORTAL_ORIGINS:",
            "RERP_TOKEN_KEYS_ADDRESS:",
            "RERP_TOKEN_ISSUER:",
            "RERP_STAFF_AUDIENCE:",
            "RERP_GATEWAY_CONNECTIONS:",
            "RERP_ROUTES_DIR:",
            "RERP_HTTPS_ADDR:",
        ] {
            assert!(mistakes.contains(name), "{name} {mistakes}");
        }
    }
}
