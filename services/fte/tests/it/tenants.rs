//! Whose sessions, scenarios and certificates are whose, tried against real policies.

use rerp_fte::tenants::TABLES;

use crate::support::Home;
use crate::support::service::home_of;
use crate::trial::{Sample, Trial};

/// A row of each table that has policies.
const SAMPLES: &[Sample] = &[
    Sample {
        table: "test_sessions",
        insert: "INSERT INTO test_sessions (id, human_name_id, account_id, module_id, test_type, pass_bp, points_total, expires_at) \
             VALUES (~2, ~1, ~3, ~4, 'module_quiz', 7000, 10, now() + interval '1 hour')",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "extra_times",
        insert: "INSERT INTO extra_times (human_name_id, percent) VALUES (~1, 50)",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "session_questions",
        insert: "INSERT INTO session_questions (test_session_id, question_id, version, position) VALUES (~2, ~5, 1, 1)",
        owner: ("test_session_id", "~2"),
        needs: &["test_sessions"],
    },
    Sample {
        table: "test_answers",
        insert: "INSERT INTO test_answers (test_session_id, question_id, revision, answer) VALUES (~2, ~5, 1, '{}')",
        owner: ("test_session_id", "~2"),
        needs: &["test_sessions"],
    },
    Sample {
        table: "user_progress",
        insert: "INSERT INTO user_progress (id, human_name_id, account_id, course) VALUES (~6, ~1, ~3, 'fte')",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "fte_certificates",
        insert: "INSERT INTO fte_certificates (id, human_name_id, account_id, course, validity, certificate_number, test_session_id, \
             verification_token) VALUES (~7, ~1, ~3, 'fte', 1, 'number ~n', ~2, repeat('~n', 64))",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "interactive_test_scenarios",
        insert: "INSERT INTO interactive_test_scenarios (id, human_name_id, account_id, module_id, scenario_type, scenario_config, seed) \
             VALUES (~8, ~1, ~3, ~4, 'backtest', '{}', 7)",
        owner: ("human_name_id", "~1"),
        needs: &[],
    },
    Sample {
        table: "scenario_actions",
        insert: "INSERT INTO scenario_actions (scenario_id, sequence, expected_seq, action) VALUES (~8, 1, 0, '{}')",
        owner: ("scenario_id", "~8"),
        needs: &["interactive_test_scenarios"],
    },
    Sample {
        table: "scenario_outcomes",
        insert: "INSERT INTO scenario_outcomes (scenario_id, sequence, done, seq, rows, bars, results) \
             VALUES (~8, 1, true, 1, '[]', '[]', '{}')",
        owner: ("scenario_id", "~8"),
        needs: &["interactive_test_scenarios"],
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
    let (home, _dir) = home_of(rerp_fte::migrations()).await;
    trial(&home).every_table_is_listed().await;
    trial(&home).the_record_stays().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reaches_what_is_anothers() {
    let (home, _dir) = home_of(rerp_fte::migrations()).await;
    trial(&home).nobody_reaches_what_is_anothers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_policy_is_missed() {
    let (home, _dir) = home_of(rerp_fte::migrations()).await;
    trial(&home).every_policy_is_missed().await;
}
