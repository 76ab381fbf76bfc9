//! What MYOB made of an invoice's amounts, as its answer shows them.

use postonce_domain::{Computed, Money};

use crate::http::Sent;
use crate::json::Object;

/// The amounts in the answer to a POST; `None` if it has none that can be read.
pub(crate) fn computed(sent: &Sent) -> Option<Computed> {
    let Sent::Answered(answer) = sent else { return None };
    let record = Object::parse(answer.body.as_ref().ok()?)?;
    let lines = record.objects("Lines").unwrap_or_default();
    // MYOB may keep lines of text and subtotals.
    let is_ours = |line: &&Object| line.text("Type").is_none_or(|kind| kind == "Transaction");
    let lines: Option<Vec<Money>> =
        lines.iter().filter(is_ours).map(|line| line.money("Total")).collect();
    Some(Computed { lines: lines.unwrap_or_default(), total: total(&record)? })
}

/// The total in the document's own tax mode, exactly; `None` if it cannot be told.
pub(crate) fn total(record: &Object) -> Option<Money> {
    let total = record.money("TotalAmount")?;
    if record.flag("IsTaxInclusive")? {
        return Some(total);
    }
    let tax = record.money("TotalTax")?;
    total.minor().checked_sub(tax.minor()).and_then(Money::from_minor)
}
