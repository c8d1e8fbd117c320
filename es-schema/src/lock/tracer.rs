//! Traces what a type's `Deserialize` asks for, in one try after another.

use es_core::schema::trace::{Asked, Halt, Step, Try, UNKNOWN};

use super::{
    samples::samples,
    traced_type::{Field, TracedType, Variant},
};

/// Traces the type that `follow` deserializes.
pub(super) fn trace(follow: fn(&[Step]) -> Try) -> TracedType {
    Tracer { follow, tries: 200_000, inside: Vec::new() }.trace(&mut Vec::new())
}

struct Tracer {
    follow: fn(&[Step]) -> Try,
    /// The number of tries that are left.
    tries: usize,
    /// The types that enclose the current one.
    inside: Vec<(&'static str, &'static [&'static str])>,
}

impl Tracer {
    fn go(&mut self, path: &[Step]) -> Try {
        match self.tries.checked_sub(1) {
            Some(left) => {
                self.tries = left;
                (self.follow)(path)
            }
            None => (None, Err(Halt::Here)),
        }
    }

    fn at(&mut self, path: &mut Vec<Step>, step: Step) -> TracedType {
        path.push(step);
        let traced = self.trace(path);
        path.pop();
        traced
    }

    fn trace(&mut self, path: &mut Vec<Step>) -> TracedType {
        let (Some(asked), _) = self.go(path) else { return TracedType::Unknown };
        match asked {
            Asked::Value(value) => TracedType::Value { of: value.to_owned(), refuses: self.refused(path, value) },
            Asked::Anything => self.tagged(path),
            Asked::Option => TracedType::Option(Box::new(self.at(path, Step::Inner))),
            Asked::List => TracedType::List(Box::new(self.at(path, Step::Element))),
            Asked::Map => {
                TracedType::Map { keys: Box::new(self.at(path, Step::Key)), of: Box::new(self.at(path, Step::Value)) }
            }
            Asked::Tuple(length) => {
                TracedType::Tuple((0..length).map(|place| self.at(path, Step::Place(place))).collect())
            }
            Asked::Struct(name, fields) => self.inside(name, fields, |tracer| tracer.fields(path, fields)),
            Asked::Enum(name, names) => self.inside(name, names, |tracer| {
                let variant = |(at, name): (usize, &&str)| Variant {
                    name: (*name).to_owned(),
                    content: tracer.at(path, Step::Variant(at)),
                    number: match tracer.end(path, Step::Chosen(at)) {
                        Err(Halt::Variant(number)) => Some(number),
                        _ => None,
                    },
                };
                let variants = names.iter().enumerate().map(variant).collect();
                let other = matches!(tracer.end(path, Step::Unknown), Err(Halt::Accepted));
                TracedType::Enum { variants, other }
            }),
        }
    }

    fn inside(
        &mut self,
        name: &'static str,
        names: &'static [&'static str],
        look: impl FnOnce(&mut Self) -> TracedType,
    ) -> TracedType {
        if self.inside.contains(&(name, names)) {
            return TracedType::Unknown;
        }
        self.inside.push((name, names));
        let traced = look(self);
        self.inside.pop();
        traced
    }

    /// The end of a try that goes one step further.
    fn end(&mut self, path: &mut Vec<Step>, step: Step) -> Result<(), Halt> {
        path.push(step);
        let end = self.go(path).1;
        path.pop();
        end
    }

    /// The samples of the right form that are refused.
    fn refused(&mut self, path: &mut Vec<Step>, value: &str) -> Vec<String> {
        let mut samples = samples(value);
        samples.retain(|(sample, _)| !matches!(self.end(path, Step::Sample(*sample)), Err(Halt::Accepted)));
        samples.into_iter().map(|(_, json)| json).collect()
    }

    fn fields(&mut self, path: &mut Vec<Step>, names: &'static [&'static str]) -> TracedType {
        let mut fields: Vec<_> = (0..names.len())
            .map(|at| Field {
                name: names[at].to_owned(),
                traced: self.at(path, Step::Field(at)),
                is_next: match self.end(path, Step::Twice(at, at + 1)) {
                    Err(Halt::Duplicate) => Some(true),
                    Err(Halt::Accepted) => Some(false),
                    _ => None,
                },
                required: None,
            })
            .collect();
        self.required(path, &mut fields);
        let tagged = match (names, fields.first().map(|field| &field.traced)) {
            ([tag, _], Some(TracedType::Enum { other, .. })) => {
                let other = *other;
                let (Some(Asked::Enum(_, variants)), _) = self.go(&[path.as_slice(), &[Step::Field(0)]].concat())
                else {
                    return TracedType::Struct { fields, tagged: None };
                };
                Some(Box::new(self.variants(path, tag, variants, other)))
            }
            _ => None,
        };
        TracedType::Struct { fields, tagged }
    }

    /// Finds the required keys, by leaving out each once.
    fn required(&mut self, path: &mut Vec<Step>, fields: &mut [Field]) {
        let mut first = 0;
        let mut groups = Vec::new();
        for at in 0..fields.len() {
            let is_last = at + 1 == fields.len();
            match fields[at].is_next {
                Some(true) if !is_last => continue,
                None if !is_last => return,
                _ => {}
            }
            groups.push(first..at + 1);
            first = at + 1;
        }
        if fields.len() > 64 {
            return;
        }
        let all = groups.iter().fold(0, |all, group| all | 1_u64 << group.start);
        if !matches!(self.end(path, Step::Only(all)), Err(Halt::Accepted)) {
            return;
        }
        for group in groups {
            let required = match self.end(path, Step::Only(all & !(1 << group.start))) {
                Err(Halt::Missing(_)) => Some(true),
                Err(Halt::Accepted) => Some(false),
                _ => None,
            };
            fields[group].iter_mut().for_each(|field| field.required = required);
        }
    }

    /// The variants that the text under `tag` selects, each with the other key that it asks for.
    fn variants(&mut self, path: &mut Vec<Step>, tag: &'static str, names: &[&'static str], other: bool) -> TracedType {
        let variants = names.iter().map(|name| {
            let asks = match self.end(path, Step::Tag(tag, name)) {
                Err(Halt::Missing(key)) => Some(key.to_owned()),
                Err(Halt::Accepted) => Some(String::new()),
                Err(Halt::Variant(number)) => Some(format!("#{number}")),
                _ => None,
            };
            ((*name).to_owned(), asks)
        });
        TracedType::Tagged { variants: variants.collect(), tag: tag.to_owned(), other }
    }

    /// A type that takes any value may look for one key that selects a variant.
    fn tagged(&mut self, path: &mut Vec<Step>) -> TracedType {
        let Err(Halt::Missing(tag)) = self.end(path, Step::Empty) else { return TracedType::Unknown };
        match self.end(path, Step::Tag(tag, UNKNOWN)) {
            Err(Halt::Variants(names)) => self.variants(path, tag, names, false),
            Err(Halt::Accepted) => TracedType::Tagged { tag: tag.to_owned(), variants: Vec::new(), other: true },
            _ => TracedType::Unknown,
        }
    }
}
