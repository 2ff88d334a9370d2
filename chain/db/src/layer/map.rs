//! An ordered map of which a clone costs no copy: a B+ tree with shared nodes.
//!
//! Beside a map for any use, it finds the neighbour of a key in one descent, and compares most keys without
//! following a pointer. Its records point into pages that every call is given.

use super::pages::{Pages, Record, Sought};
use std::{cmp::Ordering, ops::Bound, slice, sync::Arc};

/// Most entries of a node.
const MOST: usize = 24;

/// The map.
#[derive(Clone, Debug, Default)]
pub(super) struct Map {
    root: Arc<Node>,
}

#[derive(Clone, Debug)]
enum Node {
    Leaf(Vec<Record>),
    /// Children, each with a key that is not above its own; that of the first does not count.
    Inner(Vec<Child>),
}

impl Default for Node {
    fn default() -> Self {
        Self::Leaf(Vec::new())
    }
}

/// Where a search begins or ends.
type Edge<'k> = Option<(Sought<'k>, bool)>;

/// A bound as an edge; whether a key equal to it lies within.
fn edge(bound: Bound<&[u8]>) -> Edge<'_> {
    match bound {
        Bound::Included(key) => Some((Sought::new(key), true)),
        Bound::Excluded(key) => Some((Sought::new(key), false)),
        Bound::Unbounded => None,
    }
}

impl Map {
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.root.as_ref(), Node::Leaf(records) if records.is_empty())
    }

    /// Sets what became of a key.
    pub(super) fn insert(&mut self, record: Record, pages: &Pages) {
        if let Some((least, right)) = insert(&mut self.root, record, pages) {
            let left = std::mem::take(&mut self.root);
            self.root = Arc::new(Node::Inner(vec![(least, left), (least, right)]));
        }
    }

    /// Forgets a key.
    pub(super) fn remove(&mut self, key: &[u8], pages: &Pages) {
        remove(&mut self.root, &Sought::new(key), pages);
    }

    /// What became of a key; `None` when nothing did.
    pub(super) fn get(&self, key: &[u8], pages: &Pages) -> Option<&Record> {
        let sought = Sought::new(key);
        let mut node = self.root.as_ref();
        loop {
            match node {
                Node::Inner(children) => node = child(children, &sought, pages)?.1,
                Node::Leaf(records) => {
                    let found = records.binary_search_by(|record| pages.order(record, &sought));
                    return found.ok().and_then(|index| records.get(index));
                }
            }
        }
    }

    /// The first record at or after a bound.
    pub(super) fn first(&self, from: Bound<&[u8]>, pages: &Pages) -> Option<&Record> {
        first_from(&self.root, &edge(from), pages)
    }

    /// The last record at or before a bound.
    pub(super) fn last(&self, to: Bound<&[u8]>, pages: &Pages) -> Option<&Record> {
        last_to(&self.root, &edge(to), pages)
    }

    /// All records in order.
    pub(super) fn iter(&self) -> Iter<'_> {
        let mut iter = Iter { inner: Vec::new(), leaf: [].iter() };
        iter.descend(&self.root);
        iter
    }
}

/// The child under which a key belongs, and its place.
fn child<'m>(
    children: &'m [Child],
    sought: &Sought<'_>,
    pages: &Pages,
) -> Option<(usize, &'m Node)> {
    let after = children.partition_point(|(first, _)| pages.order(first, sought).is_le());
    let index = after.saturating_sub(1);
    Some((index, children.get(index)?.1.as_ref()))
}

/// A node and a record that is not above any of its own, but above all to the left.
type Child = (Record, Arc<Node>);

/// Inserts under a node; gives a new node to its right when it was full.
fn insert(node: &mut Arc<Node>, record: Record, pages: &Pages) -> Option<Child> {
    let sought = pages.sought(&record);
    match Arc::make_mut(node) {
        Node::Leaf(records) => {
            match records.binary_search_by(|other| pages.order(other, &sought)) {
                Ok(index) => {
                    if let Some(place) = records.get_mut(index) {
                        *place = record;
                    }
                    None
                }
                Err(index) => {
                    records.insert(index, record);
                    let right = split(records, index)?;
                    Some((*right.first()?, Arc::new(Node::Leaf(right))))
                }
            }
        }
        Node::Inner(children) => {
            let (index, _) = child(children, &sought, pages)?;
            let right = insert(&mut children.get_mut(index)?.1, record, pages)?;
            let index = index.saturating_add(1);
            children.insert(index, right);
            let right = split(children, index)?;
            Some((right.first()?.0, Arc::new(Node::Inner(right))))
        }
    }
}

/// Removes under a node; a leaf that is left empty goes, unless it is the last.
fn remove(node: &mut Arc<Node>, sought: &Sought<'_>, pages: &Pages) {
    match Arc::make_mut(node) {
        Node::Leaf(records) => {
            if let Ok(index) = records.binary_search_by(|record| pages.order(record, sought)) {
                records.remove(index);
            }
        }
        Node::Inner(children) => {
            let Some((index, _)) = child(children, sought, pages) else { return };
            let Some((_, under)) = children.get_mut(index) else { return };
            remove(under, sought, pages);
            if matches!(under.as_ref(), Node::Leaf(left) if left.is_empty()) && children.len() > 1 {
                children.remove(index);
            }
        }
    }
}

/// The right part of what has become too much: half of it, or what came in at the end, since keys that
/// come in order go on there.
fn split<T>(all: &mut Vec<T>, came_in: usize) -> Option<Vec<T>> {
    if all.len() <= MOST {
        return None;
    }
    let at = if came_in.saturating_add(1) == all.len() { came_in } else { all.len() / 2 };
    Some(all.split_off(at))
}

fn first_from<'m>(node: &'m Node, from: &Edge<'_>, pages: &Pages) -> Option<&'m Record> {
    match node {
        Node::Leaf(records) => {
            let before = from.map_or(0, |(sought, is_within)| {
                records.partition_point(|record| match pages.order(record, &sought) {
                    Ordering::Less => true,
                    Ordering::Equal => !is_within,
                    Ordering::Greater => false,
                })
            });
            records.get(before)
        }
        Node::Inner(children) => {
            let index =
                from.map_or(Some(0), |(sought, _)| Some(child(children, &sought, pages)?.0))?;
            let mut rest = children.get(index..)?.iter();
            let found = first_from(&rest.next()?.1, from, pages);
            // All under it may lie before the bound; then nothing under the next ones does.
            found.or_else(|| rest.find_map(|(_, node)| first_from(node, &None, pages)))
        }
    }
}

fn last_to<'m>(node: &'m Node, to: &Edge<'_>, pages: &Pages) -> Option<&'m Record> {
    match node {
        Node::Leaf(records) => {
            let within = to.map_or(records.len(), |(sought, is_within)| {
                records.partition_point(|record| match pages.order(record, &sought) {
                    Ordering::Less => true,
                    Ordering::Equal => is_within,
                    Ordering::Greater => false,
                })
            });
            records.get(within.checked_sub(1)?)
        }
        Node::Inner(children) => {
            let end = children.len().saturating_sub(1);
            let index =
                to.map_or(Some(end), |(sought, _)| Some(child(children, &sought, pages)?.0))?;
            let mut rest = children.get(..=index)?.iter().rev();
            let found = last_to(&rest.next()?.1, to, pages);
            // All under it may lie after the bound; then nothing under the ones before does.
            found.or_else(|| rest.find_map(|(_, node)| last_to(node, &None, pages)))
        }
    }
}

/// Records in order.
#[derive(Debug)]
pub(super) struct Iter<'m> {
    inner: Vec<slice::Iter<'m, Child>>,
    leaf: slice::Iter<'m, Record>,
}

impl<'m> Iter<'m> {
    fn descend(&mut self, mut node: &'m Node) {
        loop {
            match node {
                Node::Leaf(records) => {
                    self.leaf = records.iter();
                    return;
                }
                Node::Inner(children) => {
                    let mut rest = children.iter();
                    let Some((_, first)) = rest.next() else { return };
                    self.inner.push(rest);
                    node = first;
                }
            }
        }
    }
}

impl<'m> Iterator for Iter<'m> {
    type Item = &'m Record;

    fn next(&mut self) -> Option<&'m Record> {
        loop {
            if let Some(record) = self.leaf.next() {
                return Some(record);
            }
            match self.inner.last_mut()?.next() {
                Some((_, node)) => self.descend(node),
                None => drop(self.inner.pop()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn shown(record: &Record, pages: &Pages) -> (Vec<u8>, Option<Vec<u8>>) {
        (pages.key(record).to_vec(), pages.value(record).map(|value| value.to_vec()))
    }

    type Model = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

    fn check((map, pages): (&Map, &Pages), model: &Model, key: &[u8]) {
        let shown = |record| shown(record, pages);
        let found = |entry: Option<(&Vec<u8>, &Option<Vec<u8>>)>| {
            entry.map(|(key, value)| (key.clone(), value.clone()))
        };
        assert_eq!(map.get(key, pages).map(shown), found(model.get_key_value(key)));
        for bound in [Bound::Included(key), Bound::Excluded(key), Bound::Unbounded] {
            let after = model.range::<[u8], _>((bound, Bound::Unbounded)).next();
            assert_eq!(map.first(bound, pages).map(shown), found(after));
            let before = model.range::<[u8], _>((Bound::Unbounded, bound)).next_back();
            assert_eq!(map.last(bound, pages).map(shown), found(before));
        }
    }

    /// Keys that share beginnings, and some in order, as those of blocks come.
    fn keys() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let short = proptest::collection::vec(0..4_u8, 0..12);
        let ordered = (0..5_000_u32).prop_map(|number| number.to_be_bytes().to_vec());
        proptest::collection::vec(prop_oneof![short, ordered], 0..600)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_holds_and_finds_what_a_sorted_map_does(keys in keys(), sorted in any::<bool>()) {
            let mut keys = keys;
            if sorted {
                keys.sort_unstable();
            }
            let (mut map, mut model, mut pages) = (Map::default(), Model::new(), Pages::default());
            let mut earlier = None;
            for (number, key) in keys.iter().enumerate() {
                let value = (number % 5 != 0).then(|| number.to_le_bytes());
                let value = value.as_ref().map(<[u8; 8]>::as_slice);
                let record = pages.write(key, value);
                map.insert(record, &pages);
                model.insert(key.clone(), value.map(<[u8]>::to_vec));
                check((&map, &pages), &model, key);
                if number % 3 == 0 {
                    let other = &keys[number / 2];
                    map.remove(other, &pages);
                    model.remove(other);
                    check((&map, &pages), &model, other);
                }
                if number == keys.len() / 2 {
                    let room = pages.close();
                    earlier = Some((map.clone(), pages.clone(), model.clone()));
                    pages.open(room);
                }
            }
            for (map, pages, model) in [(map, pages, model)].into_iter().chain(earlier) {
                let all: Model = map.iter().map(|record| shown(record, &pages)).collect();
                prop_assert_eq!(all, model.clone());
                keys.iter().for_each(|key| check((&map, &pages), &model, key));
            }
        }
    }
}
