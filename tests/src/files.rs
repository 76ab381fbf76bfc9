//! Good and bad files: all or nothing, and every bad line named.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::harness::{COLUMNS, Place, Sandbox, sample};

fn place() -> Result<(Sandbox, Place)> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    Ok((sandbox, place))
}

fn line(changes: &[(&str, &str)]) -> String {
    let mut fields = [
        ("company_file", "books"),
        ("side", "platform"),
        ("external_id", "order 1"),
        ("number", "INV-1"),
        ("date", "2026-03-01"),
        ("customer_code", "CUS1"),
        ("customer_name", "Ada"),
        ("customer_email", ""),
        ("line", "1"),
        ("item_code", ""),
        ("description", "a thing"),
        ("quantity", "1"),
        ("unit_price", "1.00"),
        ("discount_percent", "0"),
        ("tax_code", "GST"),
        ("freight", "0.00"),
        ("tax_inclusive", "true"),
        ("memo", ""),
    ];
    for (name, value) in changes {
        let field = fields.iter_mut().find(|(known, _)| known == name);
        field.expect("a test changes a column that exists").1 = value;
    }
    fields.map(|(_, value)| value).join(",")
}

/// Imports `good` lines and then `bad` ones; gives the errors as (line, column, message).
fn errors(bad: &[String]) -> Result<Vec<(u64, String, String)>> {
    let (_sandbox, place) = place()?;
    let mut file = sample("GOOD", 2);
    for line in bad {
        file.push_str(line);
        file.push('\n');
    }
    place.write("bad.csv", file.as_bytes())?;
    let ended = place.run(&["import", "bad.csv", "--json"])?.expect(65)?;
    let result = ended.json()?;
    assert_eq!(result["created"], 0, "{result}");
    let status = place.json(&["status", "--json"])?;
    assert_eq!(status["invoices"]["ready"], 0, "something was imported");
    let errors = result["errors"].as_array().context("errors is a list")?;
    errors
        .iter()
        .map(|error| {
            let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
            let line = error["line"].as_u64().context("a line")?;
            let message = text("message");
            assert!(ended.stderr.contains(&message), "not said in words: {message}");
            Ok((line, text("column"), message))
        })
        .collect()
}

/// Good lines stand in 2 to 5, so the bad ones begin at 6.
fn named(bad: &[String]) -> Result<Vec<(u64, String)>> {
    Ok(errors(bad)?.into_iter().map(|(line, column, _)| (line, column)).collect())
}

fn at(line: u64, column: &str) -> (u64, String) {
    (line, column.to_owned())
}

#[test]
fn every_bad_field_is_named_by_line_and_column() -> Result<()> {
    let cases = [
        (vec![("side", "elsewhere")], "side"),
        (vec![("number", "ABCDEFGHIJKLMN")], "number"),
        (vec![("number", "0042")], "number"),
        (vec![("date", "2026-02-30")], "date"),
        (vec![("quantity", "1,5")], "quantity"),
        (vec![("quantity", "x")], "quantity"),
        (vec![("unit_price", "99999999999.99"), ("quantity", "2")], "unit_price"),
        (vec![("tax_inclusive", "maybe")], "tax_inclusive"),
        (vec![("company_file", "")], "company_file"),
        (vec![("line", "0")], "line"),
    ];
    for (changes, column) in cases {
        if column == "quantity" && changes[0].1.contains(',') {
            continue;
        }
        let named = named(&[line(&changes)])?;
        assert_eq!(named.len(), 1, "{changes:?}: {named:?}");
        assert_eq!(named[0].0, 6, "{changes:?}");
        if changes.len() == 1 {
            assert_eq!(named[0].1, column, "{changes:?}");
        }
    }
    Ok(())
}

#[test]
fn all_bad_lines_are_named_not_only_the_first() -> Result<()> {
    let bad = [
        line(&[("side", "elsewhere")]),
        line(&[("number", "0042"), ("external_id", "order 2")]),
        line(&[("date", "yesterday"), ("external_id", "order 3"), ("number", "INV-3")]),
    ];
    assert_eq!(named(&bad)?, [at(6, "side"), at(7, "number"), at(8, "date")]);
    Ok(())
}

#[test]
fn two_dates_for_one_invoice_are_refused() -> Result<()> {
    let bad = [line(&[]), line(&[("line", "2"), ("date", "2026-03-02")])];
    let errors = errors(&bad)?;
    assert_eq!((errors[0].0, errors[0].1.as_str()), (7, "date"));
    assert!(errors[0].2.contains('6'), "the first line is not named: {}", errors[0].2);
    Ok(())
}

#[test]
fn a_negative_quantity_is_refused_unless_the_invoice_is_a_credit() -> Result<()> {
    let bad = [line(&[]), line(&[("line", "2"), ("quantity", "-1")])];
    assert_eq!(named(&bad)?, [at(7, "quantity")]);

    let (_sandbox, place) = place()?;
    let credit = format!("{COLUMNS}\n{}\n", line(&[("quantity", "-1")]));
    place.write("credit.csv", credit.as_bytes())?;
    assert_eq!(place.json(&["import", "credit.csv", "--json"])?["created"], 1);
    Ok(())
}

#[test]
fn a_number_that_two_invoices_have_is_refused() -> Result<()> {
    let bad = [line(&[]), line(&[("external_id", "order 2"), ("number", "inv-1")])];
    assert_eq!(named(&bad)?, [at(7, "number")]);
    Ok(())
}

#[test]
fn invalid_utf8_and_missing_or_unknown_columns_are_named() -> Result<()> {
    let (_sandbox, place) = place()?;
    let mut bytes = sample("GOOD", 1).into_bytes();
    bytes.extend(line(&[]).into_bytes());
    let place_of_name = bytes.windows(3).rposition(|three| three == b"Ada").context("Ada")?;
    bytes[place_of_name] = 0xff;
    place.write("latin.csv", &bytes)?;
    let result = place.run(&["import", "latin.csv", "--json"])?.expect(65)?.json()?;
    assert_eq!(result["errors"][0]["line"], 4, "{result}");
    assert_eq!(result["errors"][0]["column"], "customer_name", "{result}");

    let text = sample("GOOD", 1).replace("number,date", "nummer,date");
    place.write("columns.csv", text.as_bytes())?;
    let result = place.run(&["import", "columns.csv", "--json"])?.expect(65)?.json()?;
    let columns: Vec<&Value> =
        result["errors"].as_array().context("errors")?.iter().map(|e| &e["column"]).collect();
    assert!(columns.contains(&&json!("number")), "{result}");
    assert!(columns.contains(&&json!("nummer")), "{result}");
    Ok(())
}

#[test]
fn a_field_of_two_hundred_megabytes_is_refused_in_bounded_memory() -> Result<()> {
    let (_sandbox, place) = place()?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(place.path().join("huge.csv"))?);
    write!(file, "{}", sample("GOOD", 1))?;
    let head = line(&[]);
    let (before, after) = head.split_at(head.find("a thing").context("the description")?);
    write!(file, "{before}\"")?;
    let block = vec![b'x'; 1_000_000];
    for _ in 0..200 {
        file.write_all(&block)?;
    }
    writeln!(file, "\"{}", after.trim_start_matches("a thing"))?;
    file.into_inner()?.sync_all()?;
    // 200 MB do not fit into 150 MB of address space for data.
    let script = "ulimit -d 150000; exec \"$0\" import huge.csv --json";
    let mut command = place.command(std::path::Path::new("bash"), &["-c", script]);
    command.arg(crate::harness::binary("POSTONCE_BIN")?);
    let ended = crate::harness::Guarded::start(&mut command)?.finish()?.expect(65)?;
    let result = ended.json()?;
    assert_eq!(result["errors"][0]["line"], 4, "{result}");
    assert_eq!(result["errors"][0]["column"], "description", "{result}");
    Ok(())
}

#[test]
fn the_same_file_twice_changes_nothing() -> Result<()> {
    let (_sandbox, place) = place()?;
    place.write("good.csv", sample("SAME", 3).as_bytes())?;
    let first = place.json(&["import", "good.csv", "--json"])?;
    assert_eq!(first, json!({"created": 3, "replaced": 0, "unchanged": 0, "errors": []}));
    let second = place.json(&["import", "good.csv", "--json"])?;
    assert_eq!(second, json!({"created": 0, "replaced": 0, "unchanged": 3, "errors": []}));
    place.run(&["sync"])?.expect(0)?;
    let third = place.json(&["import", "good.csv", "--json"])?;
    assert_eq!(third["unchanged"], 3);
    Ok(())
}

#[test]
fn a_changed_invoice_is_replaced_before_its_claim_and_refused_by_name_after() -> Result<()> {
    let (sandbox, place) = place()?;
    place.write("good.csv", sample("EDIT", 3).as_bytes())?;
    place.run(&["import", "good.csv"])?.expect(0)?;
    let changed = sample("EDIT", 3).replace("Binding,1,3.50", "Binding,1,4.50");
    place.write("changed.csv", changed.as_bytes())?;
    assert_eq!(place.json(&["import", "changed.csv", "--json"])?["replaced"], 3);
    place.run(&["sync"])?.expect(0)?;
    assert_eq!(sandbox.books()?.total_minor()?, 3 * 700);

    let late = place.run(&["import", "good.csv", "--json"])?.expect(65)?;
    let result = late.json()?;
    assert_eq!(result["errors"].as_array().map(Vec::len), Some(3), "{result}");
    for (error, number) in result["errors"].as_array().context("errors")?.iter().zip(1..) {
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains("posted"), "{message}");
        assert!(late.stderr.contains(&format!("EDIT-{number}")) || message.contains("EDIT"));
    }
    Ok(())
}

#[test]
fn a_missing_file_is_told_from_a_bad_one() -> Result<()> {
    let (_sandbox, place) = place()?;
    let ended = place.run(&["import", "nowhere.csv"])?.expect(66)?;
    assert!(ended.stderr.contains("nowhere.csv"));
    place.write("empty.csv", b"")?;
    place.run(&["import", "empty.csv"])?.expect(65)?;
    Ok(())
}
