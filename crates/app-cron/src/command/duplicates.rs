//! `postonce duplicates`: what the ledger has twice.

use postonce_ports::scan::{Alike, Double, DoublesPage, Scan, ScanStore, Sides};

use super::audit::harmless;
use super::look_back::{CsvFile, PAGE, SHOWN, Told, scanned};
use crate::args::{Duplicates, Way};
use crate::exit::{Exit, Failure};
use crate::json::{DocumentJson, ScanJson};
use crate::output::{Output, talk};
use crate::table::Rows;
use crate::wiring::{Base, Context};

const COLUMNS: [&str; 11] = [
    "group",
    "alike",
    "number",
    "reference",
    "customer",
    "date",
    "amount",
    "uid",
    "layout",
    "foreign",
    "ours",
];

pub(crate) async fn run(context: &Context<'_>, args: &Duplicates) -> Result<Exit, Failure> {
    let Duplicates { look_back: args, by } = args;
    let csv = CsvFile::begin(args.csv.as_ref(), &COLUMNS)?;
    let base = Base::open(context).await?;
    let Some(told) = scanned(&base, args).await? else { return Ok(Exit::Interrupted) };
    let mut report = Report::begin(&context.output, &told.scan, csv);
    each(base.side.scans.as_ref(), &told, by, &mut report).await?;
    told.is_whole().await?;
    let groups = report.end(&told.scan)?;
    Ok(told.left(args, groups))
}

/// Tells of every group and its documents, page by page: they may not fit in memory.
async fn each(
    scans: &dyn ScanStore,
    told: &Told,
    ways: &[Way],
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let is_wanted = |double: &&Double| {
        ways.is_empty() || ways.iter().any(|way| double.alike.contains(&alike(*way)))
    };
    for by in Alike::ALL {
        let mut after = None;
        loop {
            told.go_on(report.output)?;
            let page = DoublesPage { scan: told.scan.id, by, after, limit: PAGE };
            let doubles = scans.doubles(page).await?;
            let Some(last) = doubles.last() else { break };
            after = Some(last.likeness.clone());
            for double in doubles.iter().filter(is_wanted) {
                report.group(double);
                members(scans, told, double, report).await?;
            }
        }
    }
    Ok(())
}

const fn alike(way: Way) -> Alike {
    match way {
        Way::Number => Alike::Number,
        Way::Reference => Alike::Reference,
        Way::Sale => Alike::Sale,
    }
}

async fn members(
    scans: &dyn ScanStore,
    told: &Told,
    double: &Double,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let mut after = None;
    loop {
        told.go_on(report.output)?;
        let page = scans.members(told.scan.id, &double.likeness, after, PAGE).await?;
        after = page.last().and_then(|last| Some(last.there.as_ref()?.uid.clone()));
        for sides in &page {
            report.document(double, sides)?;
        }
        if after.is_none() {
            return Ok(());
        }
    }
}

/// What is told, as it comes.
struct Report<'a> {
    output: &'a Output,
    rows: Rows,
    csv: Option<CsvFile>,
    groups: u64,
    documents: u64,
    /// Documents of the group that is told just now.
    in_group: u64,
}

impl<'a> Report<'a> {
    fn begin(output: &'a Output, scan: &Scan, csv: Option<CsvFile>) -> Self {
        let columns =
            ["group", "alike", "number", "reference", "customer", "date", "amount", "uid", "ours"];
        if output.is_json() {
            output.data(b"{\"scan\":");
            output.value(&ScanJson::new(scan));
            output.data(b",\"groups\":[");
        }
        let rows = Rows::new(&columns).numbers(&[0, 6]);
        Self { output, rows, csv, groups: 0, documents: 0, in_group: 0 }
    }

    fn group(&mut self, double: &Double) {
        if self.output.is_json() {
            let before: &[u8] = if self.groups > 0 { b"]}," } else { b"" };
            self.output.data(before);
            let alike: Vec<&str> = double.alike.iter().map(|it| it.as_str()).collect();
            self.output.data(b"{\"alike\":");
            self.output.value(&alike);
            self.output.data(b",\"documents\":[");
        }
        self.groups += 1;
        self.in_group = 0;
    }

    fn document(&mut self, double: &Double, sides: &Sides) -> Result<(), Failure> {
        let Some(there) = &sides.there else { return Ok(()) };
        self.in_group += 1;
        self.documents += 1;
        if self.output.is_json() {
            let before: &[u8] = if self.in_group > 1 { b"," } else { b"" };
            self.output.data(before);
            self.output.value(&DocumentJson::new(there, sides.here.as_ref()));
        }
        let alike: Vec<&str> = double.alike.iter().map(|it| it.as_str()).collect();
        let amount =
            there.amount.map_or_else(|| "unreadable".to_owned(), |amount| amount.to_string());
        let ours = sides.here.as_ref().map(|it| it.number.to_string()).unwrap_or_default();
        let row = (self.groups.to_string(), alike.join(", "));
        if let Some(csv) = &mut self.csv {
            csv.row(vec![
                row.0.clone(),
                row.1.clone(),
                harmless(there.number.clone()),
                harmless(there.reference.clone()),
                harmless(there.customer.clone()),
                there.date.to_string(),
                amount.clone(),
                there.uid.to_string(),
                harmless(there.layout.clone()),
                there.foreign.to_string(),
                harmless(ours.clone()),
            ])?;
        }
        let is_shown = self.groups <= SHOWN && self.in_group <= SHOWN;
        if is_shown && !self.output.is_json() {
            self.rows.add([
                row.0,
                row.1,
                there.number.clone(),
                there.reference.chars().take(40).collect(),
                there.customer.chars().take(40).collect(),
                there.date.to_string(),
                if there.foreign { format!("{amount} (foreign)") } else { amount },
                there.uid.to_string(),
                ours,
            ]);
        }
        Ok(())
    }

    /// How many groups there are.
    fn end(self, scan: &Scan) -> Result<u64, Failure> {
        let Self { output, groups, documents, .. } = self;
        if output.is_json() {
            output.data(if groups > 0 { b"]}]" } else { b"]" });
            output.line(&format!(",\"group_count\":{groups}}}"));
        } else {
            let all = scan.documents;
            output.line(&self.rows.text(&format!("Nothing is there twice in {all} documents.")));
            output.flush();
            if groups > 0 {
                talk(&format!(
                    "{groups} groups of {documents} documents, in {all} that were read."
                ));
            }
            if groups > SHOWN {
                talk(&format!("The first {SHOWN} are shown; --csv FILE and --json have all."));
            }
        }
        self.csv.map(CsvFile::finish).transpose()?;
        Ok(groups)
    }
}
