//! What a server says of itself.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncMysqlConnection, RunQueryDsl};

/// Settings or counters by name. What this server does not know is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables {
    values: BTreeMap<String, String>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text, column_name = Variable_name)]
    name: String,
    #[diesel(sql_type = Text, column_name = Value)]
    value: String,
}

impl Variables {
    /// The server's settings of these names, in small letters.
    pub(crate) async fn global(
        conn: &mut AsyncMysqlConnection,
        names: &[&str],
    ) -> QueryResult<Self> {
        Self::show(conn, "GLOBAL VARIABLES", names).await
    }

    /// This session's settings.
    pub(crate) async fn session(
        conn: &mut AsyncMysqlConnection,
        names: &[&str],
    ) -> QueryResult<Self> {
        Self::show(conn, "SESSION VARIABLES", names).await
    }

    /// This session's counters and states.
    pub(crate) async fn status(
        conn: &mut AsyncMysqlConnection,
        names: &[&str],
    ) -> QueryResult<Self> {
        Self::show(conn, "SESSION STATUS", names).await
    }

    async fn show(
        conn: &mut AsyncMysqlConnection,
        what: &str,
        names: &[&str],
    ) -> QueryResult<Self> {
        // The names are ours, so there is nothing to escape.
        let list = names.join("', '");
        let sql = format!("SHOW {what} WHERE Variable_name IN ('{list}')");
        let rows: Vec<Row> = diesel::sql_query(sql).load(conn).await?;
        let pair = |row: Row| (row.name.to_ascii_lowercase(), row.value);
        Ok(Self { values: rows.into_iter().map(pair).collect() })
    }

    /// The value; `None` if the server knows of no such thing.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The value, if there is one and it says something.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Whether it is switched on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("on") || value == "1")
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Variables {
    fn from(values: [(&str, &str); N]) -> Self {
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self { values: values.into_iter().map(own).collect() }
    }
}
