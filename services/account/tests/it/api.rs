//! The service as its callers see it: the real router, a real database, the real migrations.

use crate::platform;
use crate::support;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::answer::is_problem;
use crate::support::service::{answer, serve, split_of};
use crate::support::{Split, until, visitor};
use rerp_kit::problem::catalogue::{self, Kind};
use serde_json::{Value, json};

const TABLES: [&str; 7] =
    ["companies", "accounts", "account_roles", "addresses", "idempotency_keys", "outbox_subjects", "outbox"];
const PATH: &str = "/api/accounts/companies";
const COMPANIES: &str = "SELECT count(*) FROM svc.companies";

async fn migrated() -> Split {
    split_of(&TABLES, rerp_account::migrations).await
}

struct Api {
    at: SocketAddr,
    http: reqwest::Client,
}

impl Api {
    async fn new(split: &Split) -> Self {
        // Companies need no Identity.
        let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
        let state = platform::state(split.dir(), nobody).await;
        Self { at: serve(rerp_account::router(state)).await, http: visitor() }
    }

    async fn post(&self, key: Option<&str>, body: String) -> (u16, bool, Value) {
        let mut request = self.http.post(format!("http://{}{PATH}/upsert", self.at));
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        answer(request.header("content-type", "application/json").body(body)).await
    }

    async fn upsert(&self, name: &str) -> (u16, Value) {
        let (status, _, body) = self.post(None, json!({ "name": name }).to_string()).await;
        (status, body)
    }

    async fn get(&self, rest: &str) -> (u16, Value) {
        let (status, _, body) = answer(self.http.get(format!("http://{}{PATH}{rest}", self.at))).await;
        (status, body)
    }
}

fn is_kind((status, body): &(u16, Value), kind: Kind) -> bool {
    is_problem(*status, body, kind)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_has_one_identifier_however_it_is_written() {
    let split = migrated().await;
    let api = Api::new(&split).await;
    let (status, first) = api.upsert("  O’Brien & Söhne\u{a0}GmbH ").await;
    assert_eq!((status, &first["created"]), (200, &json!(true)), "{first}");
    for spelling in ["o'brien & söhne gmbh", "O'BRIEN &  SO\u{308}HNE GMBH", "Ｏ'Brien & Söhne\nGmbH\u{200b}"] {
        let (status, again) = api.upsert(spelling).await;
        assert_eq!((status, &again["company_id"], &again["created"]), (200, &first["company_id"], &json!(false)));
    }
    let id = first["company_id"].as_str().unwrap();
    let (status, by_id) = api.get(&format!("/{id}")).await;
    assert_eq!((status, &by_id["name"]), (200, &json!("O’Brien & Söhne GmbH")), "as it was first written");
    assert_eq!(by_id["created_at"], by_id["updated_at"]);
    for path in [
        format!("/{}", id.to_uppercase()),
        "/O'BRIEN%20&%20S%C3%96HNE%20gmbh".to_owned(),
        "?name=o%27brien+%26+s%C3%B6hne+gmbh".to_owned(),
    ] {
        assert_eq!(api.get(&path).await, (200, by_id.clone()), "{path}");
    }
    // A company may be called like a part of the address.
    let (_, odd) = api.upsert("upsert").await;
    assert_eq!(api.get("?name=Upsert").await.1["company_id"], odd["company_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_answered_is_a_problem() {
    let split = migrated().await;
    let api = Api::new(&split).await;
    for (rest, kind) in [
        ("/0191f7a1-3f0c-7000-8000-000000000001", catalogue::NOT_FOUND),
        ("/0191f7a13f0c70008000000000000001", catalogue::INVALID_VALUE),
        ("/nobody", catalogue::NOT_FOUND),
        ("?name=nobody", catalogue::NOT_FOUND),
        ("/%20", catalogue::INVALID_VALUE),
        ("?name=", catalogue::INVALID_VALUE),
        ("?name=0191f7a1-3f0c-7000-8000-000000000001", catalogue::INVALID_VALUE),
        ("", catalogue::MALFORMED_ADDRESS),
        ("?title=a", catalogue::MALFORMED_ADDRESS),
        ("/upsert", catalogue::METHOD_NOT_ALLOWED),
        ("/a/b", catalogue::NO_SUCH_ROUTE),
    ] {
        let answer = api.get(rest).await;
        assert!(is_kind(&answer, kind), "{rest}: {answer:?}");
    }
    for name in ["", " \u{200b}", "-", "Ac\0me", "0191F7A1-3f0c-7000-8000-000000000001", &"x".repeat(201)] {
        let answer = api.upsert(name).await;
        assert!(is_kind(&answer, catalogue::INVALID_VALUE), "{name:?}: {answer:?}");
        assert_eq!(answer.1["errors"][0]["pointer"], json!("/name"));
    }
    for body in ["{}", r#"{"name":null}"#, r#"{"name":"Acme","id":"x"}"#] {
        let (status, _, body) = api.post(None, body.to_owned()).await;
        assert!(is_kind(&(status, body.clone()), catalogue::INVALID_BODY), "{body}");
    }
    let (status, _, body) = api.post(Some("a b"), r#"{"name":"Acme"}"#.to_owned()).await;
    assert!(is_kind(&(status, body.clone()), catalogue::MALFORMED_HEADER), "{body}");
    assert_eq!(split.source.number(COMPANIES).await, 0);
}

/// One of the ways in which the company `n` of a round is written.
fn spelling(round: u32, n: u32) -> String {
    let name = format!("Straße {round} O'Brien");
    match n % 6 {
        0 => name,
        1 => name.to_uppercase(),
        2 => name.to_lowercase().replace(' ', "\u{a0} "),
        3 => format!("\u{feff}{} ", name.replace('\'', "’")),
        4 => format!("\n{}\t", name.replace("ße", "SSE")),
        _ => name.replace(' ', "\u{3000}").replace('O', "Ｏ"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_number_of_callers_in_any_spelling_get_one_identifier() {
    let split = migrated().await;
    let api = Arc::new(Api::new(&split).await);
    for round in 0..10 {
        let racing: Vec<_> = (0..100)
            .map(|n| {
                let api = Arc::clone(&api);
                // A few come with a key of their own: another way through the database, the same company.
                let key = (n % 5 == 0).then(|| format!("racer-{round}-{n}"));
                let body = json!({ "name": spelling(round, n) }).to_string();
                tokio::spawn(async move { api.post(key.as_deref(), body).await })
            })
            .collect();
        let (mut ids, mut made) = (HashSet::new(), 0);
        for racer in racing {
            let (status, _, body) = racer.await.unwrap();
            assert_eq!(status, 200, "{body}");
            ids.insert(body["company_id"].as_str().unwrap().to_owned());
            made += u32::from(body["created"] == json!(true));
        }
        assert_eq!((ids.len(), made), (1, 1));
    }
    assert_eq!(split.source.number(COMPANIES).await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_means_one_answer() {
    let split = migrated().await;
    let api = Api::new(&split).await;
    let body = |name: &str| json!({ "name": name }).to_string();
    let first = api.post(Some("one"), body("Acme")).await;
    assert_eq!((first.0, first.1, &first.2["created"]), (200, false, &json!(true)));
    assert_eq!(api.post(Some("one"), body(" ACME ")).await, (200, true, first.2.clone()), "as it was the first time");
    let (status, _, reused) = api.post(Some("one"), body("Other")).await;
    assert!(is_kind(&(status, reused), catalogue::KEY_REUSED));
    let (_, replayed, later) = api.post(Some("two"), body("acme")).await;
    assert_eq!((replayed, &later["created"]), (false, &json!(false)));
    assert_eq!((split.source.number(COMPANIES).await, later["company_id"].clone()), (1, first.2["company_id"].clone()));
    let half = "SELECT count(*) FROM svc.idempotency_keys WHERE answer = 'null' OR answer::text ~* 'acme'";
    assert_eq!(split.source.number(half).await, 0, "an answer, and no name in it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_company_costs_no_write() {
    let split = migrated().await;
    let api = Api::new(&split).await;
    api.upsert("Acme").await;
    let tuple = "SELECT xmin::text::bigint FROM svc.companies";
    let before = split.source.number(tuple).await;
    // A transaction that only reads takes no number of its own.
    let next = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
    let from = split.source.number(next).await;
    for _ in 0..100 {
        api.upsert("ACME").await;
    }
    assert_eq!(split.source.number(tuple).await, before);
    assert!(split.source.number(next).await < from + 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identifiers_survive_a_cutover_under_load() {
    let split = migrated().await;
    let api = Arc::new(Api::new(&split).await);
    split.prepare().await;
    until("the next side is warm", || async { split.target.connections().await >= 2 }).await;
    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..16)
        .map(|caller| {
            let (api, stop) = (Arc::clone(&api), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut given = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    // Half of the names are shared with the neighbour, every third request comes with a key.
                    let n = given.len();
                    let name = format!("Company {} of {n}", caller / 2);
                    let key = (n % 3 == 0).then(|| format!("{caller}-{n}"));
                    let (status, _, body) = api.post(key.as_deref(), json!({ "name": name }).to_string()).await;
                    assert_eq!(status, 200, "{body}");
                    given.push((name, body["company_id"].as_str().unwrap().to_owned()));
                }
                given
            })
        })
        .collect();
    until("rows are written", || async { split.source.number(COMPANIES).await > 100 }).await;
    split.close_source().await;
    let moved = split.target.number(COMPANIES).await;
    until("rows are written on the other side", || async { split.target.number(COMPANIES).await > moved + 100 }).await;
    stop.store(true, Ordering::Relaxed);
    let mut known = HashMap::new();
    for caller in callers {
        for (name, id) in caller.await.unwrap() {
            assert_eq!(known.entry(name.clone()).or_insert_with(|| id.clone()), &id, "{name}");
        }
    }
    for (name, id) in &known {
        let (_, body) = api.upsert(name).await;
        assert_eq!((&body["company_id"], &body["created"]), (&json!(id), &json!(false)), "{name}");
    }
    assert_eq!(split.target.number(COMPANIES).await, i64::try_from(known.len()).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tables_keep_their_rules() {
    let home = support::Home::new().await;
    support::service::apply(&home, rerp_account::migrations()).await;
    let person = "'0191f7a1-3f0c-7000-8000-000000000001'";
    let account = |kind: &str| {
        format!("INSERT INTO accounts (id, human_name_id, kind) VALUES (gen_random_uuid(), {person}, '{kind}')")
    };
    let address = |owner: &str, is_primary: bool| {
        format!(
            "INSERT INTO addresses (id, type, person_id, company_id, is_primary)
             SELECT gen_random_uuid(), 'residential', {owner}, {is_primary} FROM companies"
        )
    };
    let (of_person, of_company) = (format!("{person}, NULL"), "NULL, id".to_owned());
    home.define("INSERT INTO companies (id, name, name_key) VALUES (gen_random_uuid(), 'Acme', 'acme')").await;
    for fine in [
        account("personal"),
        account("business"),
        account("business"),
        address(&of_person, true),
        address(&of_person, false),
        address(&of_company, true),
    ] {
        home.define(&fine).await;
    }
    for (refused, constraint) in [
        (account("personal"), "accounts_personal"),
        (address(&of_person, true), "addresses_primary_of_person"),
        (address(&of_company, true), "addresses_primary_of_company"),
        (address("NULL, NULL", false), "addresses_one_owner"),
        (address(&format!("{person}, id"), false), "addresses_one_owner"),
        (
            "INSERT INTO companies (id, name, name_key) VALUES (gen_random_uuid(), 'ACME', 'acme')".to_owned(),
            "companies_name_key_key",
        ),
    ] {
        let catching = format!(
            "DO $$ DECLARE name text; BEGIN {refused}; RAISE 'was not refused';
             EXCEPTION WHEN integrity_constraint_violation THEN GET STACKED DIAGNOSTICS name = CONSTRAINT_NAME;
             IF name <> '{constraint}' THEN RAISE 'refused by %', name; END IF; END $$"
        );
        home.define(&catching).await;
    }
}
