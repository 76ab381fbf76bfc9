//! Tests of the scanner: what is hidden, what is test code, which words are found where.

use super::*;

fn one(path: &str, text: &str) -> Source {
    read([(path, text)].into_iter()).remove(0)
}

#[test]
fn comments_and_literals_are_hidden_and_code_is_not() {
    let text = r##"
let one = "word \" word"; // word
/* word /* word */ word */ let two = r#"word " word"#; let three = br"word\";
let four: &'word str = 'w'; let five = '\''; let six = b'"'; let r#word = "\\";
let seven = 'é'; let eight = "word é"; let nine_for_r = 1; /// word
"##;
    let masked = masked(text);
    let left = lines_with(&masked, "word");
    assert_eq!(left, [4, 4], "only the lifetime and the raw identifier:\n{masked}");
    for name in ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine_for_r"] {
        assert_eq!(lines_with(&masked, name).len(), 1, "{name} in\n{masked}");
    }
    assert_eq!(masked.lines().count(), text.lines().count());
}

#[test]
fn an_escaped_quote_does_not_hide_what_follows() {
    assert_eq!(lines_with(&masked("let a = '\\'';\nword();"), "word"), [2]);
    assert_eq!(lines_with(&masked("let a = '\\u{1F980}';\nword();"), "word"), [2]);
    assert_eq!(lines_with(&masked("let a = \"\\\\\";\nword();"), "word"), [2]);
}

#[test]
fn test_items_are_taken_out_and_the_rest_stays() {
    let source = one(
        "crates/a/src/lib.rs",
        "fn before() {}\n\
         #[cfg(test)]\nmod inline { fn inside() { if x { y() } } }\n\
         #[cfg(test)]\nuse a::{hidden};\n\
         fn between() {}\n\
         #[cfg(test)]\nfn sized(a: [u8; 3]) -> u8 { gone() }\n\
         #[cfg(all(test, unix))]\nmod files;\n\
         fn after() {}\n",
    );
    for kept in ["before", "between", "after"] {
        assert_eq!(lines_with(&source.code, kept).len(), 1, "{kept} in\n{}", source.code);
    }
    for gone in ["inside", "hidden", "sized", "gone", "files"] {
        assert!(lines_with(&source.code, gone).is_empty(), "{gone} in\n{}", source.code);
    }
    assert_eq!(source.lines, 3);
}

#[test]
fn a_line_number_counts_the_lines_of_tests_too() {
    let source = one("crates/a/src/b.rs", "#[cfg(test)]\nmod é {\n}\nword();");
    assert_eq!(lines_with(&source.code, "word"), [4]);
}

#[test]
fn a_file_that_another_declares_for_tests_only_is_test_code() {
    let files = [
        ("crates/a/src/lib.rs", "mod b;\n#[cfg(test)]\nmod samples;"),
        ("crates/a/src/samples.rs", "word();"),
        ("crates/a/src/samples/deep.rs", "word();"),
        ("crates/a/src/b.rs", "word();\n#[cfg(test)]\nmod fixtures;"),
        ("crates/a/src/b/fixtures.rs", "word();"),
        ("crates/a/src/fixtures.rs", "word();"),
    ];
    let read = read(files.into_iter());
    let code = read.iter().filter(|it| !lines_with(&it.code, "word").is_empty());
    let code: Vec<&str> = code.map(|it| it.path.as_str()).collect();
    assert_eq!(code, ["crates/a/src/b.rs", "crates/a/src/fixtures.rs"]);
}

#[test]
fn test_code_is_known_by_its_place() {
    for path in ["tests/src/lib.rs", "crates/a/src/b/tests.rs", "crates/a/tests/all.rs"] {
        assert_eq!(one(path, "fn main() {}").lines, 0, "{path}");
    }
    assert_eq!(one("crates/a/src/lib.rs", "#![cfg(test)]\nfn main() {}").lines, 0);
    assert_eq!(one("crates/a/src/contests.rs", "fn main() {}").lines, 1);
}

#[test]
fn a_word_is_found_whole() {
    assert_eq!(lines_with("rand\nbrand rand_core\n(rand)", "rand"), [1, 3]);
    assert_eq!(lines_with("x.await?\nx.awaited\ny .await", ".await"), [1, 3]);
    assert_eq!(lines_with("std::time::Instant::now()", "Instant::now"), [1]);
}

#[test]
fn a_word_is_found_inside_a_group_of_paths() {
    let code = "use std::{\n    collections::{BTreeMap, hash_map::{self, Entry}},\n    fs,\n};";
    let written = groups_written_out(code);
    assert_eq!(lines_with(&written, "std::fs"), [3]);
    assert_eq!(lines_with(&written, "std::collections::hash_map::Entry"), [2]);
    let block = "match a { A::B { c, d } => e, f => { g::h } }";
    assert_eq!(groups_written_out(block), block);
}
