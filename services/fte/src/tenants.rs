//! Whose rows are whose here, as data; `migrations/0010_tenants.sql` and `0020_rights.sql` say the same in policies, and `tests/it/tenants.rs` tries it.
//!
//! What somebody has done in tests and scenarios is theirs, whichever account it was for. Whoever has a certificate's token may verify it: that is the service's own
//! work, and so is the list of what was revoked.

use rerp_kit::tenants::{Table, Whose, machinery};

/// Every table of the schema.
pub const TABLES: &[Table] = &[
    Table::new("test_sessions", Whose::Person),
    Table::new("session_questions", Whose::Person),
    Table::new("test_answers", Whose::Person),
    Table::new("user_progress", Whose::Person),
    Table::new("fte_certificates", Whose::Person),
    Table::new("interactive_test_scenarios", Whose::Person),
    Table::new("scenario_actions", Whose::Person),
    Table::new("scenario_outcomes", Whose::Person),
    Table::new("verified_people", Whose::Person),
    Table::new("extra_times", Whose::Person),
    Table::new("rights_log", Whose::Person),
    Table::new("modules", Whose::Nobody("what is taught")),
    Table::new("questions", Whose::Nobody("what is asked")),
    Table::new("question_versions", Whose::Nobody("what is asked")),
    Table::new("answer_keys", Whose::Nobody("what is right: read where sessions are graded, and never answered")),
    Table::new("certificate_status", Whose::Nobody("places in published lists, drawn among all of them")),
    machinery::IDEMPOTENCY_KEYS,
    machinery::OUTBOX_SUBJECTS,
    machinery::OUTBOX,
    machinery::OUTBOX_RELAY,
    machinery::INBOX,
    machinery::STAFF_ACCESS,
    machinery::MIGRATIONS,
];
