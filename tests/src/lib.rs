//! Every test that needs more than one crate, and the harness that they share with the bench.

pub mod fuzz;
pub mod harness;
pub mod old_month;
pub mod race;
pub mod storm;

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod as_posted;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod connecting;
#[cfg(test)]
mod cron;
#[cfg(test)]
mod cut_over;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod files;
#[cfg(test)]
mod flags;
#[cfg(test)]
mod http;
#[cfg(test)]
mod keyed_contract;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod ledger_contract;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod lock_contract;
#[cfg(test)]
mod look_back;
#[cfg(test)]
mod mapping;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod mid_run;
#[cfg(test)]
mod mysql;
#[cfg(test)]
mod notify;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod release;
#[cfg(test)]
mod restored;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod sealed;
#[cfg(test)]
mod side_by_side;
#[cfg(test)]
mod stops;
#[cfg(test)]
mod store_contract;
#[cfg(test)]
mod switched;
#[cfg(test)]
mod switches;
#[cfg(test)]
mod thousand;
#[cfg(test)]
mod trail;
#[cfg(test)]
mod trouble;
