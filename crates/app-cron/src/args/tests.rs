use clap::CommandFactory;

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split(' '))
}

#[test]
fn the_command_line_is_free_of_contradictions() {
    Cli::command().debug_assert();
}

#[test]
fn documented_forms_are_understood() {
    for line in [
        "postonce demo",
        "postonce import x.csv",
        "postonce import - --format ndjson --json",
        "postonce import x.csv --as-posted --reason x",
        "postonce sync --company-file a --limit 3 --wait 30s",
        "postonce --json sync --dry-run",
        "postonce reprocess 1 a:2 --reason x",
        "postonce reprocess --state rejected --code C --since 2026-01-01",
        "postonce in-doubt list --json",
        "postonce in-doubt list --creations",
        "postonce in-doubt check",
        "postonce in-doubt check 1",
        "postonce in-doubt resolve 1 --as posted=abc --reason x",
        "postonce in-doubt resolve a:1 --as absent --reason x",
        "postonce status --check",
        "postonce invoices --state ready --state in_doubt --limit 5 --after 9",
        "postonce show 1",
        "postonce hold 1",
        "postonce unhold a:1",
        "postonce runs",
        "postonce audit pairs",
        "postonce audit show 1",
        "postonce audit export --format csv",
        "postonce migrate",
        "postonce doctor --json",
        "postonce audit files",
        "postonce audit files a --json",
        "postonce cutover",
        "postonce cutover a --json",
        "postonce cutover a --through 2026-06-30 --reason x",
        "postonce cutover a --through 2026-06-30 --reason x --yes --keep-doubts",
        "postonce cutover a --undo --reason x",
        "postonce mapping list a --kind tax_code --review --json",
        "postonce mapping set a customer CUS1 C-1 --version 3",
        "postonce mapping set a freight-tax-code * --none",
        "postonce mapping set a item A --confirm",
        "postonce mapping suggest a --kind item --apply",
        "postonce mapping check a --json",
        "postonce mapping export a",
        "postonce mapping export a x.csv",
        "postonce mapping import -",
        "postonce mapping clone a b",
        "postonce connect --take-over",
        "postonce connect --take-over --yes --json",
        "postonce connect acme",
        "postonce connect acme --print --port 0 --timeout 90s --replace",
        "postonce connect acme --paste --json",
        "postonce connections",
        "postonce connections list --json",
        "postonce connections check acme beta",
        "postonce connections revoke acme --reason sold --yes",
        "postonce connections files acme",
        "postonce config check",
        "postonce config show --json",
        "postonce sandbox --listen 127.0.0.1:0 --state d --rate-per-second 0 --latency-ms 5",
        "postonce completions bash",
        "postonce status --database sqlite:x.db --ledger-url http://127.0.0.1:1/accountright",
    ] {
        parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn what_would_be_a_mistake_is_refused() {
    for line in [
        "postonce sync --limit 0",
        "postonce sync --wait soon",
        "postonce reprocess",
        "postonce reprocess 1 --state rejected",
        "postonce reprocess --state posted",
        "postonce reprocess --code C",
        "postonce in-doubt resolve 1 --as absent",
        "postonce in-doubt resolve 1 --as absent=x --reason y",
        "postonce in-doubt resolve 1 --as posted --reason y",
        "postonce in-doubt resolve 1 --as posted= --reason y",
        "postonce in-doubt resolve --as absent --reason y",
        "postonce show nonsense",
        "postonce invoices --state lost",
        "postonce audit",
        "postonce mapping",
        "postonce mapping list a --kind client",
        "postonce mapping set a customer CUS1",
        "postonce mapping set a customer CUS1 C-1 --none",
        "postonce mapping set a customer CUS1 --confirm --none",
        "postonce mapping clone a",
        "postonce connect",
        "postonce connect acme --take-over",
        "postonce connect acme --yes",
        "postonce connect --take-over --paste",
        "postonce connect acme --paste --port 1",
        "postonce connect acme --port 70000",
        "postonce connect ac/me",
        "postonce connections revoke acme",
        "postonce connections revoke --reason x",
    ] {
        let error = parse(line).map(|_| ()).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}
