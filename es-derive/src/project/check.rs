//! The rules that need more than one part of a projection.

use std::mem;

use syn::{Ident, ext::IdentExt};

use super::{
    method::{Form, Method},
    parse::Project,
};
use crate::{
    mistakes::Mistakes,
    path_list::{self, ListedPath, same_cfgs, text},
};

/// Reports what is missing from `project` or does not belong to it, and leaves out what is there twice.
pub(crate) fn project(project: &mut Project<'_>, mistakes: &mut Mistakes) {
    let Some(ident) = project.ident else { return };
    missing(project, ident, mistakes);
    of_the_form(project, mistakes);
    leave_out_repeats(&mut project.methods, mistakes);
    one_target(project, mistakes);
    aggregates(project, mistakes);
    ignored(project, mistakes);
}

fn missing(Project { arguments, .. }: &Project<'_>, ident: &Ident, mistakes: &mut Mistakes) {
    let name = ident.unraw().to_string().to_lowercase();
    if arguments.is_empty() {
        mistakes.at(
            ident.span(),
            format!("projection `{ident}` lacks its arguments; write `#[es::project(name = \"{name}\", every(…))]`"),
        );
        return;
    }
    if arguments.lacks_name() {
        mistakes.at(
            ident.span(),
            format!("projection `{ident}` has no name; add `name = \"{name}\"` to `#[es::project(…)]`"),
        );
    }
    if arguments.lacks_aggregates() {
        mistakes.at(
            ident.span(),
            format!(
                "projection `{ident}` does not name the aggregates of its events\n\
                 add `every(…)` to `#[es::project(…)]` to handle every event of an aggregate, or `of(…)` to handle some"
            ),
        );
    }
}

/// A view is neither stored nor shared out, so it has no version and always the order of the log.
fn of_the_form(Project { arguments, form, .. }: &Project<'_>, mistakes: &mut Mistakes) {
    if *form != Form::View {
        return;
    }
    if let Some(version) = &arguments.version {
        mistakes.at(
            version.span(),
            "a view is folded anew at each start and has no version; leave `version` out, or add `key = …` for rows by key",
        );
    }
    if let Some(order) = arguments.order {
        mistakes.at(order, "a view always receives its events in the order of the log; leave `order` out");
    }
}

/// Reports and leaves out methods for an event that another method takes, and those for events with the same name.
fn leave_out_repeats(methods: &mut Vec<Method<'_>>, mistakes: &mut Mistakes) {
    for method in mem::take(methods) {
        let written = text(method.event.ty);
        let together = |before: &&Method<'_>| {
            before.cfgs.is_empty() || method.cfgs.is_empty() || same_cfgs(&before.cfgs, &method.cfgs)
        };
        let mut others = methods.iter().filter(together);
        let second = method.ident;
        if let Some(first) = others.clone().find(|before| text(before.event.ty) == written) {
            let first = first.ident;
            mistakes.spanning(
                method.event.ty,
                format!("`{first}` already takes `{written}`; move the body of `{second}` into `{first}`"),
            );
        } else if let Some(before) = others.find(|before| before.variant == method.variant) {
            let (first, variant) = (before.ident, method.variant);
            mistakes.spanning(
                method.event.ty,
                format!(
                    "`{first}` takes an event called `{variant}`, too; import one as `Other{variant}`, and write that name"
                ),
            );
        } else {
            methods.push(method);
        }
    }
}

fn one_target(project: &Project<'_>, mistakes: &mut Mistakes) {
    let targets = project.methods.iter().map(|method| (method.ident, method.target));
    let batch = project.batch.iter().map(|batch| (batch.ident, batch.target));
    let set_up = project.set_up.iter().map(|set_up| (set_up.ident, set_up.target));
    let mut targets = targets.chain(batch).chain(set_up).filter_map(|(ident, target)| Some((ident, target?)));
    let Some((first, target)) = targets.next() else { return };
    let written = text(target);
    for (_, other) in targets.filter(|(_, other)| text(other) != written) {
        let other_written = text(other);
        mistakes.spanning(
            other,
            format!("`{first}` writes to `{written}`, and one projection has one target; write `&mut {written}` in place of `&mut {other_written}`"),
        );
    }
}

/// Reports aggregates that are named twice.
fn aggregates(project: &mut Project<'_>, mistakes: &mut Mistakes) {
    let arguments = &mut project.arguments;
    path_list::leave_out_named(&mut arguments.every, mistakes);
    path_list::leave_out_named(&mut arguments.of, mistakes);
    let every: Vec<_> = arguments.every.iter().map(|item| text(&item.path)).collect();
    arguments.of.retain(|ListedPath { path, .. }| {
        let written = text(path);
        let is_in_both = every.contains(&written);
        if is_in_both {
            mistakes.spanning(path, format!("`{written}` is in `every(…)` already; leave it out of `of(…)`"));
        }
        !is_in_both
    });
}

/// Reports events that are ignored and handled, or ignored twice, or ignored without `every`.
fn ignored(project: &mut Project<'_>, mistakes: &mut Mistakes) {
    let arguments = &mut project.arguments;
    if let (Some(first), true) = (arguments.ignores.first(), arguments.every.is_empty()) {
        mistakes.spanning(
            &first.path,
            "`ignores(…)` belongs to `every(…)`; with `of(…)` alone an event that no method takes does not arrive",
        );
        return;
    }
    let mut before: Vec<String> = Vec::new();
    for ListedPath { path, .. } in &arguments.ignores {
        let written = text(path);
        if let Some(method) = project.methods.iter().find(|method| text(method.event.ty) == written) {
            let method = method.ident;
            mistakes.spanning(
                path,
                format!("`{written}` is ignored, and `{method}` takes it; leave it out of `ignores(…)`"),
            );
        } else if before.contains(&written) {
            mistakes.spanning(path, format!("`{written}` is ignored twice; keep one"));
        }
        before.push(written);
    }
}
