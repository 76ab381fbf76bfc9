//! `postonce connect ALIAS`: to the browser, back, and on record.

use std::sync::Arc;
use std::time::Duration;

use postonce_adapter_myob::{
    CompanyFileListed, ConsentOptions, ConsentState, Consents, GivenError, GivenTokens,
    RedirectError, Redirected, parse_redirect,
};
use postonce_domain::CompanyFile;
use postonce_ports::connection::{Connected, Connection, Consent, NewConnection};
use postonce_ports::registry::{business_id, is_same_business};
use serde::Serialize;

use super::browser;
use super::listener::Listener;
use crate::args::Connect;
use crate::config::{CompanyFileConfig, Listening, listening};
use crate::exit::{Exit, Failure, chain};
use crate::json::ConnectionJson;
use crate::output::talk;
use crate::signals::Signals;
use crate::table::{plain, time};
use crate::wiring::{Base, Context, needed};

/// How often what came of a consent is written, and how long the first pause between is: the pauses
/// double, which makes some eight seconds.
const WRITES_MAX: u32 = 6;
const WRITE_PAUSE: Duration = Duration::from_millis(250);

/// Where to go, for programs.
#[derive(Serialize)]
struct OpenJson<'a> {
    open: &'a str,
}

/// The business that a person let us into.
struct Business {
    id: String,
    name: Option<String>,
    base_url: Option<String>,
}

pub(super) async fn run(
    context: &Context<'_>,
    args: &Connect,
    file: &CompanyFile,
) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let keys = base.sealing_keys()?;
    let known = on_record(&base, file).await?;
    let known = known.as_ref();
    refuse_if_it_stands(args, known)?;
    if known.is_none() {
        note_if_new(&base, file).await?;
    }
    let (redirect, listener) = way_back(&base, args).await?;
    let consents = consents(&base, redirect)?;
    let state = ConsentState::random()
        .ok_or_else(|| Failure::new(Exit::Unexpected, "the system gives no random numbers"))?;
    // Before anybody is asked: whoever gives up at once is told that nothing was changed.
    let mut signals = Signals::listen()?;
    show(context, args, &consents.address(&state));
    let Some(redirected) = answer(&base, args, (listener, &mut signals), &state).await? else {
        talk("Nothing was changed.");
        return Ok(Exit::Interrupted);
    };
    let said = decided(&base, (file, args.replace), known, &redirected)?;
    // What may fail is read before the code is used, which is good for one time.
    let time_zone = time_zone(&base, file).await?;
    let exchanged = tokio::select! {
        exchanged = exchange(&base, (file, said), &consents, &redirected) => exchanged?,
        () = signals.next() => {
            talk("Nothing was changed. The consent may be used up: start again, and consent anew.");
            return Ok(Exit::Interrupted);
        }
    };
    let (given, business) = exchanged;
    let sealed = keys.seal_both(file, &given.refresh, secret(&given));
    let (refresh, access) = sealed.map_err(|error| unexpected(&error))?;
    let new = NewConnection {
        actor: base.actor().to_owned(),
        consent: Consent {
            business_id: business.id,
            business_name: business.name,
            scopes: base.config.ledger.scopes.clone(),
            base_url: business.base_url,
        },
        time_zone,
        replace: args.replace,
        refresh,
        access,
        rest: given.rest,
    };
    let connected = written(&base, file, &new).await?;
    if let Some(refusal) = not_on_record(file, &new, connected) {
        return Err(refusal);
    }
    told(context, &base, file).await
}

/// The tokens for a consent, and the business that they open.
async fn exchange(
    base: &Base<'_>,
    (file, said): (&CompanyFile, Option<Business>),
    consents: &Consents,
    redirected: &Redirected,
) -> Result<(GivenTokens, Business), Failure> {
    let given = consents.tokens(&redirected.code).await.map_err(|error| not_given(&error))?;
    let business = match said {
        Some(business) if redirected.business_id.is_some() => business,
        said => listed(base, (file, said), consents, &given).await?,
    };
    Ok((given, business))
}

/// Writes what came of a consent. Nobody else has it: a database that fails for a moment is asked
/// again.
async fn written(
    base: &Base<'_>,
    file: &CompanyFile,
    new: &NewConnection,
) -> Result<Connected, Failure> {
    let mut pause = WRITE_PAUSE;
    for _ in 1..WRITES_MAX {
        match base.side.connections.connect(file, new).await {
            Ok(connected) => return Ok(connected),
            Err(_) => base.side.clock.sleep(pause).await,
        }
        pause *= 2;
    }
    base.side.connections.connect(file, new).await.map_err(|error| {
        let Failure { exit, message } = error.into();
        let why = format!(
            "{message}; the consent is used up, and its tokens are not on record: mend the \
             database, then consent anew by `postonce connect {file}`"
        );
        Failure::new(exit, why)
    })
}

async fn on_record(base: &Base<'_>, file: &CompanyFile) -> Result<Option<Connection>, Failure> {
    let known = base.side.connections.connections().await?;
    Ok(known.into_iter().find(|known| known.company_file == *file))
}

/// A slip of the finger makes a company file that nobody meant.
async fn note_if_new(base: &Base<'_>, file: &CompanyFile) -> Result<(), Failure> {
    let working = base.database.store.files_with_work().await?;
    let is_used = working.iter().any(|work| work.company_file == *file);
    if !is_used && !base.config.company_files.contains_key(file) {
        talk(&format!("`{file}` is new: no invoice and no configuration names it yet."));
    }
    Ok(())
}

/// A connection that works is not replaced by a slip.
fn refuse_if_it_stands(args: &Connect, known: Option<&Connection>) -> Result<(), Failure> {
    let Some(known) = known.filter(|known| !args.replace && known.last_error().is_none()) else {
        return Ok(());
    };
    let Some((record, consent)) = known.consent() else { return Ok(()) };
    let name = consent.business_name.as_deref().unwrap_or(&consent.business_id);
    let why = format!(
        "{} is connected to {} already, by {} at {}; `postonce connections check {}` asks whether \
         it works, `--replace` connects it anew",
        known.company_file,
        plain(name),
        plain(&record.note.actor),
        time(record.at),
        known.company_file
    );
    Err(Failure::new(Exit::DataRefused, why))
}

/// Where the browser is sent back to, and who listens there.
async fn way_back(base: &Base<'_>, args: &Connect) -> Result<(String, Option<Listener>), Failure> {
    let configured = &base.config.ledger.redirect_uri;
    if args.paste {
        return Ok((configured.clone(), None));
    }
    let Some(here) = listening(configured) else {
        let why = format!(
            "`ledger.redirect_uri` = `{configured}` is not an http address of this machine, so the \
             browser does not come back here; use `--paste`"
        );
        return Err(Failure::new(Exit::BadConfiguration, why));
    };
    let port = args.port.unwrap_or(here.port);
    // Port 0 is whichever is free.
    let is_port_given = args.port.is_some() || here.port == 0;
    let listener = Listener::bind(&Listening { port, ..here }).await?;
    Ok((listener.redirect(configured, is_port_given), Some(listener)))
}

fn consents(base: &Base<'_>, redirect_uri: String) -> Result<Consents, Failure> {
    let ledger = &base.config.ledger;
    let options = ConsentOptions {
        authorize_url: ledger.authorize_url.clone(),
        token_url: ledger.token_url.clone(),
        base_url: ledger.base_url.clone(),
        api_key: needed("ledger.api_key", ledger.api_key.as_ref())?,
        api_secret: needed("ledger.api_secret", ledger.api_secret.as_ref())?,
        redirect_uri,
        scopes: ledger.scopes.clone(),
    };
    Consents::new(options, Arc::clone(&base.side.clock))
        .map_err(|error| Failure::new(Exit::BadConfiguration, chain(&error)))
}

fn show(context: &Context<'_>, args: &Connect, address: &str) {
    let opened = !args.print && browser::open(address);
    if args.print && context.output.is_json() {
        context.output.value(&OpenJson { open: address });
    } else if args.print {
        context.output.line(address);
    } else if opened {
        talk(&format!("A browser opens. If none does, open this address:\n{address}"));
    } else {
        talk(&format!("Open this address in a browser:\n{address}"));
    }
    context.output.flush();
    talk(if args.paste {
        "Then paste the address that the browser was sent back to, and press Enter:"
    } else {
        "Waiting for the consent of an administrator of the company file. Ctrl-C gives up."
    });
}

/// What the browser came back with; `None` if a person gave up.
async fn answer(
    base: &Base<'_>,
    args: &Connect,
    (listener, signals): (Option<Listener>, &mut Signals),
    state: &ConsentState,
) -> Result<Option<Redirected>, Failure> {
    let came = async {
        match listener {
            Some(listener) => listener.answer(state, &base.side.clock).await,
            None => pasted(state).await,
        }
    };
    tokio::select! {
        came = came => came.map(Some).map_err(|error| no_consent(&error)),
        () = signals.next() => Ok(None),
        () = base.side.clock.sleep(args.timeout) => {
            let why = format!(
                "no answer came within {} seconds; nothing was changed. Try again, with a longer \
                 `--timeout` if the consent takes long, or with `--paste` if the browser is on \
                 another machine",
                args.timeout.as_secs()
            );
            Err(Failure::new(Exit::NotAuthorised, why))
        }
    }
}

/// A line of stdin. It is read by a thread of its own: nobody waits for that one at the end.
async fn pasted(state: &ConsentState) -> Result<Redirected, RedirectError> {
    let (line, pasted) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = std::io::stdin().read_line(&mut text);
        drop(line.send(read.map(|_| text).unwrap_or_default()));
    });
    parse_redirect(pasted.await.unwrap_or_default().trim(), state)
}

fn no_consent(error: &RedirectError) -> Failure {
    let (exit, mend) = match error {
        RedirectError::Refused { error, .. } if error == "access_denied" => {
            (Exit::NotAuthorised, "nobody consented; an administrator of the company file must")
        }
        RedirectError::Refused { .. } => (
            Exit::NotAuthorised,
            "check that `ledger.redirect_uri` and `ledger.scopes` are those of the API key",
        ),
        RedirectError::NotAnAddress => (
            Exit::DataRefused,
            "paste the whole address that the browser shows at the end, from http on",
        ),
        RedirectError::OtherState | RedirectError::NoCode => {
            (Exit::DataRefused, "start again, and open the address that is shown then")
        }
    };
    Failure::new(exit, format!("{error}: {mend}; nothing was changed"))
}

fn not_given(error: &GivenError) -> Failure {
    let exit = match error {
        GivenError::Refused(_) | GivenError::NotOurs(_) => Exit::NotAuthorised,
        GivenError::Unavailable(_) => Exit::LedgerUnavailable,
    };
    Failure::new(exit, format!("{error}; nothing was changed, start again"))
}

fn unexpected(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Unexpected, chain(error))
}

fn secret(given: &GivenTokens) -> &str {
    secrecy::ExposeSecret::expose_secret(&given.access)
}

/// The business by what the browser said, the configuration and the record, which must be of one
/// mind; `None` if none of them names one.
fn decided(
    base: &Base<'_>,
    (file, replace): (&CompanyFile, bool),
    known: Option<&Connection>,
    redirected: &Redirected,
) -> Result<Option<Business>, Failure> {
    let configured = base.config.company_files.get(file);
    let configured = configured.and_then(|file| file.business_id.as_deref());
    let recorded = known.and_then(|known| known.business_id.as_deref());
    let Some(theirs) = &redirected.business_id else {
        let id = configured.or(recorded).map(str::to_owned);
        return Ok(id.map(|id| Business { id, name: None, base_url: None }));
    };
    if !is_business_id(theirs) {
        let why = "MYOB's answer has a business id that is none; nothing was changed".to_owned();
        return Err(Failure::new(Exit::DataRefused, why));
    }
    let name = redirected.business_name.clone();
    let shown = plain(name.as_deref().unwrap_or(theirs));
    let mut id = business_id(file, theirs);
    for (ours, place, mend, binds) in [
        (
            configured,
            format!("`company_file.{file}.business_id`"),
            "choose the right company file in MYOB, or correct the key",
            true,
        ),
        (
            recorded,
            format!("the business on record for {file}"),
            "choose the right company file in MYOB, use another alias, or `--replace` if no \
             invoice was sent to it yet",
            !replace,
        ),
    ] {
        let Some(ours) = ours else { continue };
        if is_same_business(ours, theirs) {
            id = business_id(file, ours);
        } else if binds {
            let why = format!(
                "the consent is for {shown} ({theirs}), and {place} is {ours}: {mend}; nothing was \
                 changed"
            );
            return Err(Failure::new(Exit::DataRefused, why));
        }
    }
    Ok(Some(Business { id, name, base_url: None }))
}

/// What a business id may be, since it stands in addresses.
fn is_business_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// The business by MYOB's list, which older keys have: there the browser does not say which it was.
async fn listed(
    base: &Base<'_>,
    (file, said): (&CompanyFile, Option<Business>),
    consents: &Consents,
    given: &GivenTokens,
) -> Result<Business, Failure> {
    let files = consents.company_files(&given.access).await;
    let found = |files: &[CompanyFileListed], id: &str| {
        files.iter().find(|listed| listed.id.eq_ignore_ascii_case(id)).cloned()
    };
    let whole = |listed: CompanyFileListed, id: String| Business {
        id,
        name: Some(listed.name),
        base_url: listed.base_url,
    };
    let files = match (files, said) {
        (Ok(files), Some(said)) if files.is_empty() => return Ok(said),
        (Ok(files), Some(said)) => match found(&files, &said.id) {
            Some(listed) => return Ok(whole(listed, said.id)),
            None => files,
        },
        // It is named, and MYOB shows no list: newer keys need none.
        (Err(_), Some(said)) => return Ok(said),
        (Ok(files), None) if files.is_empty() => {
            let why = format!(
                "MYOB did not say which business it was, and lists none; set \
                 `company_file.{file}.business_id`, and start again; nothing was changed"
            );
            return Err(Failure::new(Exit::DataRefused, why));
        }
        (Ok(files), None) => match files.as_slice() {
            [only] if is_business_id(&only.id) => {
                return Ok(whole(only.clone(), business_id(file, &only.id)));
            }
            _ => files,
        },
        (Err(why), None) => {
            let why = format!(
                "MYOB did not say which business it was: {why}; set \
                 `company_file.{file}.business_id`, and start again; nothing was changed"
            );
            return Err(Failure::new(Exit::DataRefused, why));
        }
    };
    let names: Vec<String> =
        files.iter().map(|listed| format!("{} ({})", plain(&listed.name), listed.id)).collect();
    let has = base.config.company_files.get(file).and_then(CompanyFileConfig::business);
    let why = match has {
        Some(id) => format!("`company_file.{file}.business_id` = `{id}` is none of them"),
        None => format!("set `company_file.{file}.business_id` to one of them"),
    };
    let why = format!(
        "MYOB lists these company files: {}; {why}, and start again; nothing was changed",
        names.join(", ")
    );
    Err(Failure::new(Exit::DataRefused, why))
}

async fn time_zone(base: &Base<'_>, file: &CompanyFile) -> Result<String, Failure> {
    let configured = base.config.company_files.get(file).and_then(|file| file.time_zone.clone());
    let known = base.database.registry.company_file_settings(file).await?;
    let zone = configured.or_else(|| known.and_then(|known| known.time_zone));
    Ok(zone.unwrap_or_else(|| "UTC".to_owned()))
}

fn not_on_record(file: &CompanyFile, new: &NewConnection, connected: Connected) -> Option<Failure> {
    let theirs = &new.consent.business_id;
    let why = match connected {
        Connected::Done => return None,
        Connected::Other { business_id } => {
            format!("{file} is business {business_id} on record, and the consent is for {theirs}")
        }
        Connected::Fixed { business_id } => format!(
            "invoices of {file} were sent to business {business_id} already, or are in its \
             books, and the consent is for {theirs}: choose the right company file in MYOB, or use \
             another alias"
        ),
        Connected::Taken { alias } => format!(
            "business {theirs} is known as `{alias}` here: connect that alias, or choose another \
             company file in MYOB"
        ),
    };
    Some(Failure::new(Exit::DataRefused, format!("{why}; nothing was changed")))
}

async fn told(context: &Context<'_>, base: &Base<'_>, file: &CompanyFile) -> Result<Exit, Failure> {
    let known = on_record(base, file).await?;
    let json = known.as_ref().map(ConnectionJson::new);
    if context.output.is_json() {
        context.output.value(&json);
        return Ok(Exit::Done);
    }
    let Some(json) = json else { return Ok(Exit::Done) };
    let id = json.business_id.unwrap_or_default();
    let business = json.business_name.map_or(id.clone(), |name| format!("{name} ({id})"));
    let renew = json.renewal_expected.unwrap_or_default();
    context.output.line(&format!(
        "{file}: connected to {}. MYOB is said to ask for consent again after a year, about {renew}.",
        plain(&business)
    ));
    talk(&format!("`postonce connections check {file}` asks whether it lets us in."));
    Ok(Exit::Done)
}
