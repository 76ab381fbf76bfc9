//! A message as programs read it.

use postonce_ports::notice::Message;
use serde::Serialize;

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    id: &'a str,
    kind: &'a str,
    heading: &'a str,
    lines: Vec<&'a str>,
}

/// JSON on one line: what happened, when it was first seen, and a line for each event.
pub(crate) fn body(message: &Message) -> String {
    let Message { id, kind, heading, text, raised_at } = message;
    let body = Body {
        r#type: format!("postonce.{kind}"),
        timestamp: raised_at.to_string(),
        data: Data { id, kind, heading, lines: text.lines().collect() },
    };
    serde_json::to_string(&body).expect("texts and lists are always JSON")
}
