//! No address holds all the places.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// How many connections there are from each address.
#[derive(Debug, Clone)]
pub(super) struct Peers {
    most: usize,
    inside: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A connection that counts, until it is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    peers: Peers,
    address: IpAddr,
}

impl Peers {
    /// From one address at most so many.
    pub(super) fn new(most: usize) -> Self {
        Self { most, inside: Arc::default() }
    }

    /// Counts one more from there. `None` if there are too many; this machine's own may be as many as there are
    /// places, since behind a proxy everybody comes from here.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Counted> {
        let address = address.to_canonical();
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let count = inside.entry(address).or_default();
        if *count >= self.most && !address.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Counted { peers: self.clone(), address })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut inside = self.peers.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = inside.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                inside.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_but_this_machines_own_gets_more_than_its_share() {
        let peers = Peers::new(2);
        let from = |text: &str| peers.enter(text.parse().unwrap());
        let held = [from("10.0.0.7").unwrap(), from("10.0.0.7").unwrap()];
        assert!(from("10.0.0.7").is_none());
        assert!(from("::ffff:10.0.0.7").is_none(), "the same address in another notation");
        let other = from("10.0.0.8").unwrap();
        let own: Vec<_> = (0..9).map(|_| from("127.0.0.1").unwrap()).collect();
        let [one, _still_there] = held;
        drop(one);
        let again = from("10.0.0.7").unwrap();
        assert!(from("10.0.0.7").is_none());
        drop((other, own, again, _still_there));
        assert!(peers.inside.lock().unwrap().is_empty(), "nothing is kept of those who left");
    }
}
