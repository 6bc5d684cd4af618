//! Where personal data may be, and why. In: a place and what was found there. Out: whether it may be there while its person isn't erased; afterwards there is no
//! excuse. Data only: `docs/security.md` says the same for people.

use std::fmt;

use super::forms::Kind;

/// What lines of the bus are counted under.
pub(super) const STREAM: &str = "stream";

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A table in a service's schema, on whichever server.
    Row { service: String, table: String },
    /// What the event bus stores.
    Stream,
    /// What a pod has logged.
    Log(String),
    /// What a pod tells whoever measures.
    Metrics(String),
    /// What the cluster says of its objects, events of Kubernetes included.
    Objects,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { service, table } => write!(f, "the table {service}.{table}"),
            Self::Stream => f.write_str("the stream of the event bus"),
            Self::Log(pod) => write!(f, "the log of {pod}"),
            Self::Metrics(pod) => write!(f, "the metrics of {pod}"),
            Self::Objects => f.write_str("the objects of the cluster"),
        }
    }
}

impl Place {
    /// What its lines are counted under.
    pub(super) fn source(&self) -> &str {
        match self {
            Self::Row { service, .. } => service,
            Self::Stream => STREAM,
            Self::Log(_) => "logs",
            Self::Metrics(_) => "metrics",
            Self::Objects => "objects",
        }
    }
}

/// A place outside of Identity where something may be.
#[derive(Debug)]
pub(super) struct Exception {
    pub(super) service: &'static str,
    pub(super) table: &'static str,
    pub(super) kinds: &'static [Kind],
    pub(super) why: &'static str,
}

/// All of them.
pub(super) const EXCEPTIONS: [Exception; 4] = [
    Exception {
        service: "marketing",
        table: "email_captures",
        kinds: &[Kind::Name],
        why: "what a visitor typed; the name goes after 12 months, the lead after 24",
    },
    Exception {
        service: "marketing",
        table: "contact_messages",
        kinds: &[Kind::Name, Kind::Message],
        why: "what a visitor wrote; it goes after 12 months",
    },
    Exception {
        service: "account",
        table: "addresses",
        kinds: &[Kind::Street],
        why: "where invoices go; versions that are over go after 10 years",
    },
    Exception {
        service: "marketing",
        table: "pending_companies",
        kinds: &[Kind::Name],
        why: "what a visitor typed as a company, while Account is away; it goes after 7 days",
    },
];

/// Identity's tables of people; what it announces, keeps of requests and notes of erasures holds nothing of them.
const IDENTITY: [&str; 4] = ["email_addresses", "human_names", "mobile_numbers", "platform_users"];

/// Whether it may be there.
pub(super) fn excused(place: &Place, kind: Kind) -> bool {
    let Place::Row { service, table } = place else { return false };
    let is_here =
        |one: &Exception| one.service == service.as_str() && one.table == table.as_str() && one.kinds.contains(&kind);
    (service == "identity" && IDENTITY.contains(&table.as_str())) || EXCEPTIONS.iter().any(is_here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_but_identity_holds_contacts_and_nothing_is_logged() {
        let row = |service: &str, table: &str| Place::Row { service: service.to_owned(), table: table.to_owned() };
        for service in ["account", "billing", "fte", "marketing"] {
            for table in ["email_captures", "contact_messages", "addresses", "outbox", "inbox"] {
                for kind in [Kind::Email, Kind::Phone] {
                    assert!(!excused(&row(service, table), kind), "{service}.{table}");
                }
            }
        }
        for kind in [Kind::Email, Kind::Phone, Kind::Name, Kind::Street, Kind::Message] {
            assert!(excused(&row("identity", "human_names"), kind) && !excused(&row("identity", "outbox"), kind));
            let pod = "identity-0".to_owned();
            for place in [Place::Log(pod.clone()), Place::Metrics(pod), Place::Objects, Place::Stream] {
                assert!(!excused(&place, kind), "{place}");
            }
        }
    }

    #[test]
    fn the_page_for_people_names_every_exception() {
        let page = include_str!("../../../../docs/security.md");
        for one in &EXCEPTIONS {
            assert!(
                page.contains(&format!("| `{}.{}` |", one.service, one.table)),
                "{}.{}: {}",
                one.service,
                one.table,
                one.why
            );
        }
    }
}
