//! Breadth first through every state that can be reached.
//!
//! In: a first state, what can follow a state, what must hold in one, and which states are good to be in. Out: how
//! many states there are, the shortest way to one that is wrong, and how many have no way to a good one. A state is
//! remembered by 128 bits of its hash, so that millions fit into memory; only those still to be looked at are kept.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};

/// What is explored.
pub(crate) trait Model {
    type State: Clone + Hash;
    type What: std::fmt::Debug;

    fn first(&self) -> Self::State;
    /// All states that can follow, and what leads to them.
    fn successors(&self, state: &Self::State) -> Vec<(Self::What, Self::State)>;
    /// What is wrong with a state.
    fn wrong(&self, state: &Self::State) -> Option<&'static str>;
    /// Whether a way to here is wanted from everywhere.
    fn is_good(&self, state: &Self::State) -> bool;
    /// How a step reads in a trace.
    fn tell(&self, before: &Self::State, what: &Self::What) -> String;
}

/// What the exploration came to.
pub(crate) struct Explored {
    pub(crate) states: usize,
    pub(crate) violation: Option<(&'static str, Vec<String>)>,
    /// States without a way to a good one; only counted if nothing is wrong.
    pub(crate) stuck: usize,
}

#[derive(Default)]
struct Seen {
    index: HashMap<u128, u32>,
    /// From which state each was reached first.
    from: Vec<u32>,
    good: Vec<bool>,
    /// Steps out of states that are not good: from the good ones nobody needs a way.
    edges: Vec<(u32, u32)>,
}

/// Explores everything, or up to the first state that is wrong.
pub(crate) fn explore<M: Model>(model: &M) -> Explored {
    let mut seen = Seen::default();
    let first = model.first();
    seen.add(model, &first, 0);
    let mut queue = VecDeque::from([first]);
    let mut here = 0;
    while let Some(state) = queue.pop_front() {
        if let Some(what) = model.wrong(&state) {
            let violation = Some((what, seen.trace(model, here)));
            return Explored { states: seen.from.len(), violation, stuck: 0 };
        }
        for (_, after) in model.successors(&state) {
            let (there, is_new) = seen.add(model, &after, here);
            if !seen.good[here as usize] {
                seen.edges.push((there, here));
            }
            if is_new {
                queue.push_back(after);
            }
        }
        here += 1;
    }
    Explored { states: seen.from.len(), violation: None, stuck: seen.stuck() }
}

fn fingerprint(state: &impl Hash) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        state.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

impl Seen {
    /// The number of a state, and whether it is new. States are numbered in the order in which they are looked at.
    fn add<M: Model>(&mut self, model: &M, state: &M::State, from: u32) -> (u32, bool) {
        let next = u32::try_from(self.from.len()).unwrap();
        let number = *self.index.entry(fingerprint(state)).or_insert(next);
        if number == next {
            self.from.push(from);
            self.good.push(model.is_good(state));
        }
        (number, number == next)
    }

    /// The way to state `at`, gone once more from the first.
    fn trace<M: Model>(&self, model: &M, mut at: u32) -> Vec<String> {
        let mut way = vec![at];
        while at != 0 {
            at = self.from[at as usize];
            way.push(at);
        }
        let mut state = model.first();
        let mut told = Vec::new();
        for wanted in way.into_iter().rev().skip(1) {
            let step = |(_, after): &(M::What, M::State)| self.index.get(&fingerprint(after)) == Some(&wanted);
            let (what, after) = model.successors(&state).into_iter().find(step).unwrap();
            told.push(model.tell(&state, &what));
            state = after;
        }
        told
    }

    /// How many states have no way to a good one: goes back from the good ones.
    fn stuck(mut self) -> usize {
        self.edges.sort_unstable();
        let mut reaches = self.good;
        let mut queue: Vec<u32> = (0..).zip(&reaches).filter(|(_, good)| **good).map(|(state, _)| state).collect();
        while let Some(here) = queue.pop() {
            let first = self.edges.partition_point(|(to, _)| *to < here);
            for (_, before) in self.edges[first..].iter().take_while(|(to, _)| *to == here) {
                if !std::mem::replace(&mut reaches[*before as usize], true) {
                    queue.push(*before);
                }
            }
        }
        reaches.iter().filter(|reaches| !**reaches).count()
    }
}
