//! A row of the table: what is asked, by whom, and what has to come of it. Data only. What stands in for a value has a name: a row before has kept it
//! under that name, or it is known from the start.

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// Nobody who is signed in.
    Nobody,
    /// A verified person.
    Ann,
    /// Another one.
    Ben,
    /// A person who has proved nothing yet.
    Uma,
    /// Staff.
    Staff,
    /// The same before the second factor.
    Unsure,
}

impl Who {
    /// For people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Ann => "Ann",
            Self::Ben => "Ben",
            Self::Uma => "Uma",
            Self::Staff => "staff",
            Self::Unsure => "staff, one factor",
        }
    }
}

/// What is done.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    /// A request through the gateway. In the path `{id=account}` is the parameter `id` of the specification's path, with the value of the name
    /// `account`; in the body `$account` is the same value. No body where there is none to send.
    Ask { method: &'static str, who: Who, path: &'static str, body: &'static str },
    /// A look into the mailbox of this contact: gives `/code`, and a `/wrong` one.
    Code { to: &'static str },
    /// A person's browser gives Stripe a card, with this secret: gives the setup.
    Card { secret: &'static str },
    /// A person shows Stripe documents, at this address: gives the session.
    Documents { url: &'static str },
    /// Stripe tells of an event of this kind about this object: gives what the webhook answers.
    Event { kind: &'static str, about: &'static str },
    /// A number in a service's own database, `{schema}` being its schema.
    Stored { service: &'static str, sql: &'static str },
}

/// See the file's header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// What it shows, for people.
    pub(super) what: &'static str,
    /// What is done.
    pub(super) act: Act,
    /// The status that has to be answered.
    pub(super) status: u16,
    /// The kind of problem that has to be answered.
    pub(super) problem: Option<&'static str>,
    /// What has to be in the answer: a place and a value, `*` for any and `-` for none.
    pub(super) shows: &'static [(&'static str, &'static str)],
    /// What later rows need of the answer: a name and a place.
    pub(super) keeps: &'static [(&'static str, &'static str)],
    /// It is sent under a key: rows with the same one are the same request.
    pub(super) key: Option<&'static str>,
    /// Why, where it is staff who ask and must say so; else nothing.
    pub(super) reason: &'static str,
    /// It may take a moment until it is so.
    pub(super) soon: bool,
    /// Only where there is an event bus.
    pub(super) bus: bool,
    /// The arrows of the flow's diagram that it shows.
    pub(super) arrows: &'static [&'static str],
    /// Endpoints that it proves beside the one it calls.
    pub(super) also: &'static [&'static str],
}

/// Anything.
pub(super) const fn done(what: &'static str, act: Act) -> Row {
    Row {
        what,
        act,
        status: 200,
        problem: None,
        shows: &[],
        keeps: &[],
        key: None,
        reason: "",
        soon: false,
        bus: false,
        arrows: &[],
        also: &[],
    }
}

/// A reading request.
pub(super) const fn get(what: &'static str, who: Who, path: &'static str) -> Row {
    done(what, Act::Ask { method: "GET", who, path, body: "" })
}

/// A request that makes or does something.
pub(super) const fn post(what: &'static str, who: Who, path: &'static str, body: &'static str) -> Row {
    done(what, Act::Ask { method: "POST", who, path, body })
}

/// A request that declares something.
pub(super) const fn put(what: &'static str, who: Who, path: &'static str, body: &'static str) -> Row {
    done(what, Act::Ask { method: "PUT", who, path, body })
}

impl Row {
    pub(super) const fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(super) const fn refused(self, status: u16, problem: &'static str) -> Self {
        Self { status, problem: Some(problem), ..self }
    }

    pub(super) const fn shows(self, shows: &'static [(&'static str, &'static str)]) -> Self {
        Self { shows, ..self }
    }

    pub(super) const fn keeps(self, keeps: &'static [(&'static str, &'static str)]) -> Self {
        Self { keeps, ..self }
    }

    pub(super) const fn keyed(self, key: &'static str) -> Self {
        Self { key: Some(key), ..self }
    }

    pub(super) const fn because(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }

    pub(super) const fn soon(self) -> Self {
        Self { soon: true, ..self }
    }

    pub(super) const fn over_the_bus(self) -> Self {
        Self { soon: true, bus: true, ..self }
    }

    pub(super) const fn arrows(self, arrows: &'static [&'static str]) -> Self {
        Self { arrows, ..self }
    }

    pub(super) const fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }

    /// Whether the answer is a refusal.
    pub(super) const fn is_refusal(&self) -> bool {
        self.problem.is_some()
    }

    /// What is done, for people: of a request the method and the path, as the specification writes it.
    pub(super) fn request(&self) -> String {
        match self.act {
            Act::Ask { method, path, .. } => format!("{method} {}", pattern(path)),
            Act::Code { .. } => "the stand-in's mailbox".to_owned(),
            Act::Card { .. } => "a card, given to the stand-in for Stripe".to_owned(),
            Act::Documents { .. } => "documents, shown to the stand-in for Stripe".to_owned(),
            Act::Event { kind, .. } => format!("POST /api/billing/webhooks/stripe ({kind})"),
            Act::Stored { service, .. } => format!("the database of {service}"),
        }
    }

    /// Who does it, for people.
    pub(super) const fn who(&self) -> &'static str {
        match self.act {
            Act::Ask { who, .. } => who.name(),
            Act::Code { .. } | Act::Card { .. } | Act::Documents { .. } | Act::Stored { .. } => "",
            Act::Event { .. } => "Stripe",
        }
    }

    /// What has to be answered, for people.
    pub(super) fn wanted(&self) -> String {
        match (self.act, self.problem) {
            (_, Some(problem)) => format!("{} {problem}", self.status),
            (Act::Ask { .. } | Act::Event { .. }, None) => self.status.to_string(),
            _ => self.shows.first().map_or_else(String::new, |(_, value)| match *value {
                "*" => "there".to_owned(),
                value => value.to_owned(),
            }),
        }
    }

    /// Whether it proves an endpoint, by calling it with success or otherwise.
    pub(super) fn proves(&self, endpoint: &str) -> bool {
        self.also.contains(&endpoint) || (!self.is_refusal() && self.request() == endpoint)
    }
}

/// A path as the specification writes it: without the names of values, and without a query.
pub(super) fn pattern(path: &str) -> String {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let mut parts = path.split('=');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |pattern, part| pattern + part.find('}').and_then(|end| part.get(end..)).unwrap_or(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_no_names_of_values() {
        for (path, shown) in [
            ("/api/accounts", "/api/accounts"),
            ("/api/accounts/{id=account}/roles", "/api/accounts/{id}/roles"),
            ("/a/{x=y}/{z=w}?limit=9", "/a/{x}/{z}"),
            ("/a/{x}", "/a/{x}"),
        ] {
            assert_eq!(pattern(path), shown);
        }
    }

    #[test]
    fn a_refusal_proves_no_endpoint() {
        let row = get("it", Who::Ann, "/a/{x=y}");
        assert!(row.proves("GET /a/{x}") && !row.proves("POST /a/{x}"));
        assert!(!row.refused(404, "not-found").proves("GET /a/{x}"));
        assert!(row.also(&["POST /b"]).proves("POST /b"));
        assert_eq!(row.refused(404, "not-found").wanted(), "404 not-found");
    }
}
