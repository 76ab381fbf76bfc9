//! Scans of ledgers' books.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::civil::Date;
use postonce_domain::{CompanyFile, InvoiceId, InvoiceState, LedgerUid, Money, StateName};
use postonce_ports::books::DateSpan;
use postonce_ports::error::StoreError;
use postonce_ports::scan::{
    Added, Alike, DifferenceKind, DifferencesPage, Double, DoublesPage, Likeness, MonthTally,
    OurInvoice, Position, Scan, ScanId, ScanPage, ScanStore, ScanWish, ScannedDocument, Sides,
    Tally,
};

use crate::MemoryStore;
use crate::world::{InvoiceRow, World};

/// States in which nobody is sure of an invoice.
const UNSURE: [StateName; 3] = [StateName::Claimed, StateName::InDoubt, StateName::NeedsHuman];

/// A scan and what it has read.
#[derive(Clone)]
pub(crate) struct ScanRow {
    scan: Scan,
    documents: BTreeMap<LedgerUid, ScannedDocument>,
}

impl ScanRow {
    fn counted(&self) -> Scan {
        Scan { documents: wide(self.documents.len()), ..self.scan.clone() }
    }

    fn is_unfinished(&self, file: &CompanyFile) -> bool {
        self.scan.company_file == *file && self.scan.finished_at.is_none()
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn narrow(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[async_trait]
impl ScanStore for MemoryStore {
    async fn open(&self, wish: ScanWish) -> Result<Scan, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let ScanWish { company_file, span, fresh } = wish;
        let known = world.scans.iter().find(|row| row.is_unfinished(&company_file));
        if let Some(known) = known.filter(|row| !fresh && row.scan.span == span) {
            return Ok(known.counted());
        }
        world.scans.retain(|row| !row.is_unfinished(&company_file));
        world.scans_made += 1;
        let scan = Scan {
            id: ScanId(world.scans_made),
            company_file,
            span,
            position: Some(Position { from: span.from, of_day: None }),
            step: 0,
            began_at: now,
            finished_at: None,
            documents: 0,
            unsure: Vec::new(),
        };
        world.scans.push(ScanRow { scan: scan.clone(), documents: BTreeMap::new() });
        Ok(scan)
    }

    async fn last(&self, company_file: &CompanyFile) -> Result<Option<Scan>, StoreError> {
        let world = self.world();
        let finished = |row: &&ScanRow| {
            row.scan.company_file == *company_file && row.scan.finished_at.is_some()
        };
        Ok(world.scans.iter().find(finished).map(ScanRow::counted))
    }

    async fn add(&self, page: ScanPage) -> Result<Added, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let is_next = |row: &&mut ScanRow| {
            let scan = &row.scan;
            scan.id == page.scan && scan.step == page.step && scan.finished_at.is_none()
        };
        let Some(row) = world.scans.iter_mut().find(is_next) else { return Ok(Added::Overtaken) };
        row.documents.retain(|_, known| page.forget != Some(known.listed.date));
        row.documents.extend(page.documents.into_iter().map(|it| (it.listed.uid.clone(), it)));
        row.scan.step += 1;
        row.scan.position = page.next;
        row.scan.unsure.extend(page.unsure);
        row.scan.finished_at = page.next.is_none().then_some(now);
        let scan = row.counted();
        if scan.finished_at.is_some() {
            let older = |row: &ScanRow| {
                row.scan.company_file == scan.company_file && row.scan.id != scan.id
            };
            world.scans.retain(|row| !older(row));
        }
        Ok(Added::Stored(scan))
    }

    async fn on_day(&self, scan: ScanId, day: Date) -> Result<u64, StoreError> {
        let world = self.world();
        Ok(wide(world.read(scan).filter(|it| it.listed.date == day).count()))
    }

    async fn doubles(&self, page: DoublesPage) -> Result<Vec<Double>, StoreError> {
        let world = self.world();
        let mut groups: BTreeMap<Key, Vec<&ScannedDocument>> = BTreeMap::new();
        for document in world.read(page.scan) {
            if let Some(likeness) = likeness(document, page.by) {
                groups.entry(key(&likeness)).or_default().push(document);
            }
        }
        let after = page.after.as_ref().map(key);
        let wanted = groups.into_iter().filter(|(key, group)| {
            group.len() > 1 && after.as_ref().is_none_or(|after| key > after)
        });
        let all: Vec<&ScannedDocument> = world.read(page.scan).collect();
        let doubles = wanted.filter_map(|(_, group)| double(&all, &group, page.by));
        Ok(doubles.take(narrow(page.limit)).collect())
    }

    async fn members(
        &self,
        scan: ScanId,
        wanted: &Likeness,
        after: Option<LedgerUid>,
        limit: u32,
    ) -> Result<Vec<Sides>, StoreError> {
        let world = self.world();
        let is_in = |it: &&ScannedDocument| {
            likeness(it, wanted.alike()).as_ref() == Some(wanted)
                && after.as_ref().is_none_or(|after| it.listed.uid > *after)
        };
        let members = world.read(scan).filter(is_in).map(|it| world.of_document(scan, it).0);
        Ok(members.take(narrow(limit)).collect())
    }

    async fn months(&self, scan: ScanId, dates: DateSpan) -> Result<Vec<MonthTally>, StoreError> {
        let world = self.world();
        let posted = world.of_file(scan).filter(|(_, row)| posted_as(row).is_some());
        let here = posted.map(|(_, row)| (row.invoice.parts().date, Some(row.invoice.total())));
        let there = world.read(scan).map(|it| (it.listed.date, it.listed.total));
        let mut months: BTreeMap<Date, MonthTally> = BTreeMap::new();
        let all = here.map(|it| (it, true)).chain(there.map(|it| (it, false)));
        for ((date, total), is_here) in all.filter(|((date, _), _)| dates.has(*date)) {
            let month = date.first_of_month();
            let none = MonthTally { month, here: Tally::default(), there: Tally::default() };
            let pair = months.entry(month).or_insert(none);
            count(if is_here { &mut pair.here } else { &mut pair.there }, total);
        }
        Ok(months.into_values().collect())
    }

    async fn differences(&self, page: DifferencesPage) -> Result<Vec<Sides>, StoreError> {
        let world = self.world();
        Ok(world.differences(&page))
    }
}

/// A likeness in the order of every store.
type Key = (String, Option<Date>, Option<Money>);

fn key(likeness: &Likeness) -> Key {
    match likeness {
        Likeness::Number(key) | Likeness::Reference(key) => (key.clone(), None, None),
        Likeness::Sale { customer, date, amount } => (customer.clone(), Some(*date), Some(*amount)),
    }
}

fn likeness(document: &ScannedDocument, by: Alike) -> Option<Likeness> {
    let some = |key: &String| (!key.is_empty()).then(|| key.clone());
    match by {
        Alike::Number => some(&document.number_key).map(Likeness::Number),
        Alike::Reference => some(&document.reference_key).map(Likeness::Reference),
        Alike::Sale => Some(Likeness::Sale {
            customer: some(&document.customer_key)?,
            date: document.listed.date,
            amount: document.listed.amount?,
        }),
    }
}

/// The group, unless all of it is one by what comes before.
fn double(all: &[&ScannedDocument], group: &[&ScannedDocument], by: Alike) -> Option<Double> {
    let first = group.first()?;
    let are_alike = |some: &[&ScannedDocument], by: Alike| {
        let wanted = likeness(first, by);
        let alike = some.iter().filter(|it| wanted.is_some() && likeness(it, by) == wanted);
        alike.count() == group.len()
    };
    let same: Vec<Alike> = Alike::ALL.into_iter().filter(|by| are_alike(group, *by)).collect();
    let is_told = same.iter().any(|it| *it < by && are_alike(all, *it));
    let likeness = likeness(first, by).filter(|_| !is_told)?;
    Some(Double { likeness, documents: wide(group.len()), alike: same })
}

fn posted_as(row: &InvoiceRow) -> Option<&LedgerUid> {
    if let InvoiceState::Posted { uid } = &row.life.state { Some(uid) } else { None }
}

fn count(tally: &mut Tally, total: Option<Money>) {
    tally.count += 1;
    match total.and_then(|total| tally.total.checked_add(total)) {
        Some(sum) => tally.total = sum,
        None => tally.unreadable += 1,
    }
}

fn ours(id: InvoiceId, row: &InvoiceRow) -> OurInvoice {
    let parts = row.invoice.parts();
    OurInvoice {
        id,
        number: parts.number.clone(),
        date: parts.date,
        total: row.invoice.total(),
        state: row.life.state.name(),
        uid: posted_as(row).cloned(),
    }
}

impl World {
    fn scan(&self, id: ScanId) -> Option<&ScanRow> {
        self.scans.iter().find(|row| row.scan.id == id)
    }

    /// What a scan has read.
    fn read(&self, id: ScanId) -> impl Iterator<Item = &ScannedDocument> {
        self.scan(id).into_iter().flat_map(|row| row.documents.values())
    }

    /// The invoices of the company file that is scanned.
    fn of_file(&self, id: ScanId) -> impl Iterator<Item = (InvoiceId, &InvoiceRow)> {
        let file = self.scan(id).map(|row| &row.scan.company_file);
        let rows = self.invoices.iter().map(|(id, row)| (*id, row));
        rows.filter(move |(_, row)| Some(row.company_file()) == file)
    }

    /// A document with its invoice, and whether that is posted as it.
    fn of_document(&self, scan: ScanId, document: &ScannedDocument) -> (Sides, bool) {
        let uid = &document.listed.uid;
        let file = self.scan(scan).map(|row| &row.scan.company_file);
        let owner = file.and_then(|file| self.owner_of(file, uid));
        let marked = document.claim.and_then(|claim| self.claim(claim)).map(|claim| claim.invoice);
        let id = owner.or(marked);
        let here = id.and_then(|id| Some(ours(id, self.invoices.get(&id)?)));
        (Sides { here, there: Some(document.listed.clone()) }, owner.is_some())
    }

    /// The document of a posted invoice, or the one that bears a marker of its claims.
    fn document_of(
        &self,
        scan: ScanId,
        id: InvoiceId,
        row: &InvoiceRow,
    ) -> Option<&ScannedDocument> {
        self.read(scan).find(|it| match posted_as(row) {
            Some(uid) => it.listed.uid == *uid,
            None => self.claims_of(id).any(|claim| it.claim == Some(claim.id)),
        })
    }

    /// Whether this document is the one that is told with its invoice, which is in doubt.
    fn is_told_with_doubt(&self, scan: ScanId, sides: &Sides) -> bool {
        let (Some(here), Some(there)) = (&sides.here, &sides.there) else { return false };
        let mut of_file = self.of_file(scan).filter(|(id, _)| *id == here.id);
        let told = of_file.next().and_then(|(id, row)| self.document_of(scan, id, row));
        UNSURE.contains(&here.state) && told.is_some_and(|it| it.listed.uid == there.uid)
    }

    fn differences(&self, page: &DifferencesPage) -> Vec<Sides> {
        let limit = narrow(page.limit);
        if page.kind == DifferenceKind::OnlyThere {
            let after = page.after.as_ref().and_then(|it| it.there.as_ref()).map(|it| &it.uid);
            let behind = self.read(page.scan).filter(|it| {
                page.span.has(it.listed.date) && after.is_none_or(|after| it.listed.uid > *after)
            });
            let alone = behind
                .map(|it| self.of_document(page.scan, it))
                .filter(|(it, is_posted)| !is_posted && !self.is_told_with_doubt(page.scan, it));
            return alone.map(|(it, _)| it).take(limit).collect();
        }
        let after = page.after.as_ref().and_then(|it| it.here.as_ref()).map(|it| it.id);
        let behind = self.of_file(page.scan).filter(|(id, _)| after.is_none_or(|it| *id > it));
        let sides = behind.map(|(id, row)| {
            let there = self.document_of(page.scan, id, row).map(|it| it.listed.clone());
            Sides { here: Some(ours(id, row)), there }
        });
        sides.filter(|it| is_wanted(page, it)).take(limit).collect()
    }
}

fn is_wanted(page: &DifferencesPage, sides: &Sides) -> bool {
    let (Some(here), there) = (&sides.here, &sides.there) else { return false };
    let is_posted = here.state == StateName::Posted;
    let is_dated =
        page.span.has(here.date) || there.as_ref().is_some_and(|it| page.span.has(it.date));
    match (page.kind, there) {
        (DifferenceKind::OnlyHere, None) => is_posted && page.span.has(here.date),
        (DifferenceKind::Differs, Some(there)) => {
            let differs = there.date != here.date || there.total != Some(here.total);
            is_posted && is_dated && differs
        }
        (DifferenceKind::InDoubt, _) => UNSURE.contains(&here.state) && is_dated,
        (DifferenceKind::OnlyThere | DifferenceKind::OnlyHere | DifferenceKind::Differs, _) => {
            false
        }
    }
}
