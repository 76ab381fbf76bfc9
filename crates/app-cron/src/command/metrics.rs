//! `postonce metrics`.

use postonce_ports::scrape::Scrape as _;

use crate::exit::{Exit, Failure};
use crate::wiring::{Base, Context};

/// The text is for collectors, whether or not JSON is asked for.
pub(crate) async fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let text = base.standing().text().await?;
    context.output.line(text.trim_end());
    Ok(Exit::Done)
}
