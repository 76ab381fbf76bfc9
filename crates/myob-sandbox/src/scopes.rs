//! Which scope opens which path.

use crate::faults::Facts;
use crate::tokens::Scope;

/// The scope of old, which opens everything.
const EVERYTHING: &str = "CompanyFile";

/// How paths begin behind the company file, with the scope that opens them.
const PATHS: [(&str, &str); 9] = [
    ("/Sale", "sme-sales"),
    ("/Contact/Customer", "sme-contacts-customer"),
    ("/Contact/Supplier", "sme-contacts-supplier"),
    ("/Contact/Personal", "sme-contacts-personal"),
    ("/Contact/Employee", "sme-contacts-employee"),
    ("/Inventory", "sme-inventory"),
    ("/GeneralLedger", "sme-general-ledger"),
    ("/Company", "sme-company-settings"),
    ("", "sme-company-file"),
];

/// Whether a token of `scope` opens the path; one without a scope opens everything.
pub(crate) fn allow(scope: &Scope, facts: &Facts) -> bool {
    let (Some(scope), Some((_, rest))) = (&scope.0, &facts.file) else { return true };
    let wanted = PATHS.iter().find(|(prefix, _)| rest.starts_with(prefix));
    scope
        .split_whitespace()
        .any(|given| given == EVERYTHING || wanted.is_some_and(|(_, wanted)| given == *wanted))
}

/// The scopes that `scope` stands for, each with how the paths begin that it opens.
pub(crate) fn granted(scope: &Scope) -> impl Iterator<Item = (&'static str, [&'static str; 1])> {
    let has = |name: &str| match &scope.0 {
        Some(given) => given.split_whitespace().any(|it| it == EVERYTHING || it == name),
        None => true,
    };
    PATHS.into_iter().filter(move |(_, name)| has(name)).map(|(path, name)| (name, [path]))
}
