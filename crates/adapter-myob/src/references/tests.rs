//! Tests of `references`.
