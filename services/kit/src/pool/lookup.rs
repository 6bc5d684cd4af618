//! Asking who owns. In comes a doubt about the active side; out goes a verdict, and a new view if the owner moved.
//! One question at a time; everyone who doubted before it began shares its answer. Must not run work of requests.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::fault::Fingerprint;
use super::inner::Inner;
use super::owner::{Decision, Known, Opening, Role, decide};
use super::ramp::Ramp;
use super::view::View;

/// For how long a refusal that was proven to have nothing to do with a cutover isn't investigated again. Only that very
/// refusal: a different one may be the first sign of a cutover, which must not be kept waiting.
const PROVEN: Duration = Duration::from_secs(1);
/// How many proven refusals are remembered.
const REMEMBERED: usize = 256;

/// Why somebody asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doubt<'a> {
    /// When the doubt arose. A question that began later answers it.
    pub(crate) since: Instant,
    /// The view that gave rise to it.
    pub(crate) view: &'a View,
    /// The refusal, if there was one.
    pub(crate) refusal: Option<Fingerprint>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is no other side.
    Alone,
    /// A side owns, and the view in force shows it.
    Decided,
    /// Nobody owns at this moment, or whoever knows didn't answer.
    Wait,
    /// This refusal has been answered; not asked again before then.
    Proven(Instant),
}

/// What the last question left.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    began: Option<Instant>,
    verdict: Option<Verdict>,
}

impl Asked {
    /// The answer to a question that began after `since`.
    fn since(&self, since: Instant) -> Option<Verdict> {
        self.began.filter(|began| *began > since).and(self.verdict)
    }
}

/// Refusals that may mean "closed", and how many of them have been asked about. Work that is about to begin waits for
/// the answer instead of being refused as well.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    raised: AtomicU64,
    answered: AtomicU64,
    /// How often requests have moved. A refusal by the side they left says nothing about the one they are on.
    moves: AtomicU64,
    /// When a refusal was last proven to have nothing to do with a cutover.
    proven: std::sync::Mutex<HashMap<Fingerprint, Instant>>,
}

impl Doubts {
    /// Notes a refusal of an attempt that began after so many `moves`, unless requests have moved since or it has been
    /// proven innocent a moment ago.
    pub(crate) fn raise(&self, refusal: Fingerprint, moves: u64) {
        if moves == self.moves.load(Ordering::Acquire) && self.proven_until(refusal).is_none() {
            self.raised.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Requests move now: what was refused so far was refused by the side they leave. Gives back how often they have moved.
    fn settle(&self) -> u64 {
        let before = self.moves.fetch_add(1, Ordering::AcqRel);
        self.answer(self.raised());
        before + 1
    }

    fn raised(&self) -> u64 {
        self.raised.load(Ordering::Acquire)
    }

    fn answer(&self, raised: u64) {
        self.answered.fetch_max(raised, Ordering::AcqRel);
    }

    fn are_raised(&self) -> bool {
        self.raised() != self.answered.load(Ordering::Acquire)
    }

    /// Until when a refusal needs no new question.
    fn proven_until(&self, refusal: Fingerprint) -> Option<Instant> {
        let proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        proven.get(&refusal).map(|at| *at + PROVEN).filter(|until| *until > Instant::now())
    }

    fn prove(&self, refusal: Fingerprint) {
        let now = Instant::now();
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        proven.retain(|_, at| *at + PROVEN > now);
        if proven.len() < REMEMBERED {
            proven.insert(refusal, now);
        }
    }
}

pub(crate) type Asking = Mutex<Asked>;

impl Inner {
    /// Asks both sides unless an answer that is new enough is there.
    pub(crate) async fn ask(&self, doubt: Doubt<'_>) -> Verdict {
        let mut asked = self.asking.lock().await;
        if doubt.refusal.is_some() && self.moved_from(doubt.view) {
            return Verdict::Decided;
        }
        let verdict = match asked.since(doubt.since) {
            Some(verdict) => verdict,
            None => match doubt.refusal.and_then(|refusal| self.doubts.proven_until(refusal)) {
                Some(until) => return Verdict::Proven(until),
                None => self.question(&mut asked, doubt.refusal.is_some()).await,
            },
        };
        if let Some(refusal) = doubt.refusal
            && verdict == Verdict::Decided
            && !self.moved_from(doubt.view)
        {
            self.doubts.prove(refusal);
        }
        verdict
    }

    /// Whether requests go elsewhere, or by a newer epoch, than in `view`.
    pub(crate) fn moved_from(&self, view: &View) -> bool {
        let now = self.view();
        !Arc::ptr_eq(now.active(), view.active()) || now.epoch != view.epoch
    }

    /// Returns once every refusal met so far has been asked about, by us if nobody else does.
    pub(crate) async fn settle_doubts(&self) {
        if self.doubts.are_raised() {
            let mut asked = self.asking.lock().await;
            if self.doubts.are_raised() {
                self.question(&mut asked, true).await;
            }
        }
    }

    async fn question(&self, asked: &mut Asked, refused: bool) -> Verdict {
        // A refusal that comes while we ask is a new doubt.
        let raised = self.doubts.raised();
        asked.began = Some(Instant::now());
        let verdict = self.ask_both(refused).await;
        asked.verdict = Some(verdict);
        self.doubts.answer(raised);
        verdict
    }

    async fn ask_both(&self, refused: bool) -> Verdict {
        let view = self.view();
        let Some(next) = &view.next else { return Verdict::Alone };
        let (current_says, next_says) = tokio::join!(view.current.says(), next.says());
        let known = Known { epoch: view.epoch, refused: refused && view.active == Role::Current };
        let (verdict, outcome) = match decide(&current_says, &next_says, known) {
            Decision::Use(role, epoch) => (self.settle(&view, role, epoch), "decided"),
            Decision::Wait => (Verdict::Wait, "wait"),
            Decision::Open(openings) => match self.open_one(&view, openings).await {
                Some(Opening { on, epoch, .. }) => (self.settle(&view, on, Some(epoch)), "opened"),
                None => (Verdict::Wait, "not_opened"),
            },
        };
        self.metrics.lookups.with_label_values(&[outcome]).inc();
        verdict
    }

    /// Tries the proofs until one opens its side.
    async fn open_one(&self, view: &View, openings: Vec<Opening>) -> Option<Opening> {
        for opening in openings {
            let Some(side) = view.side(opening.on) else { continue };
            match side.open(&opening.migration, opening.proof).await {
                Ok(true) => return Some(opening),
                Ok(false) => {}
                Err(error) => {
                    let error = crate::telemetry::chain(&error);
                    tracing::warn!(error, side = opening.on.label(), "can't open a side");
                }
            }
        }
        None
    }

    /// Puts a decision in force, unless the sides it was made about have changed meanwhile.
    fn settle(&self, seen: &View, role: Role, epoch: Option<i64>) -> Verdict {
        let mut verdict = Verdict::Wait;
        let mut switched = false;
        self.views.send_if_modified(|view| {
            if !view.same_sides(seen) {
                return false;
            }
            verdict = Verdict::Decided;
            switched = view.active != role;
            if !switched && view.epoch == epoch {
                return false;
            }
            let mut newer = View { active: role, epoch, ..View::clone(view) };
            if switched {
                newer.ramp = Arc::new(Ramp::new(self.settings.max_connections));
                newer.moves = self.doubts.settle();
            }
            *view = Arc::new(newer);
            true
        });
        if switched {
            tracing::info!(side = role.label(), epoch, "requests go to the other database from now on");
            self.metrics.switches.with_label_values(&[role.label()]).inc();
            self.show_active();
        }
        verdict
    }
}
