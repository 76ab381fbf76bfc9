//! Small texts: markers, numbers, plans of races.

use std::fmt::Display;

use postonce_domain::{InvoiceNumber, LedgerUid, Marker, Money, Percent, Quantity, UnitPrice};
use postonce_race_kit::Plan;

use super::{Verdict, ensure, size};

/// What small texts are made of.
pub(super) const WORDS: &[&[u8]] = &[
    b"PostOnce ",
    b"PostOnce 6f9619ff-8b86-4d01-b42d-00cf4fc964ff 7c9e6679-7425-40de-944b-e07fc1f90ae7",
    b"6f9619ff8b864d01b42d00cf4fc964ff",
    b"{6f9619ff-8b86-4d01-b42d-00cf4fc964ff}",
    b"99999999999.99",
    b"100000000000.00",
    b"-99999999999.99",
    b"0.0001",
    b"100.00",
    b"INV-",
    b"+",
    b"1,000.00",
];

/// What plans are made of.
pub(super) const PLAN: &[&[u8]] =
    &[b"at ", b"expect ", b"sync", b"claim", b"1", b"#", b"=", b"\"", b"die", b"wait", b"pass"];

pub(super) fn marker(input: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(input);
    let Some(marker) = Marker::find(&text) else { return Ok("none".to_owned()) };
    let again = Marker::find(&marker.to_string());
    ensure(again == Some(marker), || format!("{marker} is read as {again:?}"))?;
    ensure(text.contains("PostOnce"), || "a marker came from nowhere".to_owned())?;
    Ok(format!("marker {}", size(text.len())))
}

/// What is printed is read as the same.
fn round_trip<T: Display + PartialEq, E>(
    what: &str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Verdict {
    let Ok(value) = parse(text) else { return Ok(String::new()) };
    let printed = value.to_string();
    let again = parse(&printed).is_ok_and(|again| again == value);
    ensure(again, || format!("{what} `{text}` is printed as `{printed}`, and not read as it was"))?;
    Ok(format!("{what}{} ", size(printed.len())))
}

pub(super) fn number(input: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(input);
    Ok([
        round_trip("money", &text, Money::parse)?,
        round_trip("quantity", &text, Quantity::parse)?,
        round_trip("price", &text, UnitPrice::parse)?,
        round_trip("percent", &text, Percent::parse)?,
        round_trip("number", &text, InvoiceNumber::parse)?,
        round_trip("uid", &text, LedgerUid::parse)?,
    ]
    .concat())
}

pub(super) fn plan(input: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(input);
    let lines = text.lines().count();
    match text.parse::<Plan>() {
        Err(error) => {
            ensure(error.line <= lines + 1, || format!("line {} of {lines}", error.line))?;
            ensure(!error.message.is_empty(), || "nothing is said".to_owned())?;
            let words: String = error.message.split('`').next().unwrap_or_default().to_owned();
            Ok(format!("refused {words}"))
        }
        Ok(plan) => {
            let printed = plan.to_string();
            let again = printed.parse::<Plan>().map_err(|error| format!("{error}: {printed}"))?;
            ensure(again == plan, || format!("it is not read as it was printed: {printed}"))?;
            Ok(format!("plan {} {}", size(plan.items.len()), plan.expect.is_some()))
        }
    }
}
