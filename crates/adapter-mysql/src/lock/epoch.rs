//! Epochs, raised on the connection of the lock.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sql_types::Text;
use diesel_async::{AsyncMysqlConnection, RunQueryDsl};
use postonce_domain::{CompanyFile, Epoch};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    epoch: i64,
}

/// Raises the epoch if `lock` is held by this very session, and says how many rows that changed:
/// none if it is not.
pub(super) async fn raise_while_held(
    conn: &mut AsyncMysqlConnection,
    company_file: &CompanyFile,
    lock: &str,
) -> QueryResult<usize> {
    let sql = "\
        INSERT INTO postonce_epoch (company_file, epoch) \
        SELECT ?, 1 FROM DUAL WHERE IS_USED_LOCK(?) = CONNECTION_ID() \
        ON DUPLICATE KEY UPDATE epoch = postonce_epoch.epoch + 1";
    diesel::sql_query(sql)
        .bind::<Text, _>(company_file.as_str())
        .bind::<Text, _>(lock)
        .execute(conn)
        .await
}

/// Raises the epoch, whoever asks.
pub(super) async fn raise(
    conn: &mut AsyncMysqlConnection,
    company_file: &CompanyFile,
) -> QueryResult<usize> {
    let sql = "\
        INSERT INTO postonce_epoch (company_file, epoch) VALUES (?, 1) \
        ON DUPLICATE KEY UPDATE epoch = postonce_epoch.epoch + 1";
    diesel::sql_query(sql).bind::<Text, _>(company_file.as_str()).execute(conn).await
}

/// The epoch that this transaction has raised.
pub(super) async fn read_back(
    conn: &mut AsyncMysqlConnection,
    company_file: &CompanyFile,
) -> QueryResult<Epoch> {
    let sql = "SELECT epoch FROM postonce_epoch WHERE company_file = ?";
    let row: Row =
        diesel::sql_query(sql).bind::<Text, _>(company_file.as_str()).get_result(conn).await?;
    Ok(Epoch(row.epoch))
}
