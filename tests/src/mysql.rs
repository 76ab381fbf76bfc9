//! Real processes on a real server, at their worst.

mod accounts;
mod cron;
mod doors;
mod lock_lost;
mod look_back;
mod overlap;
mod poison;
mod refresh;
mod restore;
mod thousand;
mod useless_lock;
