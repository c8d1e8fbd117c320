//! Says which promise is not kept, shows the shape before and after, and what to write.

use std::fmt;

use super::{
    advice,
    compare::{Bodies, Broken, Newcomer, Use},
    contents::{History, Layout},
};

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream { category, events, moved_to } => stream(f, category, events, moved_to.as_deref()),
            Self::Event { category, name, locked, elsewhere, newcomers } => {
                event(f, category, name, locked, elsewhere.as_deref(), newcomers)
            }
            Self::Alias { event, today, alias, up_to } => read_as(f, event, today, alias, *up_to),
            Self::Lowered { event, today, newest, layout } => lowered(f, event, today, *newest, layout),
            Self::Edited { event, today, version, before, after, next, also } => {
                let versions = also.iter().map(|also| format!(" and {also}")).collect::<Vec<_>>().concat();
                writeln!(f, "event `{event}` has another shape in schema version {version}{versions} than was stored")?;
                writeln!(f, "    before  {before}\n    after   {after}")?;
                edited(f, event, today, *version, before, after, next.as_ref())
            }
            Self::Type { name, before, after, used_by } => changed_type(f, name, before, after, used_by),
        }
    }
}

fn stream(f: &mut fmt::Formatter<'_>, category: &str, events: &[String], moved_to: Option<&str>) -> fmt::Result {
    writeln!(f, "stream `{category}` is locked, and no aggregate of this check has that category")?;
    writeln!(f, "    before  {}", events.join(", "))?;
    writeln!(f, "    after   nothing")?;
    match moved_to {
        Some(new) => writeln!(
            f,
            "  its events are in `{new}` now; the category is part of every stored stream, so write it as it was\n        \
             #[aggregate(category = {category:?}, …)]"
        ),
        None => writeln!(f, "  name its aggregate in the check again, as in `es::schema::lock!(…)`"),
    }
}

fn event(
    f: &mut fmt::Formatter<'_>,
    category: &str,
    name: &str,
    locked: &History,
    elsewhere: Option<&str>,
    newcomers: &[Newcomer],
) -> fmt::Result {
    let newest = locked.newest();
    writeln!(f, "event `{name}` of stream `{category}` can no longer be read")?;
    writeln!(f, "    before  {}", locked.summary())?;
    match elsewhere {
        Some(other) => writeln!(f, "    after   nothing here, though stream `{other}` still reads it")?,
        None => writeln!(f, "    after   nothing")?,
    }
    let ty = advice::type_of(name);
    writeln!(f, "  if it is no longer written, keep its struct and retire it")?;
    writeln!(f, "        #[aggregate(category = {category:?}, …, retired({ty}))]")?;
    writeln!(f, "        impl Retired<…> for {ty} {{ fn successors(self) -> impl IntoEvents<…> {{ … }} }}")?;
    let alike =
        |newcomer: &&Newcomer| newcomer.history.layouts.values().next_back() == locked.layouts.values().next_back();
    match newcomers.iter().find(alike).or(newcomers.first()) {
        Some(Newcomer { name: new, history }) => {
            let version = history.newest().max(newest);
            let alias = format!(", alias({name:?}, up_to = {newest})");
            writeln!(f, "  if it is `{new}` today")?;
            writeln!(f, "        {}", advice::event(new, history, version, &alias))
        }
        None => writeln!(
            f,
            "  if it has another name today, say so there\n        \
             #[event(name = \"…\", version = {newest}, alias({name:?}, up_to = {newest}))]"
        ),
    }
}

fn read_as(f: &mut fmt::Formatter<'_>, event: &str, today: &History, alias: &str, up_to: u32) -> fmt::Result {
    writeln!(f, "event `{event}` was stored as `{alias}` up to schema version {up_to}")?;
    writeln!(f, "    before  also {alias} up to {up_to}")?;
    match today.aliases.get(alias) {
        Some(now) => writeln!(f, "    after   also {alias} up to {now}")?,
        None => writeln!(f, "    after   nothing")?,
    }
    let mut restored = today.clone();
    restored.aliases.insert(alias.to_owned(), up_to);
    let version = today.newest().max(up_to);
    writeln!(f, "    on the struct\n        {}", advice::event(event, &restored, version, ""))
}

fn lowered(f: &mut fmt::Formatter<'_>, event: &str, today: &History, newest: u32, layout: &Layout) -> fmt::Result {
    let knows = today.newest();
    writeln!(f, "event `{event}` was stored with schema version {newest}, and this program knows {knows}")?;
    writeln!(f, "    before  {newest}: {layout}")?;
    writeln!(f, "    after   {}", today.summary())?;
    writeln!(f, "  put the schema version and its steps back; to undo a step, take one more")?;
    writeln!(f, "    on the struct\n        {}", advice::event(event, today, newest, ""))
}

fn edited(
    f: &mut fmt::Formatter<'_>,
    event: &str,
    today: &History,
    version: u32,
    before: &Layout,
    after: &Layout,
    next: Option<&Layout>,
) -> fmt::Result {
    let step = version + 1;
    if let Some(next) = next {
        let steps = advice::steps(before, next, step);
        writeln!(f, "  schema version {version} is history; the steps to {step} have to lead back to it")?;
        return f.write_str(&steps.text(event, today, None));
    }
    if matches!(after, Layout::NotDescribed) {
        return writeln!(f, "  describe its shapes in `Event::SCHEMA` again");
    }
    let raised = (today.newest() == version).then_some(step);
    let steps = advice::steps(before, after, step);
    match raised {
        Some(_) => writeln!(f, "  say what changed, in a schema version of its own")?,
        None => writeln!(f, "  a step to schema version {step} is missing")?,
    }
    f.write_str(&steps.text(event, today, raised))?;
    writeln!(f, "  if it is another event, give it a name that was never stored")
}

fn changed_type(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    before: &Bodies,
    after: &Bodies,
    used_by: &[Use],
) -> fmt::Result {
    if after.is_empty() {
        writeln!(f, "type `{name}` is locked, and no field leads to it now, or it lacks its `JsonSchema`")?;
        bodies(f, "before", before)?;
        return writeln!(f, "    after   nothing\n  write `#[derive(JsonSchema)]` on it again");
    }
    writeln!(f, "type `{name}` changed, inside payloads that are stored")?;
    bodies(f, "before", before)?;
    bodies(f, "after ", after)?;
    writeln!(f, "  keep it as it was, as `Old{name}`, and say where it is stored that it changed")?;
    for Use { event, newest, field, from, serde } in used_by {
        let version = newest + 1;
        writeln!(f, "    on `{field}` of `{event}`, with `version = {version}`")?;
        writeln!(f, "        #[event(changed(in = {version}, from = {from}, with = From::from{serde}))]")?;
    }
    Ok(())
}

fn bodies(f: &mut fmt::Formatter<'_>, when: &str, bodies: &Bodies) -> fmt::Result {
    let mut when = when;
    for line in bodies.iter().flatten() {
        writeln!(f, "    {when}  {line}")?;
        when = "      ";
    }
    Ok(())
}
