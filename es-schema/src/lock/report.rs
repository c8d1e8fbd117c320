//! Writes the report of a check: the stored event, its shape before and after, and what to write.

use std::{collections::BTreeSet, fmt};

use super::{
    advice,
    advice_text::{
        AGGREGATE, ANOTHER_EVENT, DERIVE, DESCRIBE, EVENT, HISTORY, IS_TODAY, LEAVE_OUT, NAME_AGGREGATE, OTHER_ID,
        OTHER_NAME, PRINT_IDS, PUT_BACK, RETIRE, SAY_WHAT, STEP_MISSING, SUCCESSORS, WORD, WRITE_CATEGORY,
    },
    compare::{Incompatibility, UnlockedEvent},
    contents::{Entry, History, Id, Layout},
    json_type::JsonType,
    token, types,
    update::OVERWRITE,
};

impl fmt::Display for Incompatibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingStream { category, events, moved_to } => stream(f, category, events, moved_to.as_deref()),
            Self::UnreadableEvent { category, name, locked, elsewhere, unlocked } => {
                event(f, category, name, locked, elsewhere.as_deref(), unlocked)
            }
            Self::MissingAlias { event, today, alias, up_to } => read_as(f, event, today, alias, *up_to),
            Self::LoweredVersion { event, today, locked } => lowered(f, event, today, locked),
            Self::ChangedShape { event, today, version, before, after, next, also } => {
                let versions = also.iter().map(|also| format!(" and {also}")).collect::<Vec<_>>().concat();
                writeln!(f, "event `{event}` has another shape in schema version {version}{versions} than was stored")?;
                writeln!(f, "    before  {before}\n    after   {after}")?;
                inside(f, before, after)?;
                edited(f, event, today, *version, before, after, next.as_ref())
            }
            Self::ChangedSerdeAttributes { event, before, after } => words(f, event, before, after),
            Self::ChangedId { category, before, after } => id(f, category, before, after),
        }
    }
}

/// The command that gives up the history of all `incompatibilities`.
pub(super) fn giving_up(incompatibilities: &[Incompatibility]) -> String {
    let names: BTreeSet<String> = incompatibilities.iter().flat_map(Incompatibility::names).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(",");
    let plain = names.chars().all(|letter| token::is_of_name(letter) || letter == ',') && !names.contains('$');
    let names = if plain { names } else { format!("'{}'", names.replace('\'', r"'\''")) };
    format!("to replace the locked history, if no event was ever stored in this shape:  {OVERWRITE}={names} cargo test")
}

fn stream(f: &mut fmt::Formatter<'_>, category: &str, events: &[String], moved_to: Option<&str>) -> fmt::Result {
    writeln!(f, "stream `{category}` is locked, and no aggregate of this check has that category")?;
    writeln!(f, "    before  {}", events.join(", "))?;
    writeln!(f, "    after   nothing")?;
    match moved_to {
        Some(new) => writeln!(
            f,
            "  its events are in `{new}` now; {WRITE_CATEGORY}\n        \
             {AGGREGATE}{category:?}, …)]"
        ),
        None => writeln!(f, "  {NAME_AGGREGATE}"),
    }
}

fn event(
    f: &mut fmt::Formatter<'_>,
    category: &str,
    name: &str,
    locked: &History,
    elsewhere: Option<&str>,
    unlocked: &[UnlockedEvent],
) -> fmt::Result {
    let newest = locked.newest();
    writeln!(f, "event `{name}` of stream `{category}` can no longer be read")?;
    writeln!(f, "    before  {}", locked.summary())?;
    match elsewhere {
        Some(other) => writeln!(f, "    after   nothing here, though stream `{other}` still reads it")?,
        None => writeln!(f, "    after   nothing")?,
    }
    let ty = advice::type_of(name);
    writeln!(f, "  {RETIRE}")?;
    writeln!(f, "        {AGGREGATE}{category:?}, …, retired({ty}))]")?;
    writeln!(f, "        impl Retired<…> for {ty} {SUCCESSORS}…> {{ … }} }}")?;
    let alike = |unlocked: &&UnlockedEvent| {
        unlocked.history.layouts.values().next_back() == locked.layouts.values().next_back()
    };
    match unlocked.iter().find(alike).or(unlocked.first()) {
        Some(UnlockedEvent { name: new, history }) => {
            let version = history.newest().max(newest);
            let alias = format!(", alias({name:?}, up_to = {newest})");
            writeln!(f, "  {IS_TODAY}{new}` today")?;
            writeln!(f, "        {}", advice::event(new, history, version, &alias))
        }
        None => writeln!(
            f,
            "  {OTHER_NAME}\n        \
             {EVENT}\"…\", version = {newest}, alias({name:?}, up_to = {newest}))]"
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

fn lowered(f: &mut fmt::Formatter<'_>, event: &str, today: &History, locked: &History) -> fmt::Result {
    let (knows, newest) = (today.newest(), locked.newest());
    writeln!(f, "event `{event}` was stored with schema version {newest}, and this program knows {knows}")?;
    writeln!(f, "    before  {}\n    after   {}", locked.summary(), today.summary())?;
    writeln!(f, "  {PUT_BACK}")?;
    writeln!(f, "    on the struct\n        {}", advice::event(event, today, newest, ""))?;
    for version in knows + 1..=newest {
        if let (Some(before), Some(after)) = (locked.layouts.get(&(version - 1)), locked.layouts.get(&version)) {
            f.write_str(&advice::declared(before, after, version).text(event, today, None))?;
        }
    }
    Ok(())
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
        let steps = advice::declared(before, next, step);
        writeln!(f, "  schema version {version} {HISTORY}{step} have to lead back to it")?;
        return f.write_str(&steps.text(event, today, None));
    }
    if matches!(after, Layout::NotDescribed) {
        return writeln!(f, "  {DESCRIBE}");
    }
    let raised = (today.newest() == version).then_some(step);
    let steps = advice::steps(before, after, step);
    match raised {
        Some(_) => writeln!(f, "  {SAY_WHAT}")?,
        None => writeln!(f, "  a step to schema version {step} {STEP_MISSING}")?,
    }
    f.write_str(&steps.text(event, today, raised))?;
    writeln!(f, "  {ANOTHER_EVENT}")
}

/// Writes what changed inside the types of fields.
fn inside(f: &mut fmt::Formatter<'_>, before: &Layout, after: &Layout) -> fmt::Result {
    let mut printed = BTreeSet::new();
    for (field, after, before) in after.pairs(before) {
        let (Some(was), Some(is)) = (&before.accepted.0, &after.accepted.0) else { continue };
        if after.reads_type(before) || after.with.is_some() != before.with.is_some() {
            continue;
        }
        match (&was.node, &is.node) {
            (JsonType::Unseen(_), JsonType::Unseen(_)) => continue,
            (_, JsonType::Unseen(_)) if after.with.is_none() => {
                writeln!(f, "  `{}` of `{field}` {DERIVE}", after.ty)?;
                continue;
            }
            (JsonType::Unseen(_), _) if after.with.is_none() => {
                writeln!(
                    f,
                    "  `{}` of `{field}` now has a JSON schema, which does not accept every stored value",
                    after.ty
                )?;
            }
            _ => {}
        }
        let changed = types::changed(before, after);
        let own = |name: &&String| types::lines(&before.accepted, name) != types::lines(&after.accepted, name);
        let mut named: Vec<_> = changed.iter().filter(own).collect();
        if named.is_empty() {
            named.extend(&changed);
        }
        for name in &named {
            if printed.insert((*name).clone()) {
                writeln!(f, "type `{name}` changed, inside payloads that are stored")?;
                lines(f, "before", &types::lines(&before.accepted, name))?;
                lines(f, "after ", &types::lines(&after.accepted, name))?;
            }
        }
        if named.is_empty() {
            writeln!(f, "what `{field}` holds changed")?;
            lines(f, "before", &expanded(before))?;
            lines(f, "after ", &expanded(after))?;
        }
    }
    Ok(())
}

/// What an entry accepts, with the definition that it names.
fn expanded(entry: &Entry) -> Vec<String> {
    let Some(root) = &entry.accepted.0 else { return Vec::new() };
    match &root.node {
        JsonType::Named(name) => types::lines(&entry.accepted, name),
        node => node.lines(),
    }
}

fn lines(f: &mut fmt::Formatter<'_>, when: &str, lines: &[String]) -> fmt::Result {
    let mut when = when;
    for line in lines {
        writeln!(f, "    {when}  {line}")?;
        when = "      ";
    }
    Ok(())
}

fn words(f: &mut fmt::Formatter<'_>, event: &str, before: &BTreeSet<String>, after: &BTreeSet<String>) -> fmt::Result {
    let list = |words: &BTreeSet<String>| {
        if words.is_empty() { "nothing".to_owned() } else { words.iter().cloned().collect::<Vec<_>>().join(", ") }
    };
    writeln!(f, "event `{event}` is read with other serde attributes than it was stored with")?;
    writeln!(f, "    before  {}\n    after   {}", list(before), list(after))?;
    for word in after.difference(before) {
        writeln!(f, "    on the struct\n        {LEAVE_OUT}{word}` out of `#[serde(…)]`")?;
    }
    for word in before.difference(after) {
        writeln!(f, "    on the struct\n        {WORD}{word})]")?;
    }
    Ok(())
}

fn id(f: &mut fmt::Formatter<'_>, category: &str, before: &Id, after: &Id) -> fmt::Result {
    writeln!(f, "the ids of stream `{category}` changed: an id that prints differently names another, empty stream")?;
    writeln!(f, "    before  {before}\n    after   {after}")?;
    writeln!(f, "  {PRINT_IDS}\n    on the aggregate")?;
    writeln!(f, "        {AGGREGATE}{category:?}, id = {}, …)]", before.ty)?;
    writeln!(f, "  {OTHER_ID}")
}
