//! The rules that need more than one part of a set.

use super::parse::EventSet;
use crate::{
    mistakes::Mistakes,
    path_list::{self, text},
};

/// Reports repeated aggregates and events in `set` and leaves them out.
pub(crate) fn event_set(set: &mut EventSet<'_>, mistakes: &mut Mistakes) {
    path_list::leave_out_named(&mut set.of, mistakes);
    let mut events: Vec<String> = Vec::with_capacity(set.members.len());
    for index in 0..set.members.len() {
        let written = set.members[index].event.map(text).unwrap_or_default();
        let repeated = events.iter().position(|before| !written.is_empty() && *before == written);
        if let Some(first) = repeated {
            let first = set.members[first].variant;
            let event = set.members[index].event.take();
            mistakes.spanning(event, format!("`{first}` already holds `{written}`; keep one of the two variants"));
        }
        events.push(written);
    }
}
