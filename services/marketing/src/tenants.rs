//! Whose rows are whose here, as data; `migrations/0010_tenants.sql` and later ones say the same in policies, and `tests/it/tenants.rs` tries it.
//!
//! Leads are the platform's: visitors leave them and have no way to look at them. A form is stored as the service's own work. Whose lead it is only Identity knows; a
//! person who takes theirs along is asked who they are, and Identity which addresses are theirs.

use rerp_kit::tenants::{Table, Whose, machinery};

/// Every table of the schema.
pub const TABLES: &[Table] = &[
    Table::new("email_captures", Whose::Platform),
    Table::new("contact_messages", Whose::Platform),
    Table::new("pending_companies", Whose::Platform),
    Table::new("intake", Whose::Platform),
    Table::new("consents", Whose::Platform),
    Table::new("suppressions", Whose::Platform),
    Table::new("confirmations", Whose::Platform),
    Table::new("consent_texts", Whose::Nobody("what visitors read before they agree: everybody may")),
    Table::new(
        "captcha_spent",
        Whose::Nobody("digests of challenges that were used, for some minutes: they tell of nobody"),
    ),
    Table::new("rights_log", Whose::Person),
    machinery::IDEMPOTENCY_KEYS,
    machinery::STAFF_ACCESS,
    machinery::MIGRATIONS,
];
