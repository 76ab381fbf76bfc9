//! Which requests a fault is for.
