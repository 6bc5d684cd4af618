//! Who may call what here. Data only; the kit's guard asks before any handler does, and what has no row doesn't exist. Visitors of the website
//! are nobody yet: what they leave can be left by everybody, and read by staff, whose every look is on record, and by whoever turns out to be its owner.

use rerp_kit::access::May::{Person, Public, Staff};
use rerp_kit::access::Rule;
use rerp_kit::access::Verb::{Delete, Get, Post, Put};

/// The table.
pub const RULES: &[Rule] = &[
    Rule::route(Post, "/api/marketing/email-capture", Public),
    Rule::route(Post, "/api/marketing/contact", Public),
    Rule::route(Get, "/api/marketing/captcha/challenge", Public),
    Rule::route(Get, "/api/marketing/consent-texts/{version}", Public),
    Rule::route(Put, "/api/marketing/consent-texts/{version}", Staff),
    // Who reads mail at an address shows the token that came there.
    Rule::route(Post, "/api/marketing/confirmations", Public),
    Rule::route(Post, "/api/marketing/unsubscribe/{token}", Public),
    Rule::route(Get, "/api/marketing/suppressions", Staff),
    Rule::route(Post, "/api/marketing/suppressions", Staff),
    Rule::route(Delete, "/api/marketing/suppressions/{email_address_id}", Staff),
    Rule::route(Get, "/api/marketing/leads", Staff),
    Rule::route(Post, "/api/marketing/leads/export", Staff),
    Rule::route(Get, "/api/marketing/messages", Staff),
    Rule::route(Get, "/api/marketing/funnel", Staff),
    Rule::route(Get, "/api/marketing/audit", Staff),
    Rule::route(Get, "/api/marketing/dead-letters", Staff),
    Rule::route(Post, "/api/marketing/dead-letters/{id}/replay", Staff),
    // What is held of oneself here, to take along.
    Rule::route(Get, "/api/marketing/people/{human_name_id}/export", Person).own("human_name_id"),
];
