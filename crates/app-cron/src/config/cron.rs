//! When runs start by themselves.

use std::collections::BTreeSet;
use std::time::Duration;

use super::check::Values;
use super::key::company_file;

/// When runs start by themselves.
#[derive(Clone, Debug)]
pub struct CronConfig {
    /// A cron expression.
    pub schedule: String,
    /// The zone that it is meant in.
    pub time_zone: String,
    /// What is doubtful about the zone, if nobody has set it.
    pub zone_doubt: Option<String>,
    /// How long a fire tries to get its run begun.
    pub retry: Duration,
    /// How old a missed fire may be that is made up for.
    pub catch_up: Duration,
}

/// The schedule that the values give.
pub(super) fn cron(values: &Values) -> Option<CronConfig> {
    let (time_zone, zone_doubt) = time_zone(values);
    Some(CronConfig {
        schedule: values.text("cron.schedule")?.to_owned(),
        time_zone,
        zone_doubt,
        retry: Duration::from_secs(values.whole("cron.retry_minutes") * 60),
        catch_up: Duration::from_secs(values.whole("cron.catch_up_hours") * 3_600),
    })
}

/// The zone, and what is doubtful about it.
pub(super) fn time_zone(values: &Values) -> (String, Option<String>) {
    const MEND: &str = "so the schedule is in UTC; set `cron.time_zone`, such as Australia/Sydney";
    if let Some(set) = values.text("cron.time_zone") {
        return (set.to_owned(), None);
    }
    let of_files = values.entries.iter().filter_map(|(name, entry)| match company_file(name) {
        Some((_, "time_zone")) => Some(entry.text.as_str()),
        _ => None,
    });
    let zones: BTreeSet<&str> = of_files.collect();
    let zones: Vec<&str> = zones.into_iter().collect();
    let doubt = match zones.as_slice() {
        [one] => return ((*one).to_owned(), None),
        [] => format!("no company file has a `time_zone`, {MEND}"),
        zones => {
            format!("the company files are in different zones ({}), {MEND}", zones.join(", "))
        }
    };
    ("UTC".to_owned(), Some(doubt))
}
