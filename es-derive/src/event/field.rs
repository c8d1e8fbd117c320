//! Reads the fields of the struct, and their steps.

use proc_macro2::Span;
use syn::{
    Attribute, Data, Error, Field, Fields, Generics, Ident, Member, Type, TypeFnPtr, TypeReference, spanned::Spanned,
    visit::Visit,
};

use super::{
    one_sided,
    self_type::ReplaceSelf,
    step::{ADDED, CHANGED, Kind, REMOVED, RENAMED, Removed, Step},
    stored::{self, FieldAttributes, StructAttributes},
    type_text,
};
use crate::{attribute, mistakes::Mistakes, tokens};

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
    /// The span of its name, or of its type where it has none.
    pub(crate) span: Span,
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

/// Reads the fields of the struct `ident`. Reports and leaves out what it cannot read.
pub(crate) fn fields(
    ident: &Ident,
    fields: &Fields,
    of_struct: &StructAttributes,
    mistakes: &mut Mistakes,
) -> Vec<EventField> {
    let form = form(fields);
    let mut read = |(member, field): (Member, &Field)| {
        let metas = stored::metas(&field.attrs);
        one_sided::field(&metas, form, of_struct, mistakes);
        self::field(ident, member, field, FieldAttributes::read(&metas), mistakes)
    };
    fields.members().zip(fields).map(&mut read).collect()
}

fn field(ident: &Ident, member: Member, field: &Field, stored: FieldAttributes, mistakes: &mut Mistakes) -> EventField {
    let mut steps = Vec::new();
    attribute::entries(&field.attrs, "event", "added(in = 2, default = …)", mistakes, |entry, mistakes| {
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
    let mut itself = ReplaceSelf(ident);
    itself.in_type(&mut ty);
    itself.in_steps(&mut steps);
    let span = match &member {
        Member::Named(ident) => ident.span(),
        Member::Unnamed(_) => field.ty.span(),
    };
    EventField { member, span, ty, stored, steps }
}

fn not_configured(attributes: &[Attribute], mistakes: &mut Mistakes) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        let text = "a stored field cannot depend on `cfg`, or two builds would read the same payload differently\n\
                    write the field always, perhaps as an `Option`";
        mistakes.spanning(attribute, text);
    }
}

/// Reports references in the types of `fields` and of `removed` ones.
pub(crate) fn owned(fields: &[EventField], removed: &[Removed], mistakes: &mut Mistakes) {
    let fields = fields.iter().map(|field| (&field.ty, &field.steps));
    for (ty, steps) in fields.chain(removed.iter().map(|removed| (&removed.ty, &removed.steps))) {
        owned_type(ty, mistakes);
        for step in steps {
            if let Kind::Changed(changed) = &step.kind {
                owned_type(&changed.from, mistakes);
            }
        }
    }
}

fn owned_type(ty: &Type, mistakes: &mut Mistakes) {
    for reference in References::of(ty) {
        let text = format!(
            "an event owns its values, since the payload it is read from is dropped\n\
             write `{}` instead of `{}`",
            owner_of(&reference.elem),
            type_text::text(reference)
        );
        mistakes.spanning(reference, text);
    }
}

/// Whether the struct borrows something.
pub(crate) fn borrows(data: &Data, generics: &Generics) -> bool {
    generics.lifetimes().next().is_some()
        || matches!(data, Data::Struct(data) if data.fields.iter().any(|field| !References::of(&field.ty).is_empty()))
}

struct References<'a>(Vec<&'a TypeReference>);

impl<'a> References<'a> {
    fn of(ty: &'a Type) -> Vec<&'a TypeReference> {
        let mut found = Self(Vec::new());
        found.visit_type(ty);
        found.0
    }
}

impl<'a> Visit<'a> for References<'a> {
    fn visit_type_reference(&mut self, reference: &'a TypeReference) {
        self.0.push(reference);
    }

    // serde reports that a function cannot be stored.
    fn visit_type_fn_ptr(&mut self, _: &'a TypeFnPtr) {}
}

/// The owned type for a reference to `ty`.
fn owner_of(ty: &Type) -> String {
    let text = type_text::text(ty);
    match tokens::ty(ty) {
        Type::Slice(slice) => format!("Vec<{}>", type_text::text(&slice.elem)),
        Type::Path(path) => match path.path.segments.last().map(|last| last.ident.to_string()).as_deref() {
            Some("str") => "String".to_owned(),
            Some("Path") => "PathBuf".to_owned(),
            Some("OsStr") => "OsString".to_owned(),
            Some("CStr") => "CString".to_owned(),
            _ => text,
        },
        Type::Reference(reference) => owner_of(&reference.elem),
        _ => text,
    }
}
