//! The rules that need more than one attribute.

use proc_macro2::Span;
use syn::{LitStr, Member, ext::IdentExt};

use super::{
    field::{EventField, Form},
    parse::Event,
    step::{Kind, Step},
    stored::{FieldAttributes, Presence},
};
use crate::mistakes::Mistakes;

/// Reports what is wrong with the event as a whole.
pub(crate) fn event(event: &Event, mistakes: &mut Mistakes) {
    aliases(event, mistakes);
    if let Some(word) = &event.stored.written_otherwise {
        let text = "`rename_all` writes other keys than it reads, so the event could not be read again\n\
                    write one rule for both: `rename_all = \"…\"`";
        mistakes.at(word.span(), text);
    }
    for field in &event.fields {
        steps(event, &field.steps, mistakes);
        of_field(event, field, mistakes);
    }
    for removed in &event.removed {
        check_version(event, "removed", removed.at, removed.at_span, mistakes);
        steps(event, &removed.steps, mistakes);
        if let Some(step) = removed.steps.iter().find(|step| step.at >= removed.at) {
            let text = format!(
                "`{}(in = {})` is not before `removed(in = {})`, and a field that is gone does not change\n\
                 write a smaller `in`",
                step.word, step.at, removed.at
            );
            mistakes.at(step.at_span, text);
        }
        if event.form != Form::Named {
            let text =
                "only a struct with named fields can use `removed`; write the older shape by hand and `previous = …`";
            mistakes.at(removed.name.span(), text);
        }
    }
    if mistakes.is_empty() {
        versions(event, mistakes);
        today_only(event, mistakes);
    }
}

fn aliases(event: &Event, mistakes: &mut Mistakes) {
    for (index, alias) in event.aliases.iter().enumerate() {
        let name = alias.name.value();
        if name == event.name.value() {
            mistakes.at(alias.name.span(), format!("`{name}` is the current name; an alias is a former one"));
        }
        if event.aliases[..index].iter().any(|other| other.name.value() == name) {
            mistakes.at(
                alias.name.span(),
                format!("the alias `{name}` is given twice; keep the one with the larger `up_to`"),
            );
        }
        if alias.up_to > event.version {
            let text =
                format!("`up_to = {}` is above the event's schema version, which is {}", alias.up_to, event.version);
            mistakes.at(alias.up_to_span, text);
        }
    }
}

fn of_field(event: &Event, field: &EventField, mistakes: &mut Mistakes) {
    let flatten = field.stored.held.presence == Presence::Flatten;
    let newest_change = field.steps.iter().rposition(|step| matches!(step.kind, Kind::Changed(_)));
    for (index, step) in field.steps.iter().enumerate() {
        match &step.kind {
            _ if event.form == Form::Named && field.stored.held.presence == Presence::Skip => {
                let text = format!("the field is skipped by serde and never stored, so it cannot have `{}`", step.word);
                mistakes.at(step.word.span(), text);
            }
            Kind::Changed(changed) if event.form == Form::Tuple => {
                if let Some(name) = &changed.name {
                    mistakes.at(name.span(), "a field of a tuple struct has no key; leave `name` out");
                }
            }
            Kind::Renamed { .. } if event.form == Form::Named && flatten && newest_change < Some(index) => {
                mistakes.at(step.word.span(), "a flattened field has no key of its own that could be renamed");
            }
            Kind::Added { .. } | Kind::Renamed { .. } if event.form == Form::Tuple => {
                let text = format!(
                    "a field of a tuple struct can use `changed` only, not `{}`\n\
                     write the older shape by hand and `previous = …`",
                    step.word
                );
                mistakes.at(step.word.span(), text);
            }
            _ => {}
        }
    }
    written_as_read(event, field, mistakes);
    if let Some(word) = &field.stored.left_out
        && field.stored.held.with.is_some()
    {
        mistakes.at(word.span(), LEFT_OUT);
    }
}

/// The message for `skip_serializing_if` on a field whose absent key cannot be read.
pub(crate) const LEFT_OUT: &str = "`skip_serializing_if` can leave the field out, which could then not be read again; \
                                   write `default` beside it";

/// Reports a field that is written under a key that is not read.
fn written_as_read(event: &Event, field: &EventField, mistakes: &mut Mistakes) {
    let FieldAttributes { held, rename, written, renamed, .. } = &field.stored;
    let Some(own) = own_key(event, field) else { return };
    let Some(word) = renamed.as_ref().filter(|_| held.presence != Presence::Skip && event.stored.as_type.is_none())
    else {
        return;
    };
    let key = |name: &Option<LitStr>| name.as_ref().map_or_else(|| own.clone(), LitStr::value);
    let (read, written_key) = (key(rename), key(written));
    if written_key == read || held.aliases.iter().any(|alias| alias.value() == written_key) {
        return;
    }
    let text = format!(
        "the field is written as `{written_key}` and read under another key, so it could not be read again\n\
         write `rename = \"…\"` for both, or `alias = \"{written_key}\"` beside it"
    );
    mistakes.at(written.as_ref().or(rename.as_ref()).map_or(word.span(), LitStr::span), text);
}

/// The key without a `rename` of its own.
fn own_key(event: &Event, field: &EventField) -> Option<String> {
    match &field.member {
        Member::Named(ident) => Some(event.stored.key(&ident.unraw().to_string())),
        Member::Unnamed(_) => None,
    }
}

fn steps(event: &Event, steps: &[Step], mistakes: &mut Mistakes) {
    for step in steps {
        check_version(event, &step.word.to_string(), step.at, step.at_span, mistakes);
    }
    for pair in steps.windows(2) {
        let [before, step] = pair else { continue };
        if step.at == before.at {
            let text = format!(
                "two steps of one field in schema version {}; write one (`changed` can rename too, by `name`)\n\
                 or give the second a version of its own",
                step.at
            );
            mistakes.at(step.at_span, text);
        } else if step.at < before.at {
            let text = format!(
                "the steps of a field are in ascending order of their versions; write `in = {}` before `in = {}`",
                step.at, before.at
            );
            mistakes.at(step.at_span, text);
        } else if matches!(step.kind, Kind::Added { .. }) {
            let text = format!(
                "the field is added in schema version {}, so it cannot have been `{}` in {}",
                step.at, before.word, before.at
            );
            mistakes.at(step.at_span, text);
        }
    }
}

fn check_version(event: &Event, word: &str, at: u32, span: Span, mistakes: &mut Mistakes) {
    if at > event.version {
        let text = format!(
            "`{word}(in = {at})` is above the event's schema version, which is {}; write `version = {at}`",
            event.version
        );
        mistakes.at(span, text);
    }
}

/// The oldest schema version whose shape the steps declare.
pub(crate) fn base(event: &Event) -> u32 {
    match step_versions(event).min() {
        _ if event.previous.is_none() => 1,
        Some(lowest) => lowest - 1,
        None => event.version,
    }
}

fn step_versions(event: &Event) -> impl Iterator<Item = u32> {
    let of_fields = event.fields.iter().flat_map(|field| &field.steps).map(|step| step.at);
    let of_removed = event.removed.iter().flat_map(|removed| {
        let steps = removed.steps.iter().map(|step| step.at);
        std::iter::once(removed.at).chain(steps)
    });
    of_fields.chain(of_removed)
}

fn versions(event: &Event, mistakes: &mut Mistakes) {
    let base = base(event);
    if let Some(previous) = &event.previous
        && base == 1
    {
        let text = if event.version == 1 {
            "schema version 1 has nothing before it; write `version = 2`, or leave `previous` out".to_owned()
        } else {
            "the declared steps reach down to schema version 1, so nothing is left for `previous`; leave it out"
                .to_owned()
        };
        mistakes.spanning(previous, text);
    }
    let mut declared: Vec<u64> = step_versions(event).map(u64::from).collect();
    declared.push(u64::from(event.version) + 1);
    declared.sort_unstable();
    let mut before = u64::from(base);
    for at in declared {
        if at > before + 1 {
            undeclared(event, before + 1, at - 1, mistakes);
        }
        before = at;
    }
}

fn undeclared(event: &Event, first: u64, last: u64, mistakes: &mut Mistakes) {
    let versions = if first == last { format!("version {first}") } else { format!("versions {first} to {last}") };
    let text = format!(
        "no step declares what schema {versions} changed\n\
         write a step with `in = {first}`, or `previous = …` with the type before"
    );
    mistakes.at(event.version_span, text);
}

fn today_only(event: &Event, mistakes: &mut Mistakes) {
    if base(event) == event.version {
        return;
    }
    for word in &event.stored.today_only {
        let text = format!(
            "`serde({word})` on the struct does not apply to the older shapes\n\
             {}",
            match word.to_string().as_str() {
                "default" => "write `serde(default)` on the fields that may be absent",
                "transparent" => "write a tuple struct with one field, which is stored alike, or `previous = …`",
                _ => "write the older shape by hand and `previous = …`",
            }
        );
        mistakes.at(word.span(), text);
    }
}
