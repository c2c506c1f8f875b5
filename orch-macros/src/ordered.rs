//! Ordered maps and sets of few entries.
//!
//! They are sorted vectors. The standard library's B-trees would do, but are generic code that everybody who uses the
//! library waits for, once for each type of entry, and that expands their workflows unoptimized.

use std::borrow::Borrow;
use std::fmt;

/// A map, in the order of its keys.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Map<K, V>(Vec<(K, V)>);

impl<K, V> Map<K, V> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> + Clone {
        self.0.iter().map(|(key, _)| key)
    }
}

impl<K: Ord, V> Map<K, V> {
    /// Where a key is, or where it belongs.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(own, _)| own.borrow().cmp(key))
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let idx = self.find(key).ok()?;
        Some(&self.0[idx].1)
    }

    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let idx = self.find(key).ok()?;
        Some(&mut self.0[idx].1)
    }

    pub(crate) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// Sets the value of a key; gives the one that it had.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(idx) => Some(std::mem::replace(&mut self.0[idx].1, value)),
            Err(idx) => {
                self.0.insert(idx, (key, value));
                None
            }
        }
    }

    /// The value of a key, which is this one if it had none.
    pub(crate) fn get_or_insert(&mut self, key: K, value: V) -> &mut V {
        let idx = self.find(&key).unwrap_or_else(|idx| {
            self.0.insert(idx, (key, value));
            idx
        });
        &mut self.0[idx].1
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A set, in order.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Set<K>(Vec<K>);

impl<K> Set<K> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn first(&self) -> Option<&K> {
        self.0.first()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, K> {
        self.0.iter()
    }

    /// Takes the first one out.
    pub(crate) fn pop_first(&mut self) -> Option<K> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }
}

impl<K: Ord> Set<K> {
    pub(crate) fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|own| own.borrow().cmp(key)).is_ok()
    }

    /// Adds one; whether it was not there.
    pub(crate) fn insert(&mut self, key: K) -> bool {
        let found = self.0.binary_search(&key);
        if let Err(idx) = found {
            self.0.insert(idx, key);
        }
        found.is_err()
    }

    /// Takes one out; whether it was there.
    pub(crate) fn remove(&mut self, key: &K) -> bool {
        let found = self.0.binary_search(key);
        if let Ok(idx) = found {
            self.0.remove(idx);
        }
        found.is_ok()
    }
}

impl<K> Default for Set<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: fmt::Debug> fmt::Debug for Set<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<K: Ord> Extend<K> for Set<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        for key in keys {
            self.insert(key);
        }
    }
}

impl<K: Ord> FromIterator<K> for Set<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = Self::new();
        set.extend(keys);
        set
    }
}

impl<K> IntoIterator for Set<K> {
    type Item = K;
    type IntoIter = std::vec::IntoIter<K>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, K> IntoIterator for &'a Set<K> {
    type Item = &'a K;
    type IntoIter = std::slice::Iter<'a, K>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_do_what_b_trees_do(entries in prop::collection::vec((0..20_u8, any::<u8>()), 0..60)) {
            let (mut map, mut tree) = (Map::new(), BTreeMap::new());
            let (mut set, mut leaves) = (Set::new(), BTreeSet::new());
            for (key, value) in entries {
                match value % 4 {
                    0 => prop_assert_eq!(map.insert(key, value), tree.insert(key, value)),
                    1 => {
                        let own = *map.get_or_insert(key, value);
                        prop_assert_eq!(own, *tree.entry(key).or_insert(value));
                    }
                    2 => prop_assert_eq!(set.remove(&key), leaves.remove(&key)),
                    _ => prop_assert_eq!(set.pop_first(), leaves.pop_first()),
                }
                prop_assert_eq!(set.insert(value % 9), leaves.insert(value % 9));
                prop_assert_eq!(map.get(&value), tree.get(&value));
                prop_assert_eq!(set.contains(&key), leaves.contains(&key));
            }
            prop_assert!(map.iter().eq(tree.iter()));
            prop_assert!(set.iter().eq(leaves.iter()));
        }
    }
}
