//! Runs of the fence told answer by answer: the straight way, every retreat, every crash. No server is involved.

use rerp_split::fence::{Ahead, Closing, Event, Fate, Outcome, Sequence, Side, Stmt, Worker, step};
use uuid::Uuid;

const TOKEN: Uuid = Uuid::from_u128(7);
const PROOF: Uuid = Uuid::from_u128(9);
const WISH: Stmt = Stmt::ReadWish { epoch: 4 };
const STOP: Stmt = Stmt::F10Stop { epoch: 5 };

fn closing(epoch: i64) -> Closing {
    Closing { epoch, hash: "h".to_owned(), pid: 11, xid: "22".to_owned() }
}

fn owner(epoch: i64, is_owner: bool, armed: bool) -> Event {
    Event::Owner(Some(Side { epoch, is_owner, armed }))
}

fn wish() -> Event {
    Event::Wish { abort: false, prepared: true }
}

fn flush(epoch: i64) -> Stmt {
    Stmt::F7Flush { epoch, tokens: vec![TOKEN] }
}

/// A told run: each answer is followed by the statement that must come next.
struct Run {
    worker: Worker,
}

impl Run {
    fn begin() -> Self {
        Self { worker: Worker::new(10, false) }
    }

    /// With a stream that leads back.
    fn begin_both_ways() -> Self {
        Self { worker: Worker { way_back: true, ..Worker::new(10, false) } }
    }

    fn says(mut self, event: Event, next: Stmt) -> Self {
        let (worker, stmt) = step(&self.worker, event.clone());
        assert_eq!(stmt, Some(next), "after {event:?} to {:?}", self.worker.at);
        self.worker = worker;
        self
    }

    fn ends(self, event: Event, outcome: Outcome) -> Worker {
        let (worker, stmt) = step(&self.worker, event.clone());
        assert_eq!((stmt, worker.outcome), (None, Some(outcome)), "after {event:?} to {:?}", self.worker.at);
        worker
    }

    /// From the first row to F1.
    fn until_f1(self) -> Self {
        self.says(owner(4, true, false), Stmt::ReadTarget).says(owner(2, false, false), WISH).wish_to_f1()
    }

    fn wish_to_f1(self) -> Self {
        self.says(wish(), Stmt::P2Declare)
            .says(Event::Done, Stmt::P2Close)
            .says(Event::Done, Stmt::P5Quiet)
            .says(Event::Yes, Stmt::P5RoundTrip)
            .says(Event::Yes, Stmt::P5RoundTrip)
            .says(Event::Yes, Stmt::P5RoundTrip)
            .says(Event::Yes, Stmt::F1Begin { epoch: 4 })
    }

    fn until_lock(self) -> Self {
        self.until_f1().f1_to_lock()
    }

    fn f1_to_lock(self) -> Self {
        self.says(Event::Closing(closing(5)), Stmt::F1Journal(closing(5)))
            .says(Event::Done, Stmt::F2Arm(closing(5)))
            .says(Event::Done, Stmt::F3Lock)
    }

    fn until_f8(self) -> Self {
        self.until_lock().lock_to_f8()
    }

    fn lock_to_f8(self) -> Self {
        let sequence = Sequence { name: "s".to_owned(), last: 5, called: true, increment: 1 };
        self.says(Event::Done, Stmt::F4Check)
            .says(Event::Yes, Stmt::F5Token)
            .says(Event::Token(TOKEN), Stmt::F5Look(TOKEN))
            .says(Event::No, Stmt::F5Look(TOKEN))
            .says(Event::Yes, Stmt::F6Read)
            .says(Event::Sequences(vec![sequence]), Stmt::F6Set(vec![Ahead { name: "s".to_owned(), value: 15 }]))
            .says(Event::Done, flush(5))
            .says(Event::Yes, Stmt::F8Close)
    }

    fn until_f9(self) -> Self {
        self.until_f8().says(Event::Done, Stmt::F9Proof)
    }

    /// From the row that says that the target owns to the end of the stream that led there.
    fn until_stopped(self) -> Self {
        self.says(owner(5, false, false), Stmt::ReadTarget)
            .says(owner(5, true, false), Stmt::F10Tidy)
            .says(Event::Done, STOP)
    }

    /// The end where nothing leads back.
    fn ends_stream(self) -> Worker {
        self.says(Event::Done, STOP).says(Event::Stopped(None), Stmt::F10Slot).ends(Event::Yes, Outcome::TargetOwns)
    }
}

#[test]
fn the_straight_way() {
    let worker = Run::begin()
        .until_f9()
        .says(Event::Proof(Some(PROOF)), Stmt::F9Open(PROOF))
        .says(Event::Yes, Stmt::F10Tidy)
        .ends_stream();
    assert_eq!((worker.epoch, worker.closed_here), (5, true));
}

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
