//! Values that are made once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// Values that are made once, by whoever asks first; others wait for them.
#[derive(Debug)]
pub(super) struct Once<K, V>(RwLock<HashMap<K, Arc<OnceLock<V>>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Once(RwLock::default())
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Once<K, V> {
    /// The value of a key; `make` makes it for the first who asks.
    pub(super) fn get(&self, key: &K, make: impl FnOnce() -> V) -> V {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        let slot = known.unwrap_or_else(|| {
            self.0.write().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default().clone()
        });
        slot.get_or_init(make).clone()
    }

    /// The values that are made already, but for those whose key `is_out`.
    pub(super) fn without(&self, is_out: impl Fn(&K) -> bool) -> Once<K, V> {
        let slots = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // A value that somebody is still making may be made of what is out.
        let kept = slots.iter().filter(|(key, slot)| slot.get().is_some() && !is_out(key));
        Once(RwLock::new(kept.map(|(key, slot)| (key.clone(), Arc::clone(slot))).collect()))
    }

    /// The keys that somebody has asked for.
    #[cfg(test)]
    pub(super) fn keys(&self) -> Vec<K> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// The value of a key, if it is made.
    pub(super) fn peek(&self, key: &K) -> Option<V> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key)?.get().cloned()
    }
}
