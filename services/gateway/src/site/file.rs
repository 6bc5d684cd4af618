//! The operator's file, `routes.json`: which hosts and paths lead where, in the order in which they are tried. In: its text. Out: what it says,
//! or that it can't be read. Pure. A field that isn't known spoils the whole: it may narrow what a rule is for.

use serde::Deserialize;

/// Largest file in bytes: a ConfigMap has at most 1 MiB.
pub(super) const LARGEST: u64 = 1024 * 1024;

/// See the file's header.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// Certificates by name, with the hosts they are shown for.
    pub(super) certificates: Vec<Shown>,
    /// Rules.
    pub(super) rules: Vec<Line>,
}

/// A certificate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    pub(super) name: String,
    pub(super) hosts: Vec<String>,
}

/// A rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// A host, `*.` and a host for one label more, `**.` for any number of them, or nothing for every host.
    pub(super) host: String,
    /// A path, or whole segments that it begins with.
    pub(super) path: String,
    /// The path alone.
    pub(super) exact: bool,
    /// Only requests with this method.
    #[serde(default)]
    pub(super) method: Option<String>,
    /// Only requests with these headers.
    #[serde(default)]
    pub(super) headers: Vec<Header>,
    /// It leads to the table of the API.
    #[serde(default)]
    pub(super) api: bool,
    /// Where else it leads.
    #[serde(default)]
    pub(super) to: Vec<Place>,
}

/// A header that a request must have, with this value and no other.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) value: String,
}

/// A backend.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// As in `http://portal.rerp.svc:8080`; empty: whoever should be there can't be led to, and its part of the requests isn't anybody else's.
    pub(super) address: String,
    /// Its part of the requests.
    pub(super) weight: u32,
}
