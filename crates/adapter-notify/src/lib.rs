//! Telling people who do not look: by a signed webhook, by mail, by a command.
//!
//! **Invariant:** each way gives up after a bounded time.
//!
//! **Invariant:** no secret is in a message, in an error, or in the environment of a command.
//!
//! **Invariant:** what is told twice carries the same id.
//!
//! Reading order: `body` (what programs read), `signature`, then a file for each way.

mod body;
mod command;
mod mail;
mod signature;
mod webhook;

#[cfg(test)]
mod tests;

pub use crate::command::{BadCommand, Command};
pub use crate::mail::{BadMail, Mail, MailOptions, Security, mailboxes};
pub use crate::signature::{BadSecret, SigningKey};
pub use crate::webhook::{BadWebhook, Webhook};
