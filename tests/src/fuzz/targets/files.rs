//! Files that people write: invoices and the configuration.

use std::cell::OnceCell;
use std::sync::Arc;

use futures::FutureExt as _;
use postonce_adapter_host::HostClock;
use postonce_adapter_memory::MemoryStore;
use postonce_app_cron::config::{Flags, Sources, load};
use postonce_app_cron::import::{Format, Placed, Problems, read, read_posted};
use postonce_domain::{InstallationId, Invoice};
use postonce_ports::error::StoreError;
use postonce_ports::intake::{Imported, Intake as _};
use postonce_ports::reader::{Filter, InvoiceReader as _};
use serde_json::{Map, Value, json as value};
use tempfile::TempDir;
use uuid::Uuid;

use super::{Verdict, ensure, size};

/// What invoice files are made of.
pub(super) const WORDS: &[&[u8]] = &[
    b"company_file",
    b"ledger_uid",
    b"external_id",
    b"number",
    b"platform",
    b"ordering",
    b"2026-02-29",
    b"2026-07-01",
    b"\"lines\":[",
    b"\"line\":1",
    b"\"quantity\":-1",
    b"\"unit_price\":0.0001",
    b"true",
    b"GST",
    b"0f8fad5b-d9cb-469f-a165-70867728950e",
    b"99999999999.99",
    b"-3",
    b"\"\"",
    b"\",\"",
];

/// What a configuration is made of.
pub(super) const KEYS: &[&[u8]] = &[
    b"[database]\n",
    b"url = \"sqlite:x.db\"\n",
    b"url = \"mysql://u:p@h/d?require_ssl=true\"\n",
    b"[ledger]\n",
    b"base_url = \"https://ar2.api.myob.com/accountright\"\n",
    b"api_key = \"k\"\n",
    b"post_timeout_seconds = 150\n",
    b"rate_per_second = -1\n",
    b"concurrency = 0\n",
    b"[company_file.books]\n",
    b"business_id = \"b\"\n",
    b"time_zone = \"Australia/Sydney\"\n",
    b"[in_doubt]\nquiet_seconds = 1\n",
    b"[sync]\nstart_date = 2026-02-30\n",
    b"[tokens]\nkey = \"AAAA\"\n",
    b"[lock]\nkind = \"lease\"\n",
    b"= 1979-05-27T07:32:00Z\n",
    b"= nan\n",
    b"= 0xFFFFFFFFFFFFFFFF\n",
    b"'''",
];

pub(super) fn csv(input: &[u8]) -> Verdict {
    file(input, Format::Csv)
}

pub(super) fn json(input: &[u8]) -> Verdict {
    file(input, Format::Json)
}

pub(super) fn ndjson(input: &[u8]) -> Verdict {
    file(input, Format::Ndjson)
}

fn file(input: &[u8], format: Format) -> Verdict {
    let plain = invoices(input, &read(input, format))?;
    let posted = invoices(input, &read_posted(input, format))?;
    Ok(format!("{plain} | {posted}"))
}

/// A line of a file ends with LF, CR LF or a lone CR.
fn lines(input: &[u8]) -> u64 {
    let ends = input.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
    u64::try_from(ends).unwrap_or(u64::MAX) + 1
}

fn invoices(input: &[u8], read: &Result<Vec<Placed>, Problems>) -> Verdict {
    let lines = lines(input);
    match read {
        Err(problems) => {
            let list = problems.list();
            ensure(!list.is_empty(), || "refused, and nothing is said".to_owned())?;
            for problem in list {
                let place = problem.line;
                ensure((1..=lines).contains(&place), || format!("line {place} of {lines}"))?;
                ensure(
                    !problem.column.is_empty() || input.contains(&b'"') || input.contains(&b','),
                    || format!("no column: {problem:?}"),
                )?;
                ensure(!problem.message.is_empty(), || format!("no words: {problem:?}"))?;
                ensure(problem.message.len() <= 2_000, || format!("too long: {problem:?}"))?;
            }
            let first = list.first().map_or("", |it| it.message.as_str());
            let words: String =
                first.chars().filter(|c| c.is_ascii_lowercase() || *c == ' ').take(30).collect();
            Ok(format!("refused {} {words}", size(list.len())))
        }
        Ok(placed) => {
            ensure(!placed.is_empty(), || "taken, and there is nothing in it".to_owned())?;
            for one in placed {
                let place = one.line;
                ensure((1..=lines).contains(&place), || format!("line {place} of {lines}"))?;
            }
            again(placed)?;
            imported(placed)?;
            let uids = placed.iter().filter(|one| one.uid.is_some()).count();
            Ok(format!("taken {} {}", size(placed.len()), size(uids)))
        }
    }
}

/// What was read is written as NDJSON, and read as the same.
fn again(placed: &[Placed]) -> Result<(), String> {
    let mut text = String::new();
    for Placed { invoice, uid, .. } in placed {
        let mut object = object(invoice);
        object.insert("ledger_uid".to_owned(), uid.as_ref().map(ToString::to_string).into());
        text.push_str(&Value::Object(object).to_string());
        text.push('\n');
    }
    let read = read_posted(text.as_bytes(), Format::Ndjson);
    let same = read.as_ref().is_ok_and(|read| {
        read.len() == placed.len()
            && read
                .iter()
                .zip(placed)
                .all(|(it, was)| (&it.invoice, &it.uid) == (&was.invoice, &was.uid))
    });
    ensure(same, || format!("it is not read as it was written: {text}: {read:?}"))
}

fn object(invoice: &Invoice) -> Map<String, Value> {
    let parts = invoice.parts();
    let line = |line: &postonce_domain::Line| {
        value!({
            "line": line.number,
            "item_code": line.item.as_ref().map(ToString::to_string),
            "description": line.description,
            "quantity": line.quantity.to_string(),
            "unit_price": line.unit_price.to_string(),
            "discount_percent": line.discount.to_string(),
            "tax_code": line.tax_code.to_string(),
        })
    };
    let whole = value!({
        "company_file": parts.company_file.to_string(),
        "side": parts.side.to_string(),
        "external_id": parts.external_id.to_string(),
        "number": parts.number.to_string(),
        "date": parts.date.to_string(),
        "customer_code": parts.customer.code.to_string(),
        "customer_name": parts.customer.name,
        "customer_email": parts.customer.email,
        "freight": parts.freight.to_string(),
        "tax_inclusive": parts.tax_inclusive,
        "memo": parts.memo,
        "lines": parts.lines.iter().map(line).collect::<Vec<_>>(),
    });
    if let Value::Object(object) = whole { object } else { Map::new() }
}

/// All of it is in the store, or nothing.
fn imported(placed: &[Placed]) -> Result<(), String> {
    let store = MemoryStore::new(InstallationId(Uuid::nil()), Arc::new(HostClock));
    let list: Vec<Invoice> = placed.iter().map(|one| one.invoice.clone()).collect();
    let length = list.len();
    let imported = now(store.import(list))?;
    let limit = u32::try_from(length).unwrap_or(u32::MAX);
    let there = now(store.list(Filter { limit, ..Filter::default() }))?.len();
    let expected = match imported {
        Imported::Done { .. } => length,
        Imported::Refused(_) => 0,
    };
    ensure(there == expected, || format!("{there} of {length} are in"))
}

/// What the store in memory answers without waiting for anything.
fn now<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, String> {
    let answer = answer.now_or_never().ok_or_else(|| "the store waits".to_owned())?;
    answer.map_err(|error| error.to_string())
}

thread_local! {
    /// Where the configuration is written.
    static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

pub(super) fn config(input: &[u8]) -> Verdict {
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| TempDir::new().expect("the tests have a folder"));
        std::fs::write(folder.path().join("postonce.toml"), input).map_err(|it| it.to_string())?;
        let folder = folder.path().to_owned();
        let loaded = load(&Sources { flags: Flags::default(), folder, ..Sources::default() });
        let problems = loaded.problems.clone();
        ensure(problems.iter().all(|it| !it.is_empty()), || "nothing is said".to_owned())?;
        let good = loaded.into_config().is_ok();
        ensure(good == problems.is_empty(), || format!("{good} with {problems:?}"))?;
        let first: String = problems
            .first()
            .map_or("", String::as_str)
            .chars()
            .filter(char::is_ascii_lowercase)
            .take(24)
            .collect();
        Ok(format!("{good} {} {first}", size(problems.len())))
    })
}
