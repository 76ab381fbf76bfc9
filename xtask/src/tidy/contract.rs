//! Every store is in the list of stores that the contract suite runs against, and every promise in
//! the list of what the suite runs.

use std::collections::BTreeSet;

use super::repo::Repo;
use super::report;
use super::source::{Source, lines_with};

/// The macro whose invocation lists the stores.
const LIST: &str = "store_contract!";

fn stores_without_the_contract(repo: &Repo) -> Vec<String> {
    let sources = repo.sources();
    let suite = sources.iter().filter(|it| it.path.starts_with("tests/src/"));
    let lists: Vec<&str> =
        suite.clone().filter(|it| it.masked.contains(LIST)).map(|it| it.path.as_str()).collect();
    let listed = |store: &str| {
        let mut near = suite.clone().filter(|it| lists.iter().any(|list| belongs(list, &it.path)));
        near.any(|it| !lines_with(&it.masked, store).is_empty())
    };
    let mut errors = Vec::new();
    for adapter in repo.crates().into_iter().filter(|it| it.starts_with("adapter-")) {
        let folder = format!("crates/{adapter}/");
        let mut own = sources.iter().filter(|it| it.path.starts_with(&folder));
        let is_store = own.any(|it| !lines_with(&it.code, "InvoiceStore for").is_empty());
        let module = format!("postonce_{}", adapter.replace('-', "_"));
        if is_store && !listed(&module) {
            errors.push(format!("crates/{adapter}: `{module}` is not in the list of `{LIST}`"));
        }
    }
    errors
}

/// An example has its tests beside it, and stands for all that somebody else must do.
fn examples_without_the_contract(repo: &Repo) -> Vec<String> {
    let sources = repo.sources();
    let example = |path: &str| path.strip_prefix("examples/")?.split('/').next().map(str::to_owned);
    let of = |word: &str, text: fn(&Source) -> &str| -> BTreeSet<String> {
        let with = sources.iter().filter(|it| !lines_with(text(it), word).is_empty());
        with.filter_map(|it| example(&it.path)).collect()
    };
    let mut errors = Vec::new();
    for (port, list) in [("InvoiceStore for", LIST), ("RunLock for", "lock_contract!")] {
        let tried = of(list, |it| &it.masked);
        let untried = of(port, |it| &it.code).into_iter().filter(|it| !tried.contains(it));
        errors.extend(untried.map(|it| format!("examples/{it}: does not run `{list}`")));
    }
    errors
}

/// Does `path` belong to the suite whose list stands in `list`: the file, its submodules, and
/// the files beside it, unless that is everything there is?
fn belongs(list: &str, path: &str) -> bool {
    let beside = list.rsplit_once('/').map_or("", |(folder, _)| folder);
    let below = list.trim_end_matches(".rs");
    let inside = |folder: &str| path.strip_prefix(folder).is_some_and(|it| it.starts_with('/'));
    path == list || inside(below) || (beside != "tests/src" && inside(beside))
}

/// Where the suites are: a file of lists for each, and its promises in the folder beside it.
const SUITES: &str = "crates/race-kit/src/contract/";

/// Promises are public functions, so no lint says that one is never called.
fn promises_that_no_list_names(repo: &Repo) -> Vec<String> {
    let sources = repo.sources();
    let mut errors = Vec::new();
    for source in &sources {
        let below = source.path.strip_prefix(SUITES).and_then(|it| it.split_once('/'));
        let Some((suite, _)) = below else { continue };
        let list = format!("{SUITES}{suite}.rs");
        let list = sources.iter().find(|it| it.path == list).map_or("", |it| it.masked.as_str());
        let promises = source.code.split("pub async fn ").skip(1);
        let names = promises.filter_map(|it| it.split(['(', '<']).next());
        let missing = names.filter(|name| lines_with(list, name).is_empty());
        let path = &source.path;
        errors.extend(missing.map(|name| format!("{path}: no list of `{suite}` names `{name}`")));
    }
    errors
}

#[test]
fn every_promise_is_in_a_list() {
    report(&promises_that_no_list_names(&Repo::here()));
}

#[test]
fn every_store_runs_the_contract_suite() {
    report(&stores_without_the_contract(&Repo::here()));
}

#[test]
fn every_example_of_a_store_runs_the_suites() {
    report(&examples_without_the_contract(&Repo::here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = "//! A store.\nimpl InvoiceStore for Store {}";
    const MISSING: &str =
        "crates/adapter-sqlite: `postonce_adapter_sqlite` is not in the list of `store_contract!`";

    fn errors(suite: &[(&str, &str)]) -> Vec<String> {
        let mut files = vec![
            ("crates/adapter-sqlite/src/lib.rs", STORE),
            ("crates/adapter-host/src/lib.rs", "//! Clocks.\nimpl Clock for Host {}"),
            ("crates/engine/src/lib.rs", "//! Cases.\nimpl<S> InvoiceStore for Wrapped<S> {}"),
        ];
        files.extend(suite);
        stores_without_the_contract(&Repo::of(&files))
    }

    #[test]
    fn a_store_that_no_list_names_is_reported() {
        assert_eq!(errors(&[]), [MISSING]);
        let memory = "store_contract! { memory: postonce_adapter_memory::Store; }";
        assert_eq!(errors(&[("tests/src/contract.rs", memory)]), [MISSING]);
        let off = "store_contract! { /* postonce_adapter_sqlite::Store; */ }";
        assert_eq!(errors(&[("tests/src/contract.rs", off)]), [MISSING]);
    }

    #[test]
    fn a_store_is_listed_by_the_file_or_by_a_file_of_the_suite() {
        let whole = "store_contract! { sqlite: postonce_adapter_sqlite::Store; }";
        assert_eq!(errors(&[("tests/src/contract.rs", whole)]), Vec::<String>::new());
        let list = "store_contract! { sqlite: Sqlite; }";
        let world = "use postonce_adapter_sqlite::Store;";
        for (list_path, world_path) in [
            ("tests/src/contract.rs", "tests/src/contract/sqlite.rs"),
            ("tests/src/contract/list.rs", "tests/src/contract/sqlite.rs"),
        ] {
            assert!(errors(&[(list_path, list), (world_path, world)]).is_empty(), "{world_path}");
        }
    }

    #[test]
    fn an_example_that_leaves_a_suite_out_is_reported() {
        let store = "//! A store.\nimpl InvoiceStore for Store {}\nimpl RunLock for Store {}";
        let tests = "mod store { store_contract! { mine: Mine; } } // lock_contract!";
        let repo = Repo::of(&[
            ("examples/journal/src/lib.rs", store),
            ("examples/journal/src/tests.rs", tests),
            ("examples/client/src/lib.rs", "//! No store."),
        ]);
        let what = "examples/journal: does not run `lock_contract!`";
        assert_eq!(examples_without_the_contract(&repo), [what]);
    }

    #[test]
    fn a_promise_that_no_list_names_is_reported() {
        let list =
            "macro_rules! lock_contract { () => { promises! { run: [a_lock, /* gone */] } } }";
        let run =
            "pub async fn a_lock(_: &impl F) {}\nasync fn is_free() {}\npub async fn gone<F>() {}";
        let repo = Repo::of(&[
            ("crates/race-kit/src/contract/lock.rs", list),
            ("crates/race-kit/src/contract/lock/run.rs", run),
            ("crates/race-kit/src/contract/fixture.rs", "pub async fn put() {}"),
        ]);
        let missing = "crates/race-kit/src/contract/lock/run.rs: no list of `lock` names `gone`";
        assert_eq!(promises_that_no_list_names(&repo), [missing]);
    }

    #[test]
    fn a_store_that_only_another_test_uses_is_reported() {
        let list = ("tests/src/contract.rs", "store_contract! { memory: Memory; }");
        let other = ("tests/src/cron.rs", "use postonce_adapter_sqlite::Store;");
        assert_eq!(errors(&[list, other]), [MISSING]);
    }
}
