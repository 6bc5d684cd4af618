//! A URL as libpq reads it -> the driver's settings and what is to be done about TLS. Pure.
//! The driver knows neither `verify-full` nor `sslrootcert`, so both words are taken out before it sees the URL.

use crate::{Error, Tls};
use percent_encoding::percent_decode_str;
use std::path::PathBuf;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

/// A server and a login, as a URL says it. No Debug: it holds a password.
#[derive(Clone)]
pub struct Address {
    /// Everything but TLS, for the driver; whether TLS is tried stands in it too.
    pub config: Config,
    /// What is done about TLS.
    pub tls: Tls,
}

impl Address {
    /// Reads `postgresql://user:password@host:port/database?sslmode=…&sslrootcert=…`; of a word that is said twice the last counts.
    ///
    /// # Errors
    /// Not a PostgreSQL URL, or what it says about TLS can't be had.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let Said { rest, mode, roots } = take(url);
        let mut config: Config = rest.parse()?;
        let mode = mode.unwrap_or_else(|| spoken(config.get_ssl_mode()).to_owned());
        let tls = tls(&mode, roots)?;
        config.ssl_mode(match tls {
            Tls::Disable => SslMode::Disable,
            Tls::Prefer => SslMode::Prefer,
            Tls::Require | Tls::VerifyFull { .. } => SslMode::Require,
        });
        Ok(Self { config, tls })
    }
}

/// What the driver has read by itself, from a text of `keyword=value` pairs; its default is libpq's.
fn spoken(mode: SslMode) -> &'static str {
    match mode {
        SslMode::Disable => "disable",
        SslMode::Require => "require",
        _ => "prefer",
    }
}

struct Said {
    rest: String,
    mode: Option<String>,
    roots: Option<String>,
}

fn take(url: &str) -> Said {
    let mut said = Said { rest: url.to_owned(), mode: None, roots: None };
    let is_url = url.starts_with("postgresql://") || url.starts_with("postgres://");
    let Some((base, query)) = url.split_once('?').filter(|_| is_url) else { return said };
    let mut kept = Vec::new();
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = || Some(percent_decode_str(value).decode_utf8_lossy().into_owned());
        match key {
            "sslmode" => said.mode = value(),
            "sslrootcert" => said.roots = value(),
            _ => kept.push(pair),
        }
    }
    said.rest = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    said
}

fn tls(mode: &str, roots: Option<String>) -> Result<Tls, Error> {
    let tls = match mode {
        "disable" => Tls::Disable,
        "prefer" => Tls::Prefer,
        "require" => Tls::Require,
        "verify-full" => {
            return match roots.as_deref() {
                None | Some("") => Err(Error::NoRoots),
                Some("system") => Err(Error::SystemRoots),
                Some(path) => Ok(Tls::VerifyFull { roots: PathBuf::from(path) }),
            };
        }
        other => return Err(Error::Mode(other.to_owned())),
    };
    // libpq would look at them with `require` and not with the others: nobody should have to know.
    if roots.is_some() { Err(Error::UnusedRoots(tls.mode())) } else { Ok(tls) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<(Tls, SslMode), String> {
        let address = Address::parse(url).map_err(|error| error.to_string())?;
        assert_eq!(address.config.get_user(), Some("u"), "{url}");
        Ok((address.tls, address.config.get_ssl_mode()))
    }

    #[test]
    fn each_mode_means_what_libpq_says() {
        for (query, tls, mode) in [
            ("", Tls::Prefer, SslMode::Prefer),
            ("?sslmode=disable", Tls::Disable, SslMode::Disable),
            ("?sslmode=prefer&connect_timeout=3", Tls::Prefer, SslMode::Prefer),
            ("?options=-cx%3D1&sslmode=require", Tls::Require, SslMode::Require),
            ("?sslmode=disable&sslmode=require", Tls::Require, SslMode::Require),
        ] {
            assert_eq!(read(&format!("postgresql://u@h/d{query}")).unwrap(), (tls, mode), "{query}");
        }
        let url = "postgres://u:p%40@h/d?sslrootcert=/etc/my%20roots/ca.crt&application_name=a&sslmode=verify-full";
        let roots = PathBuf::from("/etc/my roots/ca.crt");
        assert_eq!(read(url).unwrap(), (Tls::VerifyFull { roots }, SslMode::Require));
        let config = Address::parse(url).unwrap().config;
        assert_eq!((config.get_password(), config.get_application_name()), (Some(b"p@".as_slice()), Some("a")));
        assert_eq!(read("host=h user=u dbname=d sslmode=require").unwrap(), (Tls::Require, SslMode::Require));
    }

    #[test]
    fn what_can_not_be_had_is_refused_in_words() {
        for (query, words) in [
            ("sslmode=verify-ca&sslrootcert=/r", "sslmode=verify-ca is not supported"),
            ("sslmode=allow", "sslmode=allow is not supported"),
            ("sslmode=", "sslmode= is not supported"),
            ("sslmode=verify-full", "needs sslrootcert=FILE"),
            ("sslmode=verify-full&sslrootcert=", "needs sslrootcert=FILE"),
            ("sslmode=verify-full&sslrootcert=system", "name a file"),
            ("sslmode=require&sslrootcert=/r", "not looked at with sslmode=require"),
            ("sslrootcert=/r", "not looked at with sslmode=prefer"),
        ] {
            let error = read(&format!("postgresql://u:secret@h/d?{query}")).unwrap_err();
            assert!(error.contains(words) && !error.contains("secret"), "{query}: {error}");
        }
        assert_eq!(read("mysql://u@h/d").unwrap_err(), "not a PostgreSQL URL");
    }
}
