//! The tables that are read and written column by column.

pub(crate) use postonce_store_rows::schema::*;
