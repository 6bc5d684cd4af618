//! How many connections an address has. In: addresses that come and go. Out: a place, or none. Must not count hops that are trusted: behind
//! them is everybody.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limit::{Network, counted};

/// Most connections of one address (one /64 of IPv6) at the same time. Many people share one, and a browser has six.
pub(super) const OF_ONE_ADDRESS: usize = 100;

/// See the file's header.
#[derive(Debug, Clone, Default)]
pub(super) struct Crowd(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Crowd,
    /// None: not counted.
    address: Option<IpAddr>,
}

impl Crowd {
    /// A place for a connection, unless its address has as many as it may.
    pub(super) fn enter(&self, from: IpAddr, trusted: &[Network]) -> Option<Place> {
        let from = from.to_canonical();
        if trusted.iter().any(|network| network.contains(from)) {
            return Some(Place { crowd: self.clone(), address: None });
        }
        let address = counted(from);
        let mut held = self.held();
        let connections = held.entry(address).or_insert(0);
        if *connections >= OF_ONE_ADDRESS {
            return None;
        }
        *connections += 1;
        drop(held);
        Some(Place { crowd: self.clone(), address: Some(address) })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Whole between any two of its own calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut held = self.crowd.held();
        match held.get_mut(&address) {
            Some(connections) if *connections > 1 => *connections -= 1,
            _ => {
                held.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_so_many_and_a_trusted_hop_has_more() {
        let (crowd, trusted) = (Crowd::default(), ["10.0.0.0/8".parse().unwrap()]);
        let mut places: Vec<_> = (0..OF_ONE_ADDRESS).map(|_| crowd.enter(ip("192.0.2.1"), &trusted).unwrap()).collect();
        assert!(crowd.enter(ip("192.0.2.1"), &trusted).is_none());
        assert!(crowd.enter(ip("::ffff:192.0.2.1"), &trusted).is_none(), "another spelling of the same");
        assert!(crowd.enter(ip("192.0.2.2"), &trusted).is_some(), "others are not touched");
        let hops: Vec<_> = (0..=OF_ONE_ADDRESS).map(|_| crowd.enter(ip("10.0.0.1"), &trusted).unwrap()).collect();
        places.pop();
        let again = crowd.enter(ip("192.0.2.1"), &trusted);
        assert!(again.is_some() && crowd.enter(ip("192.0.2.1"), &trusted).is_none());
        drop((places, hops, again));
        assert!(crowd.held().is_empty(), "nobody who is gone is remembered");
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let crowd = Crowd::default();
        let _places: Vec<_> =
            (0..OF_ONE_ADDRESS).map(|n| crowd.enter(ip(&format!("2001:db8::{n:x}")), &[]).unwrap()).collect();
        assert!(crowd.enter(ip("2001:db8::ffff"), &[]).is_none());
    }
}
