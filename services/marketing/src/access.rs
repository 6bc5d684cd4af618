//! Who may call what here. Data only; the kit's guard asks before any handler does, and what has no row doesn't exist. Visitors of the website
//! are nobody yet: what they leave can be left by everybody, and read by nobody.

use rerp_kit::access::May::Public;
use rerp_kit::access::Rule;
use rerp_kit::access::Verb::Post;

/// The table.
pub const RULES: &[Rule] =
    &[Rule::route(Post, "/api/marketing/email-capture", Public), Rule::route(Post, "/api/marketing/contact", Public)];
