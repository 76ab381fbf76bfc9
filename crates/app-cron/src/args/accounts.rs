//! What `postonce accounts` and `postonce machines` take.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use postonce_domain::{LoginName, Role, Side};

#[derive(Debug, Subcommand)]
pub(crate) enum Accounts {
    /// Who may come in, as what
    List,
    /// Make an account; its password is asked for
    Add {
        /// Name that is typed to sign in: letters, digits, `_`, `-`, `.` and `@`
        #[arg(value_name = "NAME", value_parser = login_name)]
        name: LoginName,
        /// What the person may do: viewer, operator or admin
        #[arg(long, value_name = "ROLE", value_parser = role)]
        role: Role,
        /// Take the password from a line of stdin
        #[arg(long)]
        password_stdin: bool,
    },
    /// Change an account, and end its sessions
    Set(AccountSet),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what")
    .args(["role", "password", "password_stdin", "disable", "enable"])
    .required(true)
    .multiple(true)))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct AccountSet {
    /// Name of the account
    #[arg(value_name = "NAME", value_parser = login_name)]
    pub(crate) name: LoginName,
    /// What the person may do from now on: viewer, operator or admin
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub(crate) role: Option<Role>,
    /// Ask for a new password
    #[arg(long)]
    pub(crate) password: bool,
    /// Take a new password from a line of stdin
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Let nobody in by it any more
    #[arg(long, conflicts_with = "enable")]
    pub(crate) disable: bool,
    /// Let the person in again
    #[arg(long)]
    pub(crate) enable: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Machines {
    /// Which machines may come in, as what
    List,
    /// Give a machine a token, which is shown this once
    Add {
        /// Name of the machine: letters, digits, `_`, `-`, `.` and `@`
        #[arg(value_name = "NAME", value_parser = login_name)]
        name: LoginName,
        /// On which side it may start runs
        #[arg(long, value_name = "SIDE")]
        side: MachineSide,
        /// What it may do: viewer, operator or admin
        #[arg(long, value_name = "ROLE", value_parser = role)]
        role: Role,
    },
    /// Take a machine's token away, at once and for good
    Revoke {
        /// Name of the machine
        #[arg(value_name = "NAME", value_parser = login_name)]
        name: LoginName,
    },
}

/// On which side a machine may start runs.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MachineSide {
    Platform,
    Ordering,
    Both,
}

impl MachineSide {
    /// The side, or none for both.
    pub(crate) const fn side(self) -> Option<Side> {
        match self {
            Self::Platform => Some(Side::Platform),
            Self::Ordering => Some(Side::Ordering),
            Self::Both => None,
        }
    }
}

fn login_name(raw: &str) -> Result<LoginName, String> {
    LoginName::parse(raw).map_err(|error| {
        let most = LoginName::MAX_LENGTH;
        format!("the name {error}; write 1 to {most} letters, digits, `_`, `-`, `.` or `@`")
    })
}

fn role(raw: &str) -> Result<Role, String> {
    raw.parse::<Role>().map_err(|error| error.to_string())
}
