//! Statements in the server's own words, prepared once for each session.
//!
//! Diesel's `sql_query` prepares its text at every call, which is one more round trip each time.
//! The last statements of a transaction go with COMMIT in one text, which saves their round trips.

use diesel::mysql::Mysql;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Untyped};

/// A statement with a `?` for each value, in the order in which they are added.
#[derive(Debug)]
pub(crate) struct Statement {
    text: &'static str,
    values: Vec<Value>,
}

#[derive(Debug)]
enum Value {
    Int(i64),
    MaybeInt(Option<i64>),
    Bool(bool),
    Text(String),
    MaybeText(Option<String>),
}

/// A statement without its values yet.
pub(crate) fn statement(text: &'static str) -> Statement {
    Statement { text, values: Vec::new() }
}

/// A text of several statements with their values in them, and the words that follow.
pub(crate) fn text_of(statements: &[Statement], words: &str) -> String {
    let mut out = String::new();
    for statement in statements {
        statement.write_out(&mut out);
        out.push_str("; ");
    }
    out + words
}

impl Statement {
    fn with(mut self, value: Value) -> Self {
        self.values.push(value);
        self
    }

    pub(crate) fn int(self, value: i64) -> Self {
        self.with(Value::Int(value))
    }

    pub(crate) fn maybe_int(self, value: Option<i64>) -> Self {
        self.with(Value::MaybeInt(value))
    }

    pub(crate) fn bool(self, value: bool) -> Self {
        self.with(Value::Bool(value))
    }

    pub(crate) fn text(self, value: impl Into<String>) -> Self {
        self.with(Value::Text(value.into()))
    }

    pub(crate) fn maybe_text(self, value: Option<impl Into<String>>) -> Self {
        self.with(Value::MaybeText(value.map(Into::into)))
    }

    /// Texts are written as numbers of their bytes: nothing in them can end a text, whatever the
    /// session's modes are.
    fn write_out(&self, out: &mut String) {
        let mut values = self.values.iter();
        for (index, part) in self.text.split('?').enumerate() {
            if index > 0 {
                match values.next() {
                    Some(value) => value.write_out(out),
                    None => out.push('?'),
                }
            }
            out.push_str(part);
        }
    }
}

impl Value {
    fn write_out(&self, out: &mut String) {
        match self {
            Self::Int(value) | Self::MaybeInt(Some(value)) => out.push_str(&value.to_string()),
            Self::Bool(value) => out.push_str(if *value { "1" } else { "0" }),
            Self::Text(value) | Self::MaybeText(Some(value)) => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
                out.push_str("_utf8mb4 X'");
                out.extend(value.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte)]));
                out.push('\'');
            }
            Self::MaybeInt(None) | Self::MaybeText(None) => out.push_str("NULL"),
        }
    }
}

impl QueryFragment<Mysql> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        let mut values = self.values.iter();
        for (index, part) in self.text.split('?').enumerate() {
            if index > 0 {
                match values.next() {
                    Some(Value::Int(value)) => out.push_bind_param::<BigInt, _>(value)?,
                    Some(Value::MaybeInt(value)) => {
                        out.push_bind_param::<Nullable<BigInt>, _>(value)?;
                    }
                    Some(Value::Bool(value)) => out.push_bind_param::<Bool, _>(value)?,
                    Some(Value::Text(value)) => out.push_bind_param::<Text, _>(value)?,
                    Some(Value::MaybeText(value)) => {
                        out.push_bind_param::<Nullable<Text>, _>(value)?;
                    }
                    // The server refuses a statement with fewer values than it asks for.
                    None => out.push_sql("?"),
                }
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

impl QueryId for Statement {
    type QueryId = ();
    // It is known by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}
