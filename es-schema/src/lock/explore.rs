//! The outline of a type, by one try after the other.

use es_core::schema::trace::{Asked, Halt, Step, Try, UNKNOWN};

use super::{
    outline::{Field, Outline, Variant},
    samples::samples,
};

/// The outline of the type that `follow` leads into.
pub(super) fn outline(follow: fn(&[Step]) -> Try) -> Outline {
    Explorer { follow, tries: 200_000, inside: Vec::new() }.outline(&mut Vec::new())
}

struct Explorer {
    follow: fn(&[Step]) -> Try,
    /// How many more tries are made.
    tries: usize,
    /// The types around.
    inside: Vec<(&'static str, &'static [&'static str])>,
}

impl Explorer {
    fn go(&mut self, path: &[Step]) -> Try {
        match self.tries.checked_sub(1) {
            Some(left) => {
                self.tries = left;
                (self.follow)(path)
            }
            None => (None, Err(Halt::Here)),
        }
    }

    fn at(&mut self, path: &mut Vec<Step>, step: Step) -> Outline {
        path.push(step);
        let outline = self.outline(path);
        path.pop();
        outline
    }

    fn outline(&mut self, path: &mut Vec<Step>) -> Outline {
        let (Some(asked), _) = self.go(path) else { return Outline::Unknown };
        match asked {
            Asked::Value(value) => Outline::Value { of: value.to_owned(), refuses: self.refused(path, value) },
            Asked::Anything => self.tagged(path),
            Asked::Option => Outline::Option(Box::new(self.at(path, Step::Inner))),
            Asked::List => Outline::List(Box::new(self.at(path, Step::Element))),
            Asked::Map => {
                Outline::Map { keys: Box::new(self.at(path, Step::Key)), of: Box::new(self.at(path, Step::Value)) }
            }
            Asked::Tuple(length) => {
                Outline::Tuple((0..length).map(|place| self.at(path, Step::Place(place))).collect())
            }
            Asked::Struct(name, fields) => self.inside(name, fields, |explorer| explorer.fields(path, fields)),
            Asked::Enum(name, names) => self.inside(name, names, |explorer| {
                let variant = |(at, name): (usize, &&str)| Variant {
                    name: (*name).to_owned(),
                    content: explorer.at(path, Step::Variant(at)),
                    number: match explorer.end(path, Step::Chosen(at)) {
                        Err(Halt::Variant(number)) => Some(number),
                        _ => None,
                    },
                };
                let variants = names.iter().enumerate().map(variant).collect();
                let other = matches!(explorer.end(path, Step::Unknown), Err(Halt::Accepted));
                Outline::Enum { variants, other }
            }),
        }
    }

    fn inside(
        &mut self,
        name: &'static str,
        names: &'static [&'static str],
        look: impl FnOnce(&mut Self) -> Outline,
    ) -> Outline {
        if self.inside.contains(&(name, names)) {
            return Outline::Unknown;
        }
        self.inside.push((name, names));
        let outline = look(self);
        self.inside.pop();
        outline
    }

    /// How a try ends that goes one step further.
    fn end(&mut self, path: &mut Vec<Step>, step: Step) -> Result<(), Halt> {
        path.push(step);
        let end = self.go(path).1;
        path.pop();
        end
    }

    /// The samples that are of the right form and refused.
    fn refused(&mut self, path: &mut Vec<Step>, value: &str) -> Vec<String> {
        let mut samples = samples(value);
        samples.retain(|(sample, _)| !matches!(self.end(path, Step::Sample(*sample)), Err(Halt::Accepted)));
        samples.into_iter().map(|(_, json)| json).collect()
    }

    fn fields(&mut self, path: &mut Vec<Step>, names: &'static [&'static str]) -> Outline {
        let mut fields: Vec<_> = (0..names.len())
            .map(|at| Field {
                name: names[at].to_owned(),
                outline: self.at(path, Step::Field(at)),
                is_next: match self.end(path, Step::Twice(at, at + 1)) {
                    Err(Halt::Duplicate) => Some(true),
                    Err(Halt::Accepted) => Some(false),
                    _ => None,
                },
                required: None,
            })
            .collect();
        self.required(path, &mut fields);
        let tagged = match (names, fields.first().map(|field| &field.outline)) {
            ([tag, _], Some(Outline::Enum { other, .. })) => {
                let other = *other;
                let (Some(Asked::Enum(_, variants)), _) = self.go(&[path.as_slice(), &[Step::Field(0)]].concat())
                else {
                    return Outline::Struct { fields, tagged: None };
                };
                Some(Box::new(self.variants(path, tag, variants, other)))
            }
            _ => None,
        };
        Outline::Struct { fields, tagged }
    }

    /// Which keys have to be there: each is left out once.
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

    /// The variants that the text under `tag` tells apart, each with what is asked for besides.
    fn variants(&mut self, path: &mut Vec<Step>, tag: &'static str, names: &[&'static str], other: bool) -> Outline {
        let variants = names.iter().map(|name| {
            let asks = match self.end(path, Step::Tag(tag, name)) {
                Err(Halt::Missing(key)) => Some(key.to_owned()),
                Err(Halt::Accepted) => Some(String::new()),
                Err(Halt::Variant(number)) => Some(format!("#{number}")),
                _ => None,
            };
            ((*name).to_owned(), asks)
        });
        Outline::Tagged { variants: variants.collect(), tag: tag.to_owned(), other }
    }

    /// What takes anything may look for one key that tells what it is.
    fn tagged(&mut self, path: &mut Vec<Step>) -> Outline {
        let Err(Halt::Missing(tag)) = self.end(path, Step::Empty) else { return Outline::Unknown };
        match self.end(path, Step::Tag(tag, UNKNOWN)) {
            Err(Halt::Variants(names)) => self.variants(path, tag, names, false),
            Err(Halt::Accepted) => Outline::Tagged { tag: tag.to_owned(), variants: Vec::new(), other: true },
            _ => Outline::Unknown,
        }
    }
}
