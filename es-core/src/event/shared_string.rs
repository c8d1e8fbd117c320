//! A string that is static or reference-counted, and cheap to clone either way.

use std::{cmp, hash, ops::Deref, sync::Arc};

#[derive(Clone)]
pub(crate) enum SharedString {
    Static(&'static str),
    Counted(Arc<str>),
}

impl Deref for SharedString {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Counted(text) => text,
        }
    }
}

impl PartialEq for SharedString {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for SharedString {}

impl PartialOrd for SharedString {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SharedString {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        (**self).cmp(&**other)
    }
}

impl hash::Hash for SharedString {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}
