//! What the database itself remembers of its configuration.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use jiff::civil::Date;
use postonce_domain::CompanyFile;
use postonce_ports::error::StoreError;

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::rows::parsed;
use crate::schema::postonce_sync_lock as lock;
use crate::schema::{
    postonce_claim as claim, postonce_company_file as file, postonce_invoice as invoice,
};

/// How runs exclude each other, as every process on this database must be configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockSettings {
    /// What kind of lock.
    pub kind: String,
    /// Of what it is one.
    pub scope: String,
    /// Its name.
    pub name: String,
}

/// Whether a process may run with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Agreed {
    /// They are those of the database, or are from now on.
    Yes,
    /// The database was used with these, and a process with others would not exclude it.
    Differs(LockSettings),
}

/// What is on record of a company file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompanyFileSettings {
    /// MYOB's id of the business, once it is known.
    pub business_id: Option<String>,
    /// The company's time zone.
    pub time_zone: Option<String>,
    /// Until which date the past is settled.
    pub cut_over_through: Option<Date>,
}

/// What became of the wish to write a company file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum CompanyFileWritten {
    /// It is on record.
    Written,
    /// Invoices were claimed for this business already, and an alias stays with its business.
    Fixed {
        /// The business.
        business_id: String,
    },
    /// Another alias has the business.
    Taken {
        /// The alias.
        alias: String,
    },
}

impl SqliteStore {
    /// Keeps the lock's settings on first use, and compares them ever after.
    pub async fn lock_settings(&self, wanted: LockSettings) -> Result<Agreed, StoreError> {
        self.write(move |conn| {
            let columns = lock::table.select((lock::kind, lock::scope, lock::name));
            let known: Option<(String, String, String)> = columns.first(conn).optional()?;
            let Some((kind, scope, name)) = known else {
                diesel::insert_into(lock::table)
                    .values((
                        lock::only.eq(1),
                        lock::kind.eq(&wanted.kind),
                        lock::scope.eq(&wanted.scope),
                        lock::name.eq(&wanted.name),
                    ))
                    .execute(conn)?;
                return Ok(End::Keep(Agreed::Yes));
            };
            let known = LockSettings { kind, scope, name };
            Ok(End::Undo(if known == wanted { Agreed::Yes } else { Agreed::Differs(known) }))
        })
        .await
    }

    /// What is on record of a company file; `None` if nothing is.
    pub async fn company_file_settings(
        &self,
        alias: &CompanyFile,
    ) -> Result<Option<CompanyFileSettings>, StoreError> {
        let alias = alias.clone();
        self.read(move |conn| settings(conn, &alias)).await
    }

    /// Writes business and zone of a company file.
    pub async fn set_company_file(
        &self,
        alias: &CompanyFile,
        business_id: &str,
        time_zone: &str,
    ) -> Result<CompanyFileWritten, StoreError> {
        let alias = alias.clone();
        let (business_id, time_zone) = (business_id.to_owned(), time_zone.to_owned());
        self.write(move |conn| write(conn, &alias, &business_id, &time_zone)).await
    }

    /// Settles the past of a company file through a date, or unsettles it.
    pub async fn cut_over(
        &self,
        alias: &CompanyFile,
        through: Option<Date>,
    ) -> Result<(), StoreError> {
        let alias = alias.clone();
        self.write(move |conn| {
            let through = file::cut_over_through.eq(through.map(|date| date.to_string()));
            diesel::insert_into(file::table)
                .values((file::alias.eq(alias.as_str()), through.clone()))
                .on_conflict(file::alias)
                .do_update()
                .set(through)
                .execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }
}

fn settings(conn: &mut SqliteConnection, alias: &CompanyFile) -> Step<Option<CompanyFileSettings>> {
    type Columns = (Option<String>, Option<String>, Option<String>);
    let columns = (file::business_id, file::time_zone, file::cut_over_through);
    let row: Option<Columns> =
        file::table.find(alias.as_str()).select(columns).first(conn).optional()?;
    let Some((business_id, time_zone, through)) = row else { return Ok(None) };
    let through = through.as_deref().map(str::parse).transpose();
    let cut_over_through = parsed("postonce_company_file", alias, through)?;
    Ok(Some(CompanyFileSettings { business_id, time_zone, cut_over_through }))
}

fn write(
    conn: &mut SqliteConnection,
    alias: &CompanyFile,
    business_id: &str,
    time_zone: &str,
) -> Step<End<CompanyFileWritten>> {
    let other: Option<String> = file::table
        .filter(file::business_id.eq(business_id))
        .filter(file::alias.ne(alias.as_str()))
        .select(file::alias)
        .first(conn)
        .optional()?;
    if let Some(alias) = other {
        return Ok(End::Undo(CompanyFileWritten::Taken { alias }));
    }
    if business_id != alias.as_str() && is_used_as_its_own(conn, business_id)? {
        return Ok(End::Undo(CompanyFileWritten::Taken { alias: business_id.to_owned() }));
    }
    // An alias without a business on record is its own: that is how a loopback ledger is used.
    let known = settings(conn, alias)?.and_then(|known| known.business_id);
    let known = known.or_else(|| Some(alias.to_string()));
    let claims = claim::table.filter(claim::company_file.eq(alias.as_str()));
    let claimed: bool = diesel::select(diesel::dsl::exists(claims)).get_result(conn)?;
    if let Some(known) = known.filter(|known| claimed && known != business_id) {
        return Ok(End::Undo(CompanyFileWritten::Fixed { business_id: known }));
    }
    let values = (file::business_id.eq(business_id), file::time_zone.eq(time_zone));
    diesel::insert_into(file::table)
        .values((file::alias.eq(alias.as_str()), values))
        .on_conflict(file::alias)
        .do_update()
        .set(values)
        .execute(conn)?;
    Ok(End::Keep(CompanyFileWritten::Written))
}

/// Whether there are invoices of an alias of this name that has no other business on record.
fn is_used_as_its_own(conn: &mut SqliteConnection, business_id: &str) -> Step<bool> {
    let elsewhere = file::table
        .filter(file::alias.eq(business_id))
        .filter(file::business_id.is_not_null())
        .filter(file::business_id.ne(business_id));
    let elsewhere: bool = diesel::select(diesel::dsl::exists(elsewhere)).get_result(conn)?;
    let invoices = invoice::table.filter(invoice::company_file.eq(business_id));
    let used: bool = diesel::select(diesel::dsl::exists(invoices)).get_result(conn)?;
    Ok(used && !elsewhere)
}
