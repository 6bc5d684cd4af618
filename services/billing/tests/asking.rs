//! A model of a wish that Stripe is asked for: answers that are lost, pods that end, callers who repeat, a sweep that repeats for them, days that
//! go by. Everything that can happen is explored; whatever does, Stripe makes one object at most, and one in the end. Mistakes made on purpose
//! are found.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::HashSet;

/// What is done otherwise than in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
    None,
    /// Stripe is asked before the row is written, so that the next attempt has another key.
    NoRow,
    /// A wish older than Stripe's memory is made and not searched for.
    NoSearch,
    /// A refused repetition takes the row back although the first one was taken.
    OtherForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Request {
    None,
    /// Sent, not arrived; with this key.
    Sent(u8),
    /// Stripe has answered; the answer is on its way.
    Answered,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Moment {
    /// The row that says what is wanted: none, there, answered.
    row: Row,
    request: Request,
    /// Objects at Stripe.
    made: u8,
    /// The key that Stripe remembers.
    known: Option<u8>,
    /// Whether a search finds what was made: a while after it.
    found: bool,
    /// Attempts so far, which bounds the model, and numbers keys where there is no row to name them.
    attempts: u8,
    days: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Row {
    None,
    Asked,
    Answered,
}

const START: Moment =
    Moment { row: Row::None, request: Request::None, made: 0, known: None, found: false, attempts: 0, days: 0 };
const ATTEMPTS: u8 = 5;

impl Moment {
    fn next(self, mistake: Mistake) -> Vec<Self> {
        let mut all = Vec::new();
        match self.request {
            Request::None if self.row != Row::Answered && self.attempts < ATTEMPTS => all.push(self.asks(mistake)),
            Request::None => {}
            Request::Sent(key) => {
                all.push(self.arrives(key));
                // Lost on the way, or its sender is.
                all.push(Self { request: Request::None, ..self });
            }
            Request::Answered => {
                let row = if self.row == Row::None { Row::None } else { Row::Answered };
                all.push(Self { request: Request::None, row, ..self });
                all.push(Self { request: Request::None, ..self });
                if mistake == Mistake::OtherForm {
                    all.push(Self { request: Request::None, row: Row::None, ..self });
                }
            }
        }
        // A request lives for seconds: no day goes by meanwhile.
        if self.days < 2 && self.request == Request::None {
            all.push(Self { days: self.days + 1, known: None, found: self.made > 0, ..self });
        }
        all
    }

    /// A caller, or the sweep, goes on with the wish.
    fn asks(self, mistake: Mistake) -> Self {
        let is_old = self.days > 0 && self.row == Row::Asked;
        if is_old && self.found && mistake != Mistake::NoSearch {
            return Self { row: Row::Answered, attempts: self.attempts + 1, ..self };
        }
        let anew = matches!(mistake, Mistake::NoRow | Mistake::OtherForm) && self.row == Row::None;
        let key = if anew { self.attempts } else { 0 };
        let row = if mistake == Mistake::NoRow { Row::None } else { Row::Asked };
        Self { row, request: Request::Sent(key), attempts: self.attempts + 1, ..self }
    }

    fn arrives(self, key: u8) -> Self {
        let is_known = self.known == Some(key);
        let made = if is_known { self.made } else { self.made + 1 };
        Self { request: Request::Answered, made, known: Some(key), ..self }
    }
}

/// How many moments there are, and the first with more than one object, or at rest with an answer and none.
fn explore(mistake: Mistake) -> (usize, Option<Moment>) {
    let (mut seen, mut todo) = (HashSet::from([START]), vec![START]);
    while let Some(moment) = todo.pop() {
        if moment.made > 1 || (moment.row == Row::Answered && moment.made == 0) {
            return (seen.len(), Some(moment));
        }
        todo.extend(moment.next(mistake).into_iter().filter(|next| seen.insert(*next)));
    }
    (seen.len(), None)
}

#[test]
fn whatever_is_lost_stripe_makes_what_was_meant_and_makes_it_once() {
    let (moments, wrong) = explore(Mistake::None);
    assert_eq!(wrong, None);
    println!("{moments} moments");
}

#[test]
fn mistakes_are_found() {
    for mistake in [Mistake::NoRow, Mistake::NoSearch, Mistake::OtherForm] {
        assert!(explore(mistake).1.is_some(), "{mistake:?}");
    }
}
