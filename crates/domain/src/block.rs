//! Why an invoice cannot be sent as it is.

use std::fmt;

use crate::stored_name::stored_names;

stored_names! {
    /// What stands in the way, as programs see it.
    BlockCode {
        /// The ledger has no such customer, and we may not create it.
        CustomerMissing = "customer_missing",
        /// The customer's creation went unanswered; a search must find it first.
        CustomerInDoubt = "customer_in_doubt",
        /// The ledger has no such tax code.
        TaxCodeMissing = "tax_code_missing",
        /// The ledger has no such item.
        ItemMissing = "item_missing",
        /// The ledger has no such account, or none is configured.
        AccountMissing = "account_missing",
        /// The ledger has no such job.
        JobMissing = "job_missing",
        /// The item's creation went unanswered; a search must find it first.
        ItemInDoubt = "item_in_doubt",
        /// The mapping of one of its codes waits for a person's review.
        MappingReview = "mapping_review",
        /// Line count or total differ from what was declared.
        TotalsDiffer = "totals_differ",
        /// The company file is not configured.
        CompanyFileUnknown = "company_file_unknown",
        /// The ledger denies access to this invoice's resource, though the company file answers.
        AccessDenied = "access_denied",
        /// Dated before `sync.start_date`.
        BeforeStartDate = "before_start_date",
        /// The customer, or what the invoice is booked on, is kept in another currency.
        ForeignCurrency = "foreign_currency",
        /// It gives money back, and `ledger.credits` says not to send that.
        Credit = "credit",
        /// It comes to nothing, and `ledger.zero_totals` says not to send that.
        ZeroTotal = "zero_total",
        /// The stored row cannot be read.
        Unreadable = "unreadable",
    }
}

/// A code and the words for a person, with the mend where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlockReason {
    /// For programs.
    pub code: BlockCode,
    /// For people.
    pub text: String,
}

impl BlockReason {
    /// A reason.
    pub fn new(code: BlockCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl fmt::Display for BlockReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
