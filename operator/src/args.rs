//! Flags and environment, checked at start. In: the process arguments. Out: `Args` and `Settings`.
//! Must not: read anything else; what a controller needs travels in `Settings`.

use crate::telemetry::LogFormat;
use clap::Parser;
use std::net::SocketAddr;

/// Command line of the operator. Every flag has an environment variable, for the manifest.
#[derive(Clone, Debug, Parser)]
#[command(name = "operator", version, about = "Runs the rerp.dev controllers")]
pub struct Args {
    /// Namespace to watch; all namespaces when absent.
    #[arg(long, env = "RERP_WATCH_NAMESPACE")]
    pub watch_namespace: Option<String>,
    /// Address of /livez, /readyz and /metrics.
    #[arg(long, env = "RERP_ADMIN_ADDR", default_value = "0.0.0.0:9090")]
    pub admin_addr: SocketAddr,
    /// Namespace this process runs in; its Lease lives there, and database servers let in its pods from there.
    #[arg(long, env = "POD_NAMESPACE", default_value = "rerp-system")]
    pub namespace: String,
    /// Name of this process in the Lease and in events; random when absent.
    #[arg(long, env = "POD_NAME")]
    pub identity: Option<String>,
    /// Wait for the Lease before acting. Off only where a single process is certain.
    #[arg(long, env = "RERP_LEADER_ELECT", default_value_t = true, action = clap::ArgAction::Set)]
    pub leader_elect: bool,
    /// Reconciles at the same time, per kind.
    #[arg(long, env = "RERP_CONCURRENCY", default_value_t = 8)]
    pub concurrency: u16,
    /// Log lines as `json` or `text`.
    #[arg(long, env = "RERP_LOG_FORMAT", default_value = "json")]
    pub log_format: LogFormat,
    /// Trust domain of all identities: `spiffe://<trust domain>/ns/<namespace>/sa/<service>`.
    #[arg(long, env = "RERP_TRUST_DOMAIN", default_value = "rerp.local", value_parser = trust_domain)]
    pub trust_domain: String,
    /// Name of the RerpService that is the event bus of its namespace.
    #[arg(long, env = "RERP_BUS", default_value = "bus", value_parser = service_name)]
    pub bus: String,
    /// Name of the RerpService that is the gateway of its namespace: it serves Ingresses of class rerp and Gateways of class rerp.
    #[arg(long, env = "RERP_GATEWAY", default_value = "gateway", value_parser = service_name)]
    pub gateway: String,
    /// Images of what the operator runs.
    #[command(flatten)]
    pub images: Images,
}

/// Images that the operator puts into pods. A reference without a tag gets `tag`.
#[derive(Clone, Debug, Parser)]
pub struct Images {
    /// PostgreSQL of the embedded engine.
    #[arg(long, env = "RERP_IMAGE_POSTGRES", default_value = "ghcr.io/rerp/postgres")]
    pub postgres: String,
    /// Worker of a DatabaseSplitMigration.
    #[arg(long, env = "RERP_IMAGE_SPLIT", default_value = "ghcr.io/rerp/split")]
    pub split: String,
    /// Tag for the images above that carry none.
    #[arg(long, env = "RERP_IMAGE_TAG", default_value = env!("CARGO_PKG_VERSION"))]
    pub tag: String,
}

/// What the controllers need of the arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Full reference of the PostgreSQL image.
    pub image_postgres: String,
    /// Full reference of the split worker's image.
    pub image_split: String,
    /// Namespace of this process: its certificate authority is there, and database servers let it in.
    pub operator_namespace: String,
    /// Trust domain of all identities.
    pub trust_domain: String,
    /// Name of the RerpService that is the event bus of its namespace.
    pub bus: String,
    /// Name of the RerpService that is the gateway of its namespace.
    pub gateway: String,
}

impl From<&Args> for Settings {
    fn from(args: &Args) -> Self {
        let images = &args.images;
        Self {
            image_postgres: tagged(&images.postgres, &images.tag),
            image_split: tagged(&images.split, &images.tag),
            operator_namespace: args.namespace.clone(),
            trust_domain: args.trust_domain.clone(),
            bus: args.bus.clone(),
            gateway: args.gateway.clone(),
        }
    }
}

/// A trust domain as SPIFFE allows it.
fn trust_domain(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    if !text.is_empty() && text.len() <= 255 && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err("expected lower-case letters, digits, dots, dashes and underscores, as in rerp.local".to_owned())
    }
}

/// A name that a RerpService can have; the schema bounds its length.
fn service_name(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = text.starts_with(|first: char| first.is_ascii_lowercase());
    if begins && !text.ends_with('-') && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err("expected the name of a RerpService: lower-case letters, digits and dashes, as in bus".to_owned())
    }
}

/// Adds the tag unless the reference has one or a digest. A colon before the last slash is a port.
fn tagged(image: &str, tag: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains(':') || last.contains('@') { image.to_owned() } else { format!("{image}:{tag}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_added_only_where_none_is() {
        assert_eq!(tagged("ghcr.io/rerp/postgres", "dev"), "ghcr.io/rerp/postgres:dev");
        assert_eq!(tagged("localhost:5000/postgres", "dev"), "localhost:5000/postgres:dev");
        assert_eq!(tagged("a/b:17", "dev"), "a/b:17");
        assert_eq!(tagged("a/b@sha256:00", "dev"), "a/b@sha256:00");
    }

    #[test]
    fn a_trust_domain_is_part_of_an_address() {
        let with = |domain: &str| Args::try_parse_from(["operator", "--trust-domain", domain]);
        assert_eq!(with("prod.example.com").expect("a domain").trust_domain, "prod.example.com");
        for bad in ["", "Prod", "a/b", "a b"] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_bus_is_a_service() {
        let with = |name: &str| Args::try_parse_from(["operator", "--bus", name]);
        assert_eq!(with("events-2").expect("a name").bus, "events-2");
        for bad in ["", "Bus", "2bus", "bus-", "a.b"] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn defaults_parse() {
        let args = Args::try_parse_from(["operator"]).expect("defaults");
        assert!(args.leader_elect);
        assert!(Settings::from(&args).image_split.starts_with("ghcr.io/rerp/split:"));
    }
}
