//! Who may call what here, and whose data it is. Data only; the kit's guard asks before any handler does, and what has no row doesn't exist.
//!
//! A session, and a scenario, is the person's whose it is: for everybody else it isn't there (404; in the body of `POST …/scenarios` a
//! `session_id` of another one is answered as one that doesn't exist, 422). Who starts something starts it for themself: a body whose
//! `human_name_id` is somebody else's is answered 403. What is taught is written by staff. Staff pass everywhere.

use rerp_kit::access::May::{Person, Public, Staff};
use rerp_kit::access::Rule;
use rerp_kit::access::Verb::{Delete, Get, Post, Put};

/// The table.
pub const RULES: &[Rule] = &[
    Rule::route(Get, "/api/fte/modules", Person),
    Rule::route(Post, "/api/fte/modules", Staff),
    Rule::route(Get, "/api/fte/modules/{code}", Person),
    Rule::route(Put, "/api/fte/modules/{code}", Staff),
    Rule::route(Get, "/api/fte/modules/{code}/questions", Staff),
    Rule::route(Post, "/api/fte/modules/{code}/questions", Staff),
    Rule::route(Get, "/api/fte/modules/{code}/statistics", Staff),
    Rule::route(Put, "/api/fte/questions/{id}", Staff),
    Rule::route(Post, "/api/fte/sessions", Person).handler(),
    Rule::route(Get, "/api/fte/sessions/{session_id}", Person).handler(),
    Rule::route(Post, "/api/fte/sessions/{session_id}/answers", Person).handler(),
    Rule::route(Post, "/api/fte/sessions/{session_id}/complete", Person).handler(),
    Rule::route(Get, "/api/fte/progress/{human_name_id}", Person).own("human_name_id"),
    Rule::route(Post, "/api/fte/scenarios", Person).handler(),
    Rule::route(Get, "/api/fte/scenarios/{scenario_id}", Person).handler(),
    Rule::route(Post, "/api/fte/scenarios/{scenario_id}/actions", Person).handler(),
    // The person's identifier here, the certificate's below.
    Rule::route(Get, "/api/fte/certificates/{id}", Person).own("id"),
    Rule::route(Post, "/api/fte/certificates/{id}/revoke", Staff),
    // Whoever has the token may verify the certificate.
    Rule::route(Get, "/api/fte/certificates/verify/{token}", Public),
    // And have it as a badge, whose issuer is everybody's to look at.
    Rule::route(Get, "/api/fte/certificates/verify/{token}/credential", Public),
    Rule::route(Get, "/api/fte/issuer", Public),
    Rule::route(Get, "/api/fte/issuer/did.json", Public),
    Rule::route(Get, "/api/fte/issuer/jwks.json", Public),
    Rule::route(Get, "/api/fte/issuer/status/{list}", Public),
    Rule::route(Put, "/api/fte/people/{human_name_id}/extra-time", Staff),
    Rule::route(Get, "/api/fte/people/{human_name_id}/extra-time", Person).own("human_name_id"),
    Rule::route(Delete, "/api/fte/people/{human_name_id}/extra-time", Staff),
    Rule::route(Get, "/api/fte/dead-letters", Staff),
    Rule::route(Post, "/api/fte/dead-letters/{id}/replay", Staff),
    // What is held of oneself here, to take along.
    Rule::route(Get, "/api/fte/people/{human_name_id}/export", Person).own("human_name_id"),
];
