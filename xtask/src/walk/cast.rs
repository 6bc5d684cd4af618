//! Who walks. In: identity's people, as the seed has made them, and the stand-in that signs them in. Out: names and tokens. Whoever has walked before, or
//! has otherwise been here, is left out: a trial is given once, and a mailbox has to be empty. Must not change a person.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::Error;
use super::judge::brief;
use super::notes::Notes;
use super::places::Places;
use super::row::Who;
use super::stand_ins::{Account, StandIns};

/// Verified people, people with a telephone that isn't proved and an address that any mail program takes, and somebody who works here: some of each, by
/// chance. `random()` so that two walks don't begin with the same ones.
const PEOPLE: &str = "(SELECT json_build_array('verified', h.id, '', '') FROM {schema}.human_names AS h \
     JOIN {schema}.verification_tracking AS t ON t.human_name_id = h.id WHERE t.both_verified ORDER BY random() LIMIT 40) UNION ALL \
     (SELECT json_build_array('new', h.id, e.email, m.phone_number) FROM {schema}.human_names AS h \
     JOIN {schema}.email_addresses AS e ON e.id = h.email_address_id JOIN {schema}.mobile_numbers AS m ON m.human_name_id = h.id \
     JOIN {schema}.verification_tracking AS t ON t.human_name_id = h.id WHERE NOT t.phone_verified AND NOT m.is_verified \
     AND e.email ~ '^[a-z0-9]+([.][a-z0-9]+)*@[a-z0-9.-]+$' ORDER BY t.email_verified, random() LIMIT 40) UNION ALL \
     (SELECT json_build_array('staff', id, '', '') FROM {schema}.platform_users ORDER BY id LIMIT 1)";
/// Those of some people who are customers already.
const CUSTOMERS: &str = "SELECT human_name_id FROM {schema}.stripe_customers WHERE human_name_id IN ";
/// How long the gateway may take to know the issuer's keys.
const BELIEF: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(250);

/// Somebody whom identity knows: kind, identifier, address, telephone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Person(pub(super) String, pub(super) String, pub(super) String, pub(super) String);

/// Everybody, with their tokens.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) notes: Notes,
    pub(super) tokens: BTreeMap<Who, String>,
}

/// Chooses people, signs them in, and names what is new in this run.
pub(super) fn gather(places: &Places<'_>, stand_ins: StandIns<'_>, run: &str) -> Result<Cast, Error> {
    let people = people(places)?;
    let mut cast = Cast { notes: named(run), tokens: BTreeMap::new() };
    let mut verified = people.iter().filter(|person| person.0 == "verified");
    let mut fresh = people.iter().filter(|person| person.0 == "new");
    for (who, name) in [(Who::Ann, "ann"), (Who::Ben, "ben")] {
        let person = cast.sign_in(stand_ins, run, (who, name), &mut verified)?;
        person.ok_or(Error::Nobody("a verified person who is no customer"))?;
    }
    let person = cast.sign_in(stand_ins, run, (Who::Uma, "uma"), &mut fresh)?;
    let Person(_, _, email, phone) = person.ok_or(Error::Nobody("a person with a telephone that is not proved"))?;
    cast.notes.keep("uma_email", email);
    cast.notes.keep("uma_phone", phone);
    let works = people.iter().find(|person| person.0 == "staff");
    cast.notes.keep("platform_user", works.ok_or(Error::Nobody("a member of staff"))?.1.as_str());
    cast.hire(stand_ins, run)?;
    Ok(cast)
}

impl Cast {
    /// The first of these people who has no account and no mail gets one, and this name.
    fn sign_in<'p>(
        &mut self,
        stand_ins: StandIns<'_>,
        run: &str,
        (who, name): (Who, &str),
        people: &mut dyn Iterator<Item = &'p Person>,
    ) -> Result<Option<&'p Person>, Error> {
        for person in people {
            let Person(_, id, email, phone) = person;
            let account = account(run, name, id.clone(), "authenticated");
            let contacts = [email, phone].into_iter().filter(|contact| !contact.is_empty());
            let mut came = 0;
            for contact in contacts {
                came += stand_ins.messages(contact)?.0;
            }
            if came == 0 && stand_ins.sign_up(&account)? {
                self.tokens.insert(who, stand_ins.sign_in(&account)?);
                self.notes.keep(name, id.as_str());
                return Ok(Some(person));
            }
        }
        Ok(None)
    }

    /// Somebody who works here from now on, with one factor and with two.
    fn hire(&mut self, stand_ins: StandIns<'_>, run: &str) -> Result<(), Error> {
        let account = account(run, "staff", identifier(run, "staff"), "staff");
        if !stand_ins.sign_up(&account)? {
            return Err(Error::Account {
                what: "make an account for staff",
                said: "another status than 200".to_owned(),
            });
        }
        let unsure = stand_ins.sign_in(&account)?;
        let sure = stand_ins.second_factor(&unsure)?;
        self.tokens.extend([(Who::Unsure, unsure), (Who::Staff, sure)]);
        Ok(())
    }

    /// Waits until the gateway believes the tokens: it may have asked for the issuer's keys before there were any. `ask`: a request of Ann's.
    pub(super) fn believed(&self, ask: impl Fn(&str) -> Result<super::http::Answer, Error>) -> Result<(), Error> {
        let token = self.tokens.get(&Who::Ann).map(String::as_str).unwrap_or_default();
        let until = Instant::now() + BELIEF;
        loop {
            let answer = ask(token)?;
            if answer.status == 200 {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(Error::NotBelieved(brief(&answer)));
            }
            thread::sleep(POLL);
        }
    }
}

/// Candidates who are no customers.
pub(super) fn people(places: &Places<'_>) -> Result<Vec<Person>, Error> {
    let lines = places.ask("identity", PEOPLE)?;
    let people = lines.lines().map(|line| serde_json::from_str(line).map_err(|_| Error::Person));
    let people = people.collect::<Result<Vec<Person>, Error>>()?;
    let names = people.iter().map(|person| format!("'{}'", person.1)).collect::<Vec<_>>().join(", ");
    if names.is_empty() {
        return Err(Error::Nobody("anybody"));
    }
    let customers = places.ask("billing", &format!("{CUSTOMERS}({names})"))?;
    let is_customer = |person: &Person| customers.lines().any(|line| line == person.1);
    Ok(people.into_iter().filter(|person| !is_customer(person)).collect())
}

/// What is new in each run, and what nobody has.
fn named(run: &str) -> Notes {
    let mut notes = Notes::default();
    notes.keep("run", run);
    notes.keep("lead_email", format!("walk-{run}@example.com"));
    notes.keep("company_name", format!("Walk-{run}"));
    for (name, code) in
        [("plan", "plan"), ("course", "course"), ("quiz", "quiz"), ("chart", "chart"), ("final", "final")]
    {
        notes.keep(name, format!("walk-{run}-{code}"));
    }
    notes.keep("nobody", identifier(run, "nobody"));
    notes.keep("no_token", hex::encode(Sha256::digest(run)));
    notes
}

/// An account of this run under this name.
pub(crate) fn account(run: &str, name: &str, id: String, audience: &'static str) -> Account {
    let (email, password) = (format!("{name}-{run}@walk.example"), identifier(run, &format!("password of {name}")));
    Account { id, email, password, audience, is_staff: audience == "staff" }
}

/// A UUID of this run for this name.
pub(crate) fn identifier(run: &str, name: &str) -> String {
    let hex = hex::encode(Sha256::digest(format!("{run} {name}")));
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

#[cfg(test)]
mod tests {
    use super::super::flows::GIVEN;
    use super::*;

    #[test]
    fn an_identifier_is_a_uuid_of_its_run() {
        let one = identifier("1", "nobody");
        assert_eq!((one.len(), one.as_bytes()[14], one.as_bytes()[19]), (36, b'4', b'8'));
        assert_eq!(one.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(one != identifier("2", "nobody") && one != identifier("1", "staff"));
    }

    #[test]
    fn what_is_given_has_a_value() {
        let notes = named("1");
        let people = ["ann", "ben", "uma", "uma_email", "uma_phone", "platform_user"];
        for name in GIVEN.iter().filter(|name| !people.contains(name)) {
            assert!(notes.get(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_person_is_read() {
        let person: Person = serde_json::from_str(r#"["new", "1", "a@b.example", "+12015550123"]"#).unwrap();
        assert_eq!(person, Person("new".into(), "1".into(), "a@b.example".into(), "+12015550123".into()));
    }
}
