//! `postonce notify`: what people are told, and how.

use postonce_engine::{Watch, Watched};
use postonce_ports::notice::{Message, Notice};

use crate::args::{Notify, NotifyRun};
use crate::exit::{Exit, Failure};
use crate::json::{NoticeJson, TriedJson, WatchedJson};
use crate::signals::stop_telling;
use crate::table::{Rows, time};
use crate::watch::{keep_watching, messengers, watch};
use crate::wiring::{Base, Context};

const NOBODY: &str = "\
    nobody is to be told: set `notify.webhook.url`, `notify.mail.server` or `notify.command`";

pub(crate) async fn run(context: &Context<'_>, args: Notify) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    match args {
        Notify::Test => test(context, &base).await,
        Notify::List(args) => {
            let notices = base.side.notices.notices(args.limit).await?;
            list(context, &notices);
            Ok(Exit::Done)
        }
        Notify::Run(args) => {
            let nobody = || Failure::new(Exit::BadConfiguration, NOBODY);
            let watch = watch(&base).await?.ok_or_else(nobody)?;
            tell(context, &base, &watch, &args).await
        }
    }
}

/// Nothing is put on record: a test tells nothing that happened.
async fn test(context: &Context<'_>, base: &Base<'_>) -> Result<Exit, Failure> {
    let ways = messengers(base)?;
    if ways.is_empty() {
        return Err(Failure::new(Exit::BadConfiguration, NOBODY));
    }
    let (now, installation) = (base.side.clock.wall(), base.database.store.installation().await?);
    let message = Message {
        id: format!("{installation}-test-{}", now.as_microsecond()),
        kind: "test".to_owned(),
        heading: "A test".to_owned(),
        text: format!("{} asked for it; nothing has happened", base.actor()),
        raised_at: now,
    };
    let mut tried = Vec::new();
    for messenger in ways {
        let trouble = messenger.deliver(&message).await.err().map(|error| error.to_string());
        tried.push(TriedJson { way: messenger.way(), delivered: trouble.is_none(), trouble });
    }
    let is_well = tried.iter().all(|one| one.delivered);
    if context.output.is_json() {
        context.output.value(&tried);
    } else {
        let mut rows = Rows::new(&["way", "outcome"]);
        for one in tried {
            rows.add([one.way, one.trouble.unwrap_or_else(|| "delivered".to_owned())]);
        }
        context.output.line(&rows.text(""));
    }
    Ok(if is_well { Exit::Done } else { Exit::Unexpected })
}

fn list(context: &Context<'_>, notices: &[Notice]) {
    if context.output.is_json() {
        let list: Vec<NoticeJson> = notices.iter().map(NoticeJson::new).collect();
        context.output.value(&list);
        return;
    }
    let columns = ["id", "since", "way", "state", "tries", "what", "trouble"];
    let mut rows = Rows::new(&columns).numbers(&[0, 4]);
    for notice in notices {
        let (first, more) = notice.text.split_once('\n').unwrap_or((&notice.text, ""));
        let more = match more.lines().count() {
            0 => String::new(),
            count => format!(", and {count} more"),
        };
        rows.add([
            notice.id.to_string(),
            time(notice.raised_at),
            notice.way.clone(),
            notice.state.as_str().to_owned(),
            notice.tries.to_string(),
            format!("{}: {first}{more}", notice.kind.heading()),
            notice.trouble.clone(),
        ]);
    }
    context.output.line(&rows.text("Nobody was told anything yet."));
}

async fn tell(
    context: &Context<'_>,
    base: &Base<'_>,
    watch: &Watch,
    args: &NotifyRun,
) -> Result<Exit, Failure> {
    if !args.once {
        let stop = stop_telling()?;
        keep_watching(watch, base.side.clock.as_ref(), &stop).await;
        return Ok(Exit::Done);
    }
    let Watched { events, delivered, failed, parked } = watch.once().await?;
    if context.output.is_json() {
        context.output.value(&WatchedJson { events, delivered, failed, parked });
    } else {
        context.output.line(&format!(
            "new events: {events}; notices delivered: {delivered}, to be tried again: {failed}, \
             given up: {parked}"
        ));
    }
    Ok(if failed + parked == 0 { Exit::Done } else { Exit::Unexpected })
}
