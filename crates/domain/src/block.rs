//! Why an invoice cannot be sent as it is.

use std::fmt;

/// What stands in the way, as programs see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockCode {
    /// The ledger has no such customer, and we may not create it.
    CustomerMissing,
    /// The customer's creation went unanswered; a search must find it first.
    CustomerInDoubt,
    /// The ledger has no such tax code.
    TaxCodeMissing,
    /// The ledger has no such item.
    ItemMissing,
    /// The ledger has no such account, or none is configured.
    AccountMissing,
    /// Line count or total differ from what was declared.
    TotalsDiffer,
    /// The company file is not configured.
    CompanyFileUnknown,
    /// The ledger denies access to this invoice's resource, though the company file answers.
    AccessDenied,
    /// Dated before `sync.start_date`.
    BeforeStartDate,
    /// The stored row cannot be read.
    Unreadable,
}

impl BlockCode {
    const ALL: [(Self, &'static str); 10] = [
        (Self::CustomerMissing, "customer_missing"),
        (Self::CustomerInDoubt, "customer_in_doubt"),
        (Self::TaxCodeMissing, "tax_code_missing"),
        (Self::ItemMissing, "item_missing"),
        (Self::AccountMissing, "account_missing"),
        (Self::TotalsDiffer, "totals_differ"),
        (Self::CompanyFileUnknown, "company_file_unknown"),
        (Self::AccessDenied, "access_denied"),
        (Self::BeforeStartDate, "before_start_date"),
        (Self::Unreadable, "unreadable"),
    ];

    /// As stored and as shown.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(code, _)| *code == self).map_or("unreadable", |(_, name)| name)
    }

    /// The code that is stored as `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(code, _)| *code)
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
