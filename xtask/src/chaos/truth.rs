//! What has to hold once everything is ready again: intents equal effects. In: the databases, each asked where it is now. Out: what still waits, and what
//! should not be. A count that isn't zero is a finding; those that bring themselves to zero are waited for.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use super::Error;
use crate::walk::places::Places;

/// Every service with tables.
pub(super) const SERVICES: [&str; 5] = ["identity", "account", "marketing", "billing", "fte"];
const POLL: Duration = Duration::from_secs(2);

/// A count that has to be zero: whose tables, what it means, how it is asked. `{since}` is when the run began.
type Rule = (&'static str, &'static str, &'static str);

/// What services finish by themselves.
const UNFINISHED: [Rule; 7] = [
    ("marketing", "addresses wait for identity", "SELECT count(*) FROM {schema}.intake"),
    ("marketing", "companies wait for account", "SELECT count(*) FROM {schema}.pending_companies"),
    (
        "billing",
        "customers were meant and not made",
        "SELECT count(*) FROM {schema}.stripe_customers WHERE stripe_customer_id IS NULL",
    ),
    (
        "billing",
        "subscriptions were meant and not made",
        "SELECT count(*) FROM {schema}.stripe_subscriptions WHERE stripe_subscription_id IS NULL AND status IS NULL",
    ),
    (
        "billing",
        "prices were meant and not made",
        "SELECT count(*) FROM {schema}.plan_prices WHERE stripe_price_id IS NULL AND retired_at IS NULL",
    ),
    (
        "billing",
        "events of Stripe's wait",
        "SELECT count(*) FROM {schema}.webhook_inbox WHERE done_at IS NULL AND dead_at IS NULL",
    ),
    (
        "fte",
        "sessions run although their time is over",
        "SELECT count(*) FROM {schema}.test_sessions WHERE status = 'in_progress' AND expires_at < now() - interval '2 minutes'",
    ),
];

/// What must never be.
const WRONG: [Rule; 9] = [
    (
        "identity",
        "addresses have two identifiers",
        "SELECT count(*) - count(DISTINCT lower(email)) FROM {schema}.email_addresses",
    ),
    (
        "marketing",
        "leads have no address and nothing that waits for one",
        "SELECT (SELECT count(*) FROM {schema}.email_captures AS c WHERE email_address_id IS NULL AND NOT EXISTS \
         (SELECT FROM {schema}.intake AS i WHERE i.lead = 'capture' AND i.lead_id = c.id)) + \
         (SELECT count(*) FROM {schema}.contact_messages AS c WHERE email_address_id IS NULL AND NOT EXISTS \
         (SELECT FROM {schema}.intake AS i WHERE i.lead = 'message' AND i.lead_id = c.id))",
    ),
    (
        "account",
        "accounts have no owner",
        "SELECT count(*) FROM {schema}.accounts AS a WHERE a.created_at >= '{since}' AND NOT EXISTS \
         (SELECT FROM {schema}.account_roles AS r WHERE r.account_id = a.id AND r.role = 'owner')",
    ),
    (
        "billing",
        "events of Stripe's were given up",
        "SELECT count(*) FROM {schema}.webhook_inbox WHERE dead_at IS NOT NULL",
    ),
    (
        "billing",
        "accounts have two living subscriptions",
        "SELECT count(*) FROM (SELECT FROM {schema}.stripe_subscriptions WHERE status NOT IN ('canceled', 'incomplete_expired') \
         GROUP BY account_id HAVING count(*) > 1) AS twice",
    ),
    (
        "fte",
        "people have two running sessions of one module",
        "SELECT count(*) FROM (SELECT FROM {schema}.test_sessions WHERE status = 'in_progress' \
         GROUP BY human_name_id, module_id HAVING count(*) > 1) AS twice",
    ),
    (
        "fte",
        "passed sessions left no progress",
        "SELECT count(*) FROM {schema}.test_sessions AS s JOIN {schema}.modules AS m ON m.id = s.module_id \
         WHERE s.completed_at >= '{since}' AND s.passed AND m.test_type <> 'final_assessment' AND NOT EXISTS \
         (SELECT FROM {schema}.user_progress AS p WHERE p.human_name_id = s.human_name_id AND p.course = m.course \
         AND m.code = ANY (p.modules_completed))",
    ),
    (
        "fte",
        "certificates belong to sessions that were not passed",
        "SELECT count(*) FROM {schema}.fte_certificates AS c JOIN {schema}.test_sessions AS s ON s.id = c.test_session_id \
         WHERE s.passed IS NOT TRUE",
    ),
    (
        "fte",
        "answers of ended sessions were not graded",
        "SELECT count(*) FROM {schema}.test_answers AS a JOIN {schema}.test_sessions AS s ON s.id = a.test_session_id \
         WHERE s.completed_at >= '{since}' AND a.points_awarded IS NULL",
    ),
];

/// What must never be where there is no bus: events lie where they were written down, and can be counted.
const UNTOLD: [Rule; 2] = [
    (
        "account",
        "accounts were not announced, or not once",
        "SELECT count(*) FROM {schema}.accounts AS a WHERE a.created_at >= '{since}' AND 1 <> \
         (SELECT count(*) FROM {schema}.outbox AS o WHERE o.subject = a.id AND o.type = 'account.created.v1')",
    ),
    (
        "fte",
        "ended sessions were not announced, or not once",
        "SELECT count(*) FROM {schema}.test_sessions AS s WHERE s.completed_at >= '{since}' AND 1 <> \
         (SELECT count(*) FROM {schema}.outbox AS o WHERE o.subject = s.id AND o.type = 'fte.session.completed.v1')",
    ),
];

/// The event that every service with an inbox wants: a person is verified.
const VERIFIED: &str = "identity.user.verified.v1";

/// Looks once at what never may be.
pub(super) fn wrong(places: &Places<'_>, since: &str) -> Result<Vec<String>, Error> {
    let mut found = broken(places, &WRONG, since)?;
    if !places.has_bus() {
        found.extend(broken(places, &UNTOLD, since)?);
    }
    Ok(found)
}

/// Waits until nothing is unfinished, events included where there is a bus; what is left when the time is over. A server that can't be asked is on its
/// way up.
pub(super) fn finished(places: &Places<'_>, since: &str, limit: Duration) -> Result<Vec<String>, Error> {
    let until = Instant::now() + limit;
    loop {
        let left = unfinished(places, since);
        if Instant::now() > until || left.as_ref().is_ok_and(Vec::is_empty) {
            return left;
        }
        thread::sleep(POLL);
    }
}

fn unfinished(places: &Places<'_>, since: &str) -> Result<Vec<String>, Error> {
    let mut left = broken(places, &UNFINISHED, since)?;
    if let Some(bus) = places.bus_since() {
        left.extend(events(places, bus)?);
    }
    Ok(left)
}

fn broken(places: &Places<'_>, rules: &[Rule], since: &str) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for &(service, what, sql) in rules {
        let count = number(places, service, &sql.replace("{since}", since))?;
        if count != 0 {
            found.push(format!("{service}: {count} {what}"));
        }
    }
    Ok(found)
}

/// Events that are not published, had no effect, or had none at somebody who wants them. What is published is gone from the table it was written to:
/// of people who are verified Identity notes when it announced them, and each service that wants to hear of them whom it has heard of. The people of the seed
/// are old news but for a few, and nobody has heard of them by an event.
fn events(places: &Places<'_>, bus_since: &str) -> Result<Vec<String>, Error> {
    let mut left = Vec::new();
    let sql = "SELECT human_name_id FROM {schema}.verification_tracking WHERE announced_at >= '{since}'";
    let announced = places.ask("identity", &sql.replace("{since}", bus_since))?;
    let announced: BTreeSet<&str> = announced.lines().collect();
    for service in SERVICES {
        if !places.events(service, "publishes").is_empty() {
            let waiting = number(places, service, "SELECT count(*) FROM {schema}.outbox")?;
            left.extend((waiting > 0).then(|| format!("{service}: {waiting} events are not published")));
        }
        let wanted = places.events(service, "consumes");
        if wanted.is_empty() {
            continue;
        }
        let waiting = number(places, service, "SELECT count(*) FROM {schema}.inbox WHERE done_at IS NULL")?;
        left.extend((waiting > 0).then(|| format!("{service}: {waiting} events came and have had no effect")));
        if wanted.contains(&VERIFIED) {
            let heard = places.ask(service, "SELECT human_name_id FROM {schema}.verified_people")?;
            let heard: BTreeSet<&str> = heard.lines().collect();
            let missed = announced.difference(&heard).count();
            left.extend(
                (missed > 0).then(|| format!("{service}: has not heard of {missed} people who were announced")),
            );
        }
    }
    Ok(left)
}

fn number(places: &Places<'_>, service: &'static str, sql: &str) -> Result<i64, Error> {
    let text = places.ask(service, sql)?;
    text.parse().map_err(|_| Error::Count(text))
}
