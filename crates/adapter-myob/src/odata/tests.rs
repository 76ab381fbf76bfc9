//! Tests of `odata`.
