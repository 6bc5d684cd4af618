//! What Identity holds of people, and for how long: data only. A test compares both tables with the schema. Must not do anything.

use rerp_kit::rights::{By, Held, Lifetime};

/// What is given out to a person, and what becomes of it at an erasure, in that order. The row of a person stays as an identifier without anything behind it,
/// and so does that of an address: other services, or a monolith's other tables, may still point there.
pub const HELD: &[Held] = &[
    Held::deleted("mobile_numbers", By::Person, "human_name_id = ANY ($1)").hiding(&["verification_code"]),
    Held::deleted("verification_tracking", By::Person, "human_name_id = ANY ($1)"),
    Held::deleted("sessions", By::Person, "subject = ANY ($1)"),
    Held::deleted("former_addresses", By::Person, "human_name_id = ANY ($1)"),
    Held::cleared(
        "email_addresses",
        By::Addresses,
        "id = ANY ($1) AND erased_at IS NULL",
        "email = id::text || '@erased.invalid', verified = false, verified_at = NULL, verification_token = NULL, \
         verification_sent_at = NULL, erased_at = now(), updated_at = now()",
    )
    .hiding(&["verification_token"]),
    Held::cleared(
        "human_names",
        By::Person,
        "id = ANY ($1) AND erased_at IS NULL",
        "first_name = NULL, surname = NULL, username = NULL, erased_at = now(), version = version + 1, updated_at = now()",
    ),
    Held::kept("erasures", By::Person, "human_name_id = ANY ($1)", "proof of the erasure: identifiers and times"),
    Held::kept(
        "rights_log",
        By::Person,
        "human_name_id = ANY ($1)",
        "proof of what was given out and erased: identifiers and counts",
    ),
];

/// How long the rows of each table stay.
pub const LIFETIMES: &[Lifetime] = &[
    Lifetime::stays(
        "email_addresses",
        "until its person is erased; a lead's, which is nobody's yet, for as long as there may be leads",
    ),
    Lifetime::stays("human_names", "until the person is erased"),
    Lifetime::stays("mobile_numbers", "until the person is erased or has another one"),
    Lifetime::stays("verification_tracking", "until the person is erased"),
    Lifetime::deleted("former_addresses", "26 months", "until", "longer than Marketing keeps what was left under them"),
    Lifetime::elsewhere(
        "sessions",
        "store::session::sweep, 90 days after a sign-in got its last token",
        "nobody goes on with a sign-in that long; identifiers and times only",
    ),
    Lifetime::stays("platform_users", "staff, for as long as they work here"),
    Lifetime::stays("admins", "staff, for as long as they work here"),
    Lifetime::elsewhere("otp_challenges", "store::otp::sweep, 2 days", "today's codes are counted"),
    Lifetime::elsewhere("otp_budgets", "store::otp::sweep, 2 days", "today's codes are counted"),
    Lifetime::elsewhere("idempotency_keys", "rerp_kit::idempotency, 24 hours", "nobody repeats a request later"),
    Lifetime::elsewhere(
        "outbox",
        "rerp_kit::events, as soon as an event is published, or after 6 hours where there is no bus",
        "the bus has it from then on",
    ),
    Lifetime::stays("outbox_relay", "one row: which relay has the turn"),
    Lifetime::stays("outbox_subjects", "numbers go on for as long as there are events; identifiers only"),
    Lifetime::stays(
        "staff_access",
        "what staff looked at or changed, and why: nobody may change it; identifiers, and words of the staff",
    ),
    Lifetime::deleted("rights_log", "36 months", "at", "as long as somebody may ask what became of a wish"),
    Lifetime::stays("erasures", "an identifier that was erased is never given again; identifiers only"),
    Lifetime::deleted(
        "erasure_receipts",
        "36 months",
        "received_at",
        "as long as somebody may ask what became of a wish",
    ),
];
