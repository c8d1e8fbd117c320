//! Tests that names in generated code have the span of the user's name: an editor jumps from there to the definition, and
//! rustc points there.

use proc_macro2::{Ident, TokenStream, TokenTree};

use crate::{aggregate, apply, event, event_set, project};

/// Every `name` in `code`.
fn found(code: TokenStream, name: &str) -> Vec<Ident> {
    let each = |token| match token {
        TokenTree::Ident(ident) if ident == name => vec![ident],
        TokenTree::Group(group) => found(group.stream(), name),
        _ => Vec::new(),
    };
    code.into_iter().flat_map(each).collect()
}

/// Asserts that each of `names` is in `code`, each time with a span in the user's source.
fn assert_written_by_the_user(code: &TokenStream, names: &[&str]) {
    for name in names {
        let found = found(code.clone(), name);
        assert!(!found.is_empty(), "`{name}` is not in {code}");
        for ident in found {
            let place = ident.span().source_text().unwrap_or_default();
            let quoted = format!("{name:?}");
            assert!(place == *name || place == quoted, "`{name}` stands at `{place}` in {code}");
        }
    }
}

#[test]
fn events_of_an_aggregate_have_the_spans_of_the_list() -> syn::Result<()> {
    let input = syn::parse_str(
        r#"#[aggregate(category = "account", id = AccountId, event = Happened,
                events(Opened, shop::Sold as Bought), retired(old::Gone))]
            pub struct Account { balance: i64 }"#,
    )?;
    let names = ["Account", "AccountId", "Happened", "Opened", "shop", "Sold", "Bought", "old", "Gone"];
    assert_written_by_the_user(&aggregate::derive(&input), &names);
    Ok(())
}

#[test]
fn events_of_a_set_have_the_spans_of_their_variants() -> syn::Result<()> {
    let input = syn::parse_str("#[event_set(of(Account, shop::Shop))] enum Feed { Opened(Opened), Paid(shop::Sold) }")?;
    assert_written_by_the_user(
        &event_set::derive(&input),
        &["Feed", "Opened", "Paid", "shop", "Sold", "Account", "Shop"],
    );
    Ok(())
}

#[test]
fn applied_events_have_the_spans_of_their_methods() -> syn::Result<()> {
    let block: TokenStream = syn::parse_str("impl Account { fn sold(&mut self, event: shop::Sold) {} }")?;
    assert_written_by_the_user(&apply::expand(TokenStream::new(), &block), &["Account", "sold", "shop", "Sold"]);
    Ok(())
}

#[test]
fn projected_events_have_the_spans_of_their_methods() -> syn::Result<()> {
    let block: TokenStream = syn::parse_str(
        "impl Sums {
            fn sold(&mut self, event: Recorded<shop::Sold>) {}
            #[key(|event| event.owner.clone())] fn opened(&mut self, event: &Opened) -> Result<(), Fault> {}
        }",
    )?;
    let arguments: TokenStream = syn::parse_str(
        r#"name = "sums", every(shop::Shop), of(Account), ignores(Gone), key = OwnerId, event = Summed"#,
    )?;
    let code = project::expand(arguments, &block);
    let names =
        ["Sums", "sold", "opened", "shop", "Sold", "Opened", "Shop", "Account", "Gone", "OwnerId", "Summed", "owner"];
    assert_written_by_the_user(&code, &names);
    Ok(())
}

#[test]
fn fields_and_steps_of_an_event_have_the_spans_of_their_declarations() -> syn::Result<()> {
    let input = syn::parse_str(
        r#"#[event(name = "account.deposited", version = 4, previous = first::Deposited)]
            #[event(removed(in = 3, name = "note", type = Note))]
            struct Deposited {
                #[event(changed(in = 4, from = Units, with = Money::from_units))]
                amount: Money,
                #[event(added(in = 3, default = Currency::Eur))]
                currency: Currency,
                #[event(renamed(in = 3, from = "source"))]
                origin: Origin,
            }"#,
    )?;
    let names = ["Deposited", "first", "Note", "Units", "from_units", "Money", "Currency", "Eur", "Origin"];
    let code = event::derive(&input);
    assert_written_by_the_user(&code, &names);
    assert_written_by_the_user(&code, &["note", "amount", "currency", "origin", "source"]);
    Ok(())
}

#[test]
fn a_name_that_the_macro_made_up_is_noticed() {
    let made_up = quote::quote!(Opened);
    assert!(found(made_up, "Opened").iter().all(|ident| ident.span().source_text().is_none()));
}
