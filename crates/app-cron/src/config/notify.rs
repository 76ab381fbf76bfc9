//! Who is told, and how.

use std::time::Duration;

use postonce_adapter_notify::{MailOptions, Security, SigningKey};
use secrecy::SecretString;

use super::check::Values;
use super::{NotifyConfig, WebhookConfig};

const URL: &str = "notify.webhook.url";
const SECRET: &str = "notify.webhook.secret";
const SERVER: &str = "notify.mail.server";
const PASSWORD: &str = "notify.mail.password";

/// Each way that is configured whole; what is half there is a problem.
pub(super) fn notify(values: &Values, problems: &mut Vec<String>) -> NotifyConfig {
    let hours = values.whole("notify.silence_hours");
    NotifyConfig {
        silence: (hours > 0).then(|| Duration::from_hours(hours)),
        webhook: webhook(values, problems),
        mail: mail(values, problems),
        command: values.text("notify.command").map(str::to_owned),
    }
}

/// The secret of this key, or of the file that stands in `KEY_file`, and which of the two keys it is.
fn secret(
    values: &Values,
    key: &str,
    problems: &mut Vec<String>,
) -> Option<(String, SecretString)> {
    let own = values.text(key).map(|text| (key.to_owned(), SecretString::from(text)));
    let file = format!("{key}_file");
    let Some(path) = values.text(&file) else { return own };
    if own.is_some() {
        let why = format!("is set, and so is `{key}`; take one of them out");
        problems.push(values.problem(&file, &why));
        return None;
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Some((file, SecretString::from(text.trim()))),
        Err(error) => {
            problems.push(values.problem(&file, &format!("cannot be read: {error}")));
            None
        }
    }
}

fn webhook(values: &Values, problems: &mut Vec<String>) -> Option<WebhookConfig> {
    let before = problems.len();
    let secret = secret(values, SECRET, problems);
    let url = values.text(URL);
    match (url, secret) {
        (Some(url), Some((key, secret))) => match SigningKey::new(&secret) {
            Ok(key) => Some(WebhookConfig { url: url.to_owned(), key }),
            Err(bad) => {
                problems.push(values.problem(&key, &bad.to_string()));
                None
            }
        },
        (Some(_), None) if problems.len() == before => {
            let why = "has no secret, by which the receiver knows us; set `notify.webhook.secret`";
            problems.push(values.problem(URL, why));
            None
        }
        (None, Some((key, _))) => {
            let why = "is of no use without an address; set `notify.webhook.url`";
            problems.push(values.problem(&key, why));
            None
        }
        (Some(_) | None, None) => None,
    }
}

fn mail(values: &Values, problems: &mut Vec<String>) -> Option<MailOptions> {
    let password = secret(values, PASSWORD, problems).map(|(_, password)| password);
    let others = ["notify.mail.from", "notify.mail.to", "notify.mail.user"];
    let Some(server) = values.text(SERVER) else {
        for key in others.into_iter().filter(|key| values.text(key).is_some()) {
            problems.push(values.problem(key, "is of no use without `notify.mail.server`"));
        }
        return None;
    };
    let [from, to] = ["notify.mail.from", "notify.mail.to"].map(|key| {
        let text = values.text(key).map(str::to_owned);
        if text.is_none() && !values.refused.contains_key(key) {
            problems.push(values.problem(SERVER, &format!("needs `{key}` beside it")));
        }
        text
    });
    let user = values.text("notify.mail.user").map(str::to_owned);
    if user.is_some() != password.is_some() {
        let why = "needs both `notify.mail.user` and `notify.mail.password`, or neither";
        problems.push(values.problem(SERVER, why));
    }
    let security = match values.text("notify.mail.security") {
        Some("starttls") => Security::StartTls,
        Some("none") => Security::None,
        Some(_) | None => Security::Tls,
    };
    if security == Security::None
        && password.is_some()
        && server != "localhost"
        && server != "127.0.0.1"
    {
        let why = "would send the password in clear text; set it to `tls` or `starttls`";
        problems.push(values.problem("notify.mail.security", why));
    }
    let port = values.whole_if_set("notify.mail.port").and_then(|port| u16::try_from(port).ok());
    Some(MailOptions {
        server: server.to_owned(),
        port: port.unwrap_or(security.port()),
        security,
        user,
        password,
        from: from?,
        to: to?,
    })
}
