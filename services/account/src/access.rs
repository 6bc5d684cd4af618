//! Who may call what here, and whose data it is. Data only; the kit's guard asks before any handler does, and what has no row doesn't exist.
//!
//! An account is its people's: who has no role in it is answered as if it weren't there (404), and so is what hangs off it. Who has a role that
//! doesn't give what is asked is told so (403), by the rules of `domain/permission.rs`:
//!
//! | route | takes |
//! |---|---|
//! | `GET /api/accounts` | nothing: it has the accounts in which the caller has a role. `human_name_id` is the caller's, else 403; staff name anybody, or nobody for all |
//! | an account, its roles, its addresses and their history: read | any role |
//! | `POST` and `DELETE` of roles | `role.manage`; `owner.manage` for owners |
//! | `POST`, `PUT` and `DELETE` of addresses | `address.manage` |
//! | invitations: read, `POST`, `DELETE` | `role.manage`; `owner.manage` for owners |
//! | `POST /api/accounts/invites/accept` | the token out of the mail, and the body's `human_name_id` to be the caller's |
//! | `POST /api/accounts` | the body's `human_name_id` to be the caller's, else 403 |
//!
//! Staff pass. The roles are looked at in the transaction that acts, with the account locked where something changes.

use rerp_kit::access::May::{Person, Staff};
use rerp_kit::access::Rule;
use rerp_kit::access::Verb::{Delete, Get, Post, Put};
use rerp_proto::account::v1::{company_service_server, permission_service_server};

/// The table.
pub const RULES: &[Rule] = &[
    Rule::route(Get, "/api/accounts", Person).handler(),
    Rule::route(Post, "/api/accounts", Person).handler(),
    Rule::route(Get, "/api/accounts/{account_id}", Person).handler(),
    Rule::route(Get, "/api/accounts/{account_id}/roles", Person).handler(),
    Rule::route(Post, "/api/accounts/{account_id}/roles", Person).handler(),
    Rule::route(Delete, "/api/accounts/{account_id}/roles/{role_id}", Person).handler(),
    Rule::route(Get, "/api/accounts/{account_id}/addresses", Person).handler(),
    Rule::route(Get, "/api/accounts/{account_id}/addresses/history", Person).handler(),
    Rule::route(Post, "/api/accounts/{account_id}/addresses", Person).handler(),
    Rule::route(Put, "/api/accounts/{account_id}/addresses/{address_id}", Person).handler(),
    Rule::route(Delete, "/api/accounts/{account_id}/addresses/{address_id}", Person).handler(),
    // Of somebody without a role in it the account isn't there either: the handler sees to that.
    Rule::route(Get, "/api/accounts/{account_id}/permissions/{human_name_id}", Person).own("human_name_id"),
    Rule::route(Get, "/api/accounts/{account_id}/invites", Person).handler(),
    Rule::route(Post, "/api/accounts/{account_id}/invites", Person).handler(),
    Rule::route(Delete, "/api/accounts/{account_id}/invites/{invite_id}", Person).handler(),
    Rule::route(Post, "/api/accounts/{account_id}/invites/{invite_id}/resend", Person).handler(),
    Rule::route(Post, "/api/accounts/invites/accept", Person).handler(),
    // The registry of companies is everybody's who is signed in.
    Rule::route(Get, "/api/accounts/companies", Person),
    Rule::route(Post, "/api/accounts/companies/upsert", Person),
    Rule::route(Get, "/api/accounts/companies/{id_or_name}", Person),
    Rule::route(Post, "/api/accounts/companies/{id_or_name}/merge", Staff),
    Rule::route(Delete, "/api/accounts/companies/{id_or_name}/merge", Staff),
    Rule::route(Get, "/api/accounts/dead-letters", Staff),
    Rule::route(Post, "/api/accounts/dead-letters/{id}/replay", Staff),
    // What is held of oneself here, to take along.
    Rule::route(Get, "/api/accounts/people/{human_name_id}/export", Person).own("human_name_id"),
    Rule::calls(company_service_server::SERVICE_NAME),
    Rule::calls(permission_service_server::SERVICE_NAME),
];
