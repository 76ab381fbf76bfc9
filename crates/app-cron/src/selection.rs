//! Invoices as people name them.

use postonce_domain::{CompanyFile, InvoiceId, InvoiceNumber};
use postonce_ports::reader::InvoiceReader;

use crate::exit::{Exit, Failure};

/// An invoice as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selector {
    /// By the id that lists show.
    Id(InvoiceId),
    /// By alias and number.
    Number(CompanyFile, InvoiceNumber),
}

/// Parses an id or `ALIAS:NUMBER`.
pub(crate) fn parse(raw: &str) -> Result<Selector, String> {
    if let Some((alias, number)) = raw.split_once(':') {
        let alias = CompanyFile::parse(alias).map_err(|error| format!("the alias {error}"))?;
        let number = InvoiceNumber::parse(number).map_err(|error| format!("the number {error}"))?;
        return Ok(Selector::Number(alias, number));
    }
    let id = raw.parse().ok().filter(|id| *id > 0).map(InvoiceId);
    id.map(Selector::Id).ok_or_else(|| "write an id from a list, or ALIAS:NUMBER".to_owned())
}

/// The ids of these invoices; the first one that is not there is the failure.
pub(crate) async fn find(
    reader: &dyn InvoiceReader,
    selectors: &[Selector],
) -> Result<Vec<InvoiceId>, Failure> {
    let mut ids = Vec::with_capacity(selectors.len());
    for selector in selectors {
        ids.push(find_one(reader, selector).await?);
    }
    Ok(ids)
}

/// The id of one invoice.
pub(crate) async fn find_one(
    reader: &dyn InvoiceReader,
    selector: &Selector,
) -> Result<InvoiceId, Failure> {
    let (found, name) = match selector {
        Selector::Id(id) => (reader.summary(*id).await?.map(|found| found.id), id.to_string()),
        Selector::Number(alias, number) => {
            (reader.find(alias, number).await?, format!("{alias}:{number}"))
        }
    };
    found.ok_or_else(|| {
        let mend = "`postonce invoices` lists them";
        Failure::new(Exit::DataRefused, format!("there is no invoice {name}; {mend}"))
    })
}

#[cfg(test)]
mod tests;
