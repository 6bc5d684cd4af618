//! What FTE holds of people, and for how long: data only. A test compares both tables with the schema. Must not do anything.

use rerp_kit::rights::{By, Held, Lifetime};

/// What is given out to a person, and what becomes of it at an erasure, in that order. A certificate stays, and whoever was shown it can verify it: it names
/// an identifier, and a badge a salted hash of it. What would tell the answers of a test isn't given out.
pub const HELD: &[Held] = &[
    Held::deleted(
        "scenario_outcomes",
        By::Person,
        "scenario_id IN (SELECT id FROM interactive_test_scenarios WHERE human_name_id = ANY ($1))",
    ),
    Held::deleted(
        "scenario_actions",
        By::Person,
        "scenario_id IN (SELECT id FROM interactive_test_scenarios WHERE human_name_id = ANY ($1))",
    ),
    Held::deleted("interactive_test_scenarios", By::Person, "human_name_id = ANY ($1)").hiding(&[
        "seed",
        "trading_scenario_id",
        "trading_data",
    ]),
    Held::deleted(
        "test_answers",
        By::Person,
        "test_session_id IN (SELECT id FROM test_sessions WHERE human_name_id = ANY ($1))",
    )
    .hiding(&["is_correct", "points_awarded"]),
    Held::deleted(
        "session_questions",
        By::Person,
        "test_session_id IN (SELECT id FROM test_sessions WHERE human_name_id = ANY ($1))",
    ),
    Held::deleted(
        "test_sessions",
        By::Person,
        "human_name_id = ANY ($1) AND NOT EXISTS (SELECT FROM fte_certificates AS c WHERE c.test_session_id = test_sessions.id)",
    ),
    Held::kept(
        "test_sessions",
        By::Person,
        "human_name_id = ANY ($1) AND EXISTS (SELECT FROM fte_certificates AS c WHERE c.test_session_id = test_sessions.id)",
        "a certificate was earned in it; identifiers, times and points only",
    ),
    Held::deleted("extra_times", By::Person, "human_name_id = ANY ($1)"),
    Held::deleted("user_progress", By::Person, "human_name_id = ANY ($1)"),
    Held::deleted("verified_people", By::Person, "human_name_id = ANY ($1)"),
    Held::kept(
        "fte_certificates",
        By::Person,
        "human_name_id = ANY ($1)",
        "whoever was shown it can verify it; identifiers only",
    ),
    Held::kept(
        "certificate_status",
        By::Person,
        "certificate_id IN (SELECT id FROM fte_certificates WHERE human_name_id = ANY ($1))",
        "its place in the list of what was revoked",
    ),
    Held::kept(
        "rights_log",
        By::Person,
        "human_name_id = ANY ($1)",
        "proof of what was given out and erased: identifiers and counts",
    ),
];

/// How long the rows of each table stay.
pub const LIFETIMES: &[Lifetime] = &[
    Lifetime::stays("modules", "what is taught"),
    Lifetime::stays("questions", "what is taught"),
    Lifetime::stays("question_versions", "what sessions were asked"),
    Lifetime::stays("answer_keys", "what was right"),
    Lifetime::stays("test_sessions", "until the person is erased: how far somebody has come; identifiers only"),
    Lifetime::stays("session_questions", "with their session"),
    Lifetime::stays("test_answers", "with their session"),
    Lifetime::stays("user_progress", "until the person is erased; identifiers only"),
    Lifetime::stays("extra_times", "until it is taken away, or the person is erased; how much, and not why"),
    Lifetime::stays("fte_certificates", "whoever was shown one can verify it; identifiers only"),
    Lifetime::stays("certificate_status", "with its certificate"),
    Lifetime::stays("interactive_test_scenarios", "until the person is erased; identifiers only"),
    Lifetime::stays("scenario_actions", "with their scenario"),
    Lifetime::stays("scenario_outcomes", "with their scenario"),
    Lifetime::elsewhere("idempotency_keys", "rerp_kit::idempotency, 24 hours", "nobody repeats a request later"),
    Lifetime::stays("outbox_subjects", "numbers go on for as long as there are events; identifiers only"),
    Lifetime::elsewhere(
        "outbox",
        "rerp_kit::events, as soon as an event is published, or after 6 hours where there is no bus",
        "the bus has it from then on",
    ),
    Lifetime::stays("outbox_relay", "one row: which relay has the turn"),
    Lifetime::elsewhere("inbox", "rerp_kit::events, 30 days after an event is done", "longer than the bus keeps one"),
    Lifetime::stays("verified_people", "until the person is erased; identifiers only"),
    Lifetime::stays(
        "staff_access",
        "what staff looked at or changed, and why: nobody may change it; identifiers, and words of the staff",
    ),
    Lifetime::deleted("rights_log", "36 months", "at", "as long as somebody may ask what became of a wish"),
];
