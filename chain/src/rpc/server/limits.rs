//! Says how much clients may ask for, and counts who is there.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;

const MIB: u32 = 1 << 20;

/// What one client, and all together, may ask for. Every bound is inclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcLimits {
    /// Bytes of one request or batch.
    pub request_bytes: u32,
    /// Bytes of one answer.
    pub response_bytes: u32,
    /// Bytes of HTTP requests that are received at the same time.
    pub buffered_bytes: u32,
    /// Requests in one batch.
    pub batch: u32,
    /// Connections at the same time.
    pub connections: u32,
    /// Connections at the same time from one address; `None` for no limit of its own.
    pub connections_per_peer: Option<u32>,
    /// Requests under way at the same time for one connection.
    pub in_flight: u32,
    /// Requests under way at the same time for one address; `None` for no limit.
    pub in_flight_per_peer: Option<u32>,
    /// Subscriptions of one connection.
    pub subscriptions: u32,
    /// In which a client must have sent a request's head, and its body, and taken some of an answer.
    pub client_timeout: Duration,
    /// After which a WebSocket that answers no ping is closed.
    pub ws_timeout: Duration,
}

impl Default for RpcLimits {
    fn default() -> Self {
        Self {
            request_bytes: 64 * MIB,
            response_bytes: 512 * MIB,
            buffered_bytes: 512 * MIB,
            batch: 100_000,
            connections: 1_000,
            connections_per_peer: None,
            in_flight: 1_024,
            in_flight_per_peer: None,
            subscriptions: 1_024,
            client_timeout: Duration::from_secs(30),
            ws_timeout: Duration::from_secs(60),
        }
    }
}

/// A count that cannot go above a bound.
#[derive(Debug)]
pub(super) struct Bounded {
    taken: AtomicU32,
    most: u32,
}

/// One of the places that [`Bounded`] has; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Place(Arc<Bounded>);

impl Bounded {
    pub(super) const fn new(most: u32) -> Self {
        Self { taken: AtomicU32::new(0), most }
    }

    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let more = |taken: u32| (taken < self.most).then(|| taken.saturating_add(1));
        let taken = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.ok().map(|_| Place(Arc::clone(self)))
    }

    fn is_empty(&self) -> bool {
        self.taken.load(Ordering::Relaxed) == 0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is counted for each address.
#[derive(Clone, Debug)]
pub(super) struct PeerCounts {
    connections: Arc<Bounded>,
    pub(super) in_flight: Arc<Bounded>,
}

/// Everybody who is connected.
#[derive(Debug)]
pub(super) struct Guests {
    all: Arc<Bounded>,
    peers: Mutex<HashMap<IpAddr, PeerCounts>>,
    connections_per_peer: u32,
    in_flight_per_peer: u32,
}

/// A place among the connections, for as long as it is held.
#[derive(Debug)]
pub(super) struct Guest {
    _place: Place,
    _of_peer: Place,
    pub(super) peer: PeerCounts,
}

/// Addresses remembered before those without a connection are forgotten.
const PEERS: usize = 1_024;

impl Guests {
    pub(super) fn new(limits: &RpcLimits) -> Self {
        Self {
            all: Arc::new(Bounded::new(limits.connections)),
            peers: Mutex::default(),
            connections_per_peer: limits.connections_per_peer.unwrap_or(limits.connections),
            in_flight_per_peer: limits.in_flight_per_peer.unwrap_or(u32::MAX),
        }
    }

    /// Lets a connection in; `None` when there are too many, from everywhere or from there.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Guest> {
        let place = self.all.take()?;
        let peer = self.counts(super::peer(address));
        Some(Guest { _place: place, _of_peer: peer.connections.take()?, peer })
    }

    fn counts(&self, peer: IpAddr) -> PeerCounts {
        let mut peers = self.peers.lock();
        if peers.len() >= PEERS {
            peers.retain(|_, counts| !counts.connections.is_empty());
        }
        let new = || PeerCounts {
            connections: Arc::new(Bounded::new(self.connections_per_peer)),
            in_flight: Arc::new(Bounded::new(self.in_flight_per_peer)),
        };
        peers.entry(peer).or_insert_with(new).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_given_back_can_be_taken_again() {
        let limits = RpcLimits { connections: 1, ..RpcLimits::default() };
        let guests = Guests::new(&limits);
        let here = IpAddr::from([127, 0, 0, 1]);

        let guest = guests.admit(here).unwrap();
        assert!(guests.admit(here).is_none());
        drop(guest);

        assert!(guests.admit(here).is_some());
    }

    #[test]
    fn one_address_cannot_take_all_places() {
        let limits = RpcLimits { connections_per_peer: Some(1), ..RpcLimits::default() };
        let guests = Guests::new(&limits);
        let _first = guests.admit(IpAddr::from([10, 0, 0, 1])).unwrap();

        assert!(guests.admit(IpAddr::from([10, 0, 0, 1])).is_none());
        assert!(guests.admit(IpAddr::from([10, 0, 0, 2])).is_some());
    }
}
