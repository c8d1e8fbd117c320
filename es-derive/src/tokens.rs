//! Removes the invisible groups that `macro_rules!` puts around the tokens that it matched.

use syn::{Expr, Type};

/// `expr` without the groups of a macro's `$expr` or `$literal` around it.
pub(crate) fn expr(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => self::expr(&group.expr),
        _ => expr,
    }
}

/// `ty` without the groups of a macro's `$ty`, or parentheses, around it.
pub(crate) fn ty(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => self::ty(&group.elem),
        Type::Paren(paren) => self::ty(&paren.elem),
        _ => ty,
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
    use syn::parse2;

    use crate::{aggregate, apply, event, event_set, project};

    /// `code` with the contents of each `@[…]` in an invisible group, or without any group.
    fn with_groups(code: TokenStream, invisible: bool) -> TokenStream {
        let (mut written, mut marked) = (TokenStream::new(), false);
        for token in code {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '@' => marked = true,
                TokenTree::Group(group) => {
                    let inside = with_groups(group.stream(), invisible);
                    match (marked, invisible) {
                        (false, _) => written.extend([TokenTree::from(Group::new(group.delimiter(), inside))]),
                        (true, false) => written.extend(inside),
                        (true, true) => {
                            // Twice, as where one macro passes on the tokens of another.
                            let inner = TokenTree::from(Group::new(Delimiter::None, inside));
                            written.extend([TokenTree::from(Group::new(Delimiter::None, inner.into()))]);
                        }
                    }
                    marked = false;
                }
                other => written.extend([other]),
            }
        }
        written
    }

    /// `code` without invisible groups.
    fn visible(code: TokenStream) -> TokenStream {
        let each = |token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => visible(group.stream()),
            TokenTree::Group(group) => TokenTree::from(Group::new(group.delimiter(), visible(group.stream()))).into(),
            other => TokenStream::from(other),
        };
        code.into_iter().flat_map(each).collect()
    }

    /// Asserts that `derive` writes the same for `code` with the marked tokens in invisible groups and without groups.
    fn assert_read_alike(code: &str, derive: impl Fn(TokenStream) -> TokenStream) {
        let code: TokenStream = code.parse().unwrap_or_default();
        let [plain, grouped] = [false, true].map(|invisible| derive(with_groups(code.clone(), invisible)));
        assert!(!plain.is_empty() && !plain.to_string().contains("compile_error"), "{plain}");
        assert_eq!(visible(grouped).to_string(), visible(plain).to_string());
    }

    fn of_event(code: TokenStream) -> TokenStream {
        parse2(code).map(|input| event::derive(&input)).unwrap_or_default()
    }

    #[test]
    fn an_event_is_read_through_invisible_groups() {
        assert_read_alike(
            r#"#[event(name = @["a"], version = @[3], alias(@["b"], up_to = @[2]), previous = @[before::Opened])]
               #[event(removed(in = @[3], name = @["gone"], type = @[Option<u8>], serde(with = @["m"], alias = @["c"])))]
               #[serde(rename_all = @["camelCase"], deny_unknown_fields)]
               struct Opened {
                   #[serde(rename = @["k"], alias = @["l"], default = @["m::d"], skip_serializing_if = @["m::s"])]
                   one: @[Option<u8>],
                   #[serde(rename(serialize = @["x"], deserialize = @["y"]), alias = @["x"], with = @["m"])]
                   two: Vec<@[Self]>,
                   #[event(renamed(in = @[3], from = @["r"]))]
                   three: u8,
                   #[event(changed(in = @[3], from = @[Vec<Self>], with = @[Self::one], name = @["n"], serde(with = @["m"])))]
                   four: u8,
                   #[event(changed(in = 3, from = u8, try_with = @[|it| Self::two(it)]))]
                   five: u8,
                   #[event(added(in = 3, default = @[1 + 2]))]
                   six: u8,
                   #[event(added(in = 3, default = @[|old| old.one]))]
                   seven: u8,
                   #[serde(serialize_with = @["m::s"], deserialize_with = @["m::d"])]
                   eight: @[Option<Option<u8>>],
               }"#,
            of_event,
        );
        assert_read_alike(
            r#"#[event(name = @["a"])] #[serde(from = @["T"], into = @["T"])] struct Opened(@[u8]);"#,
            of_event,
        );
        assert_read_alike(
            "#[event(@[name = \"a\"])] struct Opened { #[serde(@[rename = \"b\"], default)] one: u8 }",
            of_event,
        );
    }

    #[test]
    fn an_aggregate_is_read_through_invisible_groups() {
        assert_read_alike(
            r#"#[aggregate(category = @["a"], id = @[Id], event = @[Happened], events(@[Opened], @[b::Closed] as @[Shut]),
                retired(@[old::Gone]), crate = @[es])]
               struct Account;"#,
            |code| parse2(code).map(|input| aggregate::derive(&input)).unwrap_or_default(),
        );
    }

    #[test]
    fn a_block_of_methods_is_read_through_invisible_groups() {
        let code = r"impl @[Account] { fn opened(self: @[&mut Self], event: @[b::Opened]) -> @[()] {} }";
        assert_read_alike(code, |code| apply::expand(TokenStream::new(), &code));
    }

    #[test]
    fn a_projection_is_read_through_invisible_groups() {
        let code = r"impl @[Sums] {
            #[key(@[|event| event.id])] fn opened(self: @[&mut Self], event: @[&b::Opened]) -> @[Result<(), Fault>] {}
            fn closed(&mut self, event: Recorded<@[&Closed]>) {}
            fn moved(&mut self, event: @[Recorded<@[Moved]>]) {}
        }";
        assert_read_alike(code, |code| {
            let arguments = r#"name = "sums", of(Order), key = u64"#;
            project::expand(arguments.parse().unwrap_or_default(), &code)
        });
        let arguments = r#"name = @["sums"], version = @[2], every(@[b::Account]), of(@[Order]), ignores(@[Gone]),
            key = @[Key], order = @[global], event = @[Summed], crate = @[es]"#;
        let block: TokenStream = "impl Sums { fn opened(&mut self, event: Opened) {} }".parse().unwrap_or_default();
        assert_read_alike(arguments, |arguments| project::expand(arguments, &block));
    }

    #[test]
    fn a_set_of_events_is_read_through_invisible_groups() {
        assert_read_alike(
            "#[event_set(of(@[b::Account], @[Order]))] enum Feed { Opened(@[b::Opened]), Closed(@[Closed]) }",
            |code| parse2(code).map(|input| event_set::derive(&input)).unwrap_or_default(),
        );
    }
}
