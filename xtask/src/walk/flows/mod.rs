//! The table: what the walk asks, flow by flow, one for each sequence diagram of the specification and in the same order. Data only. A row needs what
//! rows before it have kept; the names that are there from the start are in `GIVEN`.

mod account;
mod lead;
mod test;
mod verification;

use super::row::Row;

/// Rows that tell one story.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow {
    /// What it is called.
    pub(super) title: &'static str,
    /// What happens, in a sentence.
    pub(super) about: &'static str,
    /// In their order.
    pub(super) rows: &'static [Row],
}

/// Names that have a value before the first row. Tests hold the table and the cast against them.
#[cfg(test)]
pub(super) const GIVEN: &[&str] = &[
    // Of the run, for what must be new in each.
    "run",
    "lead_email",
    "company_name",
    "plan",
    "course",
    "quiz",
    "chart",
    "final",
    // People, and who works here.
    "ann",
    "ben",
    "uma",
    "uma_email",
    "uma_phone",
    "platform_user",
    // Of nobody.
    "nobody",
    "no_token",
];

/// All flows.
pub(super) const FLOWS: &[Flow] = &[
    Flow {
        title: "A visitor leaves an address and a message",
        about: "Two forms with one address and one company, however these are written, and what became of them.",
        rows: lead::ROWS,
    },
    Flow {
        title: "A customer opens an account and subscribes it",
        about: "Ann, who is verified, and her company's account: roles, addresses and permissions, plan, card and trial. Ben looks on as far as he may.",
        rows: account::ROWS,
    },
    Flow {
        title: "A person proves both contacts, and the services hear of it",
        about: "Uma may do little before, and what everybody may afterwards.",
        rows: verification::ROWS,
    },
    Flow {
        title: "A customer is tested and certified",
        about: "Ann passes a quiz, a scenario and the final assessment; her certificate is verified by a stranger, and taken back by staff.",
        rows: test::ROWS,
    },
];

#[cfg(test)]
#[path = "flows_tests.rs"]
mod tests;
