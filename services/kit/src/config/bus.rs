//! How to reach the broker. In comes [`Env`]; out go settings, or mistakes. Must not open anything.

use url::Url;

use super::Env;

/// Where events go and come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusSettings {
    /// The broker. `RERP_BUS_URL`.
    pub url: Url,
    /// The stream that holds the platform's events. `RERP_BUS_STREAM`.
    pub stream: String,
    /// Under which name the broker knows how far this service has read. `RERP_BUS_CONSUMER`; by default the service's.
    pub consumer: String,
}

/// `RERP_BUS_URL` and what goes with it; none where it isn't set.
pub(super) fn read(env: &mut Env, service: &str) -> Option<BusSettings> {
    let url = Url::parse(env.text("RERP_BUS_URL")?).ok().filter(Url::has_host);
    let Some(url) = url.filter(|url| ["nats", "tls"].contains(&url.scheme())) else {
        env.mistake("RERP_BUS_URL", "expected an address such as tls://bus.namespace.svc:4222");
        return None;
    };
    if url.scheme() == "tls" && env.text("RERP_TLS_DIR").is_none() {
        env.mistake("RERP_TLS_DIR", "not set; RERP_BUS_URL needs the directory of the certificate");
        return None;
    }
    let stream = name(env, "RERP_BUS_STREAM", "events");
    let consumer = name(env, "RERP_BUS_CONSUMER", service);
    Some(BusSettings { url, stream, consumer })
}

/// A name that NATS takes as one word of a subject.
fn name(env: &mut Env, variable: &str, default: &str) -> String {
    let name = env.text(variable).unwrap_or(default).to_owned();
    if name.bytes().any(|byte| !byte.is_ascii_alphanumeric() && !b"-_".contains(&byte)) {
        env.mistake(variable, "expected letters, digits, dashes and underscores");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_address_there_is_no_bus() {
        let mut env = Env::of([("RERP_BUS_STREAM", "a.b")]);
        assert!(read(&mut env, "billing").is_none() && env.finish().is_ok());
        let mut env = Env::of([("RERP_BUS_URL", "nats://127.0.0.1:4222")]);
        let settings = read(&mut env, "billing").unwrap();
        assert_eq!((settings.stream.as_str(), settings.consumer.as_str()), ("events", "billing"));
        assert!(env.finish().is_ok());
    }

    #[test]
    fn what_can_not_work_is_named() {
        for (url, more, variable) in [
            ("127.0.0.1:4222", "", "RERP_BUS_URL"),
            ("https://bus:4222", "", "RERP_BUS_URL"),
            ("tls://bus:4222", "", "RERP_TLS_DIR"),
            ("nats://bus:4222", "a.b", "RERP_BUS_CONSUMER"),
        ] {
            let mut env = Env::of([("RERP_BUS_URL", url), ("RERP_BUS_CONSUMER", more)]);
            let _ = read(&mut env, "billing");
            assert!(env.finish().unwrap_err().to_string().contains(variable), "{url}");
        }
    }
}
