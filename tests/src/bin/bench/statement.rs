//! Statements in the database's own words, prepared once for each connection.

use std::borrow::Cow;
use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Nullable, Text, Untyped};

/// A statement with a `?` for each value, in the order in which they are added. A text that was
/// made for one use is not kept prepared.
#[derive(Debug)]
pub(crate) struct Statement<Columns = Untyped> {
    text: Cow<'static, str>,
    values: Vec<Value>,
    columns: PhantomData<Columns>,
}

#[derive(Debug)]
enum Value {
    Int(i64),
    Text(Option<String>),
}

pub(crate) fn statement(text: impl Into<Cow<'static, str>>) -> Statement {
    Statement { text: text.into(), values: Vec::new(), columns: PhantomData }
}

/// `?, ?, ?` for so many values.
pub(crate) fn holes(count: usize) -> String {
    vec!["?"; count].join(", ")
}

impl Statement {
    fn with(mut self, value: Value) -> Self {
        self.values.push(value);
        self
    }

    pub(crate) fn int(self, value: i64) -> Self {
        self.with(Value::Int(value))
    }

    pub(crate) fn text(self, value: impl Into<String>) -> Self {
        self.with(Value::Text(Some(value.into())))
    }

    /// The same, whose columns are known by their order, not by their names.
    pub(crate) fn of<Columns>(self) -> Statement<Columns> {
        Statement { text: self.text, values: self.values, columns: PhantomData }
    }

    /// Adds each of them; [`holes`] has the places for them.
    pub(crate) fn ints(self, values: &[i64]) -> Self {
        values.iter().fold(self, |it, value| it.int(*value))
    }

    pub(crate) fn maybe_text(self, value: Option<&str>) -> Self {
        self.with(Value::Text(value.map(str::to_owned)))
    }

    pub(crate) fn null(self) -> Self {
        self.with(Value::Text(None))
    }
}

impl Statement {
    /// The statement with its values in it, as the adapter writes them.
    pub(crate) fn written_out(&self) -> String {
        let mut values = self.values.iter().map(|value| match value {
            Value::Int(value) => value.to_string(),
            Value::Text(None) => "NULL".to_owned(),
            Value::Text(Some(value)) => {
                let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
                let hex = value.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
                format!("_utf8mb4 X'{}'", hex.collect::<String>())
            }
        });
        let parts = self.text.split('?').enumerate().map(|(index, part)| {
            let value = if index > 0 { values.next().unwrap_or_default() } else { String::new() };
            value + part
        });
        parts.collect()
    }
}

impl<DB, Columns> QueryFragment<DB> for Statement<Columns>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Nullable<Text>>,
    i64: ToSql<BigInt, DB>,
    Option<String>: ToSql<Nullable<Text>, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if matches!(self.text, Cow::Owned(_)) {
            out.unsafe_to_cache_prepared();
        }
        let mut values = self.values.iter();
        for (index, part) in self.text.split('?').enumerate() {
            if index > 0 {
                match values.next() {
                    Some(Value::Int(value)) => out.push_bind_param::<BigInt, _>(value)?,
                    Some(Value::Text(value)) => {
                        out.push_bind_param::<Nullable<Text>, _>(value)?;
                    }
                    // The database refuses a statement with fewer values than it asks for.
                    None => out.push_sql("?"),
                }
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

impl<Columns> QueryId for Statement<Columns> {
    type QueryId = ();
    // It is known by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Columns> Query for Statement<Columns> {
    type SqlType = Columns;
}

impl<Conn, Columns> RunQueryDsl<Conn> for Statement<Columns> {}
