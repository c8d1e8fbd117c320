//! Reads the fields of the struct, and their steps.

use syn::{Attribute, Error, Field, Fields, Ident, Member, Type, visit_mut::VisitMut};

use super::{
    step::{ADDED, CHANGED, REMOVED, RENAMED, Step},
    stored::FieldAttributes,
};
use crate::{attribute, mistakes::Mistakes};

/// How the struct is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Named,
    Tuple,
    Unit,
}

/// A field of today's struct.
pub(crate) struct EventField {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    pub(crate) stored: FieldAttributes,
    pub(crate) steps: Vec<Step>,
}

/// How the struct is written.
pub(crate) fn form(fields: &Fields) -> Form {
    match fields {
        Fields::Named(_) => Form::Named,
        Fields::Unnamed(_) => Form::Tuple,
        Fields::Unit => Form::Unit,
    }
}

/// Reads the fields of the struct `ident`; what cannot be read is noted and left out.
pub(crate) fn fields(ident: &Ident, fields: &Fields, mistakes: &mut Mistakes) -> Vec<EventField> {
    fields.members().zip(fields).map(|(member, field)| self::field(ident, member, field, mistakes)).collect()
}

/// Puts the struct's name where `Self` stands.
struct Named<'a>(&'a Ident);

impl VisitMut for Named<'_> {
    fn visit_ident_mut(&mut self, ident: &mut Ident) {
        if ident == "Self" {
            *ident = Ident::new(&self.0.to_string(), ident.span());
        }
    }
}

fn field(ident: &Ident, member: Member, field: &Field, mistakes: &mut Mistakes) -> EventField {
    let mut steps = Vec::new();
    attribute::entries(&field.attrs, "event", mistakes, |entry, mistakes| {
        if Step::is(entry) {
            steps.extend(Step::read(entry, mistakes)?);
            Ok(())
        } else if entry.is(REMOVED) {
            let text = "`removed` belongs to the struct, since the field is gone; write `#[event(removed(…))]` above the struct";
            Err(Error::new(entry.key.span(), text))
        } else {
            Err(attribute::unknown_key(&entry.key, "`#[event(…)]` on a field", &[ADDED, RENAMED, CHANGED]))
        }
    });
    not_configured(&field.attrs, mistakes);
    let mut ty = field.ty.clone();
    // code outside of the struct has no `Self`
    Named(ident).visit_type_mut(&mut ty);
    EventField { member, ty, stored: FieldAttributes::read(&field.attrs), steps }
}

fn not_configured(attributes: &[Attribute], mistakes: &mut Mistakes) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        let text = "a stored field cannot depend on `cfg`, or two builds would read the same payload differently\n\
                    write the field always, perhaps as an `Option`";
        mistakes.spanning(attribute, text);
    }
}
