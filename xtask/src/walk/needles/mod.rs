//! `cargo xtask needles`: personal data is where it may be and nowhere else, and nowhere at all once its person is erased. In: a cluster with the platform, used or
//! not. Out: a table, `target/needles/report.json`, an exit code.
//!
//! What is looked for is somebody new, who leaves traces in every service, and a sample of the people and addresses that are there, among them the newest, whom a
//! run has brought. What is looked through is every row of five databases, all logs, all numbers, the cluster's own objects, and what the event bus stores where there is one. That something is found in Identity
//! shows that looking finds; a source without a line is a failure.

mod exceptions;
mod forms;
mod haystack;
mod person;
mod report;
mod search;

use std::process::ExitCode;

use super::door::Door;
use super::http::Client;
use super::places::Places;
use super::stand_ins::StandIns;
use super::{Error, SERVICES, name};
use crate::cluster::{self, Choice};
use crate::paths::Paths;
use crate::progress::Step;

use forms::{Kind, Needle};
use haystack::Haystack;
use person::Person;
use report::Report;
use search::Needles;

/// People by chance, and the newest addresses: one line each.
const SAMPLE: &str = "(SELECT json_build_array(e.email, m.phone_number) FROM {schema}.human_names AS h \
     JOIN {schema}.email_addresses AS e ON e.id = h.email_address_id JOIN {schema}.mobile_numbers AS m ON m.human_name_id = h.id \
     WHERE h.erased_at IS NULL ORDER BY random() LIMIT 200) UNION ALL \
     (SELECT json_build_array(email, NULL) FROM {schema}.email_addresses WHERE erased_at IS NULL ORDER BY created_at DESC LIMIT 300)";

/// Looks, erases, looks again.
pub(crate) fn run(paths: &Paths, choice: &Choice) -> Result<ExitCode, Error> {
    let cluster = cluster::current(paths, choice)?;
    let run = name();
    let step = Step::begin("Making somebody who leaves something with every service");
    let places = Places::find(&cluster)?;
    places.must_have(&SERVICES)?;
    let (gateway, sandbox, client) =
        (Door::open(&cluster, "gateway")?, Door::open(&cluster, "sandbox")?, Client::new());
    let stand_ins = StandIns { door: &sandbox, client: &client };
    let person = Person::make(&gateway, &client, stand_ins, &run)?;
    person.leave_traces()?;
    person.take_along()?;
    let own = person.needles(&run);
    let mut all = sample(&places)?;
    let sampled = all.len();
    all.extend(own.clone());
    step.done(format!("she is there, and {sampled} more contacts are looked for"));

    let haystack = Haystack { cluster: &cluster, places: &places, client: &client };
    let step = Step::begin("Looking through five databases, logs, numbers and objects");
    let before = haystack.look(&Needles::new(&all))?;
    step.done(format!("{} lines", before.lines.values().sum::<u64>()));
    let step = Step::begin("Erasing her everywhere");
    let receipts = person.be_erased()?;
    step.done(format!("receipts of {}", receipts.join(", ")));
    let step = Step::begin("Looking again, for her");
    let after = haystack.look(&Needles::new(&own))?;
    step.done(format!("{} lines", after.lines.values().sum::<u64>()));

    let report = Report { run, sampled, has_bus: places.has_bus(), receipts, before, after };
    report.conclude(&paths.root.join("target/needles"))
}

fn sample(places: &Places<'_>) -> Result<Vec<Needle>, Error> {
    let lines = places.ask("identity", SAMPLE)?;
    let mut needles = Vec::new();
    for line in lines.lines() {
        let (email, phone): (String, Option<String>) = serde_json::from_str(line).map_err(|_| Error::Person)?;
        needles.push(Needle::new(Kind::Email, email));
        needles.extend(phone.map(|phone| Needle::new(Kind::Phone, phone)));
    }
    Ok(needles)
}
