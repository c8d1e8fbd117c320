//! Refuses attributes of serde by which a field is written in another way than it is read: a reader must get back the value
//! that was stored.

use syn::Meta;

use super::{
    field::Form,
    stored::{self, StructAttributes},
    type_text,
};
use crate::mistakes::Mistakes;

const OUT_OF_THE_EVENT: &str = "a value that is not stored does not belong in the event";

/// Reports attributes of a field that hold for one direction only. `of_struct` are the attributes of its struct.
pub(crate) fn field(metas: &[Meta], form: Form, of_struct: &StructAttributes, mistakes: &mut Mistakes) {
    if of_struct.as_type.is_some() {
        return; // Its fields are not stored.
    }
    let word = |word: &str| metas.iter().find(|meta| meta.path().is_ident(word));
    let (never_written, never_read) = (word("skip_serializing"), word("skip_deserializing"));
    let skip = word("skip").or(never_written.and(never_read));
    if let Some(skip) = skip {
        if word("default").is_none() && !of_struct.default {
            let text = format!(
                "the field is skipped: its value is not stored, and a reader gets a default instead\n\
                 write `skip, default` (or `default = \"…\"`) if that is meant; {OUT_OF_THE_EVENT}"
            );
            mistakes.spanning(skip.path(), text);
        }
        return;
    }
    if let Some(word) = never_written {
        let text = "`skip_serializing` never writes the field, so a reader does not get its value\n\
                    leave it out to store the field, write `skip, default` if it is never stored, or `removed(…)` on \
                    the struct if it is gone";
        mistakes.spanning(word.path(), text);
    }
    if let Some(word) = never_read {
        let text = format!(
            "`skip_deserializing` never reads the field, so a reader does not get its value\n\
             leave it out to read the field, or write `skip, default` if it is never stored; {OUT_OF_THE_EVENT}"
        );
        mistakes.spanning(word.path(), text);
    }
    match (word("serialize_with"), word("deserialize_with")) {
        (Some(one), None) => mistakes.spanning(one.path(), by_one_function("serialize_with", "deserialize_with")),
        (None, Some(one)) => mistakes.spanning(one.path(), by_one_function("deserialize_with", "serialize_with")),
        _ => {}
    }
    if let (Form::Tuple, Some(word)) = (form, word("skip_serializing_if")) {
        let text = "`skip_serializing_if` shifts the fields after it to other places, where they are not read\n\
                    write a struct with named fields";
        mistakes.spanning(word.path(), text);
    }
}

fn by_one_function(given: &str, other: &str) -> String {
    let does = if given == "serialize_with" {
        "writes another form than is read"
    } else {
        "reads another form than is written"
    };
    let default =
        if given == "serialize_with" { "serde::Deserialize::deserialize" } else { "serde::Serialize::serialize" };
    format!(
        "`{given}` {does}, so the event could not be read again\n\
         write `with = \"…\"` with a module that does both, or beside it `{other} = \"…\"`, which may be `\"{default}\"`"
    )
}

/// Reports attributes of the struct that hold for one direction only.
pub(crate) fn of_struct(metas: &[Meta], attributes: &StructAttributes, mistakes: &mut Mistakes) {
    let word = |word: &str| metas.iter().find(|meta| meta.path().is_ident(word));
    let (read, written) = (word("from").or(word("try_from")), word("into"));
    match (read, written) {
        (Some(read), None) => {
            let text = format!(
                "the event is read as another type and written by its own fields, so it could not be read again\n\
                 write `into = {}` beside it, with a `From` for the way back",
                shown(attributes)
            );
            mistakes.spanning(read.path(), text);
        }
        (None, Some(written)) => {
            let ty = stored::text(written, "serialize").map_or("…".to_owned(), |ty| ty.value());
            let text = format!(
                "the event is written as another type and read by its own fields, so it could not be read again\n\
                 write `from = \"{ty}\"` beside it, or `try_from` if that may fail"
            );
            mistakes.spanning(written.path(), text);
        }
        (Some(_), Some(written)) => {
            let types = (attributes.as_type.clone(), stored::text(written, "serialize"));
            if let (Some(read), Some(written)) = types
                && type_of(&read.value()) != type_of(&written.value())
            {
                let text = format!(
                    "the event is written as `{}` and read as `{}`, so it could not be read again\n\
                     write one type for both",
                    written.value(),
                    read.value()
                );
                mistakes.at(written.span(), text);
            }
        }
        (None, None) => {}
    }
    if let Some(word) = word("remote") {
        let text = "`remote` describes another type, and an event is stored by its own fields\n\
                    leave `remote` out, or write `from = \"…\", into = \"…\"`";
        mistakes.spanning(word.path(), text);
    }
    if let (Some(tag), true) = (word("tag"), attributes.deny_unknown_fields) {
        let text = "`tag` writes a key that `deny_unknown_fields` refuses to read\n\
                    leave one of the two out; an event's name is stored beside it";
        mistakes.spanning(tag.path(), text);
    }
}

fn shown(attributes: &StructAttributes) -> String {
    attributes.as_type.as_ref().map_or("\"…\"".to_owned(), |ty| format!("{:?}", ty.value()))
}

/// The type as the user wrote it, without the spaces of tokens.
fn type_of(text: &str) -> String {
    text.parse::<proc_macro2::TokenStream>().map_or_else(|_| text.to_owned(), |tokens| type_text::text(&tokens))
}
