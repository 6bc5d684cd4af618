//! Which sides there are and which one requests go to. In come binding files and decisions; out go views, immutable
//! pictures that a request keeps for one attempt. Must not do IO.

use std::sync::Arc;

use super::owner::Role;
use super::ramp::Ramp;
use super::side::Side;

/// One consistent picture of both sides.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) current: Arc<Side>,
    pub(crate) next: Option<Arc<Side>>,
    pub(crate) active: Role,
    /// Epoch at which the active side is known to own; `None` before any row was seen.
    pub(crate) epoch: Option<i64>,
    /// Lets requests onto the active side, few at first if they have only just moved there.
    pub(crate) ramp: Arc<Ramp>,
    /// How often requests have moved.
    pub(crate) moves: u64,
}

impl View {
    /// One side, of which nothing is known yet.
    pub(crate) fn alone(current: Arc<Side>) -> Self {
        Self { current, next: None, active: Role::Current, epoch: None, ramp: Arc::default(), moves: 0 }
    }

    pub(crate) fn active(&self) -> &Arc<Side> {
        match (&self.next, self.active) {
            (Some(next), Role::Next) => next,
            _ => &self.current,
        }
    }

    pub(crate) fn side(&self, role: Role) -> Option<&Arc<Side>> {
        match role {
            Role::Current => Some(&self.current),
            Role::Next => self.next.as_ref(),
        }
    }

    /// Whether both pictures show the same sides.
    pub(crate) fn same_sides(&self, other: &Self) -> bool {
        let next = match (&self.next, &other.next) {
            (Some(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
            (None, None) => true,
            _ => false,
        };
        next && Arc::ptr_eq(&self.current, &other.current)
    }

    /// The picture after the files changed. Requests stay with the server they are on if it is still bound, under
    /// whichever name and with whichever password; the rest is decided by the next look at the rows.
    pub(crate) fn rebound(&self, current: Arc<Side>, next: Option<Arc<Side>>) -> Self {
        // Two names for one server are one side.
        let next = next.filter(|next| next.place() != current.place());
        let was = self.active().place();
        let stays_next = next.as_ref().is_some_and(|next| next.place() == was);
        let stays = stays_next || current.place() == was;
        Self {
            active: if stays_next { Role::Next } else { Role::Current },
            epoch: self.epoch.filter(|_| stays),
            ramp: Arc::clone(&self.ramp),
            moves: self.moves,
            current,
            next,
        }
    }

    /// Every side in this picture that `newer` no longer has.
    pub(crate) fn gone_in<'a>(&'a self, newer: &'a Self) -> impl Iterator<Item = &'a Arc<Side>> {
        let kept = move |side: &Arc<Side>| {
            Arc::ptr_eq(side, &newer.current) || newer.next.as_ref().is_some_and(|next| Arc::ptr_eq(side, next))
        };
        std::iter::once(&self.current).chain(&self.next).filter(move |side| !kept(side))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Env, Settings};

    fn side(uri: &str) -> Arc<Side> {
        let settings = Settings::read(&mut Env::of([]), "test");
        Side::new(&uri.to_owned().into(), &settings.pool, "file".into()).unwrap()
    }

    #[tokio::test]
    async fn requests_stay_with_their_server_when_names_move() {
        let (a, b) = (side("postgresql://u@a/x"), side("postgresql://u@b/x"));
        let alone = View { epoch: Some(1), ..View::alone(a.clone()) };
        let both = alone.rebound(a.clone(), Some(b.clone()));
        assert_eq!((both.active, both.epoch), (Role::Current, Some(1)));
        let moved = View { active: Role::Next, epoch: Some(2), ..both.clone() };
        let done = moved.rebound(b.clone(), None);
        assert!(Arc::ptr_eq(done.active(), &b) && done.epoch == Some(2));
        assert!(moved.gone_in(&done).all(|side| Arc::ptr_eq(side, &a)) && moved.gone_in(&done).count() == 1);
        let aborted = both.rebound(a.clone(), None);
        assert!(Arc::ptr_eq(aborted.active(), &a));
        let rotated = moved.rebound(side("postgresql://v@a/x"), Some(side("postgresql://v@b/x")));
        assert_eq!((rotated.active, rotated.epoch), (Role::Next, Some(2)));
        assert_eq!(moved.rebound(a, Some(side("postgresql://u@c/x"))).active, Role::Current);
    }

    #[tokio::test]
    async fn one_server_under_two_names_is_one_side() {
        let a = side("postgresql://u@a/x");
        let view = View::alone(a.clone());
        assert!(view.rebound(a.clone(), Some(side("postgresql://v@a/x"))).next.is_none());
    }
}
