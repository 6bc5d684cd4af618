//! Who may call what here, and whose data it is. Data only; the kit's guard asks before any handler does, and what has no row doesn't exist.
//!
//! A person sees, changes, takes along and erases what is about themself, and proves their own telephone: a body that names somebody else is answered 403.
//! People are made by staff, for the person's own account at the issuer needs the identifier from here. Addresses, and whose they are, are looked up by staff, and registered by
//! services for whoever leaves one with them.

use rerp_kit::access::May::{Person, Public, Service, Staff};
use rerp_kit::access::Rule;
use rerp_kit::access::Verb::{Delete, Get, Post, Put};
use rerp_proto::identity::v1::{
    confirmation_service_server, email_service_server, invitation_service_server, person_service_server,
    rights_service_server,
};

/// The table.
pub const RULES: &[Rule] = &[
    Rule::route(Get, "/api/identity/email", Staff),
    Rule::route(Post, "/api/identity/email/upsert", Service),
    Rule::route(Get, "/api/identity/email/{id_or_address}", Staff),
    Rule::route(Post, "/api/identity/user", Staff),
    Rule::route(Get, "/api/identity/user/{human_name_id}", Person).own("human_name_id"),
    Rule::route(Put, "/api/identity/user/{human_name_id}", Person).own("human_name_id"),
    Rule::route(Delete, "/api/identity/user/{human_name_id}", Person).own("human_name_id"),
    Rule::route(Put, "/api/identity/user/{human_name_id}/email", Person).own("human_name_id"),
    Rule::route(Put, "/api/identity/user/{human_name_id}/mobile", Person).own("human_name_id"),
    Rule::route(Get, "/api/identity/user/{human_name_id}/contacts", Person).own("human_name_id"),
    Rule::route(Get, "/api/identity/user/{human_name_id}/export", Person).own("human_name_id"),
    Rule::route(Get, "/api/identity/user/{human_name_id}/erasure", Person).own("human_name_id"),
    Rule::route(Get, "/api/identity/verification-status/{human_name_id}", Person).own("human_name_id"),
    Rule::route(Get, "/api/identity/platform-user/{platform_user_id}", Staff),
    Rule::route(Get, "/api/identity/people", Staff),
    Rule::route(Get, "/api/identity/audit", Staff),
    Rule::route(Get, "/api/identity/dead-letters", Staff),
    Rule::route(Post, "/api/identity/dead-letters/{id}/replay", Staff),
    Rule::route(Get, "/api/identity/sessions/{human_name_id}", Person).own("human_name_id"),
    Rule::route(Delete, "/api/identity/sessions/{human_name_id}", Person).own("human_name_id"),
    Rule::route(Delete, "/api/identity/sessions/{human_name_id}/{session_id}", Person).own("human_name_id"),
    // Whoever signs up isn't signed in yet.
    Rule::route(Post, "/api/identity/verify/email", Public),
    // The body's `human_name_id` is the caller's.
    Rule::route(Post, "/api/identity/verify/phone", Person).handler(),
    // Supabase proves itself by the signature of what it asks.
    Rule::route(Post, "/api/identity/hooks/send-email", Public),
    Rule::route(Post, "/api/identity/hooks/send-sms", Public),
    Rule::route(Post, "/api/identity/hooks/customize-access-token", Public),
    Rule::calls(email_service_server::SERVICE_NAME),
    Rule::calls(person_service_server::SERVICE_NAME),
    Rule::calls(invitation_service_server::SERVICE_NAME),
    Rule::calls(confirmation_service_server::SERVICE_NAME),
    Rule::calls(rights_service_server::SERVICE_NAME),
];
