//! Every key that there is.

/// What a key's value must be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Any text that is not empty.
    Text,
    /// A text that is never shown.
    Secret,
    /// A whole number within bounds.
    Whole(u64, u64),
    /// `true` or `false`.
    Switch,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A date such as `2026-07-01`.
    Date,
    /// A time zone such as `Australia/Sydney`.
    Zone,
    /// Where the ledger's API is.
    BaseUrl,
    /// Where tokens are refreshed.
    TokenUrl,
    /// Where a browser is sent back to.
    Redirect,
    /// Which database.
    Database,
    /// The name of a lock.
    LockName,
    /// A cron expression.
    Schedule,
    /// An address and a port.
    Listen,
    /// What stands before every path that is served.
    BasePath,
    /// Scheme, host and port, as browsers see them.
    Origin,
    /// Addresses, with commas between them.
    Addresses,
    /// Addresses of mail, with commas between them.
    Mailboxes,
    /// A business id, which stands in URLs.
    BusinessId,
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// Its name, with a point between levels.
    pub(super) name: &'static str,
    /// What its value must be.
    pub(super) kind: Kind,
    /// Its value if nobody sets it and nothing else decides.
    pub(super) default: Option<&'static str>,
}

const fn key(name: &'static str, kind: Kind, default: Option<&'static str>) -> Key {
    Key { name, kind, default }
}

/// What posting invoices needs of MYOB's data: the file itself, sales, customers, items, accounts and
/// tax codes.
const SCOPES: &str =
    "sme-company-file sme-sales sme-contacts-customer sme-inventory sme-general-ledger";

const DAY: u64 = 24 * 3_600;

/// The keys, in the order in which they are shown.
pub(super) const KEYS: [Key; 71] = [
    key("database.url", Kind::Database, Some("sqlite:postonce.db")),
    key("ledger.base_url", Kind::BaseUrl, Some("https://api.myob.com/accountright")),
    key("ledger.token_url", Kind::TokenUrl, None),
    key("ledger.authorize_url", Kind::TokenUrl, None),
    key("ledger.redirect_uri", Kind::Redirect, Some("http://localhost:8642/connected")),
    key("ledger.scopes", Kind::Text, Some(SCOPES)),
    key("ledger.api_key", Kind::Secret, None),
    key("ledger.api_secret", Kind::Secret, None),
    key("ledger.refresh_token", Kind::Secret, None),
    key("ledger.layout", Kind::OneOf(&["service", "item"]), Some("service")),
    key("ledger.default_account", Kind::Text, None),
    key("ledger.missing_customer", Kind::OneOf(&["block", "create"]), Some("block")),
    key("ledger.missing_item", Kind::OneOf(&["block", "create"]), Some("block")),
    key("ledger.credits", Kind::OneOf(&["post", "block"]), Some("post")),
    key("ledger.zero_totals", Kind::OneOf(&["post", "block"]), Some("post")),
    key("ledger.concurrency", Kind::Whole(1, 64), Some("4")),
    key("ledger.rate_per_second", Kind::Whole(0, 10_000), Some("8")),
    key("ledger.rate_share_percent", Kind::Whole(1, 100), Some("100")),
    key("ledger.post_timeout_seconds", Kind::Whole(1, 3_600), Some("150")),
    key("ledger.longest_call_seconds", Kind::Whole(1, 3_600), Some("120")),
    key("ledger.rate_limit_is_not_sent", Kind::Switch, Some("true")),
    key("tokens.key", Kind::Secret, None),
    key("tokens.key_file", Kind::Text, None),
    key("tokens.old_key", Kind::Secret, None),
    key("lock.name", Kind::LockName, Some("fts_myob_invoice_sync")),
    key("lock.kind", Kind::OneOf(&["named", "lease", "file"]), None),
    key("lock.scope", Kind::OneOf(&["global", "company_file"]), Some("global")),
    key("lock.timeout_seconds", Kind::Whole(2, 1_800), Some("60")),
    key("lock.single_writer", Kind::Switch, Some("false")),
    key("in_doubt.quiet_seconds", Kind::Whole(0, DAY), None),
    key("in_doubt.allow_short_quiet", Kind::Switch, Some("false")),
    key("in_doubt.absent", Kind::OneOf(&["keep", "repost"]), Some("keep")),
    key("in_doubt.recheck_seconds", Kind::Whole(0, 7 * DAY), None),
    key("lookup_before_post", Kind::OneOf(&["in_doubt", "always"]), Some("in_doubt")),
    key("sync.start_date", Kind::Date, None),
    key("run.max_minutes", Kind::Whole(1, 24 * 60), Some("60")),
    key("cron.schedule", Kind::Schedule, Some("0 20 * * *")),
    key("cron.time_zone", Kind::Zone, None),
    key("cron.retry_minutes", Kind::Whole(0, 24 * 60), Some("10")),
    key("cron.catch_up_hours", Kind::Whole(0, 31 * 24), Some("12")),
    key("http.listen", Kind::Listen, Some("127.0.0.1:8480")),
    key("http.base_path", Kind::BasePath, None),
    key("http.public_url", Kind::Origin, None),
    key("http.behind_proxy", Kind::Switch, Some("false")),
    key("http.trusted_proxies", Kind::Addresses, Some("127.0.0.1,::1")),
    key("http.tls_cert", Kind::Text, None),
    key("http.tls_key", Kind::Text, None),
    key("http.body_max_bytes", Kind::Whole(1_024, 64 * 1_024 * 1_024), Some("1048576")),
    key("http.answer_within_seconds", Kind::Whole(1, 3_600), Some("60")),
    key("http.stop_within_seconds", Kind::Whole(1, 3_600), None),
    key("log.format", Kind::OneOf(&["text", "json"]), Some("text")),
    key("log.level", Kind::OneOf(&["error", "warn", "info"]), Some("info")),
    key("notify.silence_hours", Kind::Whole(0, 24 * 31), Some("26")),
    key("notify.webhook.url", Kind::TokenUrl, None),
    key("notify.webhook.secret", Kind::Secret, None),
    key("notify.webhook.secret_file", Kind::Text, None),
    key("notify.mail.server", Kind::Text, None),
    key("notify.mail.port", Kind::Whole(1, 65_535), None),
    key("notify.mail.security", Kind::OneOf(&["tls", "starttls", "none"]), Some("tls")),
    key("notify.mail.user", Kind::Text, None),
    key("notify.mail.password", Kind::Secret, None),
    key("notify.mail.password_file", Kind::Text, None),
    key("notify.mail.from", Kind::Mailboxes, None),
    key("notify.mail.to", Kind::Mailboxes, None),
    key("notify.command", Kind::Text, None),
    key("company_file.*.business_id", Kind::BusinessId, None),
    key("company_file.*.base_url", Kind::BaseUrl, None),
    key("company_file.*.refresh_token", Kind::Secret, None),
    key("company_file.*.cftoken_user", Kind::Text, None),
    key("company_file.*.cftoken_password", Kind::Secret, None),
    key("company_file.*.time_zone", Kind::Zone, None),
];

/// The level under which company files stand, by alias.
pub(super) const COMPANY_FILE: &str = "company_file";

/// The alias and the field of `company_file.ALIAS.FIELD`; an alias may have points.
pub(super) fn company_file(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix(COMPANY_FILE)?.strip_prefix('.')?.rsplit_once('.')
}

/// The key of this name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    if let Some((_, field)) = company_file(name) {
        let wanted = format!("{COMPANY_FILE}.*.{field}");
        return KEYS.iter().find(|key| key.name == wanted);
    }
    KEYS.iter().find(|key| key.name == name && !key.name.contains('*'))
}

/// The known key that `name` may be meant to be.
pub(super) fn near(name: &str) -> Option<String> {
    let candidates = KEYS.iter().map(|key| match company_file(name) {
        Some((alias, _)) => key.name.replace('*', alias),
        None => key.name.to_owned(),
    });
    let name = name.to_lowercase();
    candidates
        .map(|known| (distance(&name, &known.to_lowercase()), known))
        .filter(|(distance, known)| {
            // A slip of the finger, not another word; or a key put under the wrong level.
            *distance <= 3 || known.rsplit('.').next() == name.rsplit('.').next()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// How many characters must be put in, taken out or replaced to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, left) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (place, right) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(row[place] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
