//! The rules of all apply methods of a block together.

use std::mem;

use super::parse::Method;
use crate::{mistakes::Mistakes, path_list::text};

/// Notes the methods for an event that another one applies already, and leaves them out.
pub(crate) fn leave_out_repeats(methods: &mut Vec<Method<'_>>, mistakes: &mut Mistakes) {
    for method in mem::take(methods) {
        let written = method.event.map(text);
        let same = |before: &&Method<'_>| before.event.map(text) == written && before.cfgs == method.cfgs;
        let Some(before) = methods.iter().find(same) else {
            methods.push(method);
            continue;
        };
        let (first, second) = (before.ident, method.ident);
        let written = written.unwrap_or_default();
        mistakes.spanning(
            method.event,
            format!("`{first}` applies `{written}` already; do in `{first}` what `{second}` does"),
        );
    }
}
