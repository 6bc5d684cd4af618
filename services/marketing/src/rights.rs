//! What Marketing holds of people, and for how long: data only. A test compares both tables with the schema. Must not do anything.

use rerp_kit::rights::{By, End, Held, Lifetime};

/// What is given out to a person, and what becomes of it at an erasure, in that order. Leads are known by addresses, and so are their owners.
///
/// A lead whose address waits in `intake` is nobody's yet: the address is sealed, and its mark says which rows are of one address but not of whose. It is somebody's, and
/// here, from the moment that Identity has answered for it, a minute after it is back.
pub const HELD: &[Held] = &[
    Held::deleted(
        "pending_companies",
        By::Addresses,
        "lead_id IN (SELECT id FROM email_captures WHERE email_address_id = ANY ($1) \
         UNION ALL SELECT id FROM contact_messages WHERE email_address_id = ANY ($1))",
    ),
    Held::deleted("email_captures", By::Addresses, "email_address_id = ANY ($1)"),
    Held::deleted("contact_messages", By::Addresses, "email_address_id = ANY ($1)"),
    Held::deleted("consents", By::Addresses, "email_address_id = ANY ($1)"),
    // An address that was erased is nobody's, and one that is registered anew is another one: the row would keep nothing from anybody.
    Held::deleted("suppressions", By::Addresses, "email_address_id = ANY ($1)"),
    Held::deleted("confirmations", By::Addresses, "email_address_id = ANY ($1)"),
    Held::kept(
        "rights_log",
        By::Person,
        "human_name_id = ANY ($1)",
        "proof of what was given out and erased: identifiers and counts",
    ),
];

/// A name says no more about a lead after a year.
const NAMES: End =
    End::Cleared { after: "12 months", since: "created_at", only: "name IS NOT NULL", set: "name = NULL" };

/// How long the rows of each table stay.
pub const LIFETIMES: &[Lifetime] = &[
    Lifetime {
        table: "email_captures",
        end: NAMES,
        why: "nobody writes to somebody by name who has not answered for a year",
    },
    Lifetime::deleted(
        "email_captures",
        "24 months",
        "created_at",
        "where leads come from is compared with the year before",
    ),
    Lifetime::deleted("contact_messages", "12 months", "created_at", "answered, and asked about again, within a year"),
    Lifetime::elsewhere("pending_companies", "store::pending, 7 days", "by then Account has answered, or never will"),
    Lifetime::elsewhere(
        "intake",
        "store::intake, when Identity has answered, or after RERP_INTAKE_LIFETIME (7 days)",
        "an address waits, sealed, for as long as Identity is away and no longer; its lead goes with it",
    ),
    Lifetime::deleted("consents", "24 months", "agreed_at", "as long as the lead it came with may be used"),
    Lifetime::deleted(
        "confirmations",
        "24 months",
        "created_at",
        "as long as a consent that was confirmed by it; the mail's link that wants nothing more works until then",
    ),
    Lifetime::stays("consent_texts", "what somebody agreed to must be found; nothing of people"),
    Lifetime::stays(
        "suppressions",
        "until staff take the address off the list, or its person is erased; identifiers only",
    ),
    Lifetime::elsewhere(
        "captcha_spent",
        "store::admission::sweep, a minute after a challenge would have ended",
        "a solution is good once; digests only",
    ),
    Lifetime::elsewhere("idempotency_keys", "rerp_kit::idempotency, 24 hours", "nobody repeats a request later"),
    Lifetime::stays(
        "staff_access",
        "what staff looked at or changed, and why: nobody may change it; identifiers, and words of the staff",
    ),
    Lifetime::deleted("rights_log", "36 months", "at", "as long as somebody may ask what became of a wish"),
];
