//! What this user may do, tried by statements that meet no row.

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncMysqlConnection, RunQueryDsl, SimpleAsyncConnection};
use postonce_ports::checkup::Finding;

use super::{failure, fine, unseen};

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    in_table: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// A table and its columns.
struct Table {
    name: String,
    columns: Vec<String>,
}

#[derive(QueryableByName)]
struct Granted {
    #[diesel(sql_type = Text)]
    privilege: String,
}

pub(super) async fn look(conn: &mut AsyncMysqlConnection) -> Vec<Finding> {
    const NAME: &str = "grants";
    let tables = match tables(conn).await {
        Ok(tables) => tables,
        Err(error) => return vec![unseen(NAME, &error)],
    };
    let denied = match denied(conn, &tables).await {
        Ok(denied) => denied,
        Err(error) => return vec![unseen(NAME, &error)],
    };
    let rows = if denied.is_empty() {
        fine(NAME, "enough", "this user may read and write our tables")
    } else {
        let meaning = "what needs it fails in the middle of a run";
        let mend = "grant SELECT, INSERT, UPDATE and DELETE on the tables named postonce_…";
        failure(NAME, format!("no {}", denied.join(", no ")), meaning, mend)
    };
    vec![rows, migrates(conn).await]
}

async fn tables(conn: &mut AsyncMysqlConnection) -> QueryResult<Vec<Table>> {
    // Columns that the server computes take no value.
    let sql = "\
        SELECT CAST(table_name AS CHAR) AS in_table, CAST(column_name AS CHAR) AS name \
        FROM information_schema.columns \
        WHERE table_schema = DATABASE() AND table_name LIKE 'postonce\\_%' \
        AND extra NOT IN ('VIRTUAL GENERATED', 'STORED GENERATED') \
        ORDER BY table_name, ordinal_position";
    let columns: Vec<Column> = diesel::sql_query(sql).load(conn).await?;
    let mut tables: Vec<Table> = Vec::new();
    for Column { in_table, name } in columns {
        match tables.last_mut().filter(|table| table.name == in_table) {
            Some(table) => table.columns.push(format!("`{name}`")),
            None => tables.push(Table { name: in_table, columns: vec![format!("`{name}`")] }),
        }
    }
    Ok(tables)
}

/// What is refused, as `UPDATE on postonce_claim`. Trouble of another kind is another finding's.
async fn denied(conn: &mut AsyncMysqlConnection, tables: &[Table]) -> QueryResult<Vec<String>> {
    let mut denied = Vec::new();
    conn.batch_execute("START TRANSACTION").await?;
    for Table { name, columns } in tables {
        let (first, all) = (columns.iter().next().map_or("1", String::as_str), columns.join(", "));
        for (verb, sql) in [
            ("SELECT", format!("SELECT {first} FROM {name} WHERE FALSE")),
            ("INSERT", format!("INSERT INTO {name} ({all}) SELECT {all} FROM {name} WHERE FALSE")),
            ("UPDATE", format!("UPDATE {name} SET {first} = {first} WHERE FALSE")),
            ("DELETE", format!("DELETE FROM {name} WHERE FALSE")),
        ] {
            // The trail is written and never changed, and the record of the schema is only read.
            let needed = match name.as_str() {
                "postonce_invoice_note"
                | "postonce_file_note"
                | "postonce_ledger_consent"
                | "postonce_account_note" => matches!(verb, "SELECT" | "INSERT"),
                "postonce_schema_migration" => verb == "SELECT",
                _ => true,
            };
            if !needed {
                continue;
            }
            let tried = diesel::sql_query(sql).execute(conn).await;
            if tried.is_err_and(|error| error.to_string().contains("denied")) {
                denied.push(format!("{verb} on {name}"));
            }
        }
    }
    conn.batch_execute("ROLLBACK").await?;
    Ok(denied)
}

/// Whether this user could bring the schema up to date. It is well if another one does.
async fn migrates(conn: &mut AsyncMysqlConnection) -> Finding {
    const NAME: &str = "grants_to_migrate";
    let sql = "\
        SELECT CAST(privilege_type AS CHAR) AS privilege FROM information_schema.user_privileges \
        WHERE grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''') \
        UNION SELECT CAST(privilege_type AS CHAR) FROM information_schema.schema_privileges \
        WHERE DATABASE() LIKE table_schema \
        AND grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')";
    let granted: Vec<Granted> = match diesel::sql_query(sql).load(conn).await {
        Ok(granted) => granted,
        Err(error) => return unseen(NAME, &error),
    };
    let needed = ["CREATE", "ALTER", "INDEX", "REFERENCES"];
    let lacks = |it: &&&str| !granted.iter().any(|granted| granted.privilege == **it);
    let lacking: Vec<&str> = needed.iter().filter(lacks).copied().collect();
    if lacking.is_empty() {
        return fine(NAME, "yes", "this user can run `postonce migrate`");
    }
    let value = format!("no {}", lacking.join(", "));
    fine(NAME, value, "another user has to run `postonce migrate`, which is well for all else")
}
