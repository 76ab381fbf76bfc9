//! Addresses and `$filter` expressions.

use std::fmt::Write;

/// `text` as an OData string: quotes are doubled
/// (<https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html>).
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `field` equals one of `values`.
pub(crate) fn one_of<S: AsRef<str>>(field: &str, values: &[S]) -> String {
    let terms: Vec<String> =
        values.iter().map(|value| format!("{field} eq {}", quoted(value.as_ref()))).collect();
    terms.join(" or ")
}

/// A path with a `$filter` query.
pub(crate) fn filtered(path: &str, filter: &str) -> String {
    format!("{path}?$filter={}", escaped(filter))
}

/// `text` with every character escaped that has a meaning in an address.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if plain {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
