//! Tests against small servers of our own.
