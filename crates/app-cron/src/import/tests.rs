use std::io::Cursor;

use super::*;

const HEADER: &str = "company_file,side,external_id,number,date,customer_code,customer_name,customer_email,line,item_code,description,quantity,unit_price,discount_percent,tax_code,freight,tax_inclusive,memo";
const ROW: &str = "acme,platform,a-1,INV1,2026-07-01,C1,Jo,,1,,Work,1,10.00,,GST,,true,";

fn csv(text: impl AsRef<[u8]>) -> Result<Vec<Placed>, Vec<(u64, String, String)>> {
    read_as(text, Format::Csv)
}

fn read_as(
    text: impl AsRef<[u8]>,
    format: Format,
) -> Result<Vec<Placed>, Vec<(u64, String, String)>> {
    read(Cursor::new(text.as_ref().to_vec()), format).map_err(|problems| {
        let list = problems.list().iter();
        list.map(|p| (p.line, p.column.clone(), p.message.clone())).collect()
    })
}

/// The row above with one value replaced.
fn with(column: &str, value: &str) -> String {
    let place = COLUMNS.iter().position(|name| *name == column).unwrap();
    let mut values: Vec<&str> = ROW.split(',').collect();
    values[place] = value;
    values.join(",")
}

/// The place of the only problem of these rows.
fn place(rows: &[String]) -> (u64, String) {
    let text = format!("{HEADER}\n{}\n", rows.join("\n"));
    let problems = csv(&text).unwrap_err();
    let [(line, column, _)] = problems.as_slice() else { panic!("{problems:?}") };
    (*line, column.clone())
}

#[test]
fn rows_of_one_invoice_are_put_together_wherever_they_stand() {
    let other = "acme,ordering,b-1,INV2,2026-07-02,C2,Bo,,1,,Work,2,3.00,,GST,,false,hi";
    let text = format!("{HEADER}\n{}\n{other}\n{}\n", with("line", "2"), ROW);
    let placed = csv(&text).unwrap();
    assert_eq!(placed.iter().map(|p| p.line).collect::<Vec<_>>(), [2, 3]);
    let numbers: Vec<u32> = placed[0].invoice.parts().lines.iter().map(|l| l.number).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(placed[0].invoice.total().to_string(), "20.00");
    assert_eq!(placed[1].invoice.parts().memo, "hi");
}

#[test]
fn columns_stand_in_any_order_and_marks_and_line_ends_do_not_matter() {
    let turn = |row: &str| row.split(',').rev().collect::<Vec<_>>().join(",");
    let text = format!("\u{feff}{}\r\n\r\n{}\r\n", turn(HEADER), turn(ROW));
    let placed = csv(&text).unwrap();
    assert_eq!(placed[0].line, 3);
    let quoted = HEADER.replacen("company_file", "\"company_file\"", 1);
    assert_eq!(csv(format!("\u{feff}{quoted}\n{ROW}")).unwrap().len(), 1);
}

#[test]
fn a_bad_value_is_named_by_line_and_column() {
    for (column, value) in [
        ("company_file", "a b"),
        ("side", "Platform"),
        ("external_id", " x"),
        ("number", "0042"),
        ("number", ""),
        ("date", "2026-02-30"),
        ("date", "20260701"),
        ("customer_code", "1234567890123456"),
        ("customer_name", ""),
        ("line", "0"),
        ("line", "+1"),
        ("line", "1.0"),
        ("item_code", "\u{7}"),
        ("description", ""),
        ("quantity", "1e3"),
        ("quantity", ""),
        ("unit_price", "1.00001"),
        ("discount_percent", "101"),
        ("tax_code", "GSTX"),
        ("freight", "1.999"),
        ("tax_inclusive", "yes"),
        ("memo", "\u{1b}[2J"),
        ("customer_email", "\u{0}"),
    ] {
        assert_eq!(place(&[with(column, value)]), (2, column.to_owned()), "{column} {value:?}");
    }
}

#[test]
fn every_bad_value_of_a_row_and_every_bad_row_is_named() {
    let bad = "acme,x,a-1,0,yesterday,C1,Jo,,none,,Work,many,10.00,,GST,,maybe,";
    let problems = csv(format!("{HEADER}\n{bad}\n{ROW}\n{bad}\n")).unwrap_err();
    let columns = ["side", "number", "date", "tax_inclusive", "line", "quantity"];
    let wanted: Vec<(u64, &str)> =
        [2, 4].iter().flat_map(|line| columns.map(|column| (*line, column))).collect();
    let found: Vec<(u64, &str)> = problems.iter().map(|p| (p.0, p.1.as_str())).collect();
    assert_eq!(found, wanted);
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let long = with("memo", "\"one\r\ntwo\nthree\"");
    let second = with("external_id", "a-2").replace("INV1", "INV2");
    let bad = with("quantity", "x").replace("a-1", "a-3");
    assert_eq!(place(&[long.clone(), second, bad]), (6, "quantity".to_owned()));
    let text = format!("{HEADER}\r\n{long}\r\n\r\n{}\r\n", with("side", "x"));
    assert_eq!(csv(&text).unwrap_err()[0].0, 6);
}

#[test]
fn a_header_must_have_every_column_once_and_no_other() {
    let columns = |text: String| -> Vec<String> {
        csv(text).unwrap_err().into_iter().map(|(_, column, _)| column).collect()
    };
    assert_eq!(columns(HEADER.replace(",memo", "")), ["memo"]);
    assert_eq!(columns(format!("{HEADER},colour\n")), ["colour"]);
    assert_eq!(columns(format!("{HEADER},line\n")), ["line"]);
    assert_eq!(columns(HEADER.replace("side,", "Side,")), ["Side", "side"]);
}

#[test]
fn a_file_without_a_row_is_refused() {
    for text in [String::new(), "\n\n".to_owned(), HEADER.to_owned(), format!("{HEADER}\n\n")] {
        assert_eq!(csv(&text).unwrap_err().len(), 1, "{text:?}");
    }
    for text in ["", "[]", " [ ] ", "{}", "[{}", "[1]", "[{}] x", "[{},]", "]"] {
        assert!(read_as(text, Format::Json).is_err(), "{text:?}");
    }
    assert!(read_as("\n\n", Format::Ndjson).is_err());
}

#[test]
fn a_row_with_too_few_or_too_many_values_is_refused() {
    assert_eq!(place(&["acme,platform".to_owned()]), (2, "external_id".to_owned()));
    assert_eq!(place(&[format!("{ROW},more")]), (2, "memo".to_owned()));
}

#[test]
fn header_fields_must_not_differ_between_the_rows_of_an_invoice() {
    for (column, value) in [
        ("number", "INV9"),
        ("number", "inv1"),
        ("date", "2026-07-02"),
        ("customer_code", "C2"),
        ("customer_name", "Mo"),
        ("customer_email", "a@b"),
        ("freight", "1"),
        ("tax_inclusive", "false"),
        ("memo", "x"),
    ] {
        let second = with("line", "2");
        let place_of = COLUMNS.iter().position(|name| *name == column).unwrap();
        let mut values: Vec<&str> = second.split(',').collect();
        values[place_of] = value;
        let problems = csv(format!("{HEADER}\n{ROW}\n{}\n", values.join(","))).unwrap_err();
        let [(3, found, message)] = problems.as_slice() else { panic!("{problems:?}") };
        assert_eq!(found, column);
        assert!(message.contains("differs from line 2"), "{message}");
    }
    let same = with("line", "2").replace("GST,,", "GST,0.00,");
    assert!(csv(format!("{HEADER}\n{ROW}\n{same}\n")).is_ok());
}

#[test]
fn parts_that_do_not_fit_together_are_named_where_they_stand() {
    assert_eq!(place(&[ROW.to_owned(), ROW.to_owned()]), (3, "line".to_owned()));
    let negative = with("line", "2").replace(",1,10.00", ",-1,10.00");
    assert_eq!(place(&[ROW.to_owned(), negative]), (3, "quantity".to_owned()));
    assert_eq!(place(&[with("unit_price", "-1")]), (2, "unit_price".to_owned()));
    let long = "x".repeat(1_001);
    let second = with("line", "2").replace("Work", &long);
    assert_eq!(place(&[ROW.to_owned(), second]), (3, "description".to_owned()));
    assert_eq!(place(&[with("memo", &long)]), (2, "memo".to_owned()));
}

#[test]
fn text_that_is_not_utf_8_is_named() {
    let mut bytes = format!("{HEADER}\n").into_bytes();
    bytes.extend(with("customer_name", "J@").replace('@', "\u{1}").into_bytes());
    let place = bytes.iter().position(|byte| *byte == 1).unwrap();
    bytes[place] = 0xff;
    let problems = csv(&bytes).unwrap_err();
    assert_eq!((problems[0].0, problems[0].1.as_str()), (2, "customer_name"));
}

#[test]
fn a_quote_that_is_never_closed_is_named_where_it_opens() {
    let text = format!("{HEADER}\n{ROW}\n{}\n{ROW}\n{ROW}\n", with("memo", "\"never"));
    let problems = csv(&text).unwrap_err();
    assert_eq!((problems[0].0, problems[0].1.as_str()), (3, "memo"));
    assert_eq!(place(&[with("memo", "\"a\"b")]), (2, "memo".to_owned()));
    assert_eq!(place(&[with("memo", "\"a\\\"b\"")]), (2, "memo".to_owned()));
}

/// Bytes without end, which says how many were taken.
struct Endless<'a> {
    start: Cursor<Vec<u8>>,
    taken: &'a std::cell::Cell<usize>,
}

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut count = self.start.read(buffer)?;
        if count == 0 {
            buffer.fill(b'x');
            count = buffer.len();
        }
        self.taken.set(self.taken.get() + count);
        Ok(count)
    }
}

#[test]
fn an_endless_value_is_refused_before_it_is_kept() {
    let row = |value: &str| format!("{HEADER}\n{ROW}\n{}", with("memo", value));
    for (start, format, line, column) in [
        (row("\"x"), Format::Csv, 3, "memo"),
        (row("x"), Format::Csv, 3, "memo"),
        ("x".to_owned(), Format::Csv, 1, "company_file"),
        ("[{\"number\": \"1\",\n \"memo\": \"".to_owned(), Format::Json, 2, "memo"),
        ("[{\"lines\": [{\"quantity\": 1".to_owned(), Format::Json, 1, "quantity"),
        ("\n{\"number\": \"1\", \"memo\": \"".to_owned(), Format::Ndjson, 2, "memo"),
    ] {
        let taken = std::cell::Cell::new(0);
        let input = Endless { start: Cursor::new(start.clone().into_bytes()), taken: &taken };
        let problems = read(input, format).unwrap_err();
        let [problem] = problems.list() else { panic!("{start}: {problems:?}") };
        assert_eq!((problem.line, problem.column.as_str()), (line, column), "{start}");
        assert!(problem.message.contains("longer than"), "{}", problem.message);
        assert!(taken.get() < 2 * LINE_BYTES_MAX, "{start}: {}", taken.get());
    }
}

#[test]
fn a_line_of_many_short_values_is_refused_when_it_is_too_long() {
    let many = "a,".repeat(LINE_BYTES_MAX);
    let problems = csv(format!("{HEADER}\n{many}")).unwrap_err();
    assert!(problems[0].2.contains("longer than 1 MiB"), "{}", problems[0].2);
    assert_eq!(problems[0].0, 2);
}

#[test]
fn reading_stops_when_too_much_is_wrong() {
    let mut text = HEADER.to_owned();
    for _ in 0..=Problems::MAX {
        text.push_str("\na,b");
    }
    let problems = read(Cursor::new(text), Format::Csv).unwrap_err();
    assert_eq!(problems.list().len(), Problems::MAX);
    assert!(problems.is_full());
}

const INVOICE: &str = r#"{
  "company_file": "acme", "side": "platform", "external_id": "a-1", "number": "INV1",
  "date": "2026-07-01", "customer_code": "C1", "customer_name": "Jo \"J\"", "freight": 1.50,
  "tax_inclusive": true,
  "lines": [
    {"line": 1, "description": "Work", "quantity": "2", "unit_price": 10.10, "tax_code": "GST"},
    {"line": 2, "description": "[{", "quantity": 1, "unit_price": "0.30", "tax_code": "FRE",
     "item_code": null, "discount_percent": 50}
  ]
}"#;

#[test]
fn json_and_csv_say_the_same() {
    let placed = read_as(format!("[\n{INVOICE}\n]"), Format::Json).unwrap();
    assert_eq!(placed[0].line, 2);
    assert_eq!(placed[0].invoice.total().to_string(), "21.85");
    assert_eq!(placed[0].invoice.parts().customer.name, "Jo \"J\"");
    let one_line = INVOICE.replace('\n', " ");
    let again = read_as(format!("{one_line}\n\n"), Format::Ndjson).unwrap();
    assert_eq!(again[0].invoice, placed[0].invoice);
}

#[test]
fn json_problems_have_their_physical_lines() {
    for (from, to, line, column) in [
        ("\"INV1\"", "\"0\"", 2, "number"),
        ("\"quantity\": \"2\"", "\"quantity\": [2]", 7, "quantity"),
        ("\"quantity\": 1,", "\"quantity\": 1e2,", 8, "quantity"),
        ("\"tax_inclusive\": true", "\"tax_inclusive\": 1", 2, "tax_inclusive"),
        ("\"side\"", "\"sides\"", 2, "sides"),
        ("\"lines\"", "\"line\"", 2, "line"),
        ("\"item_code\": null", "\"item_code\": null, \"memo\": \"x\"", 8, "memo"),
        ("\"line\": 2", "\"line\": 1", 8, "line"),
        ("\"freight\"", "\"number\"", 4, "company_file"),
    ] {
        assert!(INVOICE.contains(from));
        let problems =
            read_as(format!("[\n{}]", INVOICE.replacen(from, to, 1)), Format::Json).unwrap_err();
        let (found, name, message) = &problems[0];
        assert_eq!((*found, name.as_str()), (line, column), "{to}: {message}");
    }
}

#[test]
fn refusals_of_the_store_are_told_by_line() {
    let number = InvoiceNumber::parse("INV1").unwrap();
    let placed = [(7, number.clone()), (3, number)];
    let fixed = |number: &str| ImportProblem::Fixed {
        number: number.to_owned(),
        customer: "C1".to_owned(),
    };
    let refused = [
        ImportRefusal { index: 0, problem: fixed("INV1") },
        ImportRefusal { index: 1, problem: fixed("INV2") },
        ImportRefusal { index: 1, problem: ImportProblem::NumberTaken { other: "x".to_owned() } },
    ];
    let problems = refusals(&placed, &refused);
    let found: Vec<_> = problems.list().iter().map(|p| (p.line, p.column.as_str())).collect();
    assert_eq!(found, [(3, "number"), (3, "number"), (7, "customer_code")]);
}
