//! On whose behalf a transaction runs, told to the server: policies of row level security go by it. In comes a caller, or that it is the service's own
//! work; out go the texts that begin and end the transaction. Pure. Must not cost a round trip: marks travel with BEGIN, and what staff did is written down
//! with COMMIT. See `docs/adr/0030-row-level-security.md`.
//!
//! A connection of the pool is at the service's own work ([`AT_WORK`], said as it opens), so that this work needs no marks and a statement of it no
//! transaction. Whoever works for somebody, or says nothing, takes that away first.

use std::sync::Arc;

use uuid::Uuid;

use crate::access::Caller;
use crate::audit::Errand;

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
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Behalf {
    who: Who,
    /// Notes which accounts a person reaches; runs as part of BEGIN.
    reaching: Option<&'static str>,
    /// What staff are about, where the handle was told; else the request at hand says.
    errand: Option<Arc<Errand>>,
}

impl Behalf {
    pub(crate) fn reaching(self, statement: &'static str) -> Self {
        Self { reaching: Some(statement), ..self }
    }

    pub(crate) fn work(&self) -> Self {
        Self { who: Who::Work, reaching: self.reaching, errand: None }
    }

    pub(crate) fn of(&self, caller: &Caller) -> Self {
        let who = match caller {
            Caller::Nobody => Who::Nobody,
            Caller::Person { id, .. } => Who::Person(*id),
            Caller::Staff { id } => Who::Staff(*id),
            // A service asks for its own work and answers for whom it lets see the answer; where nothing can be proved, nothing is refused.
            Caller::Service(_) | Caller::Unchecked => Who::Work,
        };
        Self { who, reaching: self.reaching, errand: None }
    }

    pub(crate) fn telling(self, errand: Errand) -> Self {
        Self { errand: Some(Arc::new(errand)), ..self }
    }

    /// Whether it is the service's own work, which connections are at. Everybody else has marks, which end with a transaction: there has to be one.
    pub(crate) fn is_work(&self) -> bool {
        self.who == Who::Work
    }

    /// Begins a transaction and tells whom it is for, in one message. An identifier is hexadecimal digits and hyphens: there is nothing to quote.
    pub(crate) fn begin(&self) -> String {
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
    /// transaction, because a cutover locks tables from the oldest to the youngest and this one is younger than most of what it tells of; where it is older, see
    /// [`crate::audit::older_first`].
    pub(crate) fn commit(&self) -> String {
        let Who::Staff(id) = self.who else { return COMMIT.to_owned() };
        let insert = self.errand.as_ref().map_or_else(|| Errand::at_hand().insert(id), |errand| errand.insert(id));
        format!("{insert}; COMMIT")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::HeaderMap;

    use super::*;
    use crate::access::Assurance;
    use crate::audit::Reason;
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
        let reaching = plain.clone().reaching("SELECT 1");
        assert_eq!(reaching.of(&ann).begin(), format!("{NOT_AT_WORK}; SET LOCAL rerp.subject = '{id}'; SELECT 1"));
        assert_eq!(reaching.work().begin(), plain.work().begin());
    }

    #[tokio::test]
    async fn staff_leave_a_row_and_others_none() {
        let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let staff = Behalf::default().of(&Caller::Staff { id: ANN });
        let context = Context::of(&HeaderMap::new(), Duration::from_secs(1));
        let context = context.at("/it's/{id}", &format!("/it's/{ANN}/x")).because(Reason::parse("ticket 4711").ok());
        let text = context.clone().scope(async { staff.commit() }).await;
        assert!(text.starts_with("INSERT INTO staff_access") && text.ends_with("; COMMIT"), "{text}");
        assert!(text.contains(&hex("/it's/{id}")) && text.contains(&format!("'{{{ANN}}}'")), "{text}");
        assert!(text.contains(&hex("ticket 4711")));
        assert!(staff.commit().contains("NULL, NULL, '{}', NULL"), "outside of a request");
        // What a handle was told goes on where the request has ended.
        let told = context.scope(async { staff.clone().telling(Errand::at_hand().with(serde_json::json!(7))) }).await;
        assert!(told.commit().contains(&hex("ticket 4711")) && told.commit().contains(&hex("7")));
        assert_eq!(told.of(&Caller::Staff { id: ANN }), staff, "another asks for something else");
        assert_eq!(Behalf::default().work().commit(), COMMIT);
    }
}
