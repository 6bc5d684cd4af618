//! The service's routes as they are described to programs and people. Data only; who may call them is the table's to say, what they take and
//! give the types'.

use rerp_kit::access::Verb::{Delete, Get, Post, Put};
use rerp_kit::http::Page;
use rerp_kit::openapi::{Api, Operation};
use rerp_kit::problem::catalogue::{
    ALREADY_EXISTS, DEPENDENCY_UNAVAILABLE, ENDED, IN_USE, INVALID_VALUE, LAST_OWNER, NO_SEAT_LEFT, NOT_FOUND,
    NOT_PERMITTED, TOO_MANY_REQUESTS,
};
use rerp_kit::rights::Export;
use serde_json::json;

use crate::access::RULES;
use crate::http::{account, address, address_history, company, company_merge, invite, permission, role};
use crate::store::account::Account;
use crate::store::account_page::Listed;
use crate::store::address_version::Address;
use crate::store::company::Upserted;
use crate::store::invite::Invite;
use crate::store::role::Assignment;

/// A person in examples.
const PERSON: &str = "0191f7a1-3f0c-7000-8000-000000000001";
/// An account.
const ACCOUNT: &str = "0191f7a1-3f0c-7000-8000-0000000000a1";
/// Something else.
const OTHER: &str = "0191f7a1-3f0c-7000-8000-0000000000c1";
/// What an ETag is here.
const VERSION: &str = "The version, for If-Match";

/// The interface.
#[must_use]
pub fn api() -> Api {
    let about = "Accounts with their people, roles and addresses, and the one registry of companies.";
    let operations =
        [accounts(), roles(), invites(), addresses(), companies(), merges(), rights(), dead_letters()].concat();
    Api { service: "account", about, rules: RULES, operations }
}

fn dead_letters() -> Vec<Operation> {
    rerp_kit::events::dead_letters::described("/api/accounts/dead-letters", "/api/accounts/dead-letters/{id}/replay")
}

fn of_account(operation: Operation) -> Operation {
    operation.identifier("account_id", "The account", ACCOUNT)
}

fn accounts() -> Vec<Operation> {
    let list = Operation::new(Get, "/api/accounts", "list_accounts", "The accounts in which one has a role");
    let open =
        Operation::new(Post, "/api/accounts", "open_account", "Opens an account for oneself; who opens it owns it");
    let get =
        Operation::new(Get, "/api/accounts/{account_id}", "get_account", "An account, for whoever has a role in it");
    let check = Operation::new(
        Get,
        "/api/accounts/{account_id}/permissions/{human_name_id}",
        "check_permissions",
        "What a person may do in an account, and why",
    );
    vec![
        list.query::<account::Whose>()
            .answers::<Page<Listed>>(200, "A page of accounts; staff who name nobody get all accounts, without roles"),
        open.keyed()
            .body::<account::Body>("The account", json!({ "human_name_id": PERSON, "kind": "business" }))
            .answers::<Account>(201, "The account")
            .with("ETag", VERSION, false)
            .with("Location", "Where it is", false)
            .problems(&[INVALID_VALUE, ALREADY_EXISTS, DEPENDENCY_UNAVAILABLE]),
        of_account(get).revalidated().answers::<Account>(200, "The account").with("ETag", VERSION, true),
        of_account(check)
            .identifier("human_name_id", "The person", PERSON)
            .answers::<permission::Permissions>(200, "Every action, decided")
            .problems(&[DEPENDENCY_UNAVAILABLE]),
    ]
}

fn roles() -> Vec<Operation> {
    let list = Operation::new(Get, "/api/accounts/{account_id}/roles", "list_roles", "An account's roles");
    let grant = Operation::new(Post, "/api/accounts/{account_id}/roles", "grant_role", "Gives a person a role");
    let revoke =
        Operation::new(Delete, "/api/accounts/{account_id}/roles/{role_id}", "revoke_role", "Takes a role away");
    vec![
        of_account(list).pages::<Assignment>("A page of roles"),
        of_account(grant)
            .keyed()
            .body::<role::Body>("The role", json!({ "human_name_id": PERSON, "role": "viewer" }))
            .answers::<Assignment>(201, "The person has it now")
            .answers::<Assignment>(200, "The person had it already")
            .problems(&[INVALID_VALUE, NOT_PERMITTED, NO_SEAT_LEFT, DEPENDENCY_UNAVAILABLE]),
        of_account(revoke)
            .identifier("role_id", "The role of this person", OTHER)
            .empty(204, "It is gone")
            .problems(&[LAST_OWNER]),
    ]
}

fn invites() -> Vec<Operation> {
    let path = "/api/accounts/{account_id}/invites";
    let list = Operation::new(Get, path, "list_invites", "An account's invitations, for who may invite");
    let invite = Operation::new(Post, path, "invite", "Invites somebody to have a role, by a mail of Identity's");
    let resend = Operation::new(
        Post,
        "/api/accounts/{account_id}/invites/{invite_id}/resend",
        "resend_invite",
        "Sends an invitation once more, with a new token",
    );
    let revoke = Operation::new(
        Delete,
        "/api/accounts/{account_id}/invites/{invite_id}",
        "revoke_invite",
        "Takes an invitation back",
    );
    let accept =
        Operation::new(Post, "/api/accounts/invites/accept", "accept_invite", "Accepts an invitation for oneself");
    let one = |operation: Operation| of_account(operation).identifier("invite_id", "The invitation", OTHER);
    let (private, what) = ("Cache-Control", "`no-store`: it is about people");
    let token = json!({ "token": "0".repeat(64), "human_name_id": PERSON });
    vec![
        of_account(list).pages::<Invite>("A page of invitations").with(private, what, true),
        of_account(invite)
            .keyed()
            .body::<invite::Body>("Whom, and to which role", json!({ "human_name_id": PERSON, "role": "viewer" }))
            .answers::<Invite>(201, "The invitation; without `sent_at` no mail is on its way yet")
            .problems(&[INVALID_VALUE, ALREADY_EXISTS, NO_SEAT_LEFT, TOO_MANY_REQUESTS, DEPENDENCY_UNAVAILABLE]),
        one(resend).answers::<Invite>(200, "The invitation").with(private, what, true).problems(&[
            ENDED,
            TOO_MANY_REQUESTS,
            DEPENDENCY_UNAVAILABLE,
        ]),
        one(revoke).empty(204, "It is taken back").problems(&[ENDED]),
        accept
            .body::<invite::Acceptance>("The token out of the mail, and who accepts", token)
            .answers::<Assignment>(200, "The role that one has by it")
            .with(private, what, true)
            .problems(&[INVALID_VALUE, NOT_FOUND, ENDED, NO_SEAT_LEFT, DEPENDENCY_UNAVAILABLE]),
    ]
}

fn addresses() -> Vec<Operation> {
    let path = "/api/accounts/{account_id}/addresses";
    let list = Operation::new(Get, path, "list_addresses", "An account's addresses as they are now");
    let history = Operation::new(
        Get,
        "/api/accounts/{account_id}/addresses/history",
        "list_address_versions",
        "What an account's addresses were and are, those that were taken away included",
    );
    let add = Operation::new(Post, path, "add_address", "Adds an address; the first one of an owner is primary");
    let change = Operation::new(
        Put,
        "/api/accounts/{account_id}/addresses/{address_id}",
        "change_address",
        "Changes an address, for whoever has read what it is now",
    );
    let remove = Operation::new(
        Delete,
        "/api/accounts/{account_id}/addresses/{address_id}",
        "remove_address",
        "Takes an address away; a primary one stays while there are others",
    );
    let place = json!({ "type": "billing", "street_address": "Domkloster 4", "city": "Köln", "postal_code": "50667", "country": "DE" });
    let mut owned = place.clone();
    owned["person_id"] = json!(PERSON);
    vec![
        of_account(list).pages::<Address>("A page of addresses; the `version` of one, in quotes, is its ETag"),
        of_account(history)
            .query::<address_history::Look>()
            .answers::<address_history::Versions>(200, "A page of versions, by address, each from its first one on"),
        of_account(add)
            .keyed()
            .body::<address::NewBody>("The address", owned)
            .answers::<Address>(201, "The address")
            .with("ETag", VERSION, false)
            .with("Location", "Where it is changed", false)
            .problems(&[INVALID_VALUE]),
        of_account(change)
            .identifier("address_id", "The address", OTHER)
            .changes()
            .body::<address::ChangedBody>("All of it but its owner, who stays", place)
            .answers::<Address>(200, "The address")
            .with("ETag", VERSION, true)
            .problems(&[INVALID_VALUE]),
        of_account(remove)
            .identifier("address_id", "The address", OTHER)
            .empty(204, "It is there no more")
            .problems(&[IN_USE]),
    ]
}

fn companies() -> Vec<Operation> {
    let find = Operation::new(Get, "/api/accounts/companies", "find_company", "A company, by name; the form to prefer");
    let upsert = Operation::new(
        Post,
        "/api/accounts/companies/upsert",
        "upsert_company",
        "Gives the identifier of a company, making one if there is none",
    );
    let get =
        Operation::new(Get, "/api/accounts/companies/{id_or_name}", "get_company", "A company, by identifier or name");
    vec![
        find.query::<company::Search>()
            .answers::<company::Details>(200, "The company")
            .problems(&[INVALID_VALUE, NOT_FOUND]),
        upsert
            .keyed()
            .body::<company::UpsertBody>("The company", json!({ "name": "Acme" }))
            .answers::<Upserted>(200, "The identifier, the same for all spellings of the name")
            .problems(&[INVALID_VALUE]),
        get.segment(
            "id_or_name",
            "A UUID of 36 characters is an identifier; everything else is a name",
            json!({ "type": "string", "pattern": r"^[^\x00]+$", "examples": [OTHER, "Acme"] }),
        )
        .answers::<company::Details>(200, "The company")
        .problems(&[INVALID_VALUE]),
    ]
}

fn merges() -> Vec<Operation> {
    let path = "/api/accounts/companies/{id_or_name}/merge";
    let merge = Operation::new(Post, path, "merge_company", "Says that a company is another one of the registry");
    let undo = Operation::new(Delete, path, "unmerge_company", "Takes that back");
    let company = |operation: Operation| operation.identifier("id_or_name", "The company, by identifier", OTHER);
    vec![
        company(merge)
            .body::<company_merge::Body>("Which one it is", json!({ "into": ACCOUNT }))
            .answers::<company_merge::One>(200, "The company that both are")
            .problems(&[INVALID_VALUE, ENDED]),
        company(undo).empty(204, "It is itself again"),
    ]
}

fn rights() -> Vec<Operation> {
    let export = Operation::new(
        Get,
        "/api/accounts/people/{human_name_id}/export",
        "export_person",
        "What is held of a person here, to take along",
    );
    vec![
        export
            .identifier("human_name_id", "The person", PERSON)
            .answers::<Export>(200, "Table by table; empty ones of whoever has nothing here"),
    ]
}
