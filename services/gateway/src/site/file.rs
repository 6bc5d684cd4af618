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
    /// A host, `*.` and a host for one label more, or nothing for every host.
    pub(super) host: String,
    /// A path, or whole segments that it begins with.
    pub(super) path: String,
    /// The path alone.
    pub(super) exact: bool,
    /// It leads to the table of the API.
    #[serde(default)]
    pub(super) api: bool,
    /// Where else it leads.
    #[serde(default)]
    pub(super) to: Vec<Place>,
}

/// A backend.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// As in `http://portal.rerp.svc:8080`.
    pub(super) address: String,
    /// Its part of the requests.
    pub(super) weight: u32,
}
