//! What the bus allows, against an evaluator of its own: none extra, none missing.

use super::*;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use rerp_crds::{Events, ObjectRef, RerpServiceSpec};

/// Types that are announced and read; `later` is one that nobody does.
const TYPES: [&str; 6] = ["a.done.v1", "a.done.v2", "a.left.v1", "b.done.v1", "b.un.done.v1", "c.done.v12"];
const LATER: [&str; 3] = ["a.done.v3", "c.done.v1", "z.done.v1"];

fn settings() -> Settings {
    Settings {
        image_postgres: String::new(),
        image_split: String::new(),
        operator_namespace: "rerp-system".to_owned(),
        trust_domain: "rerp.local".to_owned(),
        bus: "bus".to_owned(),
        gateway: "gateway".to_owned(),
    }
}

fn service(name: &str, second: i64, publishes: Vec<String>, consumes: Vec<String>) -> RerpService {
    let events = Some(Events { publishes, consumes });
    let mut service = RerpService::new(name, RerpServiceSpec { events, ..RerpServiceSpec::default() });
    service.metadata.namespace = Some("rerp".to_owned());
    service.metadata.creation_timestamp =
        jiff::Timestamp::from_second(second).ok().map(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time);
    service
}

fn owned(types: &[&str]) -> Vec<String> {
    types.iter().map(ToString::to_string).collect()
}

fn plain(name: &str) -> RerpService {
    service(name, 0, vec![], vec![])
}

fn base(kind: &str) -> &str {
    kind.rsplit_once('.').map_or(kind, |(base, _)| base)
}

/// Whether a subject is one of those that a pattern of NATS stands for.
fn stands_for(pattern: &str, subject: &str) -> bool {
    let (mut wanted, mut words) = (pattern.split('.'), subject.split('.'));
    loop {
        match (wanted.next(), words.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(want), Some(word)) if want == word => {}
            _ => return false,
        }
    }
}

fn any(patterns: &[String], subject: &str) -> bool {
    patterns.iter().any(|pattern| stands_for(pattern, subject))
}

/// Everything a service might publish to, with whether its spec says that it may. `first`: whether it is the first to declare a type.
fn publishing(service: &RerpService, others: &[RerpService], first: impl Fn(&str) -> bool) -> Vec<(String, bool)> {
    let events = service.spec.events.clone().unwrap_or_default();
    let declares = |kind: &str| events.publishes.iter().any(|one| one == kind);
    let kinds = TYPES.iter().chain(&LATER).map(|&kind| (format!("rerp.{kind}"), declares(kind) && first(kind)));
    let mut all: Vec<(String, bool)> = kinds.collect();
    for other in others {
        let (name, own) = (other.name_any(), other.name_any() == service.name_any() && !events.consumes.is_empty());
        for (subject, may) in [
            (format!("$JS.API.CONSUMER.INFO.events.{name}"), own),
            (format!("$JS.API.CONSUMER.MSG.NEXT.events.{name}"), own),
            (format!("$JS.ACK.events.{name}.1.2.3.4.5"), own),
            (format!("$JS.API.CONSUMER.CREATE.events.{name}"), false),
            (format!("$JS.API.CONSUMER.DURABLE.CREATE.events.{name}"), false),
            (format!("$JS.API.CONSUMER.DELETE.events.{name}"), false),
            (format!("_INBOX.{name}.x"), false),
        ] {
            all.push((subject, may));
        }
    }
    let never = ["$JS.API.STREAM.DELETE.events", "$JS.API.STREAM.CREATE.mine", "$JS.API.INFO", "rerp", "$SYS.REQ.X"];
    all.extend(never.map(|subject| (subject.to_owned(), false)));
    all
}

fn drawn() -> impl Strategy<Value = Vec<RerpService>> {
    let sets = (btree_set(0..TYPES.len(), 0..4), btree_set(0..TYPES.len(), 0..4));
    vec(sets, 0..6).prop_map(|drawn| {
        let named = drawn.into_iter().zip(1..).map(|((publishes, consumes), number)| {
            // The schema lets nobody read what it announces itself.
            let consumes = consumes.difference(&publishes).map(|&at| TYPES[at].to_owned()).collect();
            service(&format!("s{number}"), number, publishes.iter().map(|&at| TYPES[at].to_owned()).collect(), consumes)
        });
        named.chain([plain("bus")]).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_bus_allows_is_what_the_specs_say(services in drawn()) {
        let rights = rights(&services, &settings());
        let none = User { service: String::new(), identity: String::new(), publish: vec![], subscribe: vec![] };
        for (at, service) in services.iter().enumerate() {
            let (name, events) = (service.name_any(), service.spec.events.clone().unwrap_or_default());
            let user = rights.users.iter().find(|one| one.service == name).unwrap_or(&none);
            let before = &services[..at];
            let first = |kind: &str| {
                !before.iter().flat_map(|one| one.spec.events.iter().flat_map(|events| &events.publishes)).any(|one| one == kind)
            };
            for (subject, may) in publishing(service, &services, first) {
                prop_assert_eq!(any(&user.publish, &subject), may, "{} publishes to {}", name, subject);
            }
            for other in &services {
                let may = other.name_any() == name && !user.publish.is_empty();
                prop_assert_eq!(any(&user.subscribe, &format!("_INBOX.{}.x.y", other.name_any())), may);
            }
            for subject in [">", "rerp.a.done.v1", "_INBOX.x", "$JS.API.X", "$SYS.X"] {
                prop_assert!(!any(&user.subscribe, subject), "{} listens to {}", name, subject);
            }
            let consumer = rights.consumers.iter().find(|one| one.name == name);
            for kind in TYPES.iter().chain(&LATER) {
                let may = events.consumes.iter().any(|one| base(one) == base(kind));
                let reads = consumer.is_some_and(|one| any(&one.filters, &format!("rerp.{kind}")));
                prop_assert_eq!(reads, may, "{} reads {}", name, kind);
            }
            prop_assert_eq!(consumer.is_some(), !events.consumes.is_empty());
            let identity = format!("spiffe://rerp.local/ns/rerp/sa/{name}");
            prop_assert!(user.publish.is_empty() || user.identity == identity);
        }
        prop_assert!(rights.users.iter().all(|one| one.service != "bus" && !one.publish.is_empty()));
    }
}

/// The bus has a test of its own that it takes this very file.
#[test]
fn the_file_is_what_the_bus_takes() {
    let services = [
        service("identity", 1, owned(&["identity.user.verified.v1", "identity.email.created.v1"]), vec![]),
        service(
            "billing",
            2,
            owned(&["billing.kyc.changed.v1"]),
            owned(&["identity.user.verified.v1", "identity.user.verified.v2", "account.created.v1"]),
        ),
        plain("bus"),
        plain("marketing"),
    ];
    let taken = include_str!("../../../../bus/internal/plan/testdata/events.json");
    assert_eq!(rights(&services, &settings()).file(), taken);
    assert_eq!(
        rights(&[], &settings()).file(),
        "{\n  \"consumers\": [],\n  \"stream\": \"events\",\n  \"users\": []\n}\n"
    );
}

#[test]
fn the_order_in_a_spec_means_nothing() {
    let one = [service("a", 1, owned(&["a.done.v1", "a.left.v1"]), owned(&["b.done.v1", "c.done.v1"]))];
    let other = [service("a", 1, owned(&["a.left.v1", "a.done.v1"]), owned(&["c.done.v1", "b.done.v1"]))];
    assert_eq!(rights(&one, &settings()), rights(&other, &settings()));
}

#[test]
fn events_wait_for_a_bus() {
    let (with, without) = (service("a", 1, owned(&["a.done.v1"]), vec![]), plain("b"));
    let found = |object: &RerpService, services: &[RerpService]| bus(object, services, &settings());
    assert_eq!(found(&with, &[with.clone(), without.clone()]), Ok(Bus::Missing("bus".to_owned())));
    assert_eq!(found(&with, &[with.clone(), plain("bus")]), Ok(Bus::Joined("bus".to_owned())));
    assert_eq!(found(&without, &[without.clone(), plain("bus")]), Ok(Bus::Unused));
}

#[test]
fn what_a_bus_can_not_be_is_said() {
    let refused = |object: &RerpService| bus(object, &[], &settings()).expect_err("refused").message().to_owned();
    assert!(refused(&service("bus", 1, owned(&["a.done.v1"]), vec![])).contains("remove spec.events"));
    let mut two = plain("bus");
    two.spec.replicas = Some(2);
    assert!(refused(&two).contains("set spec.replicas to 1"));
    let mut caller = plain("a");
    caller.spec.dependencies = vec![ObjectRef::new("bus")];
    assert!(refused(&caller).contains("RERP_BUS_URL is the address of the event bus"));
    let elsewhere = Settings { bus: "events".to_owned(), ..settings() };
    assert!(bus(&caller, &[], &elsewhere).is_err(), "the variable would have two meanings");
    caller.spec.dependencies = vec![ObjectRef::new("events")];
    assert!(bus(&caller, &[], &elsewhere).is_err());
    assert_eq!(bus(&caller, &[], &settings()), Ok(Bus::Unused));
}
