//! What Account holds of people, and for how long: data only. A test compares both tables with the schema. Must not do anything.

use rerp_kit::rights::{By, Held, Lifetime};

/// What is given out to a person, and what becomes of it at an erasure, in that order. An account may be other people's too: it stays, and who opened it is
/// an identifier with nobody behind it.
pub const HELD: &[Held] = &[
    Held::deleted("addresses", By::Person, "person_id = ANY ($1)"),
    Held::deleted("account_roles", By::Person, "human_name_id = ANY ($1)"),
    // Those that were sent to them, and those that they sent: nobody answers for these any more.
    Held::deleted("invites", By::Person, "human_name_id = ANY ($1) OR accepted_by = ANY ($1) OR invited_by = ANY ($1)")
        .hiding(&["token_digest"]),
    Held::deleted("invites", By::Addresses, "email_address_id = ANY ($1)").hiding(&["token_digest"]),
    Held::deleted("verified_people", By::Person, "human_name_id = ANY ($1)"),
    Held::kept(
        "accounts",
        By::Person,
        "human_name_id = ANY ($1)",
        "an identifier: what was paid for it must be found, and others may have roles in it",
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
    Lifetime::stays("accounts", "what was paid for an account must be found; identifiers only"),
    Lifetime::stays("account_roles", "until they are taken away, or the person is erased"),
    Lifetime::stays(
        "companies",
        "a register of companies, not of people; who of the staff merged one is an identifier",
    ),
    Lifetime::deleted("invites", "12 months", "created_at", "who was invited, and by whom, is asked within a year"),
    Lifetime::deleted(
        "addresses",
        "10 years",
        "valid_to",
        "versions that are over: invoices went there, and tax law asks for so long",
    ),
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
