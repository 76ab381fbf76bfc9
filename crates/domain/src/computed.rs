//! What the ledger made of an invoice's amounts, beside the invoice's own.

use crate::{Invoice, Line, Money};

/// The amounts of a document as the ledger computed them, in the invoice's own tax mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed {
    /// Those of its lines in order, freight left out; empty if they cannot be told.
    pub lines: Vec<Money>,
    /// Lines plus freight.
    pub total: Money,
}

impl Invoice {
    /// Which amounts of the document differ from the invoice's by more than a cent for each line,
    /// in words; `None` if none does. A difference of a cent is rounding.
    pub fn differs(&self, computed: &Computed) -> Option<String> {
        let lines = &self.parts().lines;
        // A ledger may keep lines of its own; then only the total can be compared.
        let same_lines = computed.lines.len() == lines.len();
        let theirs = computed.lines.iter().filter(|_| same_lines);
        let mut words: Vec<String> = lines.iter().zip(theirs).filter_map(line_differs).collect();
        let allowed = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        if !is_near(computed.total, self.total(), allowed) {
            let (theirs, ours) = (computed.total, self.total());
            words.push(format!("the total is {theirs} there and {ours} here"));
        }
        (!words.is_empty()).then(|| words.join("; "))
    }
}

fn line_differs((line, theirs): (&Line, &Money)) -> Option<String> {
    let ours = line.amount()?;
    let number = line.number;
    (!is_near(*theirs, ours, 1)).then(|| format!("line {number} is {theirs} there and {ours} here"))
}

fn is_near(theirs: Money, ours: Money, cents: i64) -> bool {
    let difference = theirs.minor().checked_sub(ours.minor());
    difference.is_some_and(|difference| difference.abs() <= cents)
}

#[cfg(test)]
mod tests;
