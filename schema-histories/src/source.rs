//! Prints histories as Rust source that uses `derive(Event)`.

use std::fmt::Write;

use crate::{Form, Generation, History, Life, Origin, StoredForm};

/// The source of `histories`: a module for each, a table of their decoders, an aggregate that holds them, and a feed of it.
///
/// It expects `words` and the derives in scope.
pub fn source(histories: &[History]) -> String {
    let mut out = String::new();
    let mut table = String::new();
    for history in histories {
        let module = &history.module;
        let newest = history.newest();
        let _ = writeln!(out, "pub mod {module} {{\n    use super::{{words, Deserialize, Event, Serialize}};");
        for (number, generation) in history.generations.iter().enumerate() {
            generation_source(&mut out, history, number, generation);
        }
        let _ = writeln!(out, "}}\n");
        let _ = writeln!(table, "    words::Decoder::of::<{module}::V{newest}>(),");
    }
    let _ = writeln!(out, "pub const DECODERS: &[words::Decoder] = &[\n{table}];\n");
    let today = |history: &History| format!("{}::V{}", history.module, history.newest());
    let _ = writeln!(out, "#[derive(Aggregate, Default)]\n#[aggregate(category = \"histories\", id = String, events(");
    for history in histories {
        let _ = writeln!(out, "    {} as {},", today(history), history.module.to_uppercase());
    }
    let _ = writeln!(
        out,
        "))]\npub struct Histories;\n\nimpl<E> Apply<E> for Histories {{ fn apply(&mut self, _: E) {{}} }}"
    );
    let _ = writeln!(out, "\n#[derive(EventSet, Debug, PartialEq)]\n#[event_set(of(Histories))]\npub enum All {{");
    for history in histories {
        let _ = writeln!(out, "    {}({}),", history.module.to_uppercase(), today(history));
    }
    let _ = writeln!(
        out,
        "}}\n\nimpl words::Facts for All {{\n    fn facts(&self) -> words::Value {{\n        match self {{"
    );
    for history in histories {
        let _ = writeln!(out, "            Self::{}(event) => event.facts(),", history.module.to_uppercase());
    }
    let _ = writeln!(out, "        }}\n    }}\n}}");
    out
}

fn generation_source(out: &mut String, history: &History, number: usize, generation: &Generation) {
    let newest = generation.newest;
    let mut event = vec![format!("name = {:?}", history.name), format!("version = {newest}")];
    if number + 1 == history.generations.len() {
        let aliases = history.aliases.iter().map(|alias| format!("alias({:?}, up_to = {})", alias.name, alias.up_to));
        event.extend(aliases);
    }
    if let Some(before) = number.checked_sub(1).map(|before| &history.generations[before]) {
        event.push(format!("previous = V{}", before.newest));
    }
    let _ = writeln!(out, "\n    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]");
    let _ = writeln!(out, "    #[event({})]", event.join(", "));
    for life in generation.lives.iter().filter(|life| life.removed.is_some()) {
        let _ = writeln!(out, "    #[event({})]", removed(generation, life));
    }
    let mut serde = Vec::new();
    serde.extend(generation.rename_all.map(|case| format!("rename_all = {case:?}")));
    serde.extend(generation.deny_unknown.then(|| "deny_unknown_fields".into()));
    if !serde.is_empty() {
        let _ = writeln!(out, "    #[serde({})]", serde.join(", "));
    }
    let named = generation.form == Form::Named;
    let _ = writeln!(out, "    pub struct V{newest} {}", if named { "{" } else { "(" });
    for field in generation.shape(newest) {
        for step in steps(generation, field.life) {
            let _ = writeln!(out, "        #[event({step})]");
        }
        serde_attribute(out, field.life);
        let ty = field.era.ty.rust();
        if named {
            let _ = writeln!(out, "        pub {}: {ty},", ident(&field.life.ident));
        } else {
            let _ = writeln!(out, "        pub {ty},");
        }
    }
    let _ = writeln!(out, "    {}", if named { "}" } else { ");" });
    facts(out, generation);
    link(out, history, number);
}

/// The steps of a field, the oldest first.
fn steps(generation: &Generation, life: &Life) -> Vec<String> {
    let mut steps = Vec::new();
    if let Some((version, added)) = &life.added {
        let before = generation.shape(version - 1);
        steps.push(format!("added(in = {version}, default = {})", added.rust(|number| name(&before, number))));
    }
    for pair in life.eras.windows(2) {
        let [before, era] = pair else { continue };
        let version = era.since;
        let key = before.key.as_ref().filter(|_| before.key != era.key);
        steps.push(match &era.conversion {
            Some(change) => {
                let mut step = format!("in = {version}, from = {}", before.ty.rust());
                if let Some(key) = key {
                    let _ = write!(step, ", name = {key:?}");
                }
                let with = if change.may_fail() { "try_with" } else { "with" };
                let _ = write!(step, ", {with} = {}", change.rust());
                serde_argument(&mut step, &before.stored_form, &[]);
                format!("changed({step})")
            }
            None => format!("renamed(in = {version}, from = {:?})", key.unwrap_or(&life.ident)),
        });
    }
    steps
}

fn removed(generation: &Generation, life: &Life) -> String {
    let version = life.removed.unwrap_or_default();
    let era = life.last();
    let mut step = format!("in = {version}, name = {:?}, type = {}", life.ident, era.ty.rust());
    serde_argument(&mut step, &era.stored_form, &life.aliases);
    for earlier in steps(generation, life) {
        let _ = write!(step, ", {earlier}");
    }
    format!("removed({step})")
}

fn serde_argument(step: &mut String, stored_form: &StoredForm, aliases: &[String]) {
    let mut arguments = stored_form.arguments();
    arguments.extend(aliases.iter().map(|key| format!("alias = {key:?}")));
    if !arguments.is_empty() {
        let _ = write!(step, ", serde({})", arguments.join(", "));
    }
}

fn serde_attribute(out: &mut String, life: &Life) {
    let stored_form = &life.last().stored_form;
    let mut arguments = stored_form.arguments();
    if let (Some(codec), true) = (stored_form.codec, stored_form.deserialize_with) {
        arguments.push(format!("serialize_with = \"{}::serialize\"", codec.rust()));
    }
    arguments.extend(life.rename.iter().map(|key| format!("rename = {key:?}")));
    arguments.extend(life.aliases.iter().map(|key| format!("alias = {key:?}")));
    if !arguments.is_empty() {
        let _ = writeln!(out, "        #[serde({})]", arguments.join(", "));
    }
}

fn facts(out: &mut String, generation: &Generation) {
    let newest = generation.newest;
    let _ = writeln!(
        out,
        "    impl words::Facts for V{newest} {{\n        fn facts(&self) -> words::Value {{\n            words::object(["
    );
    for field in generation.shape(newest) {
        let _ = writeln!(
            out,
            "                ({:?}, words::value(&self.{})),",
            field.life.ident,
            ident(&field.life.ident)
        );
    }
    let _ = writeln!(out, "            ])\n        }}\n    }}");
}

fn link(out: &mut String, history: &History, number: usize) {
    let generation = &history.generations[number];
    let Some(link) = &generation.link else { return };
    let before = &history.generations[number - 1];
    let old_shape = before.shape(before.newest);
    let (old, new) = (before.newest, generation.newest);
    let _ = if link.fallible {
        writeln!(
            out,
            "    impl TryFrom<V{old}> for V{new} {{\n        type Error = words::Refused;\n        fn try_from(old: V{old}) -> Result<Self, words::Refused> {{\n            Ok(Self {{"
        )
    } else {
        writeln!(
            out,
            "    impl From<V{old}> for V{new} {{\n        fn from(old: V{old}) -> Self {{\n            Self {{"
        )
    };
    for (number, origin) in &link.origins {
        let life = &generation.lives[*number];
        let ty = &life.last().ty;
        let value = match origin {
            Origin::Same(from) => format!("old.{}.clone()", name(&old_shape, *from)),
            Origin::Value(value) => ty.literal(value),
            Origin::Converted(from, step) => {
                let (from, rust) = (name(&old_shape, *from), step.rust());
                if step.may_fail() {
                    format!("words::try_convert(old.{from}.clone(), {rust})?")
                } else {
                    format!("words::convert(old.{from}.clone(), {rust})")
                }
            }
        };
        let _ = writeln!(out, "                {}: {value},", ident(&life.ident));
    }
    let _ = writeln!(out, "            }}{}\n        }}\n    }}", if link.fallible { ")" } else { "" });
}

/// The Rust name of field `number` in `shape`.
fn name(shape: &[crate::ShapeField<'_>], number: usize) -> String {
    shape.iter().find(|field| field.number == number).map(|field| ident(field.ident())).unwrap_or_default()
}

/// `name`, as a raw identifier if it is a keyword.
fn ident(name: &str) -> String {
    if name == "type" { "r#type".into() } else { name.into() }
}
