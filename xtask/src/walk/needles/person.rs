//! The person whose data is looked for: somebody new, who leaves a trace in every service through the gateway, takes her data along and is erased. In: the gateway, the
//! stand-ins, the name of the run. Out: her needles, and receipts. Everything of hers is of this run and no other.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::Error;
use super::super::door::Door;
use super::super::http::{Answer, Client};
use super::super::stand_ins::{Account, StandIns};
use super::forms::{Kind, Needle};
use super::haystack::SERVICES;

/// How long something may take that comes a moment later: codes, tokens that are new.
const SOON: Duration = Duration::from_secs(30);
/// How long every service may take to erase her: they ask every few seconds.
const ERASED: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(500);

/// See the file's header.
#[derive(Debug)]
pub(super) struct Person<'a> {
    pub(super) gateway: &'a Door,
    pub(super) client: &'a Client,
    pub(super) stand_ins: StandIns<'a>,
    id: String,
    token: String,
    email: String,
    phone: String,
    name: String,
    street: String,
    message: String,
}

impl<'a> Person<'a> {
    /// Makes her, as staff do, and signs her in.
    pub(super) fn make(
        gateway: &'a Door,
        client: &'a Client,
        stand_ins: StandIns<'a>,
        run: &str,
    ) -> Result<Self, Error> {
        let digits = number(run);
        let mut person = Self {
            gateway,
            client,
            stand_ins,
            id: String::new(),
            token: hire(stand_ins, run)?,
            email: format!("needle-{run}@haystack.example"),
            phone: format!("+49170{digits:07}"),
            name: format!("Needlewoman-{run}"),
            street: format!("Needle Street {run}"),
            message: format!("A needle of {run} in a haystack"),
        };
        let body = json!({ "email": person.email, "first_name": person.name, "surname": "O'Hay", "username": format!("needle.{run}"),
            "phone_number": person.phone });
        // Staff's token is believed once the gateway knows the issuer's keys.
        let made = person.until("making a person", 201, || person.send("POST", "/api/identity/user", Some(&body)))?;
        person.id = text(&made, "human_name_id");
        // Refused by the database itself, whose words about it hold the name: no log may.
        let twin = json!({ "email": format!("twin-{run}@haystack.example"), "username": format!("needle.{run}") });
        person.done("being refused a name that is taken", 409, "POST", "/api/identity/user", &twin)?;
        let account = Account {
            id: person.id.clone(),
            email: format!("of-{run}@issuer.example"),
            password: format!("password of {run}"),
            audience: "authenticated",
            is_staff: false,
        };
        if !stand_ins.sign_up(&account)? {
            return Err(Error::Step("making her an account at the issuer", "it was refused".to_owned()));
        }
        person.token = stand_ins.sign_in(&account)?;
        Ok(person)
    }

    /// What must not be found.
    pub(super) fn needles(&self, run: &str) -> Vec<Needle> {
        vec![
            Needle::new(Kind::Email, &self.email),
            Needle::new(Kind::Phone, &self.phone),
            Needle::new(Kind::Name, &self.name),
            Needle::new(Kind::Name, format!("needle.{run}")),
            Needle::new(Kind::Street, &self.street),
            Needle::new(Kind::Message, &self.message),
        ]
    }

    /// Leaves something of hers with everybody: forms, codes, an account with an address, a customer.
    pub(super) fn leave_traces(&self) -> Result<(), Error> {
        let contact = json!({ "email": self.email, "name": self.name, "message": self.message });
        self.done("writing a message", 201, "POST", "/api/marketing/contact", &contact)?;
        let capture = json!({ "email": self.email, "name": self.name, "source": "needles" });
        self.done("leaving an address", 201, "POST", "/api/marketing/email-capture", &capture)?;
        self.prove("/api/identity/verify/email", &json!({ "email": self.email }), &self.email)?;
        let phone = json!({ "human_name_id": self.id, "phone_number": self.phone });
        self.prove("/api/identity/verify/phone", &phone, &self.phone)?;
        let account = json!({ "human_name_id": self.id, "kind": "personal" });
        let account = text(&self.done("opening an account", 201, "POST", "/api/accounts", &account)?, "account_id");
        let address = json!({ "type": "billing", "person_id": self.id, "street_address": self.street, "city": "Dublin", "country": "IE" });
        self.done("adding an address", 201, "POST", &format!("/api/accounts/{account}/addresses"), &address)?;
        let customer = json!({ "human_name_id": self.id });
        self.done("becoming a customer", 201, "POST", "/api/billing/customers", &customer)?;
        // Somebody who looks for her by address: it is in an address bar then, and must not be in a log.
        let nobody =
            self.send("GET", &format!("/api/identity/email?email={}", self.email.replace('@', "%40")), None)?;
        if nobody.status == 403 {
            Ok(())
        } else {
            Err(Error::Step("being refused what staff may see", nobody.status.to_string()))
        }
    }

    fn prove(&self, path: &str, contact: &Value, to: &str) -> Result<(), Error> {
        self.done("asking for a code", 202, "POST", path, contact)?;
        let until = Instant::now() + SOON;
        let code = loop {
            let code = self.stand_ins.code(to)?.body["code"].as_str().map(str::to_owned);
            match code {
                Some(code) => break code,
                None if Instant::now() > until => {
                    return Err(Error::Step("waiting for a code", "none came".to_owned()));
                }
                None => thread::sleep(POLL),
            }
        };
        let mut proof = contact.clone();
        proof["code"] = json!(code);
        self.done("proving a contact", 200, "POST", path, &proof).map(drop)
    }

    /// Every service gives her what it holds: the positive control of what is erased afterwards.
    pub(super) fn take_along(&self) -> Result<(), Error> {
        for service in SERVICES {
            let path = match service {
                "identity" => format!("/api/identity/user/{}/export", self.id),
                "account" => format!("/api/accounts/people/{}/export", self.id),
                other => format!("/api/{other}/people/{}/export", self.id),
            };
            let export = self.until("taking her data along", 200, || self.send("GET", &path, None))?;
            let holds = export.body.to_string();
            let wanted = match service {
                "identity" => &self.email,
                "account" => &self.street,
                "marketing" => &self.message,
                _ => &self.id,
            };
            if !holds.contains(wanted.as_str()) {
                return Err(Error::Step("taking her data along", format!("{service} gives less than it holds")));
            }
        }
        Ok(())
    }

    /// Is erased, by her own wish, and waits until every service has given its receipt. Who gave one.
    pub(super) fn be_erased(&self) -> Result<Vec<String>, Error> {
        let path = format!("/api/identity/user/{}", self.id);
        self.until("being erased", 202, || self.send("DELETE", &path, None))?;
        let until = Instant::now() + ERASED;
        loop {
            let state = self.send("GET", &format!("{path}/erasure"), None)?;
            let names = |place: &str, name: &str| -> Vec<String> {
                let all = state.body[place].as_array().into_iter().flatten();
                all.filter_map(|one| one.as_str().or(one[name].as_str()).map(str::to_owned)).collect()
            };
            if state.body["state"] == "completed" {
                return Ok(names("receipts", "service"));
            }
            if Instant::now() > until {
                let missing = names("missing", "").join(", ");
                return Err(Error::Step("being erased", format!("{} {missing} gave no receipt", state.status)));
            }
            thread::sleep(POLL);
        }
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer, Error> {
        let bearer = format!("Bearer {}", self.token);
        let kind = if body.is_some() { "application/json" } else { "" };
        let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
        self.client.send(method, &self.gateway.at(path), &headers, body.map(Value::to_string).as_deref())
    }

    fn done(&self, what: &'static str, status: u16, method: &str, path: &str, body: &Value) -> Result<Answer, Error> {
        self.until(what, status, || self.send(method, path, Some(body)))
    }

    /// Again while the platform is busy, or doesn't believe a token yet.
    fn until(&self, what: &'static str, status: u16, ask: impl Fn() -> Result<Answer, Error>) -> Result<Answer, Error> {
        let until = Instant::now() + SOON;
        loop {
            let answer = ask()?;
            if answer.status == status {
                return Ok(answer);
            }
            if ![401, 429, 503].contains(&answer.status) || Instant::now() > until {
                return Err(Error::Step(what, format!("{} {}", answer.status, answer.body["type"])));
            }
            thread::sleep(POLL);
        }
    }
}

/// A token of somebody who works here, with a second factor.
fn hire(stand_ins: StandIns<'_>, run: &str) -> Result<String, Error> {
    let hash = hex::encode(Sha256::digest(format!("{run} staff of needles")));
    let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default();
    let id = format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30));
    let (email, password) = (format!("staff-{run}@issuer.example"), format!("staff of {run}"));
    let account = Account { id, email, password, audience: "staff", is_staff: true };
    if !stand_ins.sign_up(&account)? {
        return Err(Error::Step("hiring somebody", "the issuer refused it".to_owned()));
    }
    stand_ins.second_factor(&stand_ins.sign_in(&account)?)
}

/// Seven digits of a run.
fn number(run: &str) -> u64 {
    let bytes = Sha256::digest(format!("{run} telephone"));
    bytes.iter().take(7).fold(0, |number, byte| number * 10 + u64::from(byte % 10))
}

fn text(answer: &Answer, field: &str) -> String {
    answer.body[field].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_has_seven_digits_of_its_run() {
        assert!(number("1") < 10_000_000 && number("1") != number("2"));
        assert_eq!(format!("+49170{:07}", 42), "+491700000042");
    }
}
