//! Tables as COPY sees them: names, columns, and how a generated row becomes their values. The only SQL text of the seed.

use super::plan::Counts;
use super::rows::{Lead, Rows, Times, Verification};
use tokio_postgres::types::{ToSql, Type};

/// One value on its way into COPY.
pub type Cell = Box<dyn ToSql + Sync + Send>;

/// A table, its columns, and where its rows come from.
pub struct Table {
    /// Name; the schema is the search path's.
    pub name: &'static str,
    /// Columns and how they are sent. An enum column is sent as text: that is its binary form.
    pub columns: &'static [(&'static str, Kind)],
    /// How many rows the plan gives it.
    pub count: fn(&Counts) -> u64,
    /// Row number `i`, in the order of `columns`.
    pub row: fn(&Rows, u64) -> Vec<Cell>,
}

/// Binary form of a column.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub enum Kind {
    Uuid,
    Text,
    Bool,
    Time,
}

impl Kind {
    /// The type PostgreSQL knows it by.
    #[must_use]
    pub fn sql(self) -> Type {
        match self {
            Self::Uuid => Type::UUID,
            Self::Text => Type::TEXT,
            Self::Bool => Type::BOOL,
            Self::Time => Type::TIMESTAMPTZ,
        }
    }
}

impl Table {
    /// The COPY statement.
    #[must_use]
    pub fn copy(&self) -> String {
        let columns: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        format!("COPY {} ({}) FROM STDIN BINARY", self.name, columns.join(", "))
    }
}

/// Identity's tables, parents first.
pub const IDENTITY: &[Table] = &[EMAILS, NAMES, PHONES, TRACKINGS, PLATFORM_USERS, ADMINS];
/// Marketing's tables.
pub const MARKETING: &[Table] = &[CAPTURES, MESSAGES];

const EMAILS: Table = Table {
    name: "email_addresses",
    columns: &[
        ("id", Kind::Uuid),
        ("email", Kind::Text),
        ("verified", Kind::Bool),
        ("verification_token", Kind::Text),
        ("verification_sent_at", Kind::Time),
        ("verified_at", Kind::Time),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
    ],
    count: |c| c.emails,
    row: |rows, i| {
        let row = rows.email(i);
        cells([cell(row.id), cell(row.email)], row.state, row.times)
    },
};

const NAMES: Table = Table {
    name: "human_names",
    columns: &[
        ("id", Kind::Uuid),
        ("email_address_id", Kind::Uuid),
        ("first_name", Kind::Text),
        ("surname", Kind::Text),
        ("username", Kind::Text),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
    ],
    count: |c| c.names,
    row: |rows, i| {
        let row = rows.name(i);
        vec![
            cell(row.id),
            cell(row.email_address_id),
            cell(row.first_name),
            cell(row.surname),
            cell(row.username),
            cell(row.times.created),
            cell(row.times.updated),
        ]
    },
};

const PHONES: Table = Table {
    name: "mobile_numbers",
    columns: &[
        ("id", Kind::Uuid),
        ("human_name_id", Kind::Uuid),
        ("phone_number", Kind::Text),
        ("country_code", Kind::Text),
        ("is_verified", Kind::Bool),
        ("verification_code", Kind::Text),
        ("verification_sent_at", Kind::Time),
        ("verified_at", Kind::Time),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
    ],
    count: |c| c.phones,
    row: |rows, i| {
        let row = rows.phone(i);
        let own = [cell(row.id), cell(row.human_name_id), cell(row.phone_number), cell(row.country_code)];
        cells(own, row.state, row.times)
    },
};

const TRACKINGS: Table = Table {
    name: "verification_tracking",
    columns: &[
        ("id", Kind::Uuid),
        ("human_name_id", Kind::Uuid),
        ("email_verified", Kind::Bool),
        ("email_verified_at", Kind::Time),
        ("phone_verified", Kind::Bool),
        ("phone_verified_at", Kind::Time),
        ("announced_at", Kind::Time),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
    ],
    count: |c| c.trackings,
    row: |rows, i| {
        let row = rows.tracking(i);
        vec![
            cell(row.id),
            cell(row.human_name_id),
            cell(row.email_verified_at.is_some()),
            cell(row.email_verified_at),
            cell(row.phone_verified_at.is_some()),
            cell(row.phone_verified_at),
            cell(row.announced_at),
            cell(row.times.created),
            cell(row.times.updated),
        ]
    },
};

const PLATFORM_USERS: Table = Table {
    name: "platform_users",
    columns: &[
        ("id", Kind::Uuid),
        ("email", Kind::Text),
        ("phone", Kind::Text),
        ("first_name", Kind::Text),
        ("surname", Kind::Text),
        ("username", Kind::Text),
        ("is_active", Kind::Bool),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
    ],
    count: |c| c.platform_users,
    row: |rows, i| {
        let row = rows.platform_user(i);
        vec![
            cell(row.id),
            cell(row.email),
            cell(row.phone),
            cell(row.first_name),
            cell(row.surname),
            cell(row.username),
            cell(row.is_active),
            cell(row.times.created),
            cell(row.times.updated),
        ]
    },
};

const ADMINS: Table = Table {
    name: "admins",
    columns: &[
        ("id", Kind::Uuid),
        ("platform_user_id", Kind::Uuid),
        ("account_id", Kind::Uuid),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
    ],
    count: |c| c.admins,
    row: |rows, i| {
        let row = rows.admin(i);
        vec![
            cell(row.id),
            cell(row.platform_user_id),
            cell(row.account_id),
            cell(row.times.created),
            cell(row.times.updated),
        ]
    },
};

const CAPTURES: Table = Table {
    name: "email_captures",
    columns: &[
        ("id", Kind::Uuid),
        ("email_address_id", Kind::Uuid),
        ("company_id", Kind::Uuid),
        ("source", Kind::Text),
        ("name", Kind::Text),
        ("plan_code", Kind::Text),
        ("created_at", Kind::Time),
    ],
    count: |c| c.captures,
    row: |rows, i| {
        let Lead { id, email_address_id, company_id, source, name, plan_code, created, .. } = rows.capture(i);
        let ids = [cell(id), cell(email_address_id), cell(company_id)];
        ids.into_iter().chain([cell(source), cell(name), cell(plan_code), cell(created)]).collect()
    },
};

const MESSAGES: Table = Table {
    name: "contact_messages",
    columns: &[
        ("id", Kind::Uuid),
        ("email_address_id", Kind::Uuid),
        ("company_id", Kind::Uuid),
        ("name", Kind::Text),
        ("message", Kind::Text),
        ("created_at", Kind::Time),
    ],
    count: |c| c.messages,
    row: |rows, i| {
        let Lead { id, email_address_id, company_id, name, message, created, .. } = rows.message(i);
        vec![cell(id), cell(email_address_id), cell(company_id), cell(name), cell(message), cell(created)]
    },
};

pub(super) fn cell<T: ToSql + Sync + Send + 'static>(value: T) -> Cell {
    Box::new(value)
}

/// The columns a verifiable thing ends with, after its own.
fn cells<const N: usize>(own: [Cell; N], state: Verification, times: Times) -> Vec<Cell> {
    let tail = [
        cell(state.verified),
        cell(state.secret),
        cell(state.sent_at),
        cell(state.verified_at),
        cell(times.created),
        cell(times.updated),
    ];
    own.into_iter().chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::super::account::ACCOUNT;
    use super::*;

    #[test]
    fn every_row_has_a_value_for_every_column() {
        let rows = Rows { seed: 1, counts: Counts::of(50_000) };
        for table in IDENTITY.iter().chain(ACCOUNT).chain(MARKETING) {
            assert!((table.count)(&rows.counts) > 0, "{}", table.name);
            assert_eq!((table.row)(&rows, 0).len(), table.columns.len(), "{}", table.name);
        }
    }
}
