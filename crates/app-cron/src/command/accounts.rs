//! `postonce accounts`: who may come in.

mod password;

use postonce_adapter_host::password as passwords;
use postonce_domain::LoginName;
use postonce_ports::account::{Account, AccountChange, AccountChanged, NewAccount};

use crate::args::{AccountSet, Accounts};
use crate::exit::{Exit, Failure};
use crate::json::AccountJson;
use crate::table::{Rows, time};
use crate::wiring::{Base, Context};

pub(crate) async fn run(context: &Context<'_>, args: Accounts) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    match args {
        Accounts::List => list(context, &base).await,
        Accounts::Add { name, role, password_stdin } => {
            // Before somebody types a password for nothing.
            if let Some(known) = base.side.accounts.account(&name).await? {
                return Err(taken(&known.name));
            }
            let password = hashed(password_stdin).await?;
            let new = NewAccount { name: name.clone(), role, password };
            if !base.side.accounts.add_account(new, base.actor()).await? {
                return Err(taken(&name));
            }
            show(context, &known(&base, &name).await?);
            Ok(Exit::Done)
        }
        Accounts::Set(set) => change(context, &base, set).await,
    }
}

async fn list(context: &Context<'_>, base: &Base<'_>) -> Result<Exit, Failure> {
    let accounts = base.side.accounts.accounts().await?;
    if context.output.is_json() {
        let list: Vec<_> = accounts.iter().map(AccountJson::new).collect();
        context.output.value(&list);
        return Ok(Exit::Done);
    }
    let mut rows = Rows::new(&["name", "role", "may come in", "changed"]);
    for account in &accounts {
        let may = if account.disabled { "no, disabled" } else { "yes" };
        let (name, role) = (account.name.to_string(), account.role.to_string());
        rows.add([name, role, may.to_owned(), time(account.changed_at)]);
    }
    let nothing = "There is no account; make one by `postonce accounts add NAME --role admin`.";
    context.output.line(&rows.text(nothing));
    Ok(Exit::Done)
}

async fn change(context: &Context<'_>, base: &Base<'_>, set: AccountSet) -> Result<Exit, Failure> {
    let before = known(base, &set.name).await?;
    let disabled = match (set.disable, set.enable) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    };
    let wants_password = set.password || set.password_stdin;
    let change = AccountChange {
        role: set.role.filter(|role| *role != before.role),
        password: if wants_password { Some(hashed(set.password_stdin).await?) } else { None },
        disabled: disabled.filter(|disabled| *disabled != before.disabled),
    };
    if change == AccountChange::default() {
        show(context, &before);
        return Ok(Exit::Done);
    }
    let accounts = base.side.accounts.as_ref();
    match accounts.change_account(&before.name, before.version, change, base.actor()).await? {
        AccountChanged::Done(now) => {
            show(context, &now);
            Ok(Exit::Done)
        }
        AccountChanged::Stale => {
            let why = format!(
                "{}: somebody else has changed it meanwhile; look at `postonce accounts list`, and \
                 try again",
                before.name
            );
            Err(Failure::new(Exit::DataRefused, why))
        }
        AccountChanged::LastAdmin => {
            let why = format!(
                "{} is the last admin who may come in, and stays so; make another one first, by \
                 `postonce accounts add NAME --role admin` or `postonce accounts set NAME --role \
                 admin --enable`",
                before.name
            );
            Err(Failure::new(Exit::DataRefused, why))
        }
    }
}

async fn known(base: &Base<'_>, name: &LoginName) -> Result<Account, Failure> {
    if let Some(known) = base.side.accounts.account(name).await? {
        return Ok(known);
    }
    let all = base.side.accounts.accounts().await?;
    let names: Vec<_> = all.iter().map(|account| account.name.as_str()).collect();
    let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let why = format!("there is no account `{name}`; there are: {there}");
    Err(Failure::new(Exit::DataRefused, why))
}

fn taken(name: &LoginName) -> Failure {
    let why = format!(
        "there is an account `{name}` already; change it by `postonce accounts set {name}`, or take \
         another name"
    );
    Failure::new(Exit::DataRefused, why)
}

/// The hash of a new password that somebody gives.
async fn hashed(from_stdin: bool) -> Result<String, Failure> {
    let password = if from_stdin { password::line().await? } else { password::asked().await? };
    let hashing = tokio::task::spawn_blocking(move || passwords::hash(&password));
    let hash = hashing.await.map_err(std::io::Error::other).and_then(|hash| hash);
    hash.map_err(|error| {
        let why = format!("the password cannot be hashed: {error}; nothing was changed");
        Failure::new(Exit::Unexpected, why)
    })
}

fn show(context: &Context<'_>, account: &Account) {
    if context.output.is_json() {
        context.output.value(&AccountJson::new(account));
        return;
    }
    let may = if account.disabled { "disabled" } else { "may come in" };
    context.output.line(&format!("{}: {}, {may}", account.name, account.role));
}
