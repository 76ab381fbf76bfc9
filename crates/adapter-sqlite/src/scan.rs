//! Scans of ledgers' books.

use async_trait::async_trait;
use diesel::deserialize::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};
use jiff::civil::Date;
use postonce_domain::{CompanyFile, LedgerUid};
use postonce_ports::books::DateSpan;
use postonce_ports::error::StoreError;
use postonce_ports::scan::{
    Added, DifferencesPage, Double, DoublesPage, Likeness, MonthTally, Scan, ScanId, ScanPage,
    ScanStore, ScanWish, Sides,
};
use postonce_store_rows::scan::{DocumentRow, PositionRow, ScanRow, day};
use postonce_store_rows::scan_query::{
    DoubleRow, Question, SidesRow, TallyRow, Value, differences, doubles, members, months, paired,
};

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::schema::{postonce_ledger_scan as scan, postonce_ledger_scan_document as document};
use crate::time;

#[async_trait]
impl ScanStore for SqliteStore {
    async fn open(&self, wish: ScanWish) -> Result<Scan, StoreError> {
        self.write(move |conn| open(conn, &wish)).await
    }

    async fn last(&self, company_file: &CompanyFile) -> Result<Option<Scan>, StoreError> {
        let file = company_file.to_string();
        self.read(move |conn| {
            let row = scan::table
                .filter(scan::company_file.eq(file))
                .filter(scan::unfinished.is_null())
                .order(scan::id.desc())
                .select(ScanRow::as_select());
            let row: Option<ScanRow> = row.first(conn).optional()?;
            row.map(|row| counted(conn, row)).transpose()
        })
        .await
    }

    async fn add(&self, page: ScanPage) -> Result<Added, StoreError> {
        self.write(move |conn| add(conn, &page)).await
    }

    async fn on_day(&self, scan: ScanId, date: Date) -> Result<u64, StoreError> {
        self.read(move |conn| {
            let count: i64 = of_day(scan, date).count().get_result(conn)?;
            Ok(u64::try_from(count).unwrap_or_default())
        })
        .await
    }

    async fn doubles(&self, page: DoublesPage) -> Result<Vec<Double>, StoreError> {
        self.read(move |conn| {
            let rows: Vec<DoubleRow> = ask(conn, doubles(&page))?;
            Ok(rows.into_iter().map(|row| row.double(page.by)).collect::<Result<_, _>>()?)
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
        let question = members(scan, likeness, after.as_ref(), limit);
        self.read(move |conn| sides(conn, question)).await
    }

    async fn months(&self, scan: ScanId, dates: DateSpan) -> Result<Vec<MonthTally>, StoreError> {
        self.read(move |conn| {
            let [here, there] = months(scan, dates);
            let here: Vec<TallyRow> = ask(conn, here)?;
            let there: Vec<TallyRow> = ask(conn, there)?;
            Ok(paired(&here, &there)?)
        })
        .await
    }

    async fn differences(&self, page: DifferencesPage) -> Result<Vec<Sides>, StoreError> {
        self.read(move |conn| sides(conn, differences(&page))).await
    }
}

fn ask<T>(conn: &mut SqliteConnection, question: Question) -> Step<Vec<T>>
where
    T: QueryableByName<Sqlite> + 'static,
{
    let mut query = diesel::sql_query(question.text).into_boxed::<Sqlite>();
    for value in question.values {
        query = match value {
            Value::Int(value) => query.bind::<BigInt, _>(value),
            Value::Text(value) => query.bind::<Text, _>(value),
        };
    }
    Ok(query.load(conn)?)
}

fn sides(conn: &mut SqliteConnection, question: Question) -> Step<Vec<Sides>> {
    let rows: Vec<SidesRow> = ask(conn, question)?;
    Ok(rows.into_iter().map(SidesRow::sides).collect::<Result<_, _>>()?)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn of_day(id: ScanId, date: Date) -> _ {
    let date: String = date.to_string();
    let id: i64 = id.0;
    document::table.filter(document::scan_id.eq(id)).filter(document::invoice_date.eq(date))
}

fn counted(conn: &mut SqliteConnection, row: ScanRow) -> Step<Scan> {
    let of_scan = document::table.filter(document::scan_id.eq(row.id));
    let documents: i64 = of_scan.count().get_result(conn)?;
    Ok(row.scan(documents)?)
}

fn find(conn: &mut SqliteConnection, id: i64) -> Step<Option<ScanRow>> {
    Ok(scan::table.find(id).select(ScanRow::as_select()).first(conn).optional()?)
}

fn forget(conn: &mut SqliteConnection, id: i64) -> Step<()> {
    diesel::delete(document::table.filter(document::scan_id.eq(id))).execute(conn)?;
    diesel::delete(scan::table.find(id)).execute(conn)?;
    Ok(())
}

fn open(conn: &mut SqliteConnection, wish: &ScanWish) -> Step<End<Scan>> {
    let file = wish.company_file.as_str();
    let row = scan::table
        .filter(scan::company_file.eq(file))
        .filter(scan::unfinished.eq(1))
        .select(ScanRow::as_select());
    let known: Option<ScanRow> = row.first(conn).optional()?;
    if let Some(known) = known {
        if !wish.fresh && known.is_of(wish.span) {
            return Ok(End::Undo(counted(conn, known)?));
        }
        forget(conn, known.id)?;
    }
    let position = PositionRow { at_date: day(wish.span.from), ..PositionRow::default() };
    let values = (
        scan::company_file.eq(file),
        scan::unfinished.eq(1),
        scan::from_date.eq(day(wish.span.from)),
        scan::before_date.eq(day(wish.span.before)),
        scan::at_date.eq(position.at_date),
        scan::began_at.eq(time::now(conn)?),
    );
    let row = diesel::insert_into(scan::table)
        .values(values)
        .returning(ScanRow::as_returning())
        .get_result(conn)?;
    Ok(End::Keep(row.scan(0)?))
}

fn add(conn: &mut SqliteConnection, page: &ScanPage) -> Step<End<Added>> {
    let id = page.scan.0;
    let known = find(conn, id)?.filter(|row| row.step == page.step && row.finished_at.is_none());
    let Some(known) = known else { return Ok(End::Undo(Added::Overtaken)) };
    if let Some(date) = page.forget {
        diesel::delete(of_day(page.scan, date)).execute(conn)?;
    }
    for read in &page.documents {
        let row = DocumentRow::of(page.scan, read);
        diesel::replace_into(document::table).values(row).execute(conn)?;
    }
    let finished_at = if page.next.is_none() { Some(time::now(conn)?) } else { None };
    let change = (
        PositionRow::of(page.next),
        scan::step.eq(page.step + 1),
        scan::unsure.eq(known.unsure_and(page.unsure)),
        scan::finished_at.eq(finished_at),
        scan::unfinished.eq(finished_at.is_none().then_some(1)),
    );
    diesel::update(scan::table.find(id)).set(change).execute(conn)?;
    if finished_at.is_some() {
        let older = scan::table
            .filter(scan::company_file.eq(&known.company_file))
            .filter(scan::id.ne(id))
            .select(scan::id);
        for older in older.load::<i64>(conn)? {
            forget(conn, older)?;
        }
    }
    let now = find(conn, id)?.map(|row| counted(conn, row)).transpose()?;
    Ok(now.map_or(End::Undo(Added::Overtaken), |scan| End::Keep(Added::Stored(scan))))
}
