//! Prints types and paths as text. The spacing of `TokenStream::to_string` changes with rustc.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;

/// `tokens` as a person would write them.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    let mut text = String::new();
    write(tokens.to_token_stream(), &mut text);
    text
}

fn write(tokens: TokenStream, text: &mut String) {
    let mut arrow = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => {
                match punct.as_char() {
                    ',' | ';' => text.extend([punct.as_char(), ' ']),
                    '+' | '=' => text.extend([' ', punct.as_char(), ' ']),
                    '-' => text.push_str(" -"),
                    '>' if arrow => text.push_str("> "),
                    other => text.push(other),
                }
                arrow = punct.as_char() == '-';
            }
            word @ (TokenTree::Ident(_) | TokenTree::Literal(_)) => {
                if text.ends_with(|last: char| last.is_alphanumeric() || last == '_') {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
    // A trailing comma leaves this behind.
    text.truncate(text.trim_end().len());
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn types_read_as_a_person_writes_them() {
        for ty in [
            "Option<String>",
            "BTreeMap<String, Vec<(u8, f64)>>",
            "[u8; 32]",
            "Box<dyn Fn(u8) -> u8 + Send>",
            "<A as B>::C",
            "&'static str",
            "::std::vec::Vec<r#type>",
        ] {
            let tokens: proc_macro2::TokenStream = ty.parse().unwrap_or_default();
            let ours = text(&tokens);
            assert_eq!(ours.replace(" as ", " as"), ty.replace(" as ", " as"));
        }
    }
}
