//! What people decide about a company file, and the trail of it.

use std::time::Duration;

use jiff::civil::{Date, date};
use postonce_domain::CompanyFile;
use postonce_ports::file_note::{CutOver, CutOverAnswer, FileNote, FileNoteKind, FileNotes};
use postonce_ports::registry::{Registry, Whereabouts};

use crate::contract::Fixture;
use crate::contract::runtime::at_once;
use crate::contract::scene::{LONG, file, shop};

fn note(company_file: CompanyFile, text: &str) -> FileNote {
    let (kind, actor) = (FileNoteKind::CutOver, "sam".to_owned());
    FileNote { company_file, kind, actor, text: text.to_owned() }
}

fn cut(through: Option<Date>, text: &str) -> CutOver {
    CutOver { through, seen: None, note: note(shop(), text) }
}

const JUNE: Option<Date> = Some(date(2026, 6, 30));

const DONE: CutOverAnswer = CutOverAnswer::Done { ended_alarm: false };

async fn texts(store: &impl FileNotes) -> Vec<String> {
    let trail = store.list(None, 0, 100).await.unwrap();
    trail.into_iter().map(|record| record.note.text).collect()
}

async fn through(store: &impl Registry) -> Option<Date> {
    store.company_file_settings(&shop()).await.unwrap().and_then(|known| known.cut_over_through)
}

pub async fn file_notes_are_read_by_rising_id(fixture: &impl Fixture<Adapter: FileNotes>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let mut lines = vec![note(shop(), "one"), note(file("Shop"), "two"), note(shop(), "three — é")];
    lines[1].kind = FileNoteKind::TakeOver;
    for line in &lines {
        store.add(line.clone()).await.unwrap();
    }
    let all = other.list(None, 0, 100).await.unwrap();
    let seen: Vec<_> = all.iter().map(|record| record.note.clone()).collect();
    assert_eq!(seen, lines, "another process reads what was written, in its order");
    assert!(all.is_sorted_by(|one, next| one.id < next.id), "ids rise");
    assert!(all.is_sorted_by_key(|record| record.at), "so do the times");
    let of_shop = store.list(Some(shop()), 0, 100).await.unwrap();
    assert_eq!(
        of_shop,
        [all[0].clone(), all[2].clone()],
        "aliases of company files differ by case"
    );
    let rest = store.list(None, all[0].id, 1).await.unwrap();
    assert_eq!(rest, [all[1].clone()], "a list goes on after an id, and has a limit");
}

pub async fn a_cut_over_and_its_line_are_both_written(
    fixture: &impl Fixture<Adapter: FileNotes + Registry>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(store.cut_over_noted(cut(JUNE, "settled")).await.unwrap(), DONE, "it is made");
    assert_eq!((through(&other).await, texts(&other).await), (JUNE, vec!["settled".to_owned()]));
    let answer = other.cut_over_noted(cut(JUNE, "again")).await.unwrap();
    assert_eq!(answer, CutOverAnswer::Already, "what is so already is not written again");
    assert_eq!(store.cut_over_noted(cut(None, "undone")).await.unwrap(), DONE, "it is taken back");
    let answer = store.cut_over_noted(cut(None, "undone again")).await.unwrap();
    assert_eq!(answer, CutOverAnswer::Already, "once");
    assert_eq!(through(&store).await, None, "nothing is settled any more");
    assert_eq!(texts(&store).await, ["settled", "undone"], "what changed nothing left no line");
}

pub async fn an_earlier_date_needs_the_cut_over_to_be_taken_back_first(
    fixture: &impl Fixture<Adapter: FileNotes + Registry>,
) {
    let store = fixture.adapter();
    assert_eq!(store.cut_over_noted(cut(JUNE, "settled")).await.unwrap(), DONE, "it is made");
    let may = Some(date(2026, 5, 31));
    let answer = store.cut_over_noted(cut(may, "a slip")).await.unwrap();
    assert_eq!(Some(answer), JUNE.map(CutOverAnswer::Later), "it is refused, and the date named");
    assert_eq!(through(&store).await, JUNE, "nothing is changed");
    assert_eq!(texts(&store).await, ["settled"], "nothing is written");
    assert_eq!(store.cut_over_noted(cut(None, "undone")).await.unwrap(), DONE, "it is taken back");
    assert_eq!(store.cut_over_noted(cut(may, "anew")).await.unwrap(), DONE, "it is made anew");
    let july = Some(date(2026, 7, 31));
    assert_eq!(store.cut_over_noted(cut(july, "later")).await.unwrap(), DONE, "a later one is");
}

pub async fn a_cut_over_waits_for_the_quiet_period_of_an_alarm(
    fixture: &impl Fixture<Adapter: FileNotes + Registry>,
) {
    let store = fixture.adapter();
    let raised = store.alarm(&shop(), LONG).await.unwrap();
    let answer = store.cut_over_noted(cut(JUNE, "too early")).await.unwrap();
    assert_eq!(answer, CutOverAnswer::Quiet(raised), "it is refused, and the alarm named");
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap();
    assert_eq!((known.alarm, known.cut_over_through), (Some(raised), None), "nothing is changed");
    assert_eq!(texts(&store).await, [""; 0], "nothing is written");
}

pub async fn a_cut_over_ends_an_alarm_that_is_not_quiet_any_more(
    fixture: &impl Fixture<Adapter: FileNotes + Registry>,
) {
    let store = fixture.adapter();
    assert_eq!(store.cut_over_noted(cut(JUNE, "settled")).await.unwrap(), DONE, "it is made");
    let raised = store.alarm(&shop(), Duration::ZERO).await.unwrap();
    assert!(raised.quiet_over, "a quiet period of no length is over at once");
    let unseen = store.cut_over_noted(cut(JUNE, "unseen")).await.unwrap();
    assert_eq!(unseen, CutOverAnswer::Unseen(raised), "nobody has seen it");
    let earlier = Some(raised.quiet_until - Duration::from_secs(1));
    let unseen = CutOver { seen: earlier, ..cut(JUNE, "another") };
    let unseen = store.cut_over_noted(unseen).await.unwrap();
    assert_eq!(unseen, CutOverAnswer::Unseen(raised), "another one was seen");
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap();
    assert_eq!(known.alarm, Some(raised), "it stands");
    let seen = CutOver { seen: Some(raised.quiet_until), ..cut(JUNE, "ended") };
    let answer = store.cut_over_noted(seen).await.unwrap();
    let ended = CutOverAnswer::Done { ended_alarm: true };
    assert_eq!(answer, ended, "the same date again ends the alarm");
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap();
    assert_eq!((known.alarm, known.cut_over_through), (None, JUNE), "and is on record");
    assert_eq!(texts(&store).await, ["settled", "ended"], "it has a line");
}

pub async fn what_takes_a_cut_over_back_leaves_an_alarm(
    fixture: &impl Fixture<Adapter: FileNotes + Registry>,
) {
    let store = fixture.adapter();
    assert_eq!(store.cut_over_noted(cut(JUNE, "settled")).await.unwrap(), DONE, "it is made");
    let raised = store.alarm(&shop(), LONG).await.unwrap();
    assert_eq!(store.cut_over_noted(cut(None, "undone")).await.unwrap(), DONE, "it is taken back");
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap();
    assert_eq!((known.alarm, known.cut_over_through), (Some(raised), None), "the alarm stands");
}

pub async fn of_concurrent_cut_overs_one_is_written(
    fixture: &impl Fixture<Adapter: FileNotes + Registry>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    let tasks = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        async move { store.cut_over_noted(cut(JUNE, &n.to_string())).await.unwrap() }
    });
    let answers = at_once(fixture, tasks).await;
    let done = answers.iter().filter(|it| **it == DONE).count();
    let already = answers.iter().filter(|it| **it == CutOverAnswer::Already).count();
    assert_eq!((done, already), (1, 7), "one is made, and the others find it made");
    assert_eq!(texts(&stores[0]).await.len(), 1, "there is one line");
}

pub async fn a_take_over_of_what_has_not_moved_leaves_no_line(
    fixture: &impl Fixture<Adapter: FileNotes + Registry>,
) {
    let store = fixture.adapter();
    store.set_company_file(&shop(), "one", "UTC").await.map(drop).unwrap();
    let seen = store.take_over_noted(LONG, "sam").await.unwrap();
    assert_eq!(seen, Whereabouts::Same, "it is where it was");
    assert_eq!(texts(&store).await, [""; 0], "nothing is written");
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap();
    assert_eq!(known.alarm, None, "there is no alarm");
}
