//! Scans of ledgers' books.

use async_trait::async_trait;
use diesel::mysql::Mysql;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::civil::Date;
use postonce_domain::{CompanyFile, LedgerUid};
use postonce_ports::books::DateSpan;
use postonce_ports::error::StoreError;
use postonce_ports::scan::{
    Added, DifferencesPage, Double, DoublesPage, Likeness, MonthTally, Scan, ScanId, ScanPage,
    ScanStore, ScanWish, Sides,
};
use postonce_store_rows::run::wide;
use postonce_store_rows::scan::{DocumentRow, PositionRow, ScanRow, day};
use postonce_store_rows::scan_query::{
    DoubleRow, Question, SidesRow, TallyRow, Value, differences, doubles, members, months, paired,
};
use postonce_store_rows::schema::{
    postonce_ledger_scan as scan, postonce_ledger_scan_document as document,
};

use crate::MysqlStore;
use crate::error::{Step, StepError, Trouble, classify};
use crate::statement::{Statement, statement};
use crate::time::now;
use crate::transaction::{Conn, End, one_snapshot};

/// Documents that are written by one statement.
const ROWS: usize = 250;

#[async_trait]
impl ScanStore for MysqlStore {
    async fn open(&self, wish: ScanWish) -> Result<Scan, StoreError> {
        self.write_at_length(wish, |conn, wish| Box::pin(open(conn, wish))).await
    }

    async fn last(&self, company_file: &CompanyFile) -> Result<Option<Scan>, StoreError> {
        self.read(company_file.clone(), |conn, file| Box::pin(last(conn, file))).await
    }

    async fn add(&self, page: ScanPage) -> Result<Added, StoreError> {
        self.write_at_length(page, |conn, page| Box::pin(add(conn, page))).await
    }

    async fn on_day(&self, scan: ScanId, date: Date) -> Result<u64, StoreError> {
        self.read((scan, date), |conn, (scan, date)| {
            Box::pin(async move {
                let of_day = document::table
                    .filter(document::scan_id.eq(scan.0))
                    .filter(document::invoice_date.eq(date.to_string()));
                Ok(wide(of_day.count().get_result(conn).await?))
            })
        })
        .await
    }

    async fn doubles(&self, page: DoublesPage) -> Result<Vec<Double>, StoreError> {
        self.read(page, |conn, page| {
            Box::pin(async move {
                let rows: Vec<DoubleRow> = ask(conn, doubles(page)).await?;
                Ok(rows.into_iter().map(|row| row.double(page.by)).collect::<Result<_, _>>()?)
            })
        })
        .await
    }

    async fn members(
        &self,
        scan: ScanId,
        likeness: &Likeness,
        after: Option<LedgerUid>,
        limit: u32,
    ) -> Result<Vec<Sides>, StoreError> {
        self.read((scan, likeness.clone(), after, limit), |conn, (scan, likeness, after, limit)| {
            Box::pin(sides(conn, members(*scan, likeness, after.as_ref(), *limit)))
        })
        .await
    }

    async fn months(&self, scan: ScanId, dates: DateSpan) -> Result<Vec<MonthTally>, StoreError> {
        self.read((scan, dates), |conn, (scan, dates)| {
            Box::pin(async move {
                one_snapshot(conn).await?;
                let [here, there] = months(*scan, *dates);
                let here: Vec<TallyRow> = ask(conn, here).await?;
                let there: Vec<TallyRow> = ask(conn, there).await?;
                Ok(paired(&here, &there)?)
            })
        })
        .await
    }

    async fn differences(&self, page: DifferencesPage) -> Result<Vec<Sides>, StoreError> {
        self.read(page, |conn, page| Box::pin(sides(conn, differences(page)))).await
    }
}

fn asked(question: Question) -> Statement {
    question.values.into_iter().fold(statement(question.text), |statement, value| match value {
        Value::Int(value) => statement.int(value),
        Value::Text(value) => statement.text(value),
    })
}

async fn ask<T>(conn: &mut Conn, question: Question) -> Step<Vec<T>>
where
    T: QueryableByName<Mysql> + Send + 'static,
{
    Ok(asked(question).load(conn).await?)
}

async fn sides(conn: &mut Conn, question: Question) -> Step<Vec<Sides>> {
    let rows: Vec<SidesRow> = ask(conn, question).await?;
    Ok(rows.into_iter().map(SidesRow::sides).collect::<Result<_, _>>()?)
}

async fn counted(conn: &mut Conn, row: ScanRow) -> Step<Scan> {
    let of_scan = document::table.filter(document::scan_id.eq(row.id));
    let documents: i64 = of_scan.count().get_result(conn).await?;
    Ok(row.scan(documents)?)
}

async fn last(conn: &mut Conn, file: &CompanyFile) -> Step<Option<Scan>> {
    let row = scan::table
        .filter(scan::company_file.eq(file.as_str()))
        .filter(scan::unfinished.is_null())
        .order(scan::id.desc())
        .select(ScanRow::as_select());
    let row: Option<ScanRow> = row.first(conn).await.optional()?;
    match row {
        Some(row) => counted(conn, row).await.map(Some),
        None => Ok(None),
    }
}

async fn forget(conn: &mut Conn, id: i64) -> Step<()> {
    diesel::delete(document::table.filter(document::scan_id.eq(id))).execute(conn).await?;
    diesel::delete(scan::table.find(id)).execute(conn).await?;
    Ok(())
}

async fn open(conn: &mut Conn, wish: &ScanWish) -> Step<End<Scan>> {
    let file = wish.company_file.as_str();
    let unfinished = scan::table
        .filter(scan::company_file.eq(file))
        .filter(scan::unfinished.eq(1))
        .select(ScanRow::as_select());
    let known: Option<ScanRow> = unfinished.for_update().first(conn).await.optional()?;
    if let Some(known) = known {
        if !wish.fresh && known.is_of(wish.span) {
            return Ok(End::Undo(counted(conn, known).await?));
        }
        forget(conn, known.id).await?;
    }
    let values = (
        scan::company_file.eq(file),
        scan::unfinished.eq(1),
        scan::from_date.eq(day(wish.span.from)),
        scan::before_date.eq(day(wish.span.before)),
        scan::at_date.eq(day(wish.span.from)),
        scan::began_at.eq(now(conn).await?),
    );
    match diesel::insert_into(scan::table).values(values).execute(conn).await {
        Ok(_) => {}
        // Two had read that there is none.
        Err(error) if classify(&error) == Trouble::Duplicate => {
            return Err(StepError::Overtaken(error));
        }
        Err(error) => return Err(error.into()),
    }
    let row: ScanRow = unfinished.first(conn).await?;
    Ok(End::Keep(row.scan(0)?))
}

async fn add(conn: &mut Conn, page: &ScanPage) -> Step<End<Added>> {
    let id = page.scan.0;
    let row = scan::table.find(id).select(ScanRow::as_select());
    let known: Option<ScanRow> = row.for_update().first(conn).await.optional()?;
    let known = known.filter(|row| row.step == page.step && row.finished_at.is_none());
    let Some(known) = known else { return Ok(End::Undo(Added::Overtaken)) };
    if let Some(date) = page.forget {
        let of_day = document::table
            .filter(document::scan_id.eq(id))
            .filter(document::invoice_date.eq(date.to_string()));
        diesel::delete(of_day).execute(conn).await?;
    }
    for some in page.documents.chunks(ROWS) {
        let rows: Vec<DocumentRow> =
            some.iter().map(|read| DocumentRow::of(page.scan, read)).collect();
        diesel::replace_into(document::table).values(rows).execute(conn).await?;
    }
    let finished_at = if page.next.is_none() { Some(now(conn).await?) } else { None };
    let change = (
        PositionRow::of(page.next),
        scan::step.eq(page.step + 1),
        scan::unsure.eq(known.unsure_and(page.unsure)),
        scan::finished_at.eq(finished_at),
        scan::unfinished.eq(finished_at.is_none().then_some(1)),
    );
    diesel::update(scan::table.find(id)).set(change).execute(conn).await?;
    if finished_at.is_some() {
        let older = scan::table
            .filter(scan::company_file.eq(&known.company_file))
            .filter(scan::id.ne(id))
            .select(scan::id);
        let older: Vec<i64> = older.load(conn).await?;
        for older in older {
            forget(conn, older).await?;
        }
    }
    let now_known: ScanRow = row.first(conn).await?;
    Ok(End::Keep(Added::Stored(counted(conn, now_known).await?)))
}
