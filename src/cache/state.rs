//! What a result depends on: paths, and what is there.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::tree::{ReadError, RelPath, SourceTree};

/// SHA-256 of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Digest(pub(super) [u8; 32]);

impl Digest {
    /// That of bytes.
    pub(super) fn of_bytes(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    /// Its beginning, as text.
    pub(crate) fn short(&self) -> String {
        self.0[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// That of some texts, told apart from those of other texts that are the same when joined.
    pub(crate) fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Digest {
        let mut hasher = Sha256::new();
        for text in texts {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        Digest(hasher.finalize().into())
    }
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// A text: its digest, and that of the path behind all links.
    Text(Digest, Digest),
    /// Nothing.
    Absent,
    /// What cannot be read as text; why, as a digest.
    Other(Digest),
}

impl State {
    /// A text that was read at `path`, which has no links.
    pub(crate) fn text(path: &RelPath, text: &str) -> State {
        State::Text(Digest::of([text]), Digest::of([path.as_str()]))
    }
}

/// What is in a tree, looked at once.
pub(crate) struct States {
    tree: Arc<dyn SourceTree>,
    known: RwLock<HashMap<RelPath, State>>,
}

impl States {
    /// Nothing is known yet.
    pub(crate) fn new(tree: Arc<dyn SourceTree>) -> States {
        States { tree, known: RwLock::default() }
    }

    /// What is at a path.
    pub(crate) fn of(&self, path: &RelPath) -> State {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(path).copied();
        known.unwrap_or_else(|| {
            let (state, _) = self.look(path);
            *self.known.write().unwrap_or_else(PoisonError::into_inner).entry(path.clone()).or_insert(state)
        })
    }

    /// What is at a path, and the text, if it is one. Nothing of it is kept.
    pub(super) fn look(&self, path: &RelPath) -> (State, Option<String>) {
        match self.tree.read(path) {
            Ok(text) => {
                let real = self.tree.real_path(path).unwrap_or_else(|| path.clone());
                (State::text(&real, &text), Some(text))
            }
            Err(ReadError::NotFound { .. }) => (State::Absent, None),
            Err(error) => (State::Other(Digest::of([error.to_string().as_str()])), None),
        }
    }
}
