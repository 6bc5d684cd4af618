//! Account's tables: their columns and their rows. In: counts, seed, position. Out: one row. Pure, as `rows` is.

use super::rows::{Rows, times};
use super::table::{Cell, Kind, Table, cell};
use crate::generate::company;
use crate::generate::people;
use crate::generate::rng::{Rng, base36};
use uuid::Uuid;

/// Account's tables, parents first.
pub const ACCOUNT: &[Table] = &[COMPANIES, ACCOUNTS, ROLES, ADDRESSES];

const COMPANIES: Table = Table {
    name: "companies",
    columns: &[
        ("id", Kind::Uuid),
        ("name", Kind::Text),
        ("name_key", Kind::Text),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
    ],
    count: |c| c.companies,
    row: company,
};

const ACCOUNTS: Table = Table {
    name: "accounts",
    columns: &[
        ("id", Kind::Uuid),
        ("human_name_id", Kind::Uuid),
        ("kind", Kind::Text),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
    ],
    count: |c| c.accounts,
    row: account,
};

const ROLES: Table = Table {
    name: "account_roles",
    columns: &[
        ("id", Kind::Uuid),
        ("account_id", Kind::Uuid),
        ("human_name_id", Kind::Uuid),
        ("role", Kind::Text),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
    ],
    count: |c| c.roles,
    row: role,
};

const ADDRESSES: Table = Table {
    name: "addresses",
    columns: &[
        ("id", Kind::Uuid),
        ("type", Kind::Text),
        ("person_id", Kind::Uuid),
        ("company_id", Kind::Uuid),
        ("account_id", Kind::Uuid),
        ("street_address", Kind::Text),
        ("city", Kind::Text),
        ("postal_code", Kind::Text),
        ("country", Kind::Text),
        ("is_primary", Kind::Bool),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
    ],
    count: |c| c.addresses,
    row: address,
};

fn company(rows: &Rows, i: u64) -> Vec<Cell> {
    let mut rng = Rng::of(rows.seed, "companies", i);
    let id = rng.uuid();
    // "s" keeps these apart from every company a load run names.
    let company = company::draw(&mut rng, &format!("s{}", base36(i)));
    let times = times(&mut rng);
    vec![cell(id), cell(company.typed), cell(company.key), cell(times.created), cell(times.updated)]
}

fn account(rows: &Rows, i: u64) -> Vec<Cell> {
    let mut rng = Rng::of(rows.seed, "accounts", i);
    let id = rng.uuid();
    let kind = if rng.chance(900) { "personal" } else { "business" };
    let times = times(&mut rng);
    vec![cell(id), cell(person(rows, i)), cell(kind), cell(times.created), cell(times.updated)]
}

/// An owner for every account; what is left over are members of the first ones, who own an account themselves.
fn role(rows: &Rows, i: u64) -> Vec<Cell> {
    let mut rng = Rng::of(rows.seed, "account_roles", i);
    let id = rng.uuid();
    let accounts = rows.counts.accounts;
    let (account, human_name_id, role) = match i.checked_sub(accounts) {
        None => (i, person(rows, i), "owner"),
        Some(more) => (more, person(rows, accounts - 1 - more), rng.pick(&["admin", "member", "viewer"])),
    };
    let times = times(&mut rng);
    let account_id = rows.id("accounts", account);
    vec![cell(id), cell(account_id), cell(human_name_id), cell(role), cell(times.created), cell(times.updated)]
}

/// In turn one of a person, in that person's account, and one of a company, the only one each has.
fn address(rows: &Rows, i: u64) -> Vec<Cell> {
    let mut rng = Rng::of(rows.seed, "addresses", i);
    let id = rng.uuid();
    let is_home = i.is_multiple_of(2);
    let person_id = is_home.then(|| person(rows, i / 2));
    let company_id = (!is_home).then(|| rows.id("companies", i / 2));
    // A company that nobody has opened an account for is known to the registry only.
    let account_id = is_home.then(|| rows.id("accounts", i / 2));
    let place = people::address(&mut rng);
    let times = times(&mut rng);
    vec![
        cell(id),
        cell(if is_home { "residential" } else { "registered" }),
        cell(person_id),
        cell(company_id),
        cell(account_id),
        cell(place.street),
        cell(place.city),
        cell(place.postal_code),
        cell(place.country),
        cell(true),
        cell(times.created),
        cell(times.updated),
    ]
}

/// Who has account number `i`.
fn person(rows: &Rows, account: u64) -> Uuid {
    rows.id("human_names", rows.counts.name_of_account(account))
}
