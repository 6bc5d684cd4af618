//! Runs of the fence told answer by answer: the straight way, every retreat, every crash. No server is involved.

mod crash;
mod streams;
mod told;

use rerp_split::fence::{Event, Outcome, Stmt, step};
use told::{PROOF, Run, TOKEN, WISH, closing, flush, owner, wish};

#[test]
fn the_straight_way() {
    let worker = Run::begin()
        .until_f9()
        .says(Event::Proof(Some(PROOF)), Stmt::F9Open(PROOF))
        .says(Event::Yes, Stmt::F10Tidy)
        .ends_stream();
    assert_eq!((worker.epoch, worker.closed_here), (5, true));
}

#[test]
fn a_wish_to_abort_or_an_unprepared_service_ends_it_before_anything_is_changed() {
    let at_wish = || Run::begin().says(owner(4, true, false), Stmt::ReadTarget).says(owner(0, false, false), WISH);
    at_wish().ends(Event::Wish { abort: true, prepared: true }, Outcome::AbortWanted);
    at_wish().ends(Event::Wish { abort: false, prepared: false }, Outcome::NotPrepared);
}

#[test]
fn slow_tokens_and_old_transactions_are_waited_for() {
    Run::begin()
        .says(owner(4, true, false), Stmt::ReadTarget)
        .says(owner(0, false, false), WISH)
        .says(wish(), Stmt::P2Declare)
        .says(Event::Done, Stmt::P2Close)
        .says(Event::Done, Stmt::P5Quiet)
        .says(Event::No, Stmt::P5Quiet)
        .says(Event::Yes, Stmt::P5RoundTrip)
        .says(Event::Yes, Stmt::P5RoundTrip)
        .says(Event::Yes, Stmt::P5RoundTrip)
        .says(Event::No, Stmt::P5RoundTrip)
        .says(Event::Yes, Stmt::P5RoundTrip)
        .says(Event::Yes, Stmt::P5RoundTrip)
        .says(Event::Yes, Stmt::F1Begin { epoch: 4 });
}

#[test]
fn a_lock_that_is_not_granted_lets_writers_go_on_and_is_asked_for_again() {
    Run::begin()
        .until_lock()
        .says(Event::LockTimeout, Stmt::F3Unlock)
        .says(Event::Done, Stmt::F3Wait { tries: 1 })
        .says(Event::Done, Stmt::F3Lock)
        .says(Event::Done, Stmt::F4Check);
}

#[test]
fn a_lock_that_is_never_granted_ends_the_transaction_and_everything_is_read_again() {
    let mut run = Run::begin().until_lock();
    for tries in 1..10 {
        run = run
            .says(Event::LockTimeout, Stmt::F3Unlock)
            .says(Event::Done, Stmt::F3Wait { tries })
            .says(Event::Done, Stmt::F3Lock);
    }
    run.says(Event::LockTimeout, Stmt::F3Unlock)
        .says(Event::Done, Stmt::Retreat)
        .says(Event::Done, Stmt::Rest)
        .says(Event::Done, Stmt::ReadSource)
        .says(owner(4, true, false), Stmt::ReadTarget)
        // Armed by the attempt before: its proof was never published.
        .says(owner(5, false, true), WISH)
        .says(wish(), Stmt::P5Quiet);
}

#[test]
fn whatever_goes_wrong_before_f8_is_a_retreat() {
    let at = |stmt: &Stmt| {
        let mut worker = Run::begin().until_lock().worker;
        (worker.at, worker.tokens) = (stmt.clone(), vec![TOKEN]);
        worker
    };
    let inside = [
        Stmt::F1Begin { epoch: 4 },
        Stmt::F1Journal(closing(5)),
        Stmt::F2Arm(closing(5)),
        Stmt::F3Lock,
        Stmt::F3Unlock,
        Stmt::F3Wait { tries: 1 },
        Stmt::F4Check,
        Stmt::F5Token,
        Stmt::F5Look(TOKEN),
        Stmt::F6Read,
        Stmt::F6Set(vec![]),
        flush(5),
    ];
    for stmt in inside {
        for event in [Event::Failed, Event::Lost, Event::Refused, Event::PauseSpent, Event::BudgetSpent] {
            let (_, next) = step(&at(&stmt), event.clone());
            assert_eq!(next, Some(Stmt::Retreat), "{event:?} to {stmt:?}");
        }
        let (worker, next) = step(&at(&stmt), Event::Superseded);
        assert_eq!((next, worker.outcome), (None, Some(Outcome::Superseded)), "{stmt:?}");
    }
}

#[test]
fn a_changed_schema_is_a_retreat() {
    Run::begin().until_lock().says(Event::Done, Stmt::F4Check).says(Event::No, Stmt::Retreat);
}

#[test]
fn a_token_that_was_seen_and_is_gone_is_waited_for_again() {
    // The target crashed between F5 and F7 and lost what it had applied, sequences included.
    Run::begin()
        .until_lock()
        .says(Event::Done, Stmt::F4Check)
        .says(Event::Yes, Stmt::F5Token)
        .says(Event::Token(TOKEN), Stmt::F5Look(TOKEN))
        .says(Event::Yes, Stmt::F6Read)
        .says(Event::Sequences(vec![]), Stmt::F6Set(vec![]))
        .says(Event::Done, flush(5))
        .says(Event::No, Stmt::F5Look(TOKEN))
        .says(Event::Yes, Stmt::F6Read);
}
