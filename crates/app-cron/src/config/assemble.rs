//! The configuration made of checked values, and what holds between them.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::time::Duration;

use postonce_adapter_myob::{Layout, Missing, Unusual};
use postonce_domain::{CompanyFile, DoubtPolicy, QuietParts};
use postonce_engine::Lookup;
use postonce_ports::registry;
use secrecy::SecretString;

use super::check::{Values, showable};
use super::cron;
use super::database::{self, DatabaseConfig};
use super::key::{COMPANY_FILE, KEYS, company_file, find};
use super::notify::notify;
use super::tokens::tokens;
use super::{
    CompanyFileConfig, Config, LedgerConfig, LockConfig, LockKind, Shown, Source, http, url,
};

/// What a default account is on this machine: the one that every sandbox file has.
const LOOPBACK_ACCOUNT: &str = "4-1000";

/// What the sandbox takes as key, secret and refresh token.
const LOOPBACK_SECRET: &str = "sandbox";

/// Where MYOB gives out tokens.
const MYOB_TOKEN_URL: &str = "https://secure.myob.com/oauth2/v1/authorize";

/// Where people consent.
const MYOB_AUTHORIZE_URL: &str = "https://secure.myob.com/oauth2/account/authorize";

/// Makes the configuration; none if a value that must be there was refused.
pub(super) fn assemble(values: &Values, problems: &mut Vec<String>) -> Option<Config> {
    check_lock(values, problems);
    check_company_files(values, problems);
    check_rate(values, problems);
    let doubt = doubt(values, problems)?;
    Some(Config {
        database: database(values)?,
        ledger: ledger(values)?,
        tokens: tokens(values, problems),
        lock: LockConfig {
            kind: lock_kind(values)?,
            name: values.text("lock.name")?.to_owned(),
            timeout: Duration::from_secs(values.whole("lock.timeout_seconds")),
            single_writer: values.is_on("lock.single_writer"),
        },
        company_files: company_files(values),
        lookup: if values.is("lookup_before_post", "always") {
            Lookup::Always
        } else {
            Lookup::InDoubt
        },
        doubt,
        start_date: values.text("sync.start_date").and_then(|text| text.parse().ok()),
        notify: notify(values, problems),
        run_max: Duration::from_secs(values.whole("run.max_minutes") * 60),
        cron: cron::cron(values)?,
        http: http::http(values, problems)?,
        log: http::log(values),
    })
}

fn database(values: &Values) -> Option<DatabaseConfig> {
    database::parse(values.text("database.url")?).ok()
}

/// The lock that the database has, by what is configured.
fn lock_kind(values: &Values) -> Option<LockKind> {
    match database(values)? {
        DatabaseConfig::Sqlite(_) => Some(LockKind::File),
        DatabaseConfig::Mysql(_) if values.is("lock.kind", "lease") => Some(LockKind::Lease),
        DatabaseConfig::Mysql(_) => Some(LockKind::Named),
    }
}

fn check_lock(values: &Values, problems: &mut Vec<String>) {
    let is_file = matches!(database(values), Some(DatabaseConfig::Sqlite(_)));
    if is_file && values.is("lock.kind", "lease") {
        let why = "is for servers; a SQLite database is locked by a file. Take the key out";
        problems.push(values.problem("lock.kind", why));
    }
    let is_server = matches!(database(values), Some(DatabaseConfig::Mysql(_)));
    if is_server && values.is("lock.kind", "file") {
        let why = "is for SQLite; a server has `named`, or `lease` where named locks mean nothing";
        problems.push(values.problem("lock.kind", why));
    }
    if values.is("lock.scope", "company_file") {
        let why = "needs every company file to be cut over, and none is: until then an older \
                   integration may hold the one global lock. Leave it at `global`";
        problems.push(values.problem("lock.scope", why));
    }
}

/// Two aliases of one business would number, look up and post in the same books unaware. An alias
/// without one may have it on record, from a consent.
/// How many invoices may be on their way by the rate: each takes three requests within ten seconds,
/// two that look it up and one that posts it. `None` if there is no limit.
fn by_rate(values: &Values) -> Option<u64> {
    const REQUESTS: u64 = 3;
    const SECONDS: u64 = 10;
    let per_second = values.whole("ledger.rate_per_second");
    let share = per_second.saturating_mul(values.whole("ledger.rate_share_percent"));
    (per_second != 0).then(|| share.saturating_mul(SECONDS).div_euclid(100 * REQUESTS))
}

fn check_rate(values: &Values, problems: &mut Vec<String>) {
    if by_rate(values) == Some(0) {
        let why = "leaves too few requests: an invoice takes three within ten seconds. Take a \
                   greater part, of at least 0.3 requests a second";
        problems.push(values.problem("ledger.rate_share_percent", why));
    }
}

fn check_company_files(values: &Values, problems: &mut Vec<String>) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (name, entry) in &values.entries {
        let Some((alias, "business_id")) = company_file(name) else { continue };
        if let Some(other) = seen.insert(entry.text.to_lowercase(), alias) {
            let why = format!("is the business of `{other}` too; an alias is one business");
            problems.push(values.problem(name, &why));
        }
    }
    for alias in aliases(values) {
        let name = |field: &str| format!("{COMPANY_FILE}.{alias}.{field}");
        let (user, password) = (name("cftoken_user"), name("cftoken_password"));
        if values.text(&password).is_some() && values.text(&user).is_none() {
            let why = "is a password without a user; set `cftoken_user` beside it";
            problems.push(values.problem(&password, why));
        }
    }
}

fn doubt(values: &Values, problems: &mut Vec<String>) -> Option<DoubtPolicy> {
    let allow_short = values.is_on("in_doubt.allow_short_quiet");
    let post_timeout = values.whole_if_set("ledger.post_timeout_seconds")?;
    let longest_call = values.whole_if_set("ledger.longest_call_seconds")?;
    if post_timeout < longest_call && !allow_short {
        let why = format!(
            "is shorter than ledger.longest_call_seconds ({longest_call}), so answers would be \
             missed; raise it, or set in_doubt.allow_short_quiet = true for a test"
        );
        problems.push(values.problem("ledger.post_timeout_seconds", &why));
    }
    let parts = QuietParts {
        send_window: QuietParts::SEND_WINDOW,
        post_timeout: Duration::from_secs(post_timeout),
        longest_call: Duration::from_secs(longest_call),
        visibility: QuietParts::VISIBILITY,
    };
    let wanted = values.whole_if_set("in_doubt.quiet_seconds").map(Duration::from_secs);
    let quiet = match parts.quiet(wanted, allow_short) {
        Ok(quiet) => quiet,
        Err(error) => {
            let least = error.least.as_secs();
            let why = format!(
                "is too short: {error}; set it to {least} or more, or take it out, or set \
                 in_doubt.allow_short_quiet = true for a test"
            );
            problems.push(values.problem("in_doubt.quiet_seconds", &why));
            return None;
        }
    };
    let recheck = values.whole_if_set("in_doubt.recheck_seconds").map(Duration::from_secs);
    let repost_absent = values.is("in_doubt.absent", "repost");
    Some(DoubtPolicy { quiet, recheck: recheck.unwrap_or(quiet), repost_absent })
}

fn secret(values: &Values, key: &str) -> Option<SecretString> {
    values.text(key).map(SecretString::from)
}

fn ledger(values: &Values) -> Option<LedgerConfig> {
    let concurrency = values.whole("ledger.concurrency").min(by_rate(values).unwrap_or(u64::MAX));
    let base_url = values.text("ledger.base_url")?.trim_end_matches('/');
    Some(LedgerConfig {
        base_url: base_url.to_owned(),
        token_url: derived(values, "ledger.token_url")?,
        authorize_url: derived(values, "ledger.authorize_url")?,
        redirect_uri: values.text("ledger.redirect_uri")?.to_owned(),
        scopes: values.text("ledger.scopes")?.to_owned(),
        api_key: derived(values, "ledger.api_key").map(SecretString::from),
        api_secret: derived(values, "ledger.api_secret").map(SecretString::from),
        refresh_token: derived(values, "ledger.refresh_token").map(SecretString::from),
        layout: if values.is("ledger.layout", "item") { Layout::Item } else { Layout::Service },
        default_account: derived(values, "ledger.default_account"),
        missing_customer: missing(values, "ledger.missing_customer"),
        missing_item: missing(values, "ledger.missing_item"),
        credits: unusual(values, "ledger.credits"),
        zero_totals: unusual(values, "ledger.zero_totals"),
        concurrency: NonZeroUsize::new(usize::try_from(concurrency).ok()?)?,
        rate_per_second: u32::try_from(values.whole("ledger.rate_per_second")).ok()?,
        rate_share_percent: u32::try_from(values.whole("ledger.rate_share_percent")).ok()?,
        post_timeout: Duration::from_secs(values.whole("ledger.post_timeout_seconds")),
        longest_call: Duration::from_secs(values.whole("ledger.longest_call_seconds")),
        rate_limit_is_not_sent: values.is_on("ledger.rate_limit_is_not_sent"),
        is_loopback: url::is_loopback(base_url),
    })
}

fn unusual(values: &Values, key: &str) -> Unusual {
    if values.is(key, "block") { Unusual::Block } else { Unusual::Post }
}

fn missing(values: &Values, key: &str) -> Missing {
    if values.is(key, "create") { Missing::Create } else { Missing::Block }
}

/// The value of a key, or what follows from others if nobody has set it.
fn derived(values: &Values, key: &str) -> Option<String> {
    if let Some(text) = values.text(key) {
        return Some(text.to_owned());
    }
    let base = values.text("ledger.base_url").and_then(|text| url::parse(text).ok());
    let loopback = base.filter(url::Url::is_loopback);
    match key {
        "ledger.token_url" => Some(loopback.map_or_else(
            || MYOB_TOKEN_URL.to_owned(),
            |url| format!("{}/oauth2/v1/authorize", url.origin),
        )),
        "ledger.authorize_url" => Some(loopback.map_or_else(
            || MYOB_AUTHORIZE_URL.to_owned(),
            |url| format!("{}/oauth2/account/authorize", url.origin),
        )),
        "ledger.default_account" => loopback.map(|_| LOOPBACK_ACCOUNT.to_owned()),
        "ledger.api_key" | "ledger.api_secret" | "ledger.refresh_token" => {
            loopback.map(|_| LOOPBACK_SECRET.to_owned())
        }
        "cron.time_zone" => Some(cron::time_zone(values).0),
        "lock.kind" => lock_kind(values).map(|kind| kind.as_str().to_owned()),
        "in_doubt.quiet_seconds" => {
            let policy = doubt(values, &mut Vec::new())?;
            Some(policy.quiet.as_secs().to_string())
        }
        "in_doubt.recheck_seconds" => {
            let policy = doubt(values, &mut Vec::new())?;
            Some(policy.recheck.as_secs().to_string())
        }
        "http.stop_within_seconds" => {
            let config = http::http(values, &mut Vec::new())?;
            Some(config.stop_within.as_secs().to_string())
        }
        _ => None,
    }
}

fn company_files(values: &Values) -> BTreeMap<CompanyFile, CompanyFileConfig> {
    let named = aliases(values).into_iter().filter_map(|alias| {
        let key = |field: &str| format!("{COMPANY_FILE}.{alias}.{field}");
        let known = CompanyFile::parse(&alias).ok()?;
        let business_id = values.text(&key("business_id"));
        let file = CompanyFileConfig {
            business_id: business_id.map(|text| registry::business_id(&known, text)),
            base_url: values.text(&key("base_url")).map(str::to_owned),
            refresh_token: secret(values, &key("refresh_token")),
            cftoken_user: values.text(&key("cftoken_user")).map(str::to_owned),
            cftoken_password: secret(values, &key("cftoken_password")),
            time_zone: values.text(&key("time_zone")).map(str::to_owned),
        };
        Some((known, file))
    });
    named.collect()
}

fn aliases(values: &Values) -> BTreeSet<String> {
    let names = values.entries.keys().chain(values.refused.keys());
    names.filter_map(|name| company_file(name)).map(|(alias, _)| alias.to_owned()).collect()
}

/// Every key as it stands, those of company files by alias.
pub(super) fn shown(values: &Values) -> Vec<Shown> {
    let mut shown = Vec::new();
    for key in &KEYS {
        if key.name.contains('*') {
            continue;
        }
        shown.push(show(values, key.name));
    }
    for alias in aliases(values) {
        for key in KEYS.iter().filter(|key| key.name.contains('*')) {
            shown.push(show(values, &key.name.replace('*', &alias)));
        }
    }
    shown
}

fn show(values: &Values, name: &str) -> Shown {
    let entry = values.entries.get(name).or_else(|| values.refused.get(name));
    let kind = find(name).map(|key| key.kind);
    let (text, source) = match entry {
        Some(entry) => (Some(entry.text.clone()), entry.source.clone()),
        None => (derived(values, name), Source::Default),
    };
    let value = text.map(|text| showable(kind, &text));
    Shown { key: name.to_owned(), value, source }
}
