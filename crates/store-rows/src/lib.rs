//! Tables, rows, and the one way in which rows become values, for every SQL store.
//!
//! **Invariant:** it knows no server: no backend of diesel is named here.
