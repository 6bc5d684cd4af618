//! A map that never holds more than it may. In: keys and values. Out: values, for as long as they are asked for.
//!
//! Two generations: when the young one is full, it becomes the old one, and what the old one still held is forgotten. Whatever is asked
//! for moves to the young one. So what is in use stays, nothing is scanned, and at most twice the capacity is held. Several locks, so
//! that threads seldom meet. A key is hashed once for each question, wherever it is looked for. Must not be used for what has to be
//! remembered.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use hashbrown::HashTable;

/// Independent parts of a map.
const PARTS: usize = 16;

/// See the file's header.
#[derive(Debug)]
pub struct Bounded<K, V> {
    parts: [Mutex<Generations<K, V>>; PARTS],
    /// Keys are what strangers choose: which part they fall in must not be theirs to choose, nor which of them meet in it.
    hasher: RandomState,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashTable<Held<K, V>>,
    old: HashTable<Held<K, V>>,
    capacity: usize,
}

#[derive(Debug)]
struct Held<K, V> {
    hash: u64,
    key: K,
    value: V,
}

impl<K: Hash + Eq + Clone, V> Bounded<K, V> {
    /// A map for `capacity` values that are in use, and at most as many again that aren't.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.div_ceil(PARTS).max(1);
        let part = |_| Mutex::new(Generations { young: HashTable::new(), old: HashTable::new(), capacity });
        Self { parts: std::array::from_fn(part), hasher: RandomState::new() }
    }

    /// Lets `change` work on the value of `key`, which `new` makes if there is none.
    pub fn with<T>(&self, key: &K, new: impl FnOnce() -> V, change: impl FnOnce(&mut V) -> T) -> T {
        self.part(key, |part, hash| change(part.value(hash, key, new)))
    }

    /// What `look` sees in the value of `key`, if there is one.
    pub fn read<T>(&self, key: &K, look: impl FnOnce(&V) -> T) -> Option<T> {
        self.part(key, |part, hash| part.find(hash, key).map(|value| look(value)))
    }

    /// A copy of the value of `key`, if there is one.
    pub fn get(&self, key: &K) -> Option<V>
    where
        V: Clone,
    {
        self.read(key, V::clone)
    }

    /// Sets the value of `key`.
    pub fn insert(&self, key: K, value: V) {
        self.part(&key, |part, hash| {
            if let Some(held) = part.find(hash, &key) {
                *held = value;
            } else {
                part.put(Held { hash, key: key.clone(), value });
            }
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

    fn part<T>(&self, key: &K, work: impl FnOnce(&mut Generations<K, V>, u64) -> T) -> T {
        let hash = self.hasher.hash_one(key);
        // Not the bits by which a table finds its places: those are the lowest and the highest.
        let at = usize::try_from((hash >> 32) % PARTS as u64).unwrap_or_default();
        // Tables are whole between any two of their own calls, so a panic elsewhere leaves nothing half done.
        work(&mut self.parts[at].lock().unwrap_or_else(PoisonError::into_inner), hash)
    }
}

impl<K: Eq + Clone, V> Generations<K, V> {
    /// The value of a key, in the young generation by now.
    fn find(&mut self, hash: u64, key: &K) -> Option<&mut V> {
        if let Some(at) = self.young.find_bucket_index(hash, |held| held.key == *key) {
            return self.young.get_bucket_mut(at).map(|held| &mut held.value);
        }
        let (held, _) = self.old.find_entry(hash, |held| held.key == *key).ok()?.remove();
        Some(&mut self.put(held).value)
    }

    fn value(&mut self, hash: u64, key: &K, new: impl FnOnce() -> V) -> &mut V {
        // Asked first, since a reference from the answer can't be returned where there is none.
        if self.find(hash, key).is_none() {
            self.make_room();
        }
        let entry = self.young.entry(hash, |held| held.key == *key, |held| held.hash);
        &mut entry.or_insert_with(|| Held { hash, key: key.clone(), value: new() }).into_mut().value
    }

    fn put(&mut self, held: Held<K, V>) -> &mut Held<K, V> {
        self.make_room();
        self.young.insert_unique(held.hash, held, |held| held.hash).into_mut()
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
