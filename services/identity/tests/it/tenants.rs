//! Whose names, telephones and addresses are whose, tried against real policies; and that what staff read is on record.

use rerp_identity::access::RULES;
use rerp_identity::tenants::TABLES;
use rerp_kit::access::Assurance;
use rerp_kit::access::Verb::Get;

use crate::doors::{Doors, Who};
use crate::support::Home;
use crate::support::open;
use crate::support::service::home_of;
use crate::trial::{Sample, Trial};

/// A row of each table that has policies.
const SAMPLES: &[Sample] = &[
    Sample {
        table: "email_addresses",
        insert: "INSERT INTO email_addresses (id, email) VALUES (~2, '~n@example.com')",
        owner: ("id", "~2"),
        needs: &["human_names"],
    },
    Sample {
        table: "human_names",
        insert: "INSERT INTO human_names (id, email_address_id) VALUES (~1, ~2)",
        owner: ("id", "~1"),
        needs: &[],
    },
    Sample {
        table: "mobile_numbers",
        insert: "INSERT INTO mobile_numbers (id, human_name_id, phone_number) VALUES (~3, ~1, '+4930000000~n')",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "verification_tracking",
        insert: "INSERT INTO verification_tracking (id, human_name_id) VALUES (~4, ~1)",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "platform_users",
        insert: "INSERT INTO platform_users (id, email, first_name, surname) VALUES (~5, 'staff~n@example.com', 'A', 'B')",
        owner: ("id", "~5"),
        needs: &[],
    },
    Sample {
        table: "sessions",
        insert: "INSERT INTO sessions (id, subject, aal) VALUES (~7, ~1, 'aal1')",
        owner: ("subject", "~1"),
        needs: &[],
    },
    Sample {
        table: "admins",
        insert: "INSERT INTO admins (id, platform_user_id) VALUES (~6, ~5)",
        owner: ("platform_user_id", "~5"),
        needs: &[],
    },
    Sample {
        table: "former_addresses",
        insert: "INSERT INTO former_addresses (human_name_id, email_address_id) VALUES (~1, ~2)",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "rights_log",
        insert: "INSERT INTO rights_log (id, action, human_name_id, by_kind) VALUES (~8, 'export', ~1, 'person')",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "erasures",
        insert: "INSERT INTO erasures (id, human_name_id, addresses) VALUES (~7, ~1, '{}')",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "erasure_receipts",
        insert: "INSERT INTO erasure_receipts (erasure_id, service, parts) VALUES (~7, 'fte', '[]')",
        owner: ("erasure_id", "~7"),
        needs: &["erasures"],
    },
];

fn trial(home: &Home) -> Trial<'_> {
    Trial { home, tables: TABLES, samples: SAMPLES, reaching: "" }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_is_listed() {
    let (home, _dir) = home_of(rerp_identity::migrations()).await;
    trial(&home).every_table_is_listed().await;
    trial(&home).the_record_stays().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reaches_what_is_anothers() {
    let (home, _dir) = home_of(rerp_identity::migrations()).await;
    trial(&home).nobody_reaches_what_is_anothers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_policy_is_missed() {
    let (home, _dir) = home_of(rerp_identity::migrations()).await;
    trial(&home).every_policy_is_missed().await;
}

const ANN: &str = "0191f7a1-3f0c-7000-8000-000000000001";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_staff_read_is_on_record_or_not_read() {
    let (home, dir) = home_of(rerp_identity::migrations()).await;
    let people = "INSERT INTO email_addresses (id, email) VALUES ('$ann', 'ann@example.com'); \
                  INSERT INTO human_names (id, email_address_id) VALUES ('$ann', '$ann')";
    home.define(&people.replace("$ann", ANN)).await;
    let (db, _) = open(dir.path()).await;
    let doors = Doors::open("identity", RULES, rerp_identity::router(db)).await;
    let path = format!("/api/identity/user/{ANN}");
    let status = async |who| doors.ask(who, Get, &path, None).await.expect("an answer").status;

    assert_eq!(status(Who::Person(ANN.parse().unwrap())).await, 200);
    assert_eq!(
        home.number("SELECT count(*) FROM svc.staff_access").await,
        0,
        "what is one's own is nobody's to record"
    );
    assert_eq!(status(Who::Staff(Assurance::Second)).await, 200);
    let recorded = format!(
        "SELECT count(*) FROM svc.staff_access WHERE staff_id = '00000000-0000-0000-0000-000000057aff' \
         AND route = '/api/identity/user/{{human_name_id}}' AND about = ARRAY['{ANN}']::uuid[] AND request IS NOT NULL"
    );
    assert_eq!(home.number(&recorded).await, 1);

    // Taking along goes beyond what policies know as a person's, and is on record all the same: one row for the person, one for what is held of them.
    let export = format!("{path}/export");
    assert_eq!(doors.ask(Who::Staff(Assurance::Second), Get, &export, None).await.expect("an answer").status, 200);
    assert_eq!(home.number("SELECT count(*) FROM svc.staff_access WHERE route LIKE '%/export'").await, 2);

    home.execute("DROP POLICY adding ON svc.staff_access").await;
    assert_eq!(status(Who::Staff(Assurance::Second)).await, 500, "what can't be recorded isn't given out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_former_address_is_taken_along_until_it_is_somebody_else_s() {
    let (home, dir) = home_of(rerp_identity::migrations()).await;
    let bob = ANN.replace("0001", "0002");
    let people = "INSERT INTO email_addresses (id, email) VALUES ('$ann', 'ann@example.com'), ('$bob', 'former@example.com'); \
                  INSERT INTO human_names (id, email_address_id) VALUES ('$ann', '$ann'); \
                  INSERT INTO former_addresses (human_name_id, email_address_id) VALUES ('$ann', '$bob')";
    home.define(&people.replace("$ann", ANN).replace("$bob", &bob)).await;
    let (db, _) = open(dir.path()).await;
    let doors = Doors::open("identity", RULES, rerp_identity::router(db)).await;
    let path = format!("/api/identity/user/{ANN}/export");
    let taken = async || {
        let answer = doors.ask(Who::Person(ANN.parse().unwrap()), Get, &path, None).await.expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.body);
        ["ann@example.com", "former@example.com"].map(|email| answer.body.to_string().contains(email))
    };
    assert_eq!(taken().await, [true, true]);
    home.define(&format!("INSERT INTO human_names (id, email_address_id) VALUES ('{bob}', '{bob}')")).await;
    assert_eq!(taken().await, [true, false], "it is Bob's by now");
}
