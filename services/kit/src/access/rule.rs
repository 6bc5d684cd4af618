//! The table of a service: who may call which route, and whose data it is. In: rows, a request's path and method, and who asks. Out: the row,
//! and whether it admits them. Data and pure functions; each service has its rows in `src/access.rs`. What isn't in a table doesn't exist.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::Method;

use super::caller::{Assurance, Caller, Principal, PrincipalKind};
use crate::grpc;
use crate::problem::Problem;
use crate::problem::catalogue::{NOT_PERMITTED, NOT_SIGNED_IN};

/// A method that a route takes. `GET` stands for `HEAD` too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// `GET` and `HEAD`.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `DELETE`.
    Delete,
}

impl Verb {
    /// The method's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// What a method means; none for those that no route takes.
    #[must_use]
    pub fn of(method: &Method) -> Option<Self> {
        match *method {
            Method::GET | Method::HEAD => Some(Self::Get),
            Method::POST => Some(Self::Post),
            Method::PUT => Some(Self::Put),
            Method::DELETE => Some(Self::Delete),
            _ => None,
        }
    }
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Everybody. Nobody is asked who they are.
    Public,
    /// A person who is signed in, and staff.
    Person,
    /// Staff, signed in with a second factor.
    Staff,
    /// Other services, on their own behalf.
    Service,
}

/// Whose data a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    /// Nobody's in particular.
    Nobodys,
    /// That of the person whose identifier this parameter of the path is. Another one's answers as if it weren't there.
    Parameter(&'static str),
    /// That of whom the handler finds: the condition is in its query, or it looks at the body.
    Handler,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A method and a path, parameters in braces as in the router.
    Route(Verb, &'static str),
    /// All calls of a service of the protocol, by its full name.
    Calls(&'static str),
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The route.
    pub place: Place,
    /// Who may call it.
    pub may: May,
    /// Whose data it is about. It binds persons; staff pass.
    pub own: Own,
}

impl Rule {
    /// A route that is about nobody's data in particular.
    #[must_use]
    pub const fn route(verb: Verb, path: &'static str, may: May) -> Self {
        Self { place: Place::Route(verb, path), may, own: Own::Nobodys }
    }

    /// All calls of a service of the protocol: `SERVICE_NAME` of its generated server.
    #[must_use]
    pub const fn calls(service: &'static str) -> Self {
        Self { place: Place::Calls(service), may: May::Service, own: Own::Nobodys }
    }

    /// The same about the data of the person in this parameter of the path.
    #[must_use]
    pub const fn own(self, parameter: &'static str) -> Self {
        Self { own: Own::Parameter(parameter), ..self }
    }

    /// The same about data whose owner the handler finds.
    #[must_use]
    pub const fn handler(self) -> Self {
        Self { own: Own::Handler, ..self }
    }

    fn path(&self) -> String {
        match self.place {
            Place::Route(_, path) => path.to_owned(),
            Place::Calls(service) => grpc::path(service),
        }
    }

    fn takes(&self, method: &Method) -> bool {
        match self.place {
            Place::Route(verb, _) => Verb::of(method) == Some(verb),
            Place::Calls(_) => true,
        }
    }
}

impl May {
    /// Whether somebody who is signed in may call, as far as that alone decides.
    ///
    /// # Errors
    /// A problem: they may not.
    pub fn admits(self, who: &Principal) -> Result<(), Problem> {
        let refused = |why: &str| Err(Problem::new(NOT_PERMITTED).detail(why));
        match (self, who.kind, who.assurance) {
            (Self::Public, ..)
            | (Self::Person | Self::Staff, PrincipalKind::Staff, Assurance::Second)
            | (Self::Person, PrincipalKind::Person, _) => Ok(()),
            (Self::Service, ..) => refused("this is for services of the platform"),
            (Self::Person | Self::Staff, PrincipalKind::Staff, Assurance::First) => {
                refused("staff need a second factor")
            }
            (Self::Staff, PrincipalKind::Person, _) => refused("this is for those who run the platform"),
        }
    }
}

/// What was proved of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proved {
    /// Nothing: the speaker says nobody's name.
    Nothing,
    /// Somebody is signed in.
    Principal(Principal),
    /// A service calls on its own behalf.
    Service(Arc<str>),
}

/// Whether a row admits whom was proved, and as whom.
///
/// # Errors
/// A problem: it doesn't.
pub(super) fn admit(rule: &Rule, proved: Proved) -> Result<Caller, Problem> {
    match (rule.may, proved) {
        (May::Public | May::Service, Proved::Service(name)) => Ok(Caller::Service(name)),
        (May::Public, _) => Ok(Caller::Nobody),
        (_, Proved::Nothing) => Err(Problem::new(NOT_SIGNED_IN)),
        (May::Person | May::Staff, Proved::Service(_)) => {
            Err(Problem::new(NOT_PERMITTED).detail("this is not for services of the platform"))
        }
        (may, Proved::Principal(who)) => {
            may.admits(&who)?;
            Ok(match who.kind {
                PrincipalKind::Person => Caller::Person { id: who.id, assurance: who.assurance },
                PrincipalKind::Staff => Caller::Staff { id: who.id },
            })
        }
    }
}

/// Rows, ready to be looked up in.
#[derive(Debug)]
pub(super) struct Table(HashMap<String, Vec<&'static Rule>>);

impl Table {
    pub(super) fn new(rules: &'static [Rule]) -> Self {
        let mut table: HashMap<String, Vec<&'static Rule>> = HashMap::new();
        for rule in rules {
            table.entry(rule.path()).or_default().push(rule);
        }
        Self(table)
    }

    /// The row of a path, as the router knows it, and a method.
    pub(super) fn find(&self, path: &str, method: &Method) -> Option<&'static Rule> {
        self.0.get(path)?.iter().copied().find(|rule| rule.takes(method))
    }
}

#[cfg(test)]
#[path = "rule_tests.rs"]
mod tests;
