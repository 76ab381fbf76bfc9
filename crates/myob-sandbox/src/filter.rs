//! `$filter`: `eq ne gt ge lt le`, `and or not`, parentheses, `startswith`, `endswith`,
//! `substringof`.
//!
//! Texts are compared exactly, case included. A name that the resource does not have is an
//! error, so that a misspelt search never looks like an empty answer. `any` and `all` are not
//! understood.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::civil::DateTime;
use uuid::Uuid;

use super::filter_tokens::{Token, moment, tokens};
use crate::money::Decimal;
use crate::switches::Escape;

/// How deep parentheses and `not` may nest.
const DEPTH_MAX: u32 = 64;

/// A field's value, or a constant to compare it with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// A string or an enumeration's name.
    Text(Cow<'a, str>),
    /// A number, exact.
    Number(Decimal),
    /// A UID.
    Guid(Uuid),
    /// A date and time without a zone.
    Moment(DateTime),
    /// A flag.
    Bool(bool),
    /// Nothing.
    Null,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// [`Value::Text`].
    Text,
    /// [`Value::Number`].
    Number,
    /// [`Value::Guid`].
    Guid,
    /// [`Value::Moment`].
    Moment,
    /// [`Value::Bool`].
    Bool,
    /// An object whose fields are reached by `Name/Field` and compared as they come.
    Open,
}

/// The fields of a resource that can be searched and sorted by.
pub(crate) type Schema = &'static [(&'static str, Kind)];

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Wrong {
    /// The resource has no such field.
    #[error("Could not find a property named '{0}'")]
    UnknownField(String),
    /// It cannot be read.
    #[error("{0}")]
    Text(String),
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self::Text(why)
    }
}

/// The six comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// `eq`
    Equal,
    /// `ne`
    Unequal,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

/// The three questions about a part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// `startswith(field, 'x')`
    Start,
    /// `endswith(field, 'x')`
    End,
    /// `substringof('x', field)`
    Anywhere,
}

/// A condition on a row.
#[derive(Clone, Debug)]
pub(crate) enum Filter {
    /// `field op constant`
    Compare(String, Comparison, Value<'static>),
    /// `field eq constant`, whatever the case of either.
    Folded(String, String),
    /// A question about a part of a text.
    Contains(Part, String, String),
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// Either or both.
    Or(Box<Filter>, Box<Filter>),
    /// The opposite.
    Not(Box<Filter>),
}

impl Filter {
    /// Reads `text`; every field must stand in `schema`. The error says what is wrong.
    pub(crate) fn parse(text: &str, schema: Schema, escape: Escape) -> Result<Self, Wrong> {
        let tokens = tokens(text, escape)?;
        let mut parser = Parser { tokens: &tokens, schema, depth: 0 };
        let filter = parser.any_of()?;
        match parser.tokens.first() {
            None => Ok(filter),
            Some(token) => Err(Wrong::Text(format!("`{}` was not expected", shown(token)))),
        }
    }

    /// The same filter, for which `name` is the same in capital and in small letters.
    pub(crate) fn folding(self, name: &str) -> Self {
        let both = |left: Box<Self>, right: Box<Self>| {
            (Box::new(left.folding(name)), Box::new(right.folding(name)))
        };
        match self {
            Self::Compare(field, Comparison::Equal, Value::Text(text)) if field == name => {
                Self::Folded(field, text.to_lowercase())
            }
            Self::Compare(field, Comparison::Unequal, Value::Text(text)) if field == name => {
                Self::Not(Box::new(Self::Folded(field, text.to_lowercase())))
            }
            Self::And(left, right) => {
                let (left, right) = both(left, right);
                Self::And(left, right)
            }
            Self::Or(left, right) => {
                let (left, right) = both(left, right);
                Self::Or(left, right)
            }
            Self::Not(inner) => Self::Not(Box::new(inner.folding(name))),
            Self::Compare(..) | Self::Folded(..) | Self::Contains(..) => self,
        }
    }

    /// Whether a row passes, given its fields.
    pub(crate) fn holds<'a>(&self, value: &impl Fn(&str) -> Value<'a>) -> bool {
        match self {
            Self::Compare(field, comparison, constant) => {
                compare(&value(field), *comparison, constant)
            }
            Self::Folded(field, wanted) => match value(field) {
                Value::Text(text) => text.to_lowercase() == *wanted,
                Value::Number(_)
                | Value::Guid(_)
                | Value::Moment(_)
                | Value::Bool(_)
                | Value::Null => false,
            },
            Self::Contains(part, field, needle) => match value(field) {
                Value::Text(text) => match part {
                    Part::Start => text.starts_with(needle),
                    Part::End => text.ends_with(needle),
                    Part::Anywhere => text.contains(needle),
                },
                Value::Number(_)
                | Value::Guid(_)
                | Value::Moment(_)
                | Value::Bool(_)
                | Value::Null => false,
            },
            Self::And(left, right) => left.holds(value) && right.holds(value),
            Self::Or(left, right) => left.holds(value) || right.holds(value),
            Self::Not(inner) => !inner.holds(value),
        }
    }

    /// The texts that `field` must be equal to one of, if the filter says so outright.
    pub(crate) fn texts_of(&self, field: &str) -> Vec<&str> {
        match self {
            Self::Compare(name, Comparison::Equal, Value::Text(text)) if name == field => {
                vec![text]
            }
            Self::And(left, right) | Self::Or(left, right) => {
                let mut texts = left.texts_of(field);
                texts.extend(right.texts_of(field));
                texts
            }
            Self::Compare(..) | Self::Folded(..) | Self::Contains(..) | Self::Not(_) => Vec::new(),
        }
    }
}

/// Checks that `field` can be searched or sorted by.
pub(crate) fn kind_of(field: &str, schema: Schema) -> Result<Kind, Wrong> {
    let find = |name: &str| schema.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    if let Some(kind) = find(field) {
        return Ok(kind);
    }
    match field.split_once('/') {
        Some((head, tail)) if !tail.is_empty() && find(head) == Some(Kind::Open) => Ok(Kind::Open),
        Some(_) | None => Err(Wrong::UnknownField(field.to_owned())),
    }
}

/// How two values of one kind are ordered; `None` if they cannot be compared.
pub(crate) fn order(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => Some(left.cmp(right)),
        (Value::Guid(left), Value::Guid(right)) => Some(left.cmp(right)),
        (Value::Moment(left), Value::Moment(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        // A field of an open object comes as text; the constant says what it is.
        (Value::Text(text), constant) => {
            let typed =
                coerce(Value::Text(text.clone().into_owned().into()), kind(constant)).ok()?;
            if matches!(typed, Value::Text(_)) { None } else { order(&typed, constant) }
        }
        _ => None,
    }
}

fn compare(value: &Value<'_>, comparison: Comparison, constant: &Value<'_>) -> bool {
    let order = order(value, constant);
    match comparison {
        Comparison::Equal => order == Some(Ordering::Equal),
        Comparison::Unequal => order != Some(Ordering::Equal),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessOrEqual => order.is_some_and(Ordering::is_le),
    }
}

fn kind(value: &Value<'_>) -> Kind {
    match value {
        Value::Text(_) => Kind::Text,
        Value::Number(_) => Kind::Number,
        Value::Guid(_) => Kind::Guid,
        Value::Moment(_) => Kind::Moment,
        Value::Bool(_) => Kind::Bool,
        Value::Null => Kind::Open,
    }
}

/// The constant as `wanted`: a string may stand for a UID or a date.
fn coerce(constant: Value<'static>, wanted: Kind) -> Result<Value<'static>, String> {
    let found = kind(&constant);
    if matches!(constant, Value::Null) || wanted == Kind::Open || found == wanted {
        return Ok(constant);
    }
    let parsed = match (&constant, wanted) {
        (Value::Text(text), Kind::Guid) => Uuid::parse_str(text).ok().map(Value::Guid),
        (Value::Text(text), Kind::Moment) => moment(text).map(Value::Moment),
        (Value::Text(_), Kind::Text | Kind::Number | Kind::Bool | Kind::Open)
        | (
            Value::Number(_) | Value::Guid(_) | Value::Moment(_) | Value::Bool(_) | Value::Null,
            _,
        ) => None,
    };
    parsed.ok_or_else(|| format!("a {wanted:?} cannot be compared with a {found:?}"))
}

fn shown(token: &Token) -> String {
    match token {
        Token::Name(name) => name.clone(),
        Token::Literal(value) => format!("{value:?}"),
        Token::Open => "(".to_owned(),
        Token::Close => ")".to_owned(),
        Token::Comma => ",".to_owned(),
    }
}

/// Reads by precedence: `or`, `and`, `not`, then single conditions.
struct Parser<'a> {
    tokens: &'a [Token],
    schema: Schema,
    depth: u32,
}

impl Parser<'_> {
    fn any_of(&mut self) -> Result<Filter, Wrong> {
        let mut left = self.all_of()?;
        while self.take_name("or") {
            left = Filter::Or(Box::new(left), Box::new(self.all_of()?));
        }
        Ok(left)
    }

    fn all_of(&mut self) -> Result<Filter, Wrong> {
        let mut left = self.single()?;
        while self.take_name("and") {
            left = Filter::And(Box::new(left), Box::new(self.single()?));
        }
        Ok(left)
    }

    fn single(&mut self) -> Result<Filter, Wrong> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Wrong::Text("too deeply nested".to_owned()));
        }
        let filter = if self.take_name("not") {
            Filter::Not(Box::new(self.single()?))
        } else if self.take(&Token::Open) {
            let inner = self.any_of()?;
            self.expect(&Token::Close)?;
            self.compared_with_bool(inner)?
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn condition(&mut self) -> Result<Filter, Wrong> {
        let name = self.name()?;
        let part = match name.as_str() {
            "startswith" => Part::Start,
            "endswith" => Part::End,
            "substringof" => Part::Anywhere,
            _ => return self.comparison(name),
        };
        self.expect(&Token::Open)?;
        let (field, needle) = if part == Part::Anywhere {
            let needle = self.text()?;
            self.expect(&Token::Comma)?;
            (self.name()?, needle)
        } else {
            let field = self.name()?;
            self.expect(&Token::Comma)?;
            (field, self.text()?)
        };
        self.expect(&Token::Close)?;
        match kind_of(&field, self.schema)? {
            Kind::Text | Kind::Open => {}
            Kind::Number | Kind::Guid | Kind::Moment | Kind::Bool => {
                return Err(Wrong::Text(format!("'{field}' is not a text")));
            }
        }
        self.compared_with_bool(Filter::Contains(part, field, needle))
    }

    /// Takes an `eq true` or `eq false` behind a condition.
    fn compared_with_bool(&mut self, filter: Filter) -> Result<Filter, Wrong> {
        let wanted = if self.take_name("eq") {
            true
        } else if self.take_name("ne") {
            false
        } else {
            return Ok(filter);
        };
        let token = self.next()?;
        let Token::Literal(Value::Bool(value)) = token else {
            return Err(Wrong::Text(format!("true or false was expected, not `{}`", shown(token))));
        };
        Ok(if *value == wanted { filter } else { Filter::Not(Box::new(filter)) })
    }

    fn comparison(&mut self, field: String) -> Result<Filter, Wrong> {
        let kind = kind_of(&field, self.schema)?;
        let comparison = match self.name()?.as_str() {
            "eq" => Comparison::Equal,
            "ne" => Comparison::Unequal,
            "gt" => Comparison::Greater,
            "ge" => Comparison::GreaterOrEqual,
            "lt" => Comparison::Less,
            "le" => Comparison::LessOrEqual,
            other => return Err(Wrong::Text(format!("`{other}` is not an operator"))),
        };
        let token = self.next()?;
        let Token::Literal(constant) = token else {
            return Err(Wrong::Text(format!("a constant was expected, not `{}`", shown(token))));
        };
        Ok(Filter::Compare(field, comparison, coerce(constant.clone(), kind)?))
    }

    fn next(&mut self) -> Result<&Token, Wrong> {
        let (first, rest) =
            self.tokens.split_first().ok_or_else(|| "it ends too early".to_owned())?;
        self.tokens = rest;
        Ok(first)
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let found = self.tokens.first() == Some(wanted);
        if found {
            self.tokens = self.tokens.get(1..).unwrap_or_default();
        }
        found
    }

    fn take_name(&mut self, wanted: &str) -> bool {
        self.take(&Token::Name(wanted.to_owned()))
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), Wrong> {
        let found = self.next()?;
        if found == wanted {
            return Ok(());
        }
        Err(Wrong::Text(format!("`{}` was expected, not `{}`", shown(wanted), shown(found))))
    }

    fn name(&mut self) -> Result<String, Wrong> {
        let token = self.next()?;
        let Token::Name(name) = token else {
            return Err(Wrong::Text(format!("a name was expected, not `{}`", shown(token))));
        };
        Ok(name.clone())
    }

    fn text(&mut self) -> Result<String, Wrong> {
        let token = self.next()?;
        let Token::Literal(Value::Text(text)) = token else {
            return Err(Wrong::Text(format!("a string was expected, not `{}`", shown(token))));
        };
        Ok(text.clone().into_owned())
    }
}

#[cfg(test)]
mod tests;
