//! Whose leads are whose: nobody's but the platform's, tried against real policies.

use rerp_marketing::tenants::TABLES;

use crate::support::Home;
use crate::support::service::home_of;
use crate::trial::{Sample, Trial};

/// A row of each table that has policies.
const SAMPLES: &[Sample] = &[
    Sample {
        table: "email_captures",
        insert: "INSERT INTO email_captures (id, email_address_id, source) VALUES (~2, ~3, 'website')",
        owner: ("email_address_id", "~3"),
        needs: &[],
    },
    Sample {
        table: "contact_messages",
        insert: "INSERT INTO contact_messages (id, email_address_id, name, message) VALUES (~4, ~3, 'A', 'B')",
        owner: ("email_address_id", "~3"),
        needs: &[],
    },
    Sample {
        table: "pending_companies",
        insert: "INSERT INTO pending_companies (lead, lead_id, name) VALUES ('capture', ~2, 'Acme ~n')",
        owner: ("lead_id", "~2"),
        needs: &[],
    },
    Sample {
        table: "intake",
        insert: "INSERT INTO intake (lead, lead_id, key, sealed, mark, expires_at) VALUES ('capture', ~2, 'key', 'sealed', 'mark ~n', now())",
        owner: ("lead_id", "~2"),
        needs: &[],
    },
    Sample {
        table: "consents",
        insert: "INSERT INTO consents (lead, lead_id, email_address_id, text_version) VALUES ('capture', ~2, ~3, 'news-1')",
        owner: ("email_address_id", "~3"),
        needs: &[],
    },
    Sample {
        table: "suppressions",
        insert: "INSERT INTO suppressions (email_address_id, reason) VALUES (~3, 'other')",
        owner: ("email_address_id", "~3"),
        needs: &[],
    },
    Sample {
        table: "confirmations",
        insert: "INSERT INTO confirmations (id, email_address_id) VALUES (~2, ~3)",
        owner: ("email_address_id", "~3"),
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
    Trial { home, tables: TABLES, samples: SAMPLES, reaching: "" }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_is_listed() {
    let (home, _dir) = home_of(rerp_marketing::migrations()).await;
    trial(&home).every_table_is_listed().await;
    trial(&home).the_record_stays().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reaches_what_is_anothers() {
    let (home, _dir) = home_of(rerp_marketing::migrations()).await;
    trial(&home).nobody_reaches_what_is_anothers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_policy_is_missed() {
    let (home, _dir) = home_of(rerp_marketing::migrations()).await;
    trial(&home).every_policy_is_missed().await;
}
