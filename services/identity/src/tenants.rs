//! Whose rows are whose here, as data; `migrations/0010_tenants.sql` and later ones say the same in policies, and `tests/it/tenants.rs` tries it.
//!
//! An address is the person's who has it; one that nobody has (of a lead), and one that a person had before, no person sees. Members of the staff are no customers.

use rerp_kit::tenants::{Table, Whose, machinery};

/// Every table of the schema.
pub const TABLES: &[Table] = &[
    Table::new("email_addresses", Whose::Person),
    Table::new("human_names", Whose::Person),
    Table::new("mobile_numbers", Whose::Person),
    Table::new("verification_tracking", Whose::Person),
    Table::new("former_addresses", Whose::Person),
    Table::new("rights_log", Whose::Person),
    Table::new("erasures", Whose::Person),
    Table::new("erasure_receipts", Whose::Person),
    Table::new("platform_users", Whose::Platform),
    Table::new("admins", Whose::Platform),
    Table::new("otp_challenges", Whose::Nobody("digests of contacts and codes, for whoever may have them")),
    Table::new("otp_budgets", Whose::Nobody("numbers of messages in a day")),
    Table::new("sessions", Whose::Person),
    machinery::IDEMPOTENCY_KEYS,
    machinery::OUTBOX_SUBJECTS,
    machinery::OUTBOX,
    machinery::OUTBOX_RELAY,
    machinery::STAFF_ACCESS,
    machinery::MIGRATIONS,
];
