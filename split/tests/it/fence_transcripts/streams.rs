//! The exchange of the streams after the opening, and what is passed over before it.

use super::told::{PROOF, Run, STOP, WISH, owner};
use rerp_split::fence::{Event, Outcome, Stmt};

fn enable() -> Stmt {
    Stmt::F10Enable { position: "0/5".to_owned() }
}

fn stopped() -> Event {
    Event::Stopped(Some("0/5".to_owned()))
}

#[test]
fn the_way_back_begins_once_what_led_there_has_ended() {
    Run::begin_both_ways()
        .says(owner(4, true, false), Stmt::ReadTarget)
        .says(owner(2, false, false), Stmt::P3Advance)
        .says(Event::Done, WISH)
        .wish_to_f1()
        .f1_to_lock()
        .lock_to_f8()
        .says(Event::Done, Stmt::F9Proof)
        .says(Event::Proof(Some(PROOF)), Stmt::F9Open(PROOF))
        .says(Event::Yes, Stmt::F10Tidy)
        .says(Event::Lost, STOP)
        .says(stopped(), Stmt::F10Slot)
        .says(Event::No, Stmt::F10Slot)
        .says(Event::Yes, enable())
        .ends(Event::Yes, Outcome::TargetOwns);
}

#[test]
fn an_advance_that_fails_stops_nothing() {
    for event in [Event::Failed, Event::Lost, Event::Refused] {
        Run::begin_both_ways()
            .says(owner(4, true, false), Stmt::ReadTarget)
            .says(owner(2, false, false), Stmt::P3Advance)
            .says(event, WISH);
    }
}

#[test]
fn streams_that_are_not_exchanged_are_left_to_a_later_look() {
    let mut run = Run::begin_both_ways();
    for _ in 1..5 {
        run = run.until_stopped().says(Event::Failed, Stmt::Rest).says(Event::Done, Stmt::ReadSource);
    }
    run.until_stopped().ends(Event::Failed, Outcome::TargetOwns);
    let until_enabled =
        || Run::begin_both_ways().until_stopped().says(stopped(), Stmt::F10Slot).says(Event::Yes, enable());
    until_enabled().ends(Event::No, Outcome::TargetOwns);
    until_enabled().says(Event::Lost, Stmt::Rest).ends(Event::BudgetSpent, Outcome::TargetOwns);
    Run::begin_both_ways()
        .until_stopped()
        .says(Event::Stopped(None), Stmt::F10Slot)
        .ends(Event::Yes, Outcome::TargetOwns);
}
