//! Whose accounts, roles and addresses are whose, tried against real policies.

use rerp_account::store::REACHED;
use rerp_account::tenants::TABLES;

use crate::support::Home;
use crate::support::service::home_of;
use crate::trial::{Sample, Trial};

/// A row of each table that has policies.
const SAMPLES: &[Sample] = &[
    Sample {
        table: "accounts",
        insert: "INSERT INTO accounts (id, human_name_id, kind) VALUES (~2, ~1, 'business')",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "account_roles",
        insert: "INSERT INTO account_roles (id, account_id, human_name_id, role) VALUES (~3, ~2, ~1, 'owner')",
        owner: ("account_id", "~2"),
        needs: &["accounts"],
    },
    Sample {
        table: "addresses",
        insert: "INSERT INTO addresses (id, type, person_id, account_id) VALUES (~4, 'billing', ~1, ~2)",
        owner: ("account_id", "~2"),
        needs: &["account_roles"],
    },
    Sample {
        table: "invites",
        insert: "INSERT INTO invites (id, account_id, email_address_id, role, token_digest, expires_at) \
             VALUES (~5, ~2, ~6, 'viewer', 'digest ~n', now())",
        owner: ("account_id", "~2"),
        needs: &["account_roles"],
    },
    Sample {
        table: "verified_people",
        insert: "INSERT INTO verified_people (human_name_id, verified_at) VALUES (~1, now())",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "rights_log",
        insert: "INSERT INTO rights_log (id, action, human_name_id, by_kind) VALUES (~8, 'export', ~1, 'person')",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
];

fn trial(home: &Home) -> Trial<'_> {
    Trial { home, tables: TABLES, samples: SAMPLES, reaching: REACHED }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_is_listed() {
    let (home, _dir) = home_of(rerp_account::migrations()).await;
    trial(&home).every_table_is_listed().await;
    trial(&home).the_record_stays().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reaches_what_is_anothers() {
    let (home, _dir) = home_of(rerp_account::migrations()).await;
    trial(&home).nobody_reaches_what_is_anothers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_policy_is_missed() {
    let (home, _dir) = home_of(rerp_account::migrations()).await;
    trial(&home).every_policy_is_missed().await;
}

/// Another one's account, the role that its owner has in it, and an address.
const ANOTHERS: &str = "INSERT INTO accounts (id, human_name_id, kind) VALUES (~2, ~9, 'business'); \
     INSERT INTO account_roles (id, account_id, human_name_id, role) VALUES (~3, ~2, ~9, 'owner'); \
     INSERT INTO addresses (id, type, person_id, account_id) VALUES (~4, 'billing', ~9, ~2)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_opens_an_account_and_nobody_gives_it_to_themselves() {
    let (home, _dir) = home_of(rerp_account::migrations()).await;
    let (trial, all) = (trial(&home), ["accounts", "account_roles", "addresses"]);
    let member = format!(
        "{ANOTHERS}; INSERT INTO account_roles (id, account_id, human_name_id, role) VALUES (~5, ~2, ~1, 'viewer')"
    );
    let give = "INSERT INTO account_roles (id, account_id, human_name_id, role) VALUES (~6, ~2, ~1, 'owner')";
    let mut seen = Vec::new();
    for table in all {
        let select = format!("SELECT * FROM {table}");
        assert_eq!(trial.in_the_name_of_a_person(ANOTHERS, &select).await, "0 rows", "{table}");
        seen.push(trial.in_the_name_of_a_person(&member, &select).await);
    }
    assert_eq!(seen, ["1 rows", "2 rows", "1 rows"]);
    assert_eq!(trial.in_the_name_of_a_person(ANOTHERS, give).await, "refused");
    // What a role gives is the service's to say: policies know only whose rows are whose.
    assert_eq!(trial.in_the_name_of_a_person(&member, give).await, "1 rows");
}
