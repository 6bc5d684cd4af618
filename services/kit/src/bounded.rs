//! A map that never holds more than it may. In: keys and values. Out: values, for as long as they are asked for.
//!
//! Two generations: when the young one is full, it becomes the old one, and what the old one still held is forgotten. Whatever is asked
//! for moves to the young one. So what is in use stays, nothing is scanned, and at most twice the capacity is held. Several locks, so
//! that threads seldom meet. Must not be used for what has to be remembered.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

/// Independent parts of a map.
const PARTS: usize = 16;

/// See the file's header.
#[derive(Debug)]
pub struct Bounded<K, V> {
    parts: [Mutex<Generations<K, V>>; PARTS],
    /// Keys are what strangers choose: which part they fall in must not be theirs to choose.
    hasher: RandomState,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    capacity: usize,
}

impl<K: Hash + Eq + Clone, V> Bounded<K, V> {
    /// A map for `capacity` values that are in use, and at most as many again that aren't.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.div_ceil(PARTS).max(1);
        let part = |_| Mutex::new(Generations { young: HashMap::new(), old: HashMap::new(), capacity });
        Self { parts: std::array::from_fn(part), hasher: RandomState::new() }
    }

    /// Lets `change` work on the value of `key`, which `new` makes if there is none.
    pub fn with<T>(&self, key: &K, new: impl FnOnce() -> V, change: impl FnOnce(&mut V) -> T) -> T {
        self.part(key, |part| change(part.value(key, new)))
    }

    /// A copy of the value of `key`, if there is one.
    pub fn get(&self, key: &K) -> Option<V>
    where
        V: Clone,
    {
        self.part(key, |part| {
            if let Some(value) = part.young.get(key) {
                return Some(value.clone());
            }
            let value = part.old.remove(key)?;
            part.put(key.clone(), value.clone());
            Some(value)
        })
    }

    /// Sets the value of `key`.
    pub fn insert(&self, key: K, value: V) {
        self.part(&key.clone(), |part| {
            part.old.remove(&key);
            part.put(key, value);
        });
    }

    /// How many values are held.
    pub fn len(&self) -> usize {
        let size = |part: &Mutex<Generations<K, V>>| {
            let part = part.lock().unwrap_or_else(PoisonError::into_inner);
            part.young.len() + part.old.len()
        };
        self.parts.iter().map(size).sum()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn part<T>(&self, key: &K, work: impl FnOnce(&mut Generations<K, V>) -> T) -> T {
        let at = usize::try_from(self.hasher.hash_one(key) % PARTS as u64).unwrap_or_default();
        // Maps are whole between any two of their own calls, so a panic elsewhere leaves nothing half done.
        work(&mut self.parts[at].lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<K: Hash + Eq + Clone, V> Generations<K, V> {
    fn value(&mut self, key: &K, new: impl FnOnce() -> V) -> &mut V {
        if !self.young.contains_key(key) {
            let value = self.old.remove(key).unwrap_or_else(new);
            self.make_room();
            return self.young.entry(key.clone()).or_insert(value);
        }
        // There: looked up again, since a reference from the question above can't be returned.
        self.young.entry(key.clone()).or_insert_with(new)
    }

    fn put(&mut self, key: K, value: V) {
        if !self.young.contains_key(&key) {
            self.make_room();
        }
        self.young.insert(key, value);
    }

    fn make_room(&mut self) {
        if self.young.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_holds_more_than_twice_its_capacity() {
        let map = Bounded::new(160);
        for key in 0..10_000_u32 {
            map.with(&key, || 0, |value: &mut u32| *value += 1);
            assert!(map.len() <= 320, "{}", map.len());
        }
        assert!(!map.is_empty());
    }

    #[test]
    fn what_is_in_use_stays() {
        let map = Bounded::new(PARTS * 4);
        map.insert("mine", 1);
        for key in 0..10_000 {
            map.insert(Box::leak(key.to_string().into_boxed_str()), 0);
            assert_eq!(map.get(&"mine"), Some(1));
        }
        assert_eq!(map.get(&"0"), None, "what nobody asks for goes");
        map.insert("mine", 2);
        assert_eq!(map.get(&"mine"), Some(2));
    }

    #[test]
    fn a_value_is_made_once() {
        let map = Bounded::new(16);
        for expected in 1..=3 {
            let seen = map.with(
                &"key",
                || 0,
                |value| {
                    *value += 1;
                    *value
                },
            );
            assert_eq!(seen, expected);
        }
    }
}
