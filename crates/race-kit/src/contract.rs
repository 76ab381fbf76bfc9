//! What adapters promise, as suites of tests that any crate can run on its own.
