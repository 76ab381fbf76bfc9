//! Answers to a POST that no fault of the sandbox gives, and connections that are never made.

mod between;

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::harness::{Place, Sandbox};
use crate::side_by_side::side_by_side;
use crate::trail::{cell, notes_of, stable};
use between::{Between, Trick};

/// What happens to the first POST of a run of one invoice.
struct Case {
    what: &'static str,
    trick: Trick,
    settings: &'static [(&'static str, &'static str)],
}

const fn answer(what: &'static str, raw: &'static str) -> Case {
    Case { what, trick: Trick::Answer(raw), settings: &[] }
}

/// The ledger is not there for anything: neither for its tokens nor for a POST.
const fn nowhere(what: &'static str, trick: Trick) -> Case {
    Case {
        what,
        trick,
        settings: &[
            ("TOKENS__KEY", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="),
            ("LEDGER__TOKEN_URL", "https://ledger.invalid/oauth2/v1/authorize"),
        ],
    }
}

const TOO_MANY: &str = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n";
const RATE_LIMIT: &str = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n\r\n\
    {\"Errors\": [{\"Name\": \"RateLimitError\", \"Message\": \"API key has exceeded the rate limit\"}]}";
const DENIED: &str = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n\r\n\
    {\"Errors\": [{\"Name\": \"AccessDenied\", \"Message\": \"Access is denied\"}]}";
const DOUBTFUL: &[(&str, &str)] = &[("LEDGER__RATE_LIMIT_IS_NOT_SENT", "false")];

const CASES: [Case; 21] = [
    nowhere("the name of the host does not resolve", Trick::NoName),
    Case {
        what: "a TLS handshake with a port that speaks none",
        trick: Trick::NoTls,
        settings: &[],
    },
    Case { what: "the POST's connection is refused", trick: Trick::Refused, settings: &[] },
    Case {
        what: "no answer within `ledger.post_timeout_seconds`",
        trick: Trick::Silence,
        settings: &[("LEDGER__POST_TIMEOUT_SECONDS", "1")],
    },
    answer("something that is not HTTP", "220 ready\r\n\r\n"),
    answer("frames of HTTP/2", "\0\0\0\u{4}\0\0\0\0\0"),
    answer("200 without a body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    answer("204", "HTTP/1.1 204 No Content\r\n\r\n"),
    answer(
        "201 with the UID of all zeros",
        "HTTP/1.1 201 Created\r\n\r\n{\"UID\": \"00000000-0000-0000-0000-000000000000\"}",
    ),
    answer(
        "201 with one UID in the body and another in `Location`",
        "HTTP/1.1 201 Created\r\nLocation: /x/11111111-1111-4111-8111-111111111111\r\n\r\n\
         {\"UID\": \"22222222-2222-4222-8222-222222222222\"}",
    ),
    answer("302", "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
    answer(
        "400 with a readable `Errors` body",
        "HTTP/1.1 400 Bad Request\r\n\r\n\
         {\"Errors\": [{\"Name\": \"ValidationError\", \"Message\": \"Nobody knows why\", \"ErrorCode\": 7}]}",
    ),
    answer("400 with a page of HTML", "HTTP/1.1 400 Bad Request\r\n\r\n<html>Bad Request</html>"),
    answer(
        "400 with JSON that has no `Errors`",
        "HTTP/1.1 400 Bad Request\r\n\r\n{\"fault\": \"?\"}",
    ),
    answer(
        "403 with an error of another name",
        "HTTP/1.1 403 Forbidden\r\n\r\n{\"Errors\": [{\"Name\": \"Surprise\", \"Message\": \"?\"}]}",
    ),
    Case {
        what: "403 `AccessDenied`, and to the company file, too",
        trick: Trick::ShutOut(DENIED),
        settings: &[],
    },
    answer("410", "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"),
    answer(
        "500 with a body as of a 400",
        "HTTP/1.1 500 Internal Server Error\r\n\r\n{\"Errors\": []}",
    ),
    Case {
        what: "429, with `ledger.rate_limit_is_not_sent = false`",
        trick: Trick::Answer(TOO_MANY),
        settings: DOUBTFUL,
    },
    Case {
        what: "403 `RateLimitError`, with `ledger.rate_limit_is_not_sent = false`",
        trick: Trick::Answer(RATE_LIMIT),
        settings: DOUBTFUL,
    },
    answer("403 `RateLimitError`", RATE_LIMIT),
];

/// The section of the page.
pub(super) fn section() -> Result<String> {
    const AT_ONCE: usize = 6;
    let mut page = String::from(
        "\n## Other answers\n\n\
         What the sandbox does not do is done here by a program that stands between: to the first POST of a\n\
         run of one invoice. None of these POSTs took effect. Where the run did not end well, its words are\n\
         told.\n\n\
         | what happens | the invoice then is | exit code | in the ledger | the trail |\n|---|---|---|---|---|\n",
    );
    for (case, row) in CASES.iter().zip(side_by_side(&CASES, AT_ONCE, row)) {
        writeln!(page, "| {} | {} |", case.what, row.with_context(|| case.what)?)?;
    }
    Ok(page)
}

fn row(case: &Case) -> Result<String> {
    let sandbox = Sandbox::start()?;
    let last_request = match case.trick {
        // A run that nothing happens to shows which request is the last before the POST.
        Trick::Refused => {
            let counting = Sandbox::start()?;
            let between = Between::start(counting.url(), &Trick::Nothing, 0)?;
            let place = place(&counting, &between.url(), case)?;
            place.run(&["sync"])?.expect(0)?;
            between.before_the_post()
        }
        Trick::Nothing
        | Trick::Answer(_)
        | Trick::ShutOut(_)
        | Trick::Silence
        | Trick::NoName
        | Trick::NoTls => 0,
    };
    let between = Between::start(sandbox.url(), &case.trick, last_request)?;
    let place = place(&sandbox, &between.url(), case)?;
    let ended = place.run(&["sync"])?;
    let known = place.json(&["invoices", "--json"])?;
    let state = known[0]["state"].as_str().context("one invoice")?;
    let books = sandbox.books()?;
    ensure!(books.invoices.len() <= 1, "{} documents", books.invoices.len());
    let is_true = (state == "posted") == (books.invoices.len() == 1);
    ensure!(is_true, "it is {state}, and {} times in the books", books.invoices.len());
    let pairs = place.json(&["audit", "pairs", "--json"])?;
    ensure!(pairs["unpaired"] == json!([]), "pairs: {pairs}");
    let mut notes = notes_of(&place, "books:OTHER-1")?;
    if notes.is_empty() {
        notes.push("nothing".to_owned());
    }
    let exit = ended.code.unwrap_or(-1);
    if !matches!(exit, 0 | 10) {
        notes.push(format!("the run says: {}", stable(&ended.stderr)));
    }
    let once = if books.invoices.is_empty() { "no" } else { "once" };
    Ok(format!("{state} | {exit} | {once} | {}", cell(&notes.join("; "))))
}

fn place(sandbox: &Sandbox, url: &str, case: &Case) -> Result<Place> {
    let mut place = Place::new(sandbox)?;
    place.set("LEDGER__BASE_URL", &format!("{url}/accountright"));
    place.set("LEDGER__CONCURRENCY", "1");
    place.short_quiet(20);
    for (key, value) in case.settings {
        place.set(key, value);
    }
    place.write("postonce.toml", b"[company_file.books]\nbusiness_id = \"books\"\n")?;
    place.import("OTHER", 1)?;
    let through = ["cutover", "books", "--through", "2026-02-28", "--yes", "--reason", "new"];
    place.run(&through)?.expect(0)?;
    Ok(place)
}
