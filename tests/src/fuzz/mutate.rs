//! One input made from others.

use crate::storm::Chance;

/// The longest input, in bytes.
pub(super) const INPUT_MAX: usize = 64 * 1024;

/// Pieces that parsers stumble over, whatever they read.
const TOKENS: [&[u8]; 44] = [
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\\u0000",
    b"\0",
    b"\r\n",
    b"\n\n",
    b"\t",
    b" ",
    b"\"",
    b"\\\"",
    b"'",
    b"''",
    b",",
    b";",
    b":",
    b"=",
    b"{",
    b"}",
    b"[",
    b"]",
    b"(",
    b")",
    b"{}",
    b"[]",
    b"null",
    b"true",
    b"false",
    b"0",
    b"-0",
    b"-1",
    b"00",
    b"0.1",
    b"1e999",
    b"1e-5",
    b".",
    b"-",
    b"9223372036854775807",
    b"99999999999.99",
    b"340282366920938463463374607431768211456",
    b"\xe2\x80\xae",
    b"\xf0\x9f\x92\xb8",
];

/// A place from `0` to `length`, both included.
fn place(chance: &mut Chance, length: usize) -> usize {
    let high = u64::try_from(length).unwrap_or_default();
    usize::try_from(chance.between(0, high)).unwrap_or_default()
}

/// One of `items`; the empty one if there is none.
fn one_of<'a>(chance: &mut Chance, items: &[&'a [u8]]) -> &'a [u8] {
    let last = items.len().saturating_sub(1);
    items.get(place(chance, last)).copied().unwrap_or_default()
}

/// A stretch of `input`, as its two ends.
fn stretch(chance: &mut Chance, input: &[u8]) -> (usize, usize) {
    let (one, other) = (place(chance, input.len()), place(chance, input.len()));
    (one.min(other), one.max(other))
}

/// An input made from `base`, and at times from `other`, with some of `words`.
pub(crate) fn mutated(chance: &mut Chance, base: &[u8], other: &[u8], words: &[&[u8]]) -> Vec<u8> {
    let mut input = base.to_vec();
    for _ in 0..chance.between(1, 5) {
        step(chance, &mut input, other, words);
        input.truncate(INPUT_MAX);
    }
    input
}

fn step(chance: &mut Chance, input: &mut Vec<u8>, other: &[u8], words: &[&[u8]]) {
    let (from, to) = stretch(chance, input);
    match chance.between(0, 11) {
        0 => input.truncate(from),
        1 => drop(input.drain(from..to)),
        2 => drop(input.splice(from..to, one_of(chance, &TOKENS).iter().copied())),
        3 => drop(input.splice(from..from, one_of(chance, &TOKENS).iter().copied())),
        4 => drop(input.splice(from..from, one_of(chance, words).iter().copied())),
        5 => {
            let again = input.get(from..to).unwrap_or_default().to_vec();
            input.splice(to..to, again);
        }
        6 => {
            let (begin, end) = stretch(chance, other);
            let piece = other.get(begin..end).unwrap_or_default().to_vec();
            input.splice(from..to, piece);
        }
        7 => {
            if let Some(byte) = input.get_mut(from) {
                *byte ^= 1 << chance.between(0, 7);
            }
        }
        8 => nested(chance, input, from),
        9 => line(chance, input),
        10 => member(chance, input),
        _ => {
            let (begin, _) = stretch(chance, other);
            input.truncate(from);
            input.extend_from_slice(other.get(begin..).unwrap_or_default());
        }
    }
}

/// Opens the same bracket many times.
fn nested(chance: &mut Chance, input: &mut Vec<u8>, at: usize) {
    let deep = place(chance, 4_000);
    let piece = one_of(chance, &[b"[", b"{\"a\":", b"(", b"not ", b"[{\"Items\":"]);
    input.splice(at..at, piece.repeat(deep.min(INPUT_MAX.div_euclid(piece.len().max(1)))));
}

/// Writes a line again, at another place.
fn line(chance: &mut Chance, input: &mut Vec<u8>) {
    let mut lines: Vec<Vec<u8>> =
        input.split_inclusive(|it| *it == b'\n').map(<[u8]>::to_vec).collect();
    let line = lines.get(place(chance, lines.len().saturating_sub(1))).cloned();
    lines.insert(place(chance, lines.len()), line.unwrap_or_default());
    *input = lines.concat();
}

/// Writes a member of a JSON object again, with a value of its own.
fn member(chance: &mut Chance, input: &mut Vec<u8>) {
    let quotes: Vec<usize> = (0..input.len()).filter(|at| input.get(*at) == Some(&b'"')).collect();
    let first = place(chance, quotes.len().saturating_sub(1));
    let (Some(from), Some(to)) = (quotes.get(first), quotes.get(first + 1)) else { return };
    let mut piece = input.get(*from..=*to).unwrap_or_default().to_vec();
    if chance.one_in(2) {
        piece = piece.to_ascii_lowercase();
    }
    piece.push(b':');
    piece.extend_from_slice(one_of(chance, &[b"[]", b"null", b"\"\"", b"{}", b"1", b"\"x\""]));
    piece.push(b',');
    let at = if chance.one_in(2) { *from } else { 1.min(input.len()) };
    input.splice(at..at, piece);
}
