//! Answers of MYOB. An input is `STATUS`, headers, a blank line and the body; the answer of the
//! token endpoint is its body alone.

use postonce_adapter_myob::fuzz::{Answer, Read, granted, words};
use postonce_domain::{LedgerUid, NotSentCause, Outcome};
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Verdict, ensure, size};

/// What answers are made of.
pub(super) const WORDS: &[&[u8]] = &[
    b"201",
    b"200",
    b"202",
    b"400",
    b"401",
    b"403",
    b"404",
    b"409",
    b"429",
    b"500",
    b"503",
    b"307",
    b"Location: https://x/0f8fad5b-d9cb-469f-a165-70867728950e\n",
    b"\"UID\":\"0f8fad5b-d9cb-469f-a165-70867728950e\"",
    b"\"uid\":\"7c9e6679-7425-40de-944b-e07fc1f90ae7\"",
    b"00000000-0000-0000-0000-000000000000",
    b"\"Items\":[",
    b"\"items\":[]",
    b"\"NextPageLink\":\"/next\"",
    b"\"NextPageLink\":1",
    b"\"Errors\":[{\"Name\":\"RateLimitError\",\"Message\":\"x\",\"ErrorCode\":1}]",
    b"\"Name\":\"AccessDenied\"",
    b"\"Message\":\"Access denied\"",
    b"\"access_token\":\"a\"",
    b"\"expires_in\":99999999999999999999",
    b"\"refresh_token\":\"r\"",
    b"\"TotalAmount\":110.10,\"TotalTax\":10.01,\"IsTaxInclusive\":false",
];

/// What the closed list takes for too many requests, and for access that is denied.
const RATE_LIMIT: &str = "RateLimitError";
const DENIALS: [&str; 2] = ["AccessDenied", "DeveloperInactive"];
const DENIED: [&str; 2] = ["Access denied", "Access denied."];

/// How long words may be that people are shown.
const SAID_MAX: usize = 1_300;

fn answer(input: &[u8]) -> Answer {
    let (mut status, mut location, mut request_id) = (200, None, None);
    let mut rest = input;
    let mut first = true;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
        rest = rest.get(end + 1..).unwrap_or_default();
        let line = line.trim();
        // What a header may hold; the client refuses the rest.
        let value = |name: &str| {
            let value = line.strip_prefix(name)?.strip_prefix(':')?.trim();
            value.chars().all(|c| c.is_ascii_graphic() || c == ' ').then(|| value.to_owned())
        };
        if line.is_empty() {
            break;
        } else if first {
            status = line.parse().ok().filter(|it| (100..1_000).contains(it)).unwrap_or(200);
        } else if let Some(value) = value("Location") {
            location = Some(value);
        } else if let Some(value) = value("x-myobapi-requestid") {
            request_id = Some(value);
        }
        first = false;
    }
    Answer { status, location, request_id, body: rest.to_vec() }
}

/// Whether the UID stands in the answer at all, in any spelling.
fn stands_in(uid: &LedgerUid, answer: &Answer) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace('-', "");
    let uid = plain(uid.as_str());
    let texts = texts(&answer.body);
    let location = answer.location.clone().unwrap_or_default();
    texts.iter().chain([&location]).any(|text| plain(text).contains(&uid))
}

fn kind(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Posted { .. } => "posted".to_owned(),
        Outcome::Rejected { code, .. } => format!("rejected {}", code.is_some()),
        Outcome::NotSent { cause, .. } => format!("not sent {}", cause.as_str()),
        Outcome::InDoubt { .. } => "in doubt".to_owned(),
    }
}

/// The closed list: what an outcome may be the answer to.
fn is_listed(outcome: &Outcome, answer: &Answer, certain: bool) -> bool {
    let is_text = std::str::from_utf8(&answer.body).is_ok();
    match outcome {
        Outcome::InDoubt { .. } => true,
        _ if !is_text => false,
        Outcome::Posted { uid } => {
            let named = members(&answer.body, "uid");
            let is_one = named.iter().all(|it| Some(it.get()) == named.first().map(|it| it.get()));
            answer.status == 201 && stands_in(uid, answer) && is_one && agrees(uid, answer)
        }
        Outcome::Rejected { .. } => {
            let has_errors = || !members(&answer.body, "errors").is_empty();
            answer.status == 409 || (answer.status == 400 && has_errors())
        }
        Outcome::NotSent { cause, .. } => match cause {
            NotSentCause::RateLimited => {
                let is_limit = |error: &Members| error.says(&["Name", "ErrorCode"], &[RATE_LIMIT]);
                certain && (answer.status == 429 || answer.status == 403 && all(answer, is_limit))
            }
            NotSentCause::Unauthorised => answer.status == 401,
            NotSentCause::AccessDenied => {
                let is_denial = |error: &Members| {
                    error.says(&["Name", "ErrorCode"], &DENIALS)
                        || error.says(&["Message"], &DENIED)
                };
                answer.status == 404 || answer.status == 403 && all(answer, is_denial)
            }
            NotSentCause::NoConnection | NotSentCause::Expired | NotSentCause::CommitUnanswered => {
                false
            }
        },
    }
}

/// Whether the answer has errors and each of them is of this kind.
fn all(answer: &Answer, is_kind: impl Fn(&Members) -> bool) -> bool {
    let listed = |raw: &RawValue| serde_json::from_str::<Vec<Members>>(raw.get()).ok();
    let lists: Vec<_> =
        members(&answer.body, "errors").iter().filter_map(|it| listed(it)).collect();
    let errors = match lists.into_iter().flatten().collect::<Vec<_>>() {
        errors if errors.is_empty() => object(&answer.body).into_iter().collect(),
        errors => errors,
    };
    !errors.is_empty() && errors.iter().all(is_kind)
}

/// Whether the header names no other document.
fn agrees(uid: &LedgerUid, answer: &Answer) -> bool {
    let path = answer.location.as_deref().unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let named = path.rsplit('/').next().and_then(|it| uuid::Uuid::try_parse(it).ok());
    named.is_none_or(|named| named.is_nil() || named.to_string() == uid.as_str())
}

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Posted { .. } => "",
        Outcome::Rejected { reason, .. }
        | Outcome::NotSent { reason, .. }
        | Outcome::InDoubt { reason } => reason,
    }
}

pub(super) fn post(input: &[u8]) -> Verdict {
    let answer = answer(input);
    let mut kinds = Vec::new();
    for certain in [true, false] {
        let outcome = answer.outcome(certain);
        ensure(is_listed(&outcome, &answer, certain), || {
            format!("{} is {outcome:?}, which the closed list does not have", answer.status)
        })?;
        let length = reason(&outcome).chars().count();
        ensure(length <= SAID_MAX, || format!("{length} characters are shown"))?;
        kinds.push(kind(&outcome));
    }
    let computed = answer.computed().map(|it| size(it.lines.len()));
    let location = answer.location.is_some();
    let (kinds, length) = (kinds.join("/"), size(answer.body.len()));
    Ok(format!("{} {location} {kinds} {computed:?} {length}", answer.status))
}

fn told<T>(read: &Read<T>) -> &'static str {
    match read {
        Read::Found(_) => "found",
        Read::NotThere => "not there",
        Read::Trouble(_) => "trouble",
    }
}

pub(super) fn page(input: &[u8]) -> Verdict {
    let answer = answer(input);
    let read = answer.page();
    let Read::Found((count, next)) = &read else {
        return Ok(format!("{} {}", told(&read), answer.status));
    };
    ensure(answer.status == 200, || format!("{} is a page", answer.status))?;
    let length =
        |raw: &RawValue| serde_json::from_str::<Vec<&RawValue>>(raw.get()).map(|it| it.len());
    let lists: Vec<_> = members(&answer.body, "items")
        .iter()
        .map(|raw| length(raw).unwrap_or(usize::MAX))
        .collect();
    ensure(!lists.is_empty() && lists.iter().all(|length| length == count), || {
        format!("a page of {count} records, but `Items` is {lists:?}")
    })?;
    Ok(format!("page {} {}", size(*count), next.is_some()))
}

pub(super) fn document(input: &[u8]) -> Verdict {
    let answer = answer(input);
    let read = answer.document();
    let Read::Found(document) = &read else {
        ensure(
            answer.status != 404
                || std::str::from_utf8(&answer.body).is_err()
                || told(&read) == "not there",
            || "a 404 is no answer".to_owned(),
        )?;
        return Ok(format!("{} {}", told(&read), answer.status));
    };
    ensure(answer.status == 200, || format!("{} is a document", answer.status))?;
    ensure(stands_in(&document.uid, &answer), || format!("{} came from nowhere", document.uid))?;
    let has = |text: &str| !text.is_empty();
    Ok(format!(
        "document {} {} {} {}",
        has(&document.number),
        has(&document.reference),
        has(&document.customer),
        document.total.is_some()
    ))
}

pub(super) fn company_file(input: &[u8]) -> Verdict {
    let answer = answer(input);
    let read = answer.company_file();
    let is_there = matches!(read, Read::Found(()));
    ensure(!is_there || answer.status == 200, || format!("{} is there", answer.status))?;
    let is_gone = matches!(read, Read::NotThere);
    ensure(!is_gone || answer.status == 404, || format!("{} is not there", answer.status))?;
    Ok(format!("{} {}", told(&read), answer.status))
}

pub(super) fn error(input: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(input);
    let words = words(&text);
    let length = words.chars().count();
    ensure(length <= SAID_MAX, || format!("{length} characters are shown"))?;
    Ok(format!("words {} {}", size(length), words.matches("; ").count().min(4)))
}

pub(super) fn oauth(input: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(input);
    let Some((access, life, refresh)) = granted(&text, "the old one") else {
        return Ok("refused".to_owned());
    };
    ensure(!access.is_empty() && !refresh.is_empty(), || "a token is empty".to_owned())?;
    let texts = texts(input);
    ensure(texts.contains(&access), || "the access token came from nowhere".to_owned())?;
    let rotates = refresh != "the old one";
    ensure(!rotates || texts.contains(&refresh), || "a token came from nowhere".to_owned())?;
    Ok(format!("granted {rotates} {}", size(usize::try_from(life.as_secs()).unwrap_or(usize::MAX))))
}

/// Every text of a JSON document, keys included, in no way that a parser of ours goes.
fn texts(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let (mut texts, mut from, mut is_escaped) = (Vec::new(), None, false);
    for (at, byte) in text.bytes().enumerate() {
        match (byte, from) {
            _ if is_escaped => is_escaped = false,
            (b'\\', Some(_)) => is_escaped = true,
            (b'"', None) => from = Some(at),
            (b'"', Some(begin)) => {
                from = None;
                let literal = text.get(begin..=at).unwrap_or_default();
                texts.extend(serde_json::from_str::<String>(literal));
            }
            _ => {}
        }
    }
    texts
}

/// Every member of this name that an object has, also one that is there twice, in any case.
fn members(bytes: &[u8], key: &str) -> Vec<Box<RawValue>> {
    object(bytes)
        .map(|Members(members)| {
            let same = members.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case(key));
            same.map(|(_, value)| value).collect()
        })
        .unwrap_or_default()
}

fn object(bytes: &[u8]) -> Option<Members> {
    let text = std::str::from_utf8(bytes).unwrap_or_default().trim_start_matches('\u{feff}');
    serde_json::from_str(text).ok()
}

struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    /// Whether a member of one of these names is one of these words, in any case.
    fn says(&self, names: &[&str], words: &[&str]) -> bool {
        let is_said =
            |text: String| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
        self.0.iter().any(|(name, value)| {
            names.iter().any(|it| name.eq_ignore_ascii_case(it))
                && serde_json::from_str(value.get()).is_ok_and(is_said)
        })
    }
}

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
