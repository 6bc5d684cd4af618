//! Whose subscriptions, cards and payments are whose, tried against real policies.

use rerp_billing::tenants::TABLES;

use crate::support::Home;
use crate::support::service::home_of;
use crate::trial::{Sample, Trial};

/// A row of each table that has policies.
const SAMPLES: &[Sample] = &[
    Sample {
        table: "stripe_customers",
        insert: "INSERT INTO stripe_customers (id, human_name_id) VALUES (~2, ~1)",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "stripe_payment_methods",
        insert: "INSERT INTO stripe_payment_methods (id, human_name_id) VALUES (~3, ~1)",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "stripe_subscriptions",
        insert: "INSERT INTO stripe_subscriptions (id, account_id, human_name_id, plan_id, price_id, stripe_subscription_id) \
             VALUES (~4, ~5, ~1, ~6, ~7, 'sub_~n')",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "stripe_payment_intents",
        insert: "INSERT INTO stripe_payment_intents (id, stripe_payment_intent_id, stripe_subscription_id, status, amount, currency) \
             VALUES (~8, 'pi_~n', 'sub_~n', 'succeeded', 100, 'eur')",
        owner: ("stripe_subscription_id", "'sub_~n'"),
        needs: &["stripe_subscriptions"],
    },
    Sample {
        table: "stripe_invoices",
        insert: "INSERT INTO stripe_invoices (id, stripe_invoice_id, stripe_subscription_id, status, amount_due, amount_paid, currency) \
             VALUES (~9, 'in_~n', 'sub_~n', 'paid', 100, 100, 'eur')",
        owner: ("stripe_subscription_id", "'sub_~n'"),
        needs: &["stripe_subscriptions"],
    },
    Sample {
        table: "kyc_billing_verification",
        insert: "INSERT INTO kyc_billing_verification (id, account_id, human_name_id) VALUES (~0, ~5, ~1)",
        owner: ("human_name_id", "~1"),
        needs: &[],
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
    Trial { home, tables: TABLES, samples: SAMPLES, reaching: "" }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_is_listed() {
    let (home, _dir) = home_of(rerp_billing::migrations()).await;
    trial(&home).every_table_is_listed().await;
    trial(&home).the_record_stays().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reaches_what_is_anothers() {
    let (home, _dir) = home_of(rerp_billing::migrations()).await;
    trial(&home).nobody_reaches_what_is_anothers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_policy_is_missed() {
    let (home, _dir) = home_of(rerp_billing::migrations()).await;
    trial(&home).every_policy_is_missed().await;
}
