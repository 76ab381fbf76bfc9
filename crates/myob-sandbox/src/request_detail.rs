//! What one request and its answer said, for whoever looks for an error of a client.

use std::collections::VecDeque;

use bytes::Bytes;
use http::{HeaderMap, header};
use serde::Serialize;

/// How much of a body is kept.
const BODY_BYTES_MAX: usize = 64 << 10;

/// How much is kept of all requests together; the oldest go first.
const KEPT_BYTES_MAX: usize = 64 << 20;

/// Headers whose values nobody is shown.
const SECRET: [&str; 2] = ["authorization", "x-myobapi-cftoken"];

/// One half of an exchange.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Half {
    /// Names and values, in the order they stood.
    pub(crate) headers: Vec<(String, String)>,
    /// The body as text, its packing undone; at most its first 64 KiB.
    pub(crate) body: String,
    /// How long the whole body is.
    pub(crate) body_bytes: usize,
}

/// A request with its answer.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Detail {
    pub(crate) request: Half,
    /// None while it runs and when the connection was ended.
    pub(crate) answer: Option<Half>,
}

/// The details that are kept, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Details {
    kept: VecDeque<(u64, Detail)>,
    bytes: usize,
}

impl Half {
    /// Notes headers and body. Those of `secret` exchanges hold tokens in their bodies.
    pub(crate) fn new(headers: &HeaderMap, body: &Bytes, secret: bool) -> Self {
        let shown = |name: &header::HeaderName, value: &header::HeaderValue| {
            let hidden = SECRET.contains(&name.as_str()) || (secret && name == header::LOCATION);
            let value =
                if hidden { "***".into() } else { String::from_utf8_lossy(value.as_bytes()) };
            (name.as_str().to_owned(), value.into_owned())
        };
        let headers = headers.iter().map(|(name, value)| shown(name, value)).collect();
        let part = body.get(..BODY_BYTES_MAX).unwrap_or(body);
        let body_text = match part.len() {
            0 => String::new(),
            _ if secret => "***".to_owned(),
            _ => String::from_utf8_lossy(part).into_owned(),
        };
        Self { headers, body: body_text, body_bytes: body.len() }
    }

    fn bytes(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len() + 64);
        headers.sum::<usize>() + self.body.len() + 64
    }
}

impl Details {
    /// Keeps a request.
    pub(crate) fn begin(&mut self, seq: u64, request: Half) {
        self.bytes += request.bytes();
        self.kept.push_back((seq, Detail { request, answer: None }));
        while self.bytes > KEPT_BYTES_MAX
            && let Some((_, detail)) = self.kept.pop_front()
        {
            let answer = detail.answer.as_ref().map_or(0, Half::bytes);
            self.bytes = self.bytes.saturating_sub(detail.request.bytes() + answer);
        }
    }

    /// Adds what was answered, if the request is still kept.
    pub(crate) fn answered(&mut self, seq: u64, answer: Half) {
        let Ok(at) = self.kept.binary_search_by_key(&seq, |(seq, _)| *seq) else { return };
        if let Some((_, detail)) = self.kept.get_mut(at) {
            self.bytes += answer.bytes();
            detail.answer = Some(answer);
        }
    }

    /// What is kept of a request.
    pub(crate) fn get(&self, seq: u64) -> Option<&Detail> {
        let at = self.kept.binary_search_by_key(&seq, |(seq, _)| *seq).ok()?;
        self.kept.get(at).map(|(_, detail)| detail)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::{BODY_BYTES_MAX, Details, Half, KEPT_BYTES_MAX};

    #[test]
    fn bodies_are_cut_and_the_oldest_go_when_there_are_too_many() {
        let mut details = Details::default();
        let body = Bytes::from("x".repeat(BODY_BYTES_MAX + 10));
        for seq in 1..3000 {
            let half = Half::new(&HeaderMap::new(), &body, false);
            assert_eq!((half.body.len(), half.body_bytes), (BODY_BYTES_MAX, body.len()));
            details.begin(seq, half.clone());
            details.answered(seq, half);
            assert!(details.bytes <= KEPT_BYTES_MAX + 2 * BODY_BYTES_MAX);
        }
        assert!(details.get(1).is_none() && details.get(2999).is_some());
        let counted = details
            .kept
            .iter()
            .map(|(_, it)| it.request.bytes() + it.answer.as_ref().map_or(0, Half::bytes));
        assert_eq!(counted.sum::<usize>(), details.bytes);
    }
}
