//! The steps of a journey: where each goes, under which key, what it says, and what an answer has to show. Pure.

use crate::generate::rng::Rng;
use serde_json::{Value, json};
use uuid::Uuid;

/// Code of the plan and of the course that journeys use.
pub const CODE: &str = "journeys";
/// The answer to the module's one question.
pub const RIGHT: &str = "73219.25";

/// Who takes a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the services' names
pub enum Service {
    Account,
    Billing,
    Fte,
}

impl Service {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Billing => "billing",
            Self::Fte => "fte",
        }
    }
}

/// Where journeys go, and the data set whose people they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Base address of account.
    pub account: String,
    /// Base address of billing.
    pub billing: String,
    /// Base address of fte.
    pub fte: String,
    /// Seed of the data set in identity's database.
    pub seed: u64,
    /// Rows of it over all domains, as `traffic seed` counts them.
    pub rows: u64,
}

/// One step: a service and a path in it, in which `{id}` stands for an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Step {
    pub service: Service,
    pub path: &'static str,
}

const fn step(service: Service, path: &'static str) -> Step {
    Step { service, path }
}

/// Opens an account.
pub const OPEN: Step = step(Service::Account, "/api/accounts");
/// Subscribes it.
pub const SUBSCRIBE: Step = step(Service::Billing, "/api/billing/subscriptions");
/// Starts a test session.
pub const START: Step = step(Service::Fte, "/api/fte/sessions");
/// Answers its question.
pub const ANSWER: Step = step(Service::Fte, "/api/fte/sessions/{id}/answers");
/// Ends it.
pub const COMPLETE: Step = step(Service::Fte, "/api/fte/sessions/{id}/complete");
/// Looks at how far the person has come.
pub const PROGRESS: Step = step(Service::Fte, "/api/fte/progress/{id}");
/// Looks at the account's subscription.
pub const SUBSCRIPTION: Step = step(Service::Billing, "/api/billing/subscription/{id}");
/// Requests of a whole journey.
pub const STEPS: u32 = 7;

impl Step {
    /// The address of the step, with `id` where the path has a place for it.
    #[must_use]
    pub fn at(&self, places: &Places, id: Uuid) -> String {
        let base = match self.service {
            Service::Account => &places.account,
            Service::Billing => &places.billing,
            Service::Fte => &places.fte,
        };
        format!("{}{}", base.trim_end_matches('/'), self.path.replace("{id}", &id.to_string()))
    }

    /// The key of this step of journey `n`; services take it as the identifier of what they make.
    #[must_use]
    pub fn key(&self, run: &str, seed: u64, n: u64) -> Uuid {
        Rng::of(seed, &format!("journey {run} {}", self.path), n).uuid()
    }
}

/// What opening an account takes.
#[must_use]
pub fn account(person: Uuid) -> Value {
    json!({ "human_name_id": person, "kind": "business" })
}

/// What subscribing takes.
#[must_use]
pub fn subscription(account: Uuid, person: Uuid, price: Uuid) -> Value {
    json!({ "account_id": account, "human_name_id": person, "price_id": price })
}

/// What starting a session takes.
#[must_use]
pub fn session(person: Uuid, account: Uuid, module: &str) -> Value {
    json!({ "human_name_id": person, "account_id": account, "module": module })
}

/// The right answer to a question that has none yet.
#[must_use]
pub fn answer(question: Uuid) -> Value {
    json!({ "question_id": question, "expected_revision": 0, "answer": { "value": RIGHT } })
}

/// Whether a person's progress shows that the module was passed.
#[must_use]
pub fn shows_module(progress: &Value, module: &str) -> bool {
    let course = progress["courses"].as_array().and_then(|all| all.iter().find(|one| one["course"] == CODE));
    let passed = course.and_then(|course| course["modules_completed"].as_array());
    passed.is_some_and(|codes| codes.iter().any(|code| code == module))
}

/// Whether an account's subscription is the one that was acknowledged, as it was acknowledged.
#[must_use]
pub fn shows_subscription(found: &Value, acknowledged: &Value) -> bool {
    ["subscription_id", "account_id", "human_name_id", "price_id", "status"]
        .iter()
        .all(|field| !found[field].is_null() && found[field] == acknowledged[field])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_are_distinct_and_repeatable() {
        let mut keys = HashSet::new();
        for run in ["r1", "r2"] {
            for n in 0..1_000 {
                for step in [OPEN, SUBSCRIBE, START, ANSWER, COMPLETE] {
                    assert!(keys.insert(step.key(run, 5, n)));
                    assert_eq!(step.key(run, 5, n), step.key(run, 5, n));
                }
            }
        }
    }

    #[test]
    fn identifiers_go_where_the_path_has_a_place_for_them() {
        let text = |name: &str| format!("http://{name}/");
        let places = Places { account: text("a"), billing: text("b"), fte: text("f"), seed: 1, rows: 1 };
        assert_eq!(OPEN.at(&places, Uuid::nil()), "http://a/api/accounts");
        let session = COMPLETE.at(&places, Uuid::nil());
        assert_eq!(session, "http://f/api/fte/sessions/00000000-0000-0000-0000-000000000000/complete");
    }

    #[test]
    fn progress_shows_what_was_passed_in_the_course_alone() {
        let course = |code: &str, passed: &str| json!({ "course": code, "modules_completed": [passed] });
        let progress = json!({ "courses": [course("other", "m2"), course(CODE, "m1")] });
        assert!(shows_module(&progress, "m1") && !shows_module(&progress, "m2"));
        assert!(!shows_module(&json!({ "courses": [] }), "m1") && !shows_module(&Value::Null, "m1"));
    }

    #[test]
    fn a_subscription_that_says_otherwise_is_noticed() {
        let told = json!({ "subscription_id": 1, "account_id": 2, "human_name_id": 3, "price_id": 4, "status": "trialing", "client_secret": "x" });
        let mut found = told.clone();
        found["client_secret"] = Value::Null;
        assert!(shows_subscription(&found, &told));
        found["status"] = "incomplete".into();
        assert!(!shows_subscription(&found, &told) && !shows_subscription(&Value::Null, &Value::Null));
    }
}
