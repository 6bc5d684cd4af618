//! Who may call what here. Data only; the kit's guard asks before any handler does, and what has no row doesn't exist. Visitors of the website
//! are nobody yet: what they leave can be left by everybody, and read by whoever turns out to be its owner.

use rerp_kit::access::May::{Person, Public};
use rerp_kit::access::Rule;
use rerp_kit::access::Verb::{Get, Post};

/// The table.
pub const RULES: &[Rule] = &[
    Rule::route(Post, "/api/marketing/email-capture", Public),
    Rule::route(Post, "/api/marketing/contact", Public),
    // What is held of oneself here, to take along.
    Rule::route(Get, "/api/marketing/people/{human_name_id}/export", Person).own("human_name_id"),
];
