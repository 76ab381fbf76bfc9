//! What every store promises, on each store of ours.

pub(crate) mod fixture;

postonce_race_kit::store_contract! {
    memory: super::fixture::Memory;
    sqlite: super::fixture::Sqlite;
    mysql: super::fixture::Mysql;
}
