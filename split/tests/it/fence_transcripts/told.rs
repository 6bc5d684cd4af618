//! A run of the fence told answer by answer, and its first stretches.

use rerp_split::fence::{Ahead, Closing, Event, Outcome, Sequence, Side, Stmt, Worker, step};
use uuid::Uuid;

pub(super) const TOKEN: Uuid = Uuid::from_u128(7);
pub(super) const PROOF: Uuid = Uuid::from_u128(9);
pub(super) const WISH: Stmt = Stmt::ReadWish { epoch: 4 };
pub(super) const STOP: Stmt = Stmt::F10Stop { epoch: 5 };

pub(super) fn closing(epoch: i64) -> Closing {
    Closing { epoch, hash: "h".to_owned(), pid: 11, xid: "22".to_owned() }
}

pub(super) fn owner(epoch: i64, is_owner: bool, armed: bool) -> Event {
    Event::Owner(Some(Side { epoch, is_owner, armed }))
}

pub(super) fn wish() -> Event {
    Event::Wish { abort: false, prepared: true }
}

pub(super) fn flush(epoch: i64) -> Stmt {
    Stmt::F7Flush { epoch, tokens: vec![TOKEN] }
}

/// A told run: each answer is followed by the statement that must come next.
pub(super) struct Run {
    pub(super) worker: Worker,
}

impl Run {
    pub(super) fn begin() -> Self {
        Self { worker: Worker::new(10, false) }
    }

    /// With a stream that leads back.
    pub(super) fn begin_both_ways() -> Self {
        Self { worker: Worker { way_back: true, ..Worker::new(10, false) } }
    }

    pub(super) fn says(mut self, event: Event, next: Stmt) -> Self {
        let (worker, stmt) = step(&self.worker, event.clone());
        assert_eq!(stmt, Some(next), "after {event:?} to {:?}", self.worker.at);
        self.worker = worker;
        self
    }

    pub(super) fn ends(self, event: Event, outcome: Outcome) -> Worker {
        let (worker, stmt) = step(&self.worker, event.clone());
        assert_eq!((stmt, worker.outcome), (None, Some(outcome)), "after {event:?} to {:?}", self.worker.at);
        worker
    }

    /// From the first row to F1.
    pub(super) fn until_f1(self) -> Self {
        self.says(owner(4, true, false), Stmt::ReadTarget).says(owner(2, false, false), WISH).wish_to_f1()
    }

    pub(super) fn wish_to_f1(self) -> Self {
        self.says(wish(), Stmt::P2Declare)
            .says(Event::Done, Stmt::P2Close)
            .says(Event::Done, Stmt::P5Quiet)
            .says(Event::Yes, Stmt::P5RoundTrip)
            .says(Event::Yes, Stmt::P5RoundTrip)
            .says(Event::Yes, Stmt::P5RoundTrip)
            .says(Event::Yes, Stmt::F1Begin { epoch: 4 })
    }

    pub(super) fn until_lock(self) -> Self {
        self.until_f1().f1_to_lock()
    }

    pub(super) fn f1_to_lock(self) -> Self {
        self.says(Event::Closing(closing(5)), Stmt::F1Journal(closing(5)))
            .says(Event::Done, Stmt::F2Arm(closing(5)))
            .says(Event::Done, Stmt::F3Lock)
    }

    pub(super) fn until_f8(self) -> Self {
        self.until_lock().lock_to_f8()
    }

    pub(super) fn lock_to_f8(self) -> Self {
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

    pub(super) fn until_f9(self) -> Self {
        self.until_f8().says(Event::Done, Stmt::F9Proof)
    }

    /// From the row that says that the target owns to the end of the stream that led there.
    pub(super) fn until_stopped(self) -> Self {
        self.says(owner(5, false, false), Stmt::ReadTarget)
            .says(owner(5, true, false), Stmt::F10Tidy)
            .says(Event::Done, STOP)
    }

    /// The end where nothing leads back.
    pub(super) fn ends_stream(self) -> Worker {
        self.says(Event::Done, STOP).says(Event::Stopped(None), Stmt::F10Slot).ends(Event::Yes, Outcome::TargetOwns)
    }
}
