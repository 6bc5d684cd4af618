//! Who signs in to try the portals: people of the seed with accounts whose addresses and password everybody may know, and something to buy and to learn. In: the
//! platform. Out: their logins. What is there already stays, so it can be done again at any time. For platforms of the stand-ins only.

use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::cast::{self, Person};
use super::door::Door;
use super::http::{Answer, Client};
use super::judge::brief;
use super::places::Places;
use super::stand_ins::{Account, StandIns};
use super::{Error, name};
use crate::cluster::Cluster;

/// Among whom all of them are at Supabase: who is staff a hook says.
const CUSTOMERS: &str = "authenticated";
/// Everybody's: there is nothing behind it that isn't made up.
const PASSWORD: &str = "correct horse battery";
/// How long the platform may take to believe a token of staff: it may have asked for the issuer's keys before there were any.
const BELIEF: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(250);

/// Somebody who is known already, as `cast` reads people.
const KNOWN: &str = "SELECT json_build_array('', '{id}', COALESCE(max(e.email), ''), COALESCE(max(m.phone_number), '')) \
     FROM {schema}.human_names AS h LEFT JOIN {schema}.email_addresses AS e ON e.id = h.email_address_id \
     LEFT JOIN {schema}.mobile_numbers AS m ON m.human_name_id = h.id WHERE h.id = '{id}'";

/// Without a trial: people have one once, and the load's journeys are made by the same people's.
const PLAN: (&str, &str) = (
    "/api/billing/plans/sample",
    r#"{"name": "Sample", "prices": [{"amount": 1900, "currency": "eur", "interval": "month"}, {"amount": 19000, "currency": "eur", "interval": "year"}]}"#,
);
/// An event that nobody waits for, and whose announcement was given up: for whoever is to let one go on.
const GIVEN_UP: &str = "INSERT INTO {schema}.outbox (id, type, subject, sequence, data, attempts, dead_at, error) \
     SELECT gen_random_uuid(), 'identity.email.created.v1', id, 1, json_build_object('email_address_id', id), 10, now(), \
     'a sample: the event bus refused it' FROM (SELECT gen_random_uuid() AS id) AS new \
     WHERE NOT EXISTS (SELECT FROM {schema}.outbox WHERE dead_at IS NOT NULL)";
const MODULES: &str = "/api/fte/modules";
/// A course: its modules, and a question of each.
const COURSE: [(&str, &str, &str); 3] = [
    (
        "sample-quiz",
        r#"{"code": "sample-quiz", "course": "sample", "test_type": "module_quiz", "title": "Risk and reward", "pass_bp": 5000, "time_limit_s": 900}"#,
        r#"{"kind": "single_choice", "prompt": "What does a stop order do?", "choices": [{"id": "a", "text": "It closes the market"}, {"id": "b", "text": "It becomes a market order at its price"}], "points": 5, "correct": {"choices": ["b"]}}"#,
    ),
    (
        "sample-chart",
        r#"{"code": "sample-chart", "course": "sample", "test_type": "interactive_scenario", "title": "Trading a chart", "pass_bp": 5000, "time_limit_s": 1800}"#,
        r#"{"kind": "numeric", "prompt": "How many bars are there?", "points": 5, "correct": {"value": "60"}}"#,
    ),
    (
        "sample-final",
        r#"{"code": "sample-final", "course": "sample", "test_type": "final_assessment", "title": "Final assessment", "pass_bp": 5000, "time_limit_s": 1800, "certificate_days": 365}"#,
        r#"{"kind": "single_choice", "prompt": "Which order names a price?", "choices": [{"id": "a", "text": "A market order"}, {"id": "b", "text": "A limit order"}], "points": 5, "correct": {"choices": ["b"]}}"#,
    ),
];

/// What somebody signs in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Login {
    pub(crate) email: String,
    pub(crate) password: &'static str,
    /// Identity's identifier.
    pub(crate) person: String,
    /// The address and the telephone that identity knows; empty for those who need none here.
    pub(crate) contact: String,
    pub(crate) phone: String,
}

/// Who there is.
#[derive(Debug, Serialize)]
pub(crate) struct Sample {
    /// A customer who has proved everything.
    pub(crate) customer: Login,
    /// One whose telephone isn't proved yet, and who has no account anywhere: another one each time.
    pub(crate) fresh: Login,
    /// Somebody who runs the platform. Their second factor is set up when they first sign in.
    pub(crate) staff: Login,
    /// Another one, each time, who has set up none yet.
    pub(crate) tester: Login,
}

/// Makes what isn't there, and says who can sign in.
pub(crate) fn settle(cluster: &Cluster) -> Result<Sample, Error> {
    let places = Places::find(cluster)?;
    let (gateway, sandbox) = (Door::open(cluster, "gateway")?, Door::open(cluster, "sandbox")?);
    let client = Client::new();
    let stand_ins = StandIns { door: &sandbox, client: &client };
    stand_ins.tell_at_once()?;
    offer(&gateway, &client, &author(stand_ins)?)?;
    let tester = hired(stand_ins, "tester")?;
    let people = cast::people(&places)?;
    let at = (&places, stand_ins);
    let of = |kind: &'static str| people.iter().filter(move |person| person.0 == kind);
    Ok(Sample {
        customer: login(at, Some("customer@sample.example"), false, &mut of("verified"))?,
        fresh: login(at, None, false, &mut of("new"))?,
        staff: login(at, Some("staff@sample.example"), true, &mut of("staff"))?,
        tester: Login {
            email: tester.email,
            password: PASSWORD,
            person: tester.id,
            contact: String::new(),
            phone: String::new(),
        },
    })
}

/// Leaves an event that was given up, unless there is one.
pub(crate) fn give_up(cluster: &Cluster) -> Result<(), Error> {
    Places::find(cluster)?.ask("identity", GIVEN_UP)?;
    Ok(())
}

/// The account with this address; if there is none, the first of these people who has none gets it. Without an address it is the person's own, and the account is new.
fn login(
    (places, stand_ins): (&Places<'_>, StandIns<'_>),
    email: Option<&str>,
    is_staff: bool,
    people: &mut dyn Iterator<Item = &Person>,
) -> Result<Login, Error> {
    if let Some(email) = email
        && let Some(id) = stand_ins.account(email, CUSTOMERS)?
    {
        return Ok(with(email, &known(places, &id)?));
    }
    for person in people {
        let email = email.unwrap_or(&person.2);
        let (id, email, password) = (person.1.clone(), email.to_owned(), PASSWORD.to_owned());
        let account = Account { id, email, password, audience: CUSTOMERS, is_staff };
        if stand_ins.sign_up(&account)? {
            return Ok(with(&account.email, &known(places, &account.id)?));
        }
    }
    Err(Error::Nobody("anybody without an account"))
}

/// Somebody with the address and the telephone that identity knows.
fn known(places: &Places<'_>, id: &str) -> Result<Person, Error> {
    let lines = places.ask("identity", &KNOWN.replace("{id}", id))?;
    serde_json::from_str(lines.trim()).map_err(|_| Error::Person)
}

fn with(email: &str, Person(_, person, contact, phone): &Person) -> Login {
    let (email, person) = (email.to_owned(), person.clone());
    Login { email, password: PASSWORD, person, contact: contact.clone(), phone: phone.clone() }
}

/// A token of somebody who declares what there is: of this run, with a factor of its own.
fn author(stand_ins: StandIns<'_>) -> Result<String, Error> {
    stand_ins.second_factor(&stand_ins.sign_in(&hired(stand_ins, "author")?)?)
}

/// Somebody of this run who works here.
fn hired(stand_ins: StandIns<'_>, who: &str) -> Result<Account, Error> {
    let run = name();
    let account = cast::account(&run, who, cast::identifier(&run, who), "staff");
    let account = Account { password: PASSWORD.to_owned(), audience: CUSTOMERS, ..account };
    if stand_ins.sign_up(&account)? {
        return Ok(account);
    }
    Err(Error::Account { what: "make an account for staff", said: "another status than 200".to_owned() })
}

fn offer(gateway: &Door, client: &Client, token: &str) -> Result<(), Error> {
    let bearer = format!("Bearer {token}");
    let ask = |method: &str, path: &str, key: &str, body: &str| {
        let headers =
            [("content-type", "application/json"), ("authorization", bearer.as_str()), ("idempotency-key", key)];
        client.send(method, &gateway.at(path), &headers, Some(body))
    };
    believed(|| ask("PUT", PLAN.0, "", PLAN.1))?;
    for (code, module, question) in COURSE {
        let made = ask("POST", MODULES, code, module)?;
        if made.status == 409 {
            // It is there, and so is its question.
            continue;
        }
        taken(&made)?;
        taken(&ask("POST", &format!("{MODULES}/{code}/questions"), &format!("{code}-question"), question)?)?;
    }
    Ok(())
}

fn believed(ask: impl Fn() -> Result<Answer, Error>) -> Result<(), Error> {
    let until = Instant::now() + BELIEF;
    loop {
        let answer = ask()?;
        if answer.status != 401 || Instant::now() > until {
            return taken(&answer);
        }
        thread::sleep(POLL);
    }
}

fn taken(answer: &Answer) -> Result<(), Error> {
    if answer.status < 300 { Ok(()) } else { Err(Error::NotBelieved(brief(answer))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn what_is_offered_can_be_read() {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(read(PLAN.1)["prices"].as_array().unwrap().len(), 2);
        for (code, module, question) in COURSE {
            assert_eq!(read(module)["code"], code);
            assert!(read(question)["correct"].is_object());
        }
    }
}
