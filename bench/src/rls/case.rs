//! What is asked, with policies and without. In: a case and a form. Out: a script for `pgbench`. Data and pure functions; the statements are
//! those of the services, and a test compares them with their source.

use std::fmt::Write as _;

use crate::board::What;

/// Identifiers end in twelve digits, so that a script can make one of a number: persons, accounts and the rest in blocks of their own.
pub(super) const FIRST: u64 = 100_000_000_001;

/// A query that a service makes in somebody's name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    /// The service, and its database.
    pub(super) service: &'static str,
    /// The table whose policies are meant.
    pub(super) table: &'static str,
    /// What is measured of it.
    pub(super) what: What,
    /// The query; parameters as the service binds them.
    pub(super) query: &'static str,
    /// Types of the parameters.
    types: &'static str,
    /// Their values; `:n` stands for twelve digits.
    values: &'static str,
    /// What the service does as a transaction of a person begins, beside saying who it is.
    noting: Option<&'static str>,
    /// The block of identifiers in whose persons' names it is asked.
    person: &'static str,
    /// Rows from the first to the last of the persons of block 8000; none if another case of the service has them.
    seed: Option<&'static str>,
    /// How many rows of the table each of these persons has.
    pub(super) each: u64,
}

/// How a query is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// By itself, in one message: as services do their own work, and did everything before there were policies.
    Alone,
    /// In a transaction that says for whom it is, in three messages: as services do.
    Transaction,
    /// The same in one message: what a driver could do that doesn't wait in between.
    Message,
}

/// See the file's header.
pub(super) const CASES: [Case; 3] = [
    Case {
        service: "account",
        table: "accounts",
        what: What { name: "an account by its identifier", unit: "µs" },
        query: "SELECT id, human_name_id, kind::text AS kind, company_id, plan_id, version, created_at, updated_at FROM accounts WHERE id = $1 \
                AND ($2::uuid IS NULL OR EXISTS (SELECT FROM account_roles AS r WHERE r.account_id = $1 AND r.human_name_id = $2))",
        types: "uuid, uuid",
        values: "'018f3f5e-0000-7000-9000-:n', '018f3f5e-0000-7000-8000-:n'",
        noting: Some("SELECT note_reached()"),
        person: "8000",
        seed: Some(
            "INSERT INTO accounts (id, human_name_id, kind) SELECT ('018f3f5e-0000-7000-9000-' || n)::uuid, ('018f3f5e-0000-7000-8000-' || n)::uuid, 'personal' \
               FROM generate_series($first, $last) AS n; \
               INSERT INTO account_roles (id, account_id, human_name_id, role) SELECT ('018f3f5e-0000-7000-a000-' || n)::uuid, \
               ('018f3f5e-0000-7000-9000-' || n)::uuid, ('018f3f5e-0000-7000-8000-' || n)::uuid, 'owner' FROM generate_series($first, $last) AS n",
        ),
        each: 1,
    },
    Case {
        service: "billing",
        table: "stripe_payment_methods",
        what: What { name: "a person's payment methods", unit: "µs" },
        query: "SELECT id, human_name_id, brand, last4, exp_month, exp_year, stripe_payment_method_id IS NOT NULL AS usable \
                FROM stripe_payment_methods WHERE human_name_id = $1 AND id > $2 AND detached_at IS NULL AND leave_asked_at IS NULL ORDER BY id LIMIT $3",
        types: "uuid, uuid, bigint",
        values: "'018f3f5e-0000-7000-8000-:n', '00000000-0000-0000-0000-000000000000', 21",
        noting: None,
        person: "8000",
        seed: Some(
            "INSERT INTO stripe_payment_methods (id, human_name_id, stripe_payment_method_id, brand, last4, exp_month, exp_year) \
               SELECT ('018f3f5e-0000-7000-' || block || '-' || n)::uuid, ('018f3f5e-0000-7000-8000-' || n)::uuid, 'pm_' || block || n, 'visa', '4242', 12, 2030 \
               FROM generate_series($first, $last) AS n, (VALUES ('b000'), ('b001')) AS two (block)",
        ),
        each: 2,
    },
    Case {
        service: "billing",
        table: "stripe_payment_methods",
        what: What { name: "a wish for a payment method", unit: "µs" },
        query: "INSERT INTO stripe_payment_methods (id, human_name_id) VALUES ($1, $2)",
        types: "uuid, uuid",
        // Of people who have no rows yet: the pages of the others stay as long as they are.
        values: "gen_random_uuid(), '018f3f5e-0000-7000-8001-:n'",
        noting: None,
        person: "8001",
        seed: None,
        each: 0,
    },
];

impl Case {
    /// The rows of so many persons, if they are this case's to make.
    pub(super) fn rows(&self, persons: u64) -> Option<String> {
        let seed = self.seed?.replace("$first", &FIRST.to_string());
        Some(seed.replace("$last", &last(persons).to_string()))
    }

    /// What a transaction in a person's name begins with: it isn't the service's own work, and whose it is. `between` stands between statements.
    pub(super) fn begin(&self, digits: &str, between: &str) -> String {
        let person = format!("018f3f5e-0000-7000-{}-{digits}", self.person);
        let mut text = format!("BEGIN{between} SET LOCAL rerp.work = ''{between} SET LOCAL rerp.subject = '{person}'");
        if let Some(noting) = self.noting {
            // Writing to a string can't fail.
            let _ = write!(text, "{between} {noting}");
        }
        text
    }

    /// A script. The statement is prepared with a client's first transaction, as drivers do; `\;` sends what it joins in one message.
    pub(super) fn script(&self, form: Form) -> String {
        let (types, query, values) = (self.types, self.query, self.values);
        let execute = format!("EXECUTE ask ({values})");
        let asking = match form {
            Form::Alone => format!("{execute};"),
            Form::Transaction => format!("{};\n{execute};\nSELECT\\; COMMIT;", self.begin(":n", "\\;")),
            Form::Message => format!("{}\\; {execute}\\; SELECT\\; COMMIT;", self.begin(":n", "\\;")),
        };
        let prepare = format!("\\if :first\nPREPARE ask ({types}) AS {query};\n\\set first 0\n\\endif");
        format!("{prepare}\n\\set n random({FIRST}, :last)\n{asking}\n")
    }
}

/// The digits of the last of so many persons.
pub(super) fn last(persons: u64) -> u64 {
    FIRST + persons.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source with the breaks of long texts taken out.
    fn joined(source: &str) -> String {
        source.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn queries_are_those_of_the_services() {
        let sources = [
            ("account", joined(include_str!("../../../services/account/src/store/account.rs"))),
            ("billing", joined(include_str!("../../../services/billing/src/store/payment_method.rs"))),
        ];
        for case in CASES {
            let (_, source) = sources.iter().find(|(service, _)| *service == case.service).unwrap();
            assert!(source.contains(&joined(case.query)), "{} asks otherwise by now", case.service);
        }
    }

    #[test]
    fn forms_differ_in_messages_and_not_in_what_they_ask() {
        for case in CASES {
            let messages = |form| {
                let script = case.script(form);
                let asking = script.rsplit_once(":last)\n").unwrap().1.to_owned();
                assert!(asking.contains("EXECUTE ask (") && script.contains(case.query), "{script}");
                asking.replace("\\;", "").matches(';').count()
            };
            assert_eq!([Form::Alone, Form::Transaction, Form::Message].map(messages), [1, 3, 1]);
        }
    }

    #[test]
    fn who_it_is_for_is_said_before_anything_is_asked() {
        for case in CASES {
            let script = case.script(Form::Message);
            let (said, asked) = (script.find("SET LOCAL rerp.subject"), script.find("EXECUTE"));
            assert!(said.is_some() && said < asked, "{script}");
        }
        assert!(CASES[0].begin("1", ";").ends_with("note_reached()") && !CASES[1].begin("1", ";").contains("SELECT"));
    }

    /// Or the first case would be about a database that isn't there.
    #[test]
    fn each_service_s_first_case_has_the_rows() {
        for (at, case) in CASES.iter().enumerate() {
            let is_first = CASES.iter().position(|other| other.service == case.service) == Some(at);
            assert_eq!(case.seed.is_some(), is_first, "{}", case.what.name);
        }
    }

    #[test]
    fn rows_are_for_so_many_persons() {
        assert_eq!(last(1), FIRST);
        let rows = CASES[1].rows(10).unwrap();
        assert!(rows.contains("generate_series(100000000001, 100000000010)") && !rows.contains('$'), "{rows}");
    }
}
