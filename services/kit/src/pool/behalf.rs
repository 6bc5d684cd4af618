//! On whose behalf a transaction runs, told to the server: policies of row level security go by it. In comes a caller, or that it is the service's own
//! work; out go the texts that begin and end the transaction. Pure. Must not cost a round trip: marks travel with BEGIN, and what staff did is written down
//! with COMMIT. See `docs/adr/0030-row-level-security.md`.
//!
//! A connection of the pool is at the service's own work ([`AT_WORK`], said as it opens), so that this work needs no marks and a statement of it no
//! transaction. Whoever works for somebody, or says nothing, takes that away first.

use uuid::Uuid;

use crate::access::Caller;
use crate::http::context;

/// COMMIT of a transaction in which a statement failed answers ROLLBACK, which the driver takes for success: a caller
/// that swallowed the error would acknowledge a write that isn't there. An empty SELECT in the same message fails in an
/// aborted transaction and costs no round trip.
const COMMIT: &str = "SELECT; COMMIT";

/// What each connection of the pool says as it opens.
pub(crate) const AT_WORK: (&str, &str) = ("rerp.work", "on");
/// Not at work, until the transaction ends.
const NOT_AT_WORK: &str = "BEGIN; SET LOCAL rerp.work = ''";

/// Whom a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Who {
    /// Nobody: of what policies guard there is nothing to be seen.
    #[default]
    Nobody,
    /// A person, who sees what is theirs.
    Person(Uuid),
    /// One of those who run the platform, who sees everything and leaves a row that says so.
    Staff(Uuid),
    /// The service, which sees everything.
    Work,
}

/// On whose behalf a handle's transactions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Behalf {
    who: Who,
    /// Notes which accounts a person reaches; runs as part of BEGIN.
    reaching: Option<&'static str>,
}

impl Behalf {
    pub(crate) const fn reaching(self, statement: &'static str) -> Self {
        Self { reaching: Some(statement), ..self }
    }

    pub(crate) const fn work(self) -> Self {
        Self { who: Who::Work, ..self }
    }

    pub(crate) const fn of(self, caller: &Caller) -> Self {
        let who = match caller {
            Caller::Nobody => Who::Nobody,
            Caller::Person { id, .. } => Who::Person(*id),
            Caller::Staff { id } => Who::Staff(*id),
            // A service asks for its own work and answers for whom it lets see the answer; where nothing can be proved, nothing is refused.
            Caller::Service(_) | Caller::Unchecked => Who::Work,
        };
        Self { who, ..self }
    }

    /// Whether it is the service's own work, which connections are at. Everybody else has marks, which end with a transaction: there has to be one.
    pub(crate) fn is_work(self) -> bool {
        self.who == Who::Work
    }

    /// Begins a transaction and tells whom it is for, in one message. An identifier is hexadecimal digits and hyphens: there is nothing to quote.
    pub(crate) fn begin(self) -> String {
        match self.who {
            Who::Work => "BEGIN".to_owned(),
            Who::Nobody => NOT_AT_WORK.to_owned(),
            Who::Person(id) => {
                let reaching = self.reaching.map(|statement| format!("; {statement}")).unwrap_or_default();
                format!("{NOT_AT_WORK}; SET LOCAL rerp.subject = '{id}'{reaching}")
            }
            Who::Staff(id) => format!("{NOT_AT_WORK}; SET LOCAL rerp.staff = '{id}'"),
        }
    }

    /// Ends it. For staff a row is written first, in the same message: nothing that they asked for is given out unless it is there. It comes last in the
    /// transaction, because a cutover locks tables from the oldest to the youngest and this one is younger than what it tells of.
    pub(crate) fn commit(self) -> String {
        let Who::Staff(id) = self.who else { return COMMIT.to_owned() };
        let (request, route, about) = context::errand();
        let about: Vec<String> = about.iter().map(Uuid::to_string).collect();
        format!(
            "INSERT INTO staff_access (staff_id, request, route, about) VALUES ('{id}', {}, {}, '{{{}}}'); COMMIT",
            literal(request.as_deref()),
            literal(route.as_deref()),
            about.join(",")
        )
    }
}

/// A text as a literal. Neither a request's identifier nor a route of ours holds a quote or a backslash; this isn't the place to rely on it.
fn literal(text: Option<&str>) -> String {
    text.map_or_else(|| "NULL".to_owned(), |text| format!("'{}'", text.replace('\\', "").replace('\'', "''")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::HeaderMap;

    use super::*;
    use crate::access::Assurance;
    use crate::http::context::Context;

    const ANN: Uuid = Uuid::from_u128(1);

    #[test]
    fn whom_a_transaction_is_for_is_told_as_it_begins() {
        let (plain, id) = (Behalf::default(), "00000000-0000-0000-0000-000000000001");
        let ann = Caller::Person { id: ANN, assurance: Assurance::First };
        for (caller, begin) in [
            (Caller::Nobody, NOT_AT_WORK.to_owned()),
            (ann.clone(), format!("{NOT_AT_WORK}; SET LOCAL rerp.subject = '{id}'")),
            (Caller::Staff { id: ANN }, format!("{NOT_AT_WORK}; SET LOCAL rerp.staff = '{id}'")),
            (Caller::Service("fte".into()), "BEGIN".to_owned()),
            (Caller::Unchecked, "BEGIN".to_owned()),
        ] {
            assert_eq!(plain.of(&caller).begin(), begin);
            assert_eq!(plain.of(&caller).is_work(), begin == "BEGIN");
        }
        assert_eq!(plain.begin(), NOT_AT_WORK, "who says nothing is nobody");
        let reaching = plain.reaching("SELECT 1");
        assert_eq!(reaching.of(&ann).begin(), format!("{NOT_AT_WORK}; SET LOCAL rerp.subject = '{id}'; SELECT 1"));
        assert_eq!(reaching.work().begin(), plain.work().begin());
    }

    #[tokio::test]
    async fn staff_leave_a_row_and_others_none() {
        let staff = Behalf::default().of(&Caller::Staff { id: ANN });
        let context =
            Context::of(&HeaderMap::new(), Duration::from_secs(1)).at("/it's/{id}", &format!("/it's/{ANN}/x"));
        let text = context.scope(async { staff.commit() }).await;
        assert!(text.starts_with("INSERT INTO staff_access") && text.ends_with("; COMMIT"), "{text}");
        assert!(text.contains("'/it''s/{id}'") && text.contains(&format!("'{{{ANN}}}'")), "{text}");
        assert!(staff.commit().contains("NULL, NULL, '{}'"));
        assert_eq!(Behalf::default().work().commit(), COMMIT);
    }
}
