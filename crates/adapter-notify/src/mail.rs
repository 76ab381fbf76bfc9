//! A mail to people.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use postonce_ports::notice::{Message, Messenger, Undelivered};
use secrecy::{ExposeSecret as _, SecretString};

/// How long each step with the server may take.
const STEP_MAX: Duration = Duration::from_secs(20);

/// How the way to the mail server is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS after a greeting in clear text; without it nothing is sent.
    StartTls,
    /// None: for a server on the same machine.
    None,
}

impl Security {
    /// The port that servers have for it.
    pub const fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// From whom, to whom, and by which server. The password does not show in its `Debug` form.
#[derive(Clone, Debug)]
pub struct MailOptions {
    /// The server's name.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is kept.
    pub security: Security,
    /// The user to log in as.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// From whom, such as `PostOnce <postonce@example.com>`.
    pub from: String,
    /// To whom: one address, or several with commas between them.
    pub to: String,
}

/// Why there is no mail.
#[derive(Debug, thiserror::Error)]
pub enum BadMail {
    /// An address cannot be read.
    #[error("`{0}` is no address such as `Ada <ada@example.com>`")]
    Address(String),
    /// The server's name cannot be used.
    #[error("the mail server cannot be used: {0}")]
    Server(String),
}

/// Sends each message to the same people.
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").finish_non_exhaustive()
    }
}

/// The addresses of a list with commas between them; at least one.
pub fn mailboxes(list: &str) -> Result<Vec<Mailbox>, BadMail> {
    let one = |text: &str| text.parse().map_err(|_| BadMail::Address(text.to_owned()));
    list.split(',').map(|text| one(text.trim())).collect()
}

impl Mail {
    /// Mail by these options. Nobody is asked yet.
    pub fn new(options: &MailOptions) -> Result<Self, BadMail> {
        type Smtp = AsyncSmtpTransport<Tokio1Executor>;
        let server = options.server.as_str();
        let builder = match options.security {
            Security::Tls => Smtp::relay(server),
            Security::StartTls => Smtp::starttls_relay(server),
            Security::None => Ok(Smtp::builder_dangerous(server)),
        };
        let builder = builder.map_err(|error| BadMail::Server(words(&error)))?;
        let mut builder = builder.port(options.port).timeout(Some(STEP_MAX));
        if let (Some(user), Some(password)) = (&options.user, &options.password) {
            let password = password.expose_secret().to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        let from = mailboxes(&options.from)?.swap_remove(0);
        Ok(Self { transport: builder.build(), from, to: mailboxes(&options.to)? })
    }

    fn letter(&self, message: &Message) -> Result<lettre::Message, lettre::error::Error> {
        let Message { id, heading, text, raised_at, .. } = message;
        let body = format!(
            "{heading}.\n\n{text}\n\nFirst seen at {raised_at}. `postonce status` and `postonce in-doubt list` \
             say how things stand.\n"
        );
        let mut letter = lettre::Message::builder()
            .from(self.from.clone())
            .subject(format!("PostOnce: {heading}"))
            .message_id(Some(format!("<{id}@postonce.invalid>")))
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            letter = letter.to(to.clone());
        }
        letter.body(body)
    }
}

/// An error with its causes.
fn words(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[async_trait]
impl Messenger for Mail {
    fn way(&self) -> String {
        "mail".to_owned()
    }

    async fn deliver(&self, message: &Message) -> Result<(), Undelivered> {
        let letter = self.letter(message).map_err(|error| Undelivered(words(&error)))?;
        let sent = self.transport.send(letter).await;
        sent.map(drop).map_err(|error| Undelivered(words(&error)))
    }
}
