//! The picture for a terminal: a lane per actor, a line per step.

use std::fmt::Write as _;

use super::{Timeline, column_of, letters};
use crate::record::{Lane, Line, Wire};

/// Lines of the picture itself at most.
const LINES: usize = 25;

/// Columns of the terminal that it needs at most.
const WIDTH: usize = 140;

/// Step and time, with the blanks after them.
const LEFT: usize = 14;

/// What stands between two columns.
const GAP: usize = 2;

/// A lane is this wide if there is room, and never narrower than the other.
const LANE: usize = 12;
const LANE_MIN: usize = 8;

/// The ledger's lane is never narrower: `http#0 creates the invoice`.
const LEDGER_MIN: usize = 26;

/// What the invoices' moves may take.
const ROWS_MAX: usize = 38;

impl Timeline {
    /// The picture as text: at most 25 lines between the plan above and what came of it below, and
    /// none of them wider than 140 columns.
    pub fn text(&self) -> String {
        let mut shown = LINES;
        let (lines, left_out) = loop {
            let selection = self.select(shown);
            let layout = Layout::of(self, &selection.lines);
            let mut drawn: Vec<String> = Vec::new();
            for line in &selection.lines {
                drawn.extend(layout.draw(line));
            }
            // Lines that are wrapped cost others their place.
            if drawn.len() <= LINES || shown <= 1 {
                let mut all = vec![layout.head(self)];
                all.extend(drawn);
                break (all, selection.left_out);
            }
            shown -= 1;
        };
        let mut text = String::new();
        for line in self.plan.to_string().lines() {
            let _infallible = writeln!(text, "    {line}");
        }
        text.push('\n');
        for line in lines {
            let _infallible = writeln!(text, "{}", line.trim_end());
        }
        text.push('\n');
        for sentence in self.sentences() {
            for part in wrapped(&sentence, WIDTH) {
                let _infallible = writeln!(text, "{part}");
            }
        }
        if left_out > 0 {
            let all = self.lines.len();
            let _infallible = writeln!(text, "{left_out} of {all} calls and events are left out.");
        }
        text
    }
}

/// Where each column begins and ends.
struct Layout {
    actors: usize,
    /// Where each lane begins, the ledger's last.
    starts: Vec<usize>,
    /// Where the lanes end.
    end: usize,
    rows: usize,
}

impl Layout {
    fn of(timeline: &Timeline, lines: &[&Line]) -> Self {
        let setting = &timeline.plan.setting;
        let actors = setting.actors.len();
        let calm = lines.iter().any(|line| column_of(line.lane, actors) == actors);
        let length = |text: &String| text.chars().count();
        let rows = lines.iter().flat_map(|line| line.rows.iter().map(length)).max();
        let rows = rows.unwrap_or(0).clamp("invoices".len(), ROWS_MAX);
        let lock = lines.iter().filter_map(|line| line.lock.as_ref().map(length)).max();
        let lock = lock.unwrap_or(0).max("run lock".len());
        let widest = |column: usize| {
            let own =
                |line: &&&Line| line.lane != Lane::World && column_of(line.lane, actors) == column;
            let width = |line: &&Line| said(line).chars().count() + arrow_of(line);
            lines.iter().filter(own).map(width).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..actors)
            .map(|actor| widest(actor).max(setting.actor_name(actor).chars().count()))
            .collect();
        widths.push(if calm { widest(actors).max("calm run".len()) } else { 0 });
        widths.push(widest(actors + 1).max("MYOB".len()));
        let room = WIDTH - LEFT - GAP - rows - GAP - lock;
        narrow(&mut widths, room);
        let mut at = 0;
        let mut starts = Vec::new();
        for width in &widths {
            starts.push(at);
            at += if *width == 0 { 0 } else { *width + GAP };
        }
        Self { actors, starts, end: at.saturating_sub(GAP), rows }
    }

    fn is_shown(&self, column: usize) -> bool {
        let start = |column: usize| self.starts.get(column).copied();
        column != self.actors || start(column) != start(column + 1)
    }

    fn head(&self, timeline: &Timeline) -> String {
        let mut lanes = vec![' '; self.end];
        for column in (0..self.starts.len()).filter(|it| self.is_shown(*it)) {
            let lane = if column > self.actors { Lane::Ledger } else { Lane::Actor(column) };
            let (from, to) = self.span(column);
            put(&mut lanes, from, &cut_name(&lane.name(&timeline.plan.setting), to - from));
        }
        let lanes: String = lanes.into_iter().collect();
        format!(
            "{:>4}  {:>6}  {lanes}  {:rows$}  run lock",
            "step",
            "s",
            "invoices",
            rows = self.rows
        )
    }

    /// Where a lane begins, and where the next one does.
    fn span(&self, column: usize) -> (usize, usize) {
        let from = self.starts.get(column).copied().unwrap_or(0);
        let next = self.starts.iter().find(|start| **start > from);
        (from, next.map_or(self.end, |next| next.saturating_sub(1)))
    }

    /// A line, and more if it has more to say than there is room.
    fn draw(&self, line: &Line) -> Vec<String> {
        let column = column_of(line.lane, self.actors);
        let (start, _) = self.span(column);
        let myob = self.starts.last().copied().unwrap_or(0);
        let parts = match (line.lane, line.wire) {
            (Lane::World, _) => vec![across(&said(line), self.end)],
            (_, Some(Wire::Leaves(n))) => {
                let fits = start + said(line).chars().count() + ARROW <= myob;
                let marks = letters(line.marks);
                vec![if fits {
                    said(line)
                } else {
                    format!("{marks} http#{n}").trim_start().into()
                }]
            }
            _ => wrapped(&said(line), self.end.saturating_sub(start)),
        };
        let count = parts.len().max(line.rows.len()).max(1);
        (0..count)
            .map(|nth| {
                let mut lanes = self.lifelines();
                let part = parts.get(nth).map(String::as_str).unwrap_or_default();
                put(&mut lanes, start, part);
                if nth == 0 && matches!(line.wire, Some(Wire::Leaves(_))) {
                    arrow(&mut lanes, start + part.chars().count() + 1, myob);
                }
                let lanes: String = lanes.into_iter().collect();
                let row = line.rows.get(nth).map(|row| cut(row, self.rows)).unwrap_or_default();
                let lock = line.lock.as_deref().filter(|_| nth == 0).map(holder);
                let lock = lock.unwrap_or_default();
                let left = if nth == 0 {
                    format!("{:>4}  {:>6}", line.step, line.at.as_secs())
                } else {
                    " ".repeat(LEFT - GAP)
                };
                format!("{left}  {lanes}  {row:rows$}  {lock}", rows = self.rows)
            })
            .collect()
    }

    /// The lanes of a line in which nothing happens.
    fn lifelines(&self) -> Vec<char> {
        let mut lanes = vec![' '; self.end];
        for column in (0..self.starts.len()).filter(|it| self.is_shown(*it)) {
            put(&mut lanes, self.span(column).0, "│");
        }
        lanes
    }
}

/// What a line says, after its marks.
fn said(line: &Line) -> String {
    let marks = letters(line.marks);
    if marks.is_empty() { line.text.clone() } else { format!("{marks} {}", line.text) }
}

/// The shortest arrow, with the blank before it.
const ARROW: usize = 3;

/// What a line needs besides its text, and the gap behind the lane.
fn arrow_of(line: &Line) -> usize {
    if matches!(line.wire, Some(Wire::Leaves(_))) { ARROW - GAP } else { 0 }
}

/// Who has the lock; a dash if nobody.
fn holder(name: &str) -> &str {
    if name.is_empty() { "-" } else { name }
}

/// Takes from the widest until all fit: from the actors' lanes first, whose texts may run into the
/// next lane, which is empty in that line; the ledger's has none beside it.
fn narrow(widths: &mut [usize], room: usize) {
    let shown = widths.iter().filter(|width| **width > 0).count();
    let room = room.saturating_sub(GAP * shown.saturating_sub(1));
    let Some((ledger, lanes)) = widths.split_last_mut() else { return };
    shrink(lanes, LANE, room.saturating_sub(*ledger));
    let taken: usize = lanes.iter().sum();
    *ledger = room.saturating_sub(taken).clamp(LEDGER_MIN, (*ledger).max(LEDGER_MIN));
    shrink(lanes, LANE_MIN, room.saturating_sub(*ledger));
}

/// Takes from the widest, down to `least`, until all are in the room.
fn shrink(widths: &mut [usize], least: usize, room: usize) {
    while widths.iter().sum::<usize>() > room {
        match widths.iter_mut().max() {
            Some(width) if *width > least => *width -= 1,
            _ => return,
        }
    }
}

/// Writes a text over what is there; what is beyond the end is lost.
fn put(lanes: &mut [char], from: usize, text: &str) {
    for (place, letter) in lanes.iter_mut().skip(from).zip(text.chars()) {
        *place = letter;
    }
}

/// A line from `from` to just before `to`.
fn arrow(lanes: &mut [char], from: usize, to: usize) {
    let Some(shaft) = lanes.get_mut(from..to) else { return };
    shaft.fill('─');
    if let Some(tip) = shaft.last_mut() {
        *tip = '▶';
    }
}

/// A text in a rule over all lanes.
fn across(text: &str, width: usize) -> String {
    let text = cut(text, width.saturating_sub(6));
    let rest = width.saturating_sub(text.chars().count() + 4);
    format!("── {text} {}", "─".repeat(rest))
}

/// A text that is cut where there is no more room.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(room.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// A name that is cut before its end, which tells the second of a kind from the first.
fn cut_name(name: &str, room: usize) -> String {
    let length = name.chars().count();
    if length <= room {
        return name.to_owned();
    }
    let end: String = name.chars().skip(length.saturating_sub(2)).collect();
    format!("{}{end}", cut(name, room.saturating_sub(2)))
}

/// A text in lines of at most `room` letters, broken at blanks where there are any.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let word = cut(word, room);
        let length = line.chars().count() + word.chars().count() + 1;
        if !line.is_empty() && length > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}
