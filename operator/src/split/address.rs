//! The superuser's way into one database. Pure. In: the Secret of an embedded server. Out: an address, as a URI for the worker.

use crate::pki::ROOTS;
use crate::postgres::exec::Admin;
use k8s_openapi::api::core::v1::Secret;
use rerp_crds::names;
use std::fmt;
use url::Url;

/// One database and how to reach it as superuser. Its `Debug` leaves the password out.
#[derive(Clone)]
pub struct Address {
    /// The server.
    pub admin: Admin,
    /// The database on it.
    pub database: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{}/{}", self.admin.user, self.admin.host, self.admin.port, self.database)
    }
}

impl Address {
    /// The database `database` on the server that the Secret describes; none where a key is missing or unreadable.
    #[must_use]
    pub fn read(secret: &Secret, database: &str) -> Option<Self> {
        let data = secret.data.as_ref()?;
        let key = |name: &str| Some(std::str::from_utf8(&data.get(name)?.0).ok()?.to_owned());
        Some(Self {
            admin: Admin {
                host: key("host")?,
                port: key("port")?.parse().ok()?,
                user: key("username")?,
                password: key("password")?,
                roots: key(ROOTS)?,
            },
            database: database.to_owned(),
        })
    }

    /// As a PostgreSQL URI, password included: never log it. None where the host is no host.
    #[must_use]
    pub fn uri(&self) -> Option<String> {
        let mut uri = Url::parse("postgresql://host").ok()?;
        uri.set_host(Some(&self.admin.host)).ok()?;
        uri.set_port(Some(self.admin.port)).ok()?;
        uri.set_username(&self.admin.user).ok()?;
        uri.set_password(Some(&self.admin.password)).ok()?;
        uri.set_path(&self.database);
        uri.set_query(Some(names::POSTGRES_TLS));
        Some(uri.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::ByteString;

    fn secret(keys: &[(&str, &str)]) -> Secret {
        let data = keys.iter().map(|(k, v)| ((*k).to_owned(), ByteString(v.as_bytes().to_vec()))).collect();
        Secret { data: Some(data), ..Secret::default() }
    }

    #[test]
    fn every_password_survives_and_none_is_shown() {
        let keys = [
            ("host", "m-postgres.rerp.svc"),
            ("port", "5432"),
            ("username", "postgres"),
            ("password", "a/b@c:d%?#"),
            ("ca.crt", "roots"),
        ];
        let address = Address::read(&secret(&keys), "mono").unwrap();
        let rerp_pgtls::Address { config, tls } = rerp_pgtls::Address::parse(&address.uri().unwrap()).unwrap();
        assert_eq!(tls, rerp_pgtls::Tls::VerifyFull { roots: "/etc/rerp/tls/ca.crt".into() });
        assert_eq!(config.get_password(), Some(b"a/b@c:d%?#".as_slice()));
        assert_eq!(config.get_dbname(), Some("mono"));
        assert_eq!(format!("{address:?}"), "postgres@m-postgres.rerp.svc:5432/mono");
    }

    #[test]
    fn a_missing_key_is_no_address() {
        assert!(Address::read(&secret(&[("host", "h"), ("port", "5432"), ("username", "u")]), "d").is_none());
    }
}
