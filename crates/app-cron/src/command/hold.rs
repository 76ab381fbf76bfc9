//! `postonce hold` and `postonce unhold`.

use super::show::show;
use crate::args::One;
use crate::exit::{Exit, Failure};
use crate::selection::find_one;
use crate::wiring::{Base, Context};

pub(crate) async fn run(context: &Context<'_>, args: &One, held: bool) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let invoice = find_one(base.side.reader.as_ref(), &args.invoice).await?;
    let engine = base.engine(base.ports_without_ledger());
    engine.hold(invoice, held, base.actor()).await?;
    if context.output.is_json() {
        show(context, &base, invoice).await?;
    } else {
        let state = if held { "held" } else { "not held any more" };
        context.output.line(&format!("invoice {invoice} is {state}"));
    }
    Ok(Exit::Done)
}
