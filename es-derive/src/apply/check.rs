//! The rules that need more than one apply method.

use std::mem;

use super::parse::Method;
use crate::{
    mistakes::Mistakes,
    path_list::{same_cfgs, text},
};

/// Reports and leaves out methods for an event that another method already applies.
pub(crate) fn leave_out_repeats(methods: &mut Vec<Method<'_>>, mistakes: &mut Mistakes) {
    for method in mem::take(methods) {
        let written = method.event.map(text);
        let same = |before: &&Method<'_>| before.event.map(text) == written && same_cfgs(&before.cfgs, &method.cfgs);
        let Some(before) = methods.iter().find(same) else {
            methods.push(method);
            continue;
        };
        let (first, second) = (before.ident, method.ident);
        let written = written.unwrap_or_default();
        mistakes.spanning(
            method.event,
            format!("`{first}` already applies `{written}`; move the body of `{second}` into `{first}`"),
        );
    }
}
