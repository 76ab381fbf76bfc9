//! Tests of the document checks, on small repositories that are wrong on purpose.

use super::*;

fn dead(text: &str) -> Vec<String> {
    dead_links(&Repo::of(&[
        ("docs/guide.md", text),
        ("docs/picture.png", ""),
        ("README.md", ""),
        ("crates/domain/src/lib.rs", ""),
    ]))
}

#[test]
fn a_link_to_a_file_a_folder_or_the_web_is_fine() {
    let text = "[a](../README.md) ![b](picture.png \"title\") [c](../crates/domain/) [d](#here)\n\
                [e](https://example.org/nowhere) [f](../README.md#promise) [g](..)\n\
                [h]: ./picture.png\n";
    assert_eq!(dead(text), Vec::<String>::new());
}

#[test]
fn a_link_to_nothing_is_reported_with_its_line() {
    let text = "Fine.\n[a](gone.md) and [`b`](../crates/gone/) [c](../../out.md)\n[d]: gone.md\n";
    let errors = dead(text);
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert_eq!(errors[0], "docs/guide.md:2: `gone.md` leads nowhere");
    assert_eq!(dead("[a](/README.md)").len(), 1, "the root of the machine");
}

#[test]
fn what_looks_like_a_link_in_code_is_none() {
    assert!(dead("```\n[a](gone.md)\n```\nand `x[0](gone)` too").is_empty());
}

#[test]
fn an_architecture_that_leaves_a_crate_out_is_reported() {
    let text = "The `domain` is pure. An engine is somewhere.";
    let repo = Repo::of(&[
        ("ARCHITECTURE.md", text),
        ("crates/domain/Cargo.toml", ""),
        ("crates/engine/Cargo.toml", ""),
    ]);
    assert_eq!(missing_mentions(&repo), ["ARCHITECTURE.md: does not name the crate `engine`"]);
}

#[test]
fn a_readme_and_a_ci_script_must_name_the_tools() {
    let repo = Repo::of(&[("README.md", "cargo xtask demo"), (".ci/run", "cargo test")]);
    let errors = missing_mentions(&repo);
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert_eq!(errors[0], "README.md: does not mention `cargo xtask test`");
}
