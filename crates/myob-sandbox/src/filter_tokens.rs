//! The words of a `$filter`: names, literals and punctuation.

use uuid::Uuid;

use super::filter::Value;
use crate::money::Decimal;
use crate::switches::Escape;

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A field path, an operator or a function name.
    Name(String),
    /// A constant.
    Literal(Value<'static>),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
}

/// Splits `text` into words.
///
/// A quote inside a string is doubled (`''`), as OData has it, or escaped (`\'`), as some clients
/// send it, or both are understood, as `escape` says. A backslash before anything else is itself.
pub(crate) fn tokens(text: &str, escape: Escape) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, tail) = match first {
            '(' => (Token::Open, rest.get(1..).unwrap_or_default()),
            ')' => (Token::Close, rest.get(1..).unwrap_or_default()),
            ',' => (Token::Comma, rest.get(1..).unwrap_or_default()),
            '\'' => {
                let (text, tail) = quoted(rest, escape)?;
                (Token::Literal(Value::Text(text.into())), tail)
            }
            _ => word(rest, escape)?,
        };
        found.push(token);
        rest = tail.trim_start();
    }
    Ok(found)
}

/// The string that begins with the quote at the start of `rest`, and what follows it.
fn quoted(rest: &str, escape: Escape) -> Result<(String, &str), String> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        let quote_next = matches!(characters.peek(), Some((_, '\'')));
        // `\'` at the very end is a backslash and the closing quote.
        let escaped = escape != Escape::Doubled
            && character == '\\'
            && quote_next
            && rest.get(at + 2..).is_some_and(closes);
        match character {
            '\'' if quote_next && escape != Escape::Backslash => {
                text.push('\'');
                characters.next();
            }
            '\'' => return Ok((text, rest.get(at + 1..).unwrap_or_default())),
            '\\' if escaped => {
                text.push('\'');
                characters.next();
            }
            other => text.push(other),
        }
    }
    Err(format!("the string {rest} is not closed"))
}

/// Whether a quote that closes a string is still to come.
fn closes(rest: &str) -> bool {
    rest.contains('\'')
}

fn word(rest: &str, escape: Escape) -> Result<(Token, &str), String> {
    let end = rest
        .find(|character: char| character.is_whitespace() || "(),'".contains(character))
        .unwrap_or(rest.len());
    let (word, tail) = rest.split_at(end);
    if tail.starts_with('\'') {
        let (text, tail) = quoted(tail, escape)?;
        return Ok((Token::Literal(typed(word, &text)?), tail));
    }
    Ok((plain(word)?, tail))
}

/// `guid'…'` and `datetime'…'`.
fn typed(prefix: &str, text: &str) -> Result<Value<'static>, String> {
    let bad = || format!("{prefix}'{text}' is not valid");
    match prefix.to_ascii_lowercase().as_str() {
        "guid" => Uuid::parse_str(text).map(Value::Guid).map_err(|_| bad()),
        "datetime" => moment(text).map(Value::Moment).ok_or_else(bad),
        _ => Err(format!("{prefix}'…' is not a known literal")),
    }
}

/// A date, or a date and time without a zone.
pub(crate) fn moment(text: &str) -> Option<jiff::civil::DateTime> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    text.parse().ok().or_else(|| {
        let date: jiff::civil::Date = text.parse().ok()?;
        Some(date.at(0, 0, 0, 0))
    })
}

fn plain(word: &str) -> Result<Token, String> {
    let literal = match word {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        _ => number(word),
    };
    if let Some(literal) = literal {
        return Ok(Token::Literal(literal));
    }
    let name = |character: char| character.is_ascii_alphanumeric() || "_/".contains(character);
    if word.chars().all(name) {
        Ok(Token::Name(word.to_owned()))
    } else {
        Err(format!("`{word}` is not understood"))
    }
}

/// A number, with or without OData's suffix for decimals and the like.
fn number(word: &str) -> Option<Value<'static>> {
    let first = word.chars().next()?;
    if !first.is_ascii_digit() && first != '-' {
        return None;
    }
    let digits = word.trim_end_matches(['m', 'M', 'd', 'D', 'f', 'F', 'L', 'l']);
    Decimal::parse(digits).map(Value::Number)
}
