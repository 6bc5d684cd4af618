//! A model of what keeps the tables true to Stripe: an object that changes, events that come late, twice, in any order or not at all, and
//! workers that fetch at the same time. Every interleaving of up to six changes is explored; longer ones by chance. Mistakes made on purpose
//! are found. An event is a hint without contents: in which order they come is when a worker takes one, and that is at any time.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::HashSet;

use proptest::prelude::*;
use rerp_billing::domain::ticket::may_write;

/// What may happen to events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Post {
    /// Each comes once or twice, and nobody compares at night.
    Faithful,
    /// Some never come, and the night finds what they would have told.
    Lossy,
    /// Some never come, and there is no night.
    Unwatched,
}

/// What is done otherwise than in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
    None,
    /// The ticket is drawn once Stripe has answered.
    LateTicket,
    /// Whoever fetched writes.
    NoTicket,
    /// An event is done before its object is written, and the worker may be lost in between.
    DoneFirst,
}

/// What a worker is at; `bool`: for an event, which goes back if the worker is lost, and not for the night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Worker {
    Idle,
    /// Has a ticket, and Stripe has not looked yet.
    Asking(bool, u8),
    /// Has what Stripe saw: ticket and state.
    Knows(bool, u8, u8),
}

/// A moment. Tickets are numbered anew in each, so that those which differ in numbers alone are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Moment {
    /// How often the object has changed at Stripe.
    there: u8,
    /// Which of these states the row shows, and the ticket that wrote it.
    here: (u8, u8),
    next: u8,
    /// Events that were delivered, and that no worker has.
    events: u8,
    workers: [Worker; 2],
    /// Workers that were lost.
    lost: u8,
    /// Whether a night has begun to compare since the last change.
    compared: bool,
}

const START: Moment =
    Moment { there: 0, here: (0, 0), next: 1, events: 0, workers: [Worker::Idle; 2], lost: 0, compared: false };

impl Moment {
    /// Whether nothing is left that would bring the row to another state.
    fn ended(&self, changes: u8, post: Post) -> bool {
        let quiet = self.there == changes && self.events == 0 && self.workers == [Worker::Idle; 2];
        quiet && (self.compared || post != Post::Lossy)
    }

    /// Everything that can happen next.
    fn next(self, changes: u8, post: Post, mistake: Mistake) -> Vec<Self> {
        let mut all = Vec::new();
        if self.there < changes {
            for delivered in u8::from(post == Post::Faithful)..=2 {
                all.push(Self { there: self.there + 1, events: self.events + delivered, compared: false, ..self });
            }
        }
        for at in 0..self.workers.len() {
            self.step(at, post, mistake, &mut all);
        }
        all.into_iter().map(Self::renumbered).collect()
    }

    fn with(mut self, at: usize, worker: Worker) -> Self {
        self.workers[at] = worker;
        self
    }

    fn step(self, at: usize, post: Post, mistake: Mistake, all: &mut Vec<Self>) {
        match self.workers[at] {
            Worker::Idle => {
                let draws = |event| Self { next: self.next + 1, ..self }.with(at, Worker::Asking(event, self.next));
                if self.events > 0 {
                    all.push(Self { events: self.events - 1, ..draws(true) });
                }
                if !self.compared && post == Post::Lossy {
                    all.push(Self { compared: true, ..draws(false) });
                }
            }
            Worker::Asking(event, ticket) => {
                all.push(self.with(at, Worker::Knows(event, ticket, self.there)));
                all.extend(self.loses(at, event, mistake));
            }
            Worker::Knows(event, ticket, seen) => {
                let late = mistake == Mistake::LateTicket;
                let (ticket, next) = if late { (self.next, self.next + 1) } else { (ticket, self.next) };
                let writes = mistake == Mistake::NoTicket || may_write(self.here.1.into(), ticket.into());
                let here = if writes { (seen, ticket) } else { self.here };
                all.push(Self { here, next, ..self }.with(at, Worker::Idle));
                all.extend(self.loses(at, event, mistake));
            }
        }
    }

    /// A worker is lost: its event comes again after the lease, its night is another one.
    fn loses(self, at: usize, event: bool, mistake: Mistake) -> Option<Self> {
        let again = event && mistake != Mistake::DoneFirst;
        let moment = Self { lost: self.lost + 1, events: self.events + u8::from(again), ..self };
        (self.lost < 2).then(|| Self { compared: self.compared && event, ..moment }.with(at, Worker::Idle))
    }

    fn renumbered(mut self) -> Self {
        let mut tickets = vec![self.here.1];
        for worker in self.workers {
            tickets.extend(match worker {
                Worker::Idle => None,
                Worker::Asking(_, ticket) | Worker::Knows(_, ticket, _) => Some(ticket),
            });
        }
        tickets.sort_unstable();
        tickets.dedup();
        let rank = |ticket: u8| u8::try_from(tickets.iter().position(|one| *one == ticket).unwrap()).unwrap();
        self.here.1 = rank(self.here.1);
        for worker in &mut self.workers {
            *worker = match *worker {
                Worker::Idle => Worker::Idle,
                Worker::Asking(event, ticket) => Worker::Asking(event, rank(ticket)),
                Worker::Knows(event, ticket, seen) => Worker::Knows(event, rank(ticket), seen),
            };
        }
        self.next = u8::try_from(tickets.len()).unwrap();
        self
    }
}

/// How many moments there are, and the first of them that ends with a row that says something else than Stripe.
fn explore(changes: u8, post: Post, mistake: Mistake) -> (usize, Option<Moment>) {
    let (mut seen, mut todo) = (HashSet::from([START]), vec![START]);
    while let Some(moment) = todo.pop() {
        if moment.ended(changes, post) && moment.here.0 != changes {
            return (seen.len(), Some(moment));
        }
        todo.extend(moment.next(changes, post, mistake).into_iter().filter(|next| seen.insert(*next)));
    }
    (seen.len(), None)
}

#[test]
fn in_every_interleaving_of_six_changes_the_row_says_in_the_end_what_stripe_says() {
    for post in [Post::Faithful, Post::Lossy] {
        for changes in 0..=6 {
            let (moments, wrong) = explore(changes, post, Mistake::None);
            assert_eq!(wrong, None, "{changes} changes, {post:?}");
            println!("{post:?}, {changes} changes: {moments} moments");
        }
    }
}

#[test]
fn mistakes_are_found() {
    for mistake in [Mistake::LateTicket, Mistake::NoTicket, Mistake::DoneFirst] {
        assert!(explore(3, Post::Faithful, mistake).1.is_some(), "{mistake:?}");
    }
    assert!(explore(1, Post::Unwatched, Mistake::None).1.is_some(), "an event that never comes, and no night");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn longer_lives_end_true_as_well(choices in prop::collection::vec(any::<u16>(), 200), changes in 7_u8..30, lossy: bool) {
        let post = if lossy { Post::Lossy } else { Post::Faithful };
        let mut moment = START;
        // What is left over after the choices is brought to its end.
        for choice in choices.into_iter().chain(std::iter::repeat_n(0, 1_000)) {
            let next = moment.next(changes, post, Mistake::None);
            let Some(&chosen) = next.get(usize::from(choice) % next.len().max(1)) else { break };
            moment = chosen;
        }
        prop_assert!(moment.ended(changes, post), "{moment:?}");
        prop_assert_eq!(moment.here.0, changes);
    }
}
