//! Answers that were lost, recoveries, refusals to open and takings back.

use super::told::{PROOF, Run, closing, owner};
use rerp_split::fence::{Event, Fate, Outcome, Stmt, Worker};

#[test]
fn a_lost_answer_to_f8_is_settled_by_the_transactions_fate() {
    let lost = || Run::begin().until_f8().says(Event::Lost, Stmt::F8Status(closing(5)));
    lost()
        .says(Event::Fate(Fate::InProgress), Stmt::F8Status(closing(5)))
        .says(Event::Lost, Stmt::F8Status(closing(5)))
        .says(Event::Fate(Fate::Committed), Stmt::F9Proof);
    lost().says(Event::Fate(Fate::Aborted), Stmt::Rest).says(Event::Done, Stmt::ReadSource);
    lost().says(Event::Fate(Fate::Unknown), Stmt::Rest).says(Event::Done, Stmt::ReadSource);
    Run::begin().until_f8().says(Event::Failed, Stmt::Retreat).says(Event::Lost, Stmt::Rest);
}

#[test]
fn a_recovery_goes_on_where_the_rows_say() {
    let source_closed = || Run::begin().says(owner(5, false, false), Stmt::ReadTarget);
    source_closed().says(owner(5, false, true), Stmt::F9Proof);
    source_closed().says(owner(5, true, false), Stmt::F10Tidy).ends_stream();
    source_closed()
        .says(owner(6, false, false), Stmt::TakeProof)
        .says(Event::Proof(Some(PROOF)), Stmt::TakeOpen(PROOF))
        .says(Event::Yes, Stmt::Rest)
        .says(Event::Done, Stmt::ReadSource);
    Run::begin().says(owner(4, true, false), Stmt::ReadTarget).ends(owner(5, true, false), Outcome::BothOwn);
    Run::begin().ends(Event::Owner(None), Outcome::NotRegistered);
    let only_finish = Run { worker: Worker::new(10, true) };
    only_finish.says(owner(4, true, false), Stmt::ReadTarget).ends(owner(0, false, false), Outcome::SourceOwns);
}

#[test]
fn an_open_that_was_not_answered_is_looked_up() {
    Run::begin()
        .until_f9()
        .says(Event::Proof(Some(PROOF)), Stmt::F9Open(PROOF))
        .says(Event::Lost, Stmt::Rest)
        .says(Event::Done, Stmt::ReadSource)
        .says(owner(5, false, false), Stmt::ReadTarget)
        .says(owner(5, true, false), Stmt::F10Tidy)
        .ends_stream();
}

#[test]
fn past_closing_the_end_of_the_budget_says_so() {
    Run::begin().until_f9().says(Event::Lost, Stmt::Rest).ends(Event::BudgetSpent, Outcome::Stranded);
    Run::begin()
        .until_f1()
        .says(Event::Refused, Stmt::Retreat)
        .says(Event::Done, Stmt::Rest)
        .ends(Event::BudgetSpent, Outcome::BudgetSpent);
}

/// The target definitely refuses to open, again and again.
fn refused_to_the_end() -> Run {
    let mut run = Run::begin().until_f9();
    for _ in 1..5 {
        run = run
            .says(Event::Proof(Some(PROOF)), Stmt::F9Open(PROOF))
            .says(Event::Failed, Stmt::Rest)
            .says(Event::Done, Stmt::ReadSource)
            .says(owner(5, false, false), Stmt::ReadTarget)
            .says(owner(5, false, true), Stmt::F9Proof);
    }
    run.says(Event::Proof(Some(PROOF)), Stmt::F9Open(PROOF)).says(Event::Failed, Stmt::TakeBegin { epoch: 5 })
}

#[test]
fn a_target_that_refuses_to_open_gives_the_data_back() {
    refused_to_the_end()
        .says(Event::Closing(closing(6)), Stmt::TakeArm(closing(6)))
        .says(Event::Done, Stmt::TakeCommit)
        .says(Event::Done, Stmt::TakeProof)
        .says(Event::Proof(Some(PROOF)), Stmt::TakeOpen(PROOF))
        .ends(Event::Yes, Outcome::TakenBack);
}

#[test]
fn a_client_that_opens_during_the_taking_back_wins() {
    refused_to_the_end()
        .says(Event::Refused, Stmt::TakeRetreat)
        .says(Event::Done, Stmt::Rest)
        .says(Event::Done, Stmt::ReadSource)
        .says(owner(5, false, false), Stmt::ReadTarget)
        .says(owner(5, true, false), Stmt::F10Tidy);
}

#[test]
fn a_taking_back_whose_commit_was_not_answered_is_read_from_the_rows() {
    let lost = || {
        refused_to_the_end()
            .says(Event::Closing(closing(6)), Stmt::TakeArm(closing(6)))
            .says(Event::Done, Stmt::TakeCommit)
            .says(Event::Lost, Stmt::Rest)
            .says(Event::Done, Stmt::ReadSource)
            .says(owner(6, false, true), Stmt::ReadTarget)
    };
    lost().says(owner(5, false, true), Stmt::F9Proof);
    lost().says(owner(6, false, false), Stmt::TakeProof);
}
