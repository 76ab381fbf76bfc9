//! `postonce parity`: how our side and the ledger's differ, by month.

use postonce_domain::Money;
use postonce_ports::scan::{
    DifferenceKind, DifferencesPage, MonthTally, Scan, ScanStore, Sides, Tally,
};

use super::audit::harmless;
use super::look_back::{CsvFile, PAGE, SHOWN, Told, scanned};
use crate::args::LookBack;
use crate::exit::{Exit, Failure};
use crate::json::{DifferenceJson, MonthJson, ScanJson, difference_name};
use crate::output::{Output, talk};
use crate::table::Rows;
use crate::wiring::{Base, Context};

const COLUMNS: [&str; 10] = [
    "difference",
    "number",
    "date_here",
    "date_there",
    "total_here",
    "total_there",
    "state",
    "uid",
    "customer",
    "reference",
];

/// Columns of text that somebody has chosen.
const TEXTS: [&str; 3] = ["number", "customer", "reference"];

pub(crate) async fn run(context: &Context<'_>, args: &LookBack) -> Result<Exit, Failure> {
    let mut csv = CsvFile::begin(args.csv.as_ref(), &COLUMNS)?;
    let base = Base::open(context).await?;
    let Some(told) = scanned(&base, args).await? else { return Ok(Exit::Interrupted) };
    let (scans, scan) = (base.side.scans.as_ref(), &told.scan);
    let months = scans.months(scan.id, scan.span).await?;
    let output = &context.output;
    if output.is_json() {
        let list: Vec<MonthJson> = months.iter().map(MonthJson::new).collect();
        output.data(b"{\"scan\":");
        output.value(&ScanJson::new(scan));
        output.data(b",\"months\":");
        output.value(&list);
        output.data(b",\"differences\":[");
    } else {
        output.line(&by_month(&months));
    }
    let found = differences(scans, &told, output, csv.as_mut()).await?;
    csv.map(CsvFile::finish).transpose()?;
    Ok(told.left(args, found))
}

fn by_month(months: &[MonthTally]) -> String {
    let columns = ["month", "here", "total here", "there", "total there", "difference"];
    let mut rows = Rows::new(&columns).numbers(&[1, 2, 3, 4, 5]);
    for MonthTally { month, here, there } in months {
        let more = there.total.minor() - here.total.minor();
        rows.add([
            month.strftime("%Y-%m").to_string(),
            here.count.to_string(),
            here.total.to_string(),
            there.count.to_string(),
            total(*there),
            Money::from_minor(more).map(|it| it.to_string()).unwrap_or_default(),
        ]);
    }
    rows.text("Nothing is posted here, and nothing is there.")
}

fn total(tally: Tally) -> String {
    match tally.unreadable {
        0 => tally.total.to_string(),
        some => format!("{} and {some} unreadable", tally.total),
    }
}

/// Tells every difference, page by page: they may not fit in memory. How many there are.
async fn differences(
    scans: &dyn ScanStore,
    told: &Told,
    output: &Output,
    mut csv: Option<&mut CsvFile>,
) -> Result<u64, Failure> {
    let columns = ["difference", "number", "date", "total here", "total there", "state", "uid"];
    let mut rows = Rows::new(&columns).numbers(&[3, 4]);
    let mut found = 0;
    let Scan { id: scan, span, .. } = told.scan;
    for kind in DifferenceKind::ALL {
        let mut after = None;
        loop {
            told.go_on(output)?;
            let page = DifferencesPage { scan, span, kind, after, limit: PAGE };
            let page = scans.differences(page).await?;
            for sides in &page {
                found += 1;
                if output.is_json() {
                    output.data(if found > 1 { b"," } else { b"" });
                    output.value(&DifferenceJson::new(kind, sides));
                } else if found <= SHOWN {
                    rows.add(shown(kind, sides));
                }
                if let Some(csv) = &mut csv {
                    let cells = cells(kind, sides).into_iter().zip(COLUMNS);
                    let harmless = |(cell, column)| {
                        if TEXTS.contains(&column) { harmless(cell) } else { cell }
                    };
                    csv.row(cells.map(harmless).collect())?;
                }
            }
            after = page.into_iter().next_back();
            if after.is_none() {
                break;
            }
        }
    }
    told.is_whole().await?;
    if output.is_json() {
        output.line(&format!("],\"difference_count\":{found}}}"));
    } else {
        output.line("");
        output.line(&rows.text("The two sides do not differ."));
        output.flush();
        if found > SHOWN {
            talk(&format!(
                "The first {SHOWN} of {found} are shown; --csv FILE and --json have all."
            ));
        }
    }
    Ok(found)
}

fn cells(kind: DifferenceKind, sides: &Sides) -> Vec<String> {
    let Sides { here, there } = sides;
    let (invoice, document) = (here.as_ref(), there.as_ref());
    let uid = document.map(|it| &it.uid).or_else(|| invoice?.uid.as_ref());
    let number = invoice.map(|it| it.number.to_string());
    let number = number.or_else(|| Some(document?.number.clone()));
    let total = document.map(|it| it.total.map_or_else(unreadable, |total| total.to_string()));
    [
        Some(difference_name(kind, sides).to_owned()),
        number,
        invoice.map(|it| it.date.to_string()),
        document.map(|it| it.date.to_string()),
        invoice.map(|it| it.total.to_string()),
        total,
        invoice.map(|it| it.state.to_string()),
        uid.map(ToString::to_string),
        document.map(|it| it.customer.clone()),
        document.map(|it| it.reference.clone()),
    ]
    .map(Option::unwrap_or_default)
    .into()
}

fn unreadable() -> String {
    "unreadable".to_owned()
}

fn shown(kind: DifferenceKind, sides: &Sides) -> [String; 7] {
    let Sides { here, there } = sides;
    let dates = match (here.as_ref().map(|it| it.date), there.as_ref().map(|it| it.date)) {
        (Some(here), Some(there)) if here != there => format!("{here}, there {there}"),
        (here, there) => here.or(there).map(|date| date.to_string()).unwrap_or_default(),
    };
    let all = cells(kind, sides);
    let cell = |at: usize| all.get(at).cloned().unwrap_or_default();
    [cell(0), cell(1), dates, cell(4), cell(5), cell(6), cell(7)]
}
