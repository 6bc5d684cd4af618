//! What journeys need before the first one: a plan with a trial and a price, a module with a question. In: where the services are. Out: the
//! price and the module, once all three services take our calls. Doing it again does no harm: the plan is declared, the module is named after
//! the run, and creates carry keys.

use super::call::{Refused, call, id};
use super::step::{CODE, Places, RIGHT, Service, Step};
use super::voice::Voice;
use serde_json::{Value, json};
use std::time::Duration;
use thiserror::Error;
use uuid::Uuid;

/// How long it may take in all. Services may just be coming up.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// How often it is tried within that time.
const TRIES: u32 = 12;
const PAUSE: Duration = Duration::from_secs(2);

/// The longest time limit there is: no run is longer, so no session of a journey ends by the clock.
const TIME_LIMIT_S: u32 = 86_400;

/// An account that nobody has. Nothing is declared there, but a journey begins there.
const ACCOUNT: Step = Step { service: Service::Account, path: "/api/accounts/{id}" };
const PLAN: Step = Step { service: Service::Billing, path: "/api/billing/plans/journeys" };
const PLANS: Step = Step { service: Service::Billing, path: "/api/billing/plans" };
const MODULES: Step = Step { service: Service::Fte, path: "/api/fte/modules" };
/// Only its path is used for the key; the module's code is not an identifier.
const QUESTIONS: Step = Step { service: Service::Fte, path: "/api/fte/modules/{code}/questions" };

/// What journeys use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What they subscribe to: billing's `price_id`.
    pub price: Uuid,
    /// Code of the module that they pass.
    pub module: String,
}

/// Why no journey can start.
#[derive(Debug, Error)]
#[error("journeys can't start: after {tries} tries within {} s, {reason}", DEADLINE.as_secs())]
pub struct DeclareError {
    tries: u32,
    reason: String,
}

/// Who asks, and in whose name.
type Asker<'a> = (&'a reqwest::Client, &'a Voice);

/// Declares plan and module of the run, in staff's name.
///
/// # Errors
/// A service refuses, or does not answer, each time within the deadline.
pub async fn declare(asker: Asker<'_>, places: &Places, run: &str, seed: u64) -> Result<Offer, DeclareError> {
    let (mut tries, mut reason) = (0, "nothing was answered".to_owned());
    let trying = async {
        while tries < TRIES {
            tries += 1;
            match once(asker, places, run, seed).await {
                Ok(offer) => return Some(offer),
                Err(why) => reason = why,
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    };
    let offer = tokio::time::timeout(DEADLINE, trying).await.ok().flatten();
    offer.ok_or(DeclareError { tries, reason })
}

async fn once((client, voice): Asker<'_>, places: &Places, run: &str, seed: u64) -> Result<Offer, String> {
    let at = |step: Step| step.at(places, Uuid::nil());
    let asked = |step: Step, request: reqwest::RequestBuilder| told(step, voice.staff(step.service, request));
    reached(ACCOUNT, voice.staff(ACCOUNT.service, client.get(at(ACCOUNT)))).await?;
    let prices = json!([{ "amount": 1900, "currency": "eur", "interval": "month" }]);
    let plan = json!({ "name": "Journeys", "trial_days": 14, "prices": prices });
    asked(PLAN, client.put(at(PLAN)).json(&plan)).await?;
    let plans = asked(PLANS, client.get(at(PLANS))).await?;
    let price = price(&plans).ok_or_else(|| "billing does not offer the plan it was told of".to_owned())?;

    let code = format!("{CODE}-{run}");
    let module = json!({ "code": code, "course": CODE, "test_type": "module_quiz", "title": "Journeys", "pass_bp": 10_000, "time_limit_s": TIME_LIMIT_S });
    let key = |step: Step| step.key(run, seed, 0).to_string();
    asked(MODULES, client.post(at(MODULES)).header("idempotency-key", key(MODULES)).json(&module)).await?;
    let correct = json!({ "value": RIGHT, "tolerance": "0.50" });
    let question = json!({ "kind": "numeric", "prompt": "How much?", "decimals": 2, "points": 5, "correct": correct });
    let url = at(QUESTIONS).replace("{code}", &code);
    asked(QUESTIONS, client.post(url).header("idempotency-key", key(QUESTIONS)).json(&question)).await?;
    Ok(Offer { price, module: code })
}

/// Whether a service takes our calls: that nothing is there is an answer too.
async fn reached(step: Step, request: reqwest::RequestBuilder) -> Result<(), String> {
    match call(request).await {
        Err(refused) if !refused.is_nothing() => Err(why(step, &refused)),
        _ => Ok(()),
    }
}

async fn told(step: Step, request: reqwest::RequestBuilder) -> Result<Value, String> {
    call(request).await.map_err(|refused| why(step, &refused))
}

fn why(step: Step, refused: &Refused) -> String {
    format!("{} {}: {}", step.service.name(), step.path, refused.reason)
}

/// The price of our plan.
fn price(plans: &Value) -> Option<Uuid> {
    let plan = plans["items"].as_array()?.iter().find(|plan| plan["code"] == CODE)?;
    id(plan["prices"].get(0)?, "price_id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_is_that_of_our_plan() {
        let plan = |code: &str, n: u128| json!({ "code": code, "prices": [{ "price_id": Uuid::from_u128(n) }] });
        let plans = json!({ "items": [plan("basic", 1), plan(CODE, 2)] });
        assert_eq!(price(&plans), Some(Uuid::from_u128(2)));
        assert_eq!(price(&json!({ "items": [plan("basic", 1), { "code": CODE, "prices": [] }] })), None);
        assert_eq!(price(&Value::Null), None);
    }

    #[test]
    fn what_went_wrong_is_told() {
        let error = DeclareError { tries: 3, reason: "fte /api/fte/modules: connect".into() };
        assert_eq!(error.to_string(), "journeys can't start: after 3 tries within 30 s, fte /api/fte/modules: connect");
    }
}
