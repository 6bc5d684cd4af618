//! Whose rows are whose here, as data; `migrations/0010_tenants.sql` and later ones say the same in policies, and `tests/it/tenants.rs` tries it.
//!
//! An account, its roles, invitations and addresses are seen by whoever has a role in it, and the account by who opened it. An address without an account is the registry's own
//! knowledge of a company, which no person sees.

use rerp_kit::tenants::{Table, Whose, machinery};

/// Every table of the schema.
pub const TABLES: &[Table] = &[
    Table::new("accounts", Whose::Account),
    Table::new("account_roles", Whose::Account),
    Table::new("addresses", Whose::Account),
    Table::new("invites", Whose::Account),
    Table::new("verified_people", Whose::Person),
    Table::new("rights_log", Whose::Person),
    Table::new("companies", Whose::Nobody("the registry of companies, for everybody who is signed in")),
    machinery::IDEMPOTENCY_KEYS,
    machinery::OUTBOX_SUBJECTS,
    machinery::OUTBOX,
    machinery::OUTBOX_RELAY,
    machinery::INBOX,
    machinery::STAFF_ACCESS,
    machinery::MIGRATIONS,
];
