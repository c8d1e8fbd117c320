//! The model: the history of an event, from which the source and the payloads are printed.

use crate::{Added, Conversion, StoredForm, Ty};

/// The whole history of an event.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "only our own tests look at it")]
pub struct History {
    /// The Rust module that contains it.
    pub module: String,
    /// The stored name.
    pub name: String,
    /// Its former names.
    pub aliases: Vec<Alias>,
    /// Its types, the oldest first; the last is the current one.
    pub generations: Vec<Generation>,
}

/// A former name of an event.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "only our own tests look at it")]
pub struct Alias {
    /// The name.
    pub name: String,
    /// The last schema version stored under it.
    pub up_to: u32,
}

/// One Rust type, with the schema versions that it declares.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "only our own tests look at it")]
pub struct Generation {
    /// The lowest schema version it declares.
    pub lowest: u32,
    /// The schema version of the type.
    pub newest: u32,
    /// Whether its fields have names.
    pub form: Form,
    /// serde's `rename_all`.
    pub rename_all: Option<&'static str>,
    /// serde's `deny_unknown_fields`.
    pub deny_unknown: bool,
    /// Every field that it ever had.
    pub lives: Vec<Life>,
    /// How it is converted from the type before.
    pub link: Option<Link>,
}

/// Whether the fields of a struct have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "only our own tests look at it")]
pub enum Form {
    /// They have names.
    Named,
    /// They have none: it is a tuple struct.
    Tuple,
}

/// The life of a field, from the version that added it to the one that removed it.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "only our own tests look at it")]
pub struct Life {
    /// Today's name in Rust; of a removed field its stored key.
    pub ident: String,
    /// The version that added it.
    pub added: Option<(u32, Added)>,
    /// The version that removed it.
    pub removed: Option<u32>,
    /// Its eras, the oldest first; each lasts until the next begins.
    pub eras: Vec<Era>,
    /// serde's `rename`, which holds for the newest key.
    pub rename: Option<String>,
    /// serde's `alias`es, which hold for the newest key.
    pub aliases: Vec<String>,
}

/// A range of versions in which a field did not change.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "only our own tests look at it")]
pub struct Era {
    /// Its first version.
    pub since: u32,
    /// The stored key, unless it is today's.
    pub key: Option<String>,
    /// The type.
    pub ty: Ty,
    /// The serde attributes.
    pub stored_form: StoredForm,
    /// How its value is converted from the era before, if `changed`.
    pub conversion: Option<Conversion>,
}

/// How a type is converted from the type before.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "only our own tests look at it")]
pub struct Link {
    /// Whether it is a `TryFrom`.
    pub fallible: bool,
    /// The source of each field of the newer type, with its number.
    pub origins: Vec<(usize, Origin)>,
}

/// The source of a field of the newer type.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "only our own tests look at it")]
pub enum Origin {
    /// A field of the older type.
    Same(usize),
    /// A field of the older type, converted.
    Converted(usize, Conversion),
    /// No field of the older type.
    Value(serde_json::Value),
}

/// A field in one schema version.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "only our own tests look at it")]
pub struct ShapeField<'a> {
    /// The number of its life in the generation.
    pub number: usize,
    /// Its life.
    pub life: &'a Life,
    /// Its era.
    pub era: &'a Era,
}

impl History {
    /// Today's schema version.
    pub fn newest(&self) -> u32 {
        self.today().newest
    }

    /// Today's type.
    pub fn today(&self) -> &Generation {
        &self.generations[self.generations.len() - 1]
    }

    /// The number of the type that declares `version`.
    pub fn generation(&self, version: u32) -> usize {
        self.generations.iter().position(|generation| version <= generation.newest).unwrap_or_default()
    }
}

impl Generation {
    /// The fields of `version`.
    pub fn shape(&self, version: u32) -> Vec<ShapeField<'_>> {
        let alive = self.lives.iter().enumerate().filter(|(_, life)| life.alive(version));
        alive.map(|(number, life)| ShapeField { number, life, era: life.era(version) }).collect()
    }

    /// The stored key of a field.
    pub fn key(&self, field: ShapeField<'_>) -> String {
        let life = field.life;
        let key = field.era.key.clone().or_else(|| life.rename.clone());
        key.unwrap_or_else(|| match self.rename_all {
            Some(case) if life.removed.is_none() => renamed(&life.ident, case),
            _ => life.ident.clone(),
        })
    }
}

impl Life {
    fn alive(&self, version: u32) -> bool {
        self.added.as_ref().is_none_or(|(added, _)| *added <= version)
            && self.removed.is_none_or(|removed| version < removed)
    }

    fn era(&self, version: u32) -> &Era {
        let before = self.eras.iter().take_while(|era| era.since <= version).count();
        &self.eras[before.saturating_sub(1)]
    }

    /// The current era, or the last one.
    pub fn last(&self) -> &Era {
        &self.eras[self.eras.len() - 1]
    }
}

impl ShapeField<'_> {
    /// Its name in Rust in that version.
    pub fn ident(&self) -> &str {
        self.era.key.as_deref().unwrap_or(&self.life.ident)
    }

    /// The other keys that it is read from.
    pub fn aliases(&self) -> &[String] {
        if self.era.key.is_none() { &self.life.aliases } else { &[] }
    }
}

/// The name of a field under a rule of `rename_all`.
fn renamed(ident: &str, case: &str) -> String {
    let pascal = || -> String { ident.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect() };
    match case {
        "UPPERCASE" | "SCREAMING_SNAKE_CASE" => ident.to_ascii_uppercase(),
        "PascalCase" => pascal(),
        "camelCase" => {
            let pascal = pascal();
            pascal[..1].to_ascii_lowercase() + &pascal[1..]
        }
        "kebab-case" => ident.replace('_', "-"),
        "SCREAMING-KEBAB-CASE" => ident.to_ascii_uppercase().replace('_', "-"),
        _ => ident.to_owned(),
    }
}

/// The rules of serde's `rename_all`.
pub(crate) const CASES: [&str; 8] = [
    "lowercase",
    "UPPERCASE",
    "PascalCase",
    "camelCase",
    "snake_case",
    "SCREAMING_SNAKE_CASE",
    "kebab-case",
    "SCREAMING-KEBAB-CASE",
];
