//! Writes the description of an aggregate's ids for the schema lock.

use proc_macro2::TokenStream;
use quote::quote;

use super::parse::Aggregate;
use crate::event::type_text;

/// The function that gives the type of the ids and what they print.
pub(crate) fn schema(aggregate: &Aggregate<'_>) -> Option<TokenStream> {
    let id = aggregate.id.as_ref()?;
    let text = type_text::text(id);
    Some(quote! {
        fn id_schema() -> __es::IdSchema {
            #[allow(unused_imports)]
            use __es::NotParsed as _;
            __es::IdSchema::new(#text, __es::IdProbe::<<Self as __es::Aggregate>::Id>::NEW.prints())
        }
    })
}
