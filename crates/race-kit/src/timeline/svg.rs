//! The picture for a page: lanes as columns, requests in the air as arrows.
//!
//! It is plain SVG without scripts or fonts of its own, and follows the reader's light or dark
//! colours. Each mark has a shape of its own, so that nobody needs the colours.

use std::fmt::Write as _;

use super::{Timeline, column_of};
use crate::record::{Lane, Line, Marks, Wire};

/// Steps that are drawn at most.
const LINES: usize = 60;

/// Where the first lane stands.
const LEFT: usize = 130;

/// Between two lines of the picture.
const STEP: usize = 26;

/// Between two lines of a text.
const LEADING: usize = 18;

/// What a letter of the texts takes, about.
const LETTER: usize = 8;

/// A lane's width: as its longest text needs it, within these.
const LANE: (usize, usize) = (120, 300);

const STYLE: &str = "
  svg { --paper: #ffffff; --ink: #1c1c1e; --faint: #b8b8c0; --wire: #1d5fbf; --fault: #b35900;
        --broken: #c01c28; --point: #7b2fa8; background: var(--paper); }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #16161a; --ink: #ececf0; --faint: #55555f; --wire: #7fb2ff; --fault: #ffb066;
          --broken: #ff7b80; --point: #d7a6ff; }
  }
  text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: var(--ink);
         paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
  .name { font-weight: bold; }
  .aside { fill: var(--faint); }
  .life, .time { stroke: var(--faint); }
  .time { stroke-dasharray: 2 4; }
  .dot { fill: var(--ink); }
  .wire { stroke: var(--wire); stroke-width: 1.5; fill: none; }
  .lost { stroke-dasharray: 6 4; }
  .tip { fill: var(--wire); }
  .fault { stroke: var(--fault); stroke-width: 3; fill: none; }
  .point { fill: var(--point); }
  .broken { fill: var(--broken); }
  .verdict { fill: var(--broken); font-weight: bold; }
";

impl Timeline {
    /// The picture as an SVG document.
    pub fn svg(&self) -> String {
        let selection = self.select(LINES);
        let drawing = Drawing::of(self, &selection.lines);
        let mut body = String::new();
        drawing.plan(&mut body);
        drawing.lanes(&mut body);
        for (nth, line) in selection.lines.iter().enumerate() {
            drawing.line(&mut body, nth, line);
        }
        for wire in drawing.wires() {
            drawing.wire(&mut body, &wire);
        }
        drawing.end(&mut body, selection.left_out);
        let (width, height) = (drawing.width, drawing.height(selection.left_out));
        let title = escaped(&format!("Race: {}", self.plan.setting.scenario));
        let about = escaped(&self.sentences().join(" "));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title about\">\n\
             <title id=\"title\">{title}</title>\n<desc id=\"about\">{about}</desc>\n\
             <style>{STYLE}</style>\n\
             <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" \
             markerHeight=\"8\" orient=\"auto\"><path class=\"tip\" d=\"M0 0 L8 4 L0 8 z\"/>\
             </marker></defs>\n{body}</svg>\n"
        )
    }
}

/// A request on its way: from which line of which lane, to which line, and whether it arrives.
struct Flown {
    number: usize,
    column: usize,
    from: usize,
    to: Option<(usize, bool)>,
}

/// Where everything stands.
struct Drawing<'a> {
    timeline: &'a Timeline,
    lines: &'a [&'a Line],
    actors: usize,
    /// Where each lane stands; `None` if it is not drawn.
    columns: Vec<Option<usize>>,
    rows: usize,
    lock: usize,
    width: usize,
    /// Where the first step is.
    top: usize,
    plan: Vec<String>,
}

impl<'a> Drawing<'a> {
    fn of(timeline: &'a Timeline, lines: &'a [&'a Line]) -> Self {
        let actors = timeline.plan.setting.actors.len();
        let mut at = LEFT;
        let columns = (0..=actors + 1)
            .map(|column| {
                let own = |line: &&&Line| {
                    line.lane != Lane::World && column_of(line.lane, actors) == column
                };
                let longest = lines.iter().filter(own).map(|line| line.text.chars().count()).max();
                if column == actors && longest.is_none() {
                    return None;
                }
                let width = (longest.unwrap_or(0) + 4).saturating_mul(LETTER);
                let start = at;
                at += width.clamp(LANE.0, LANE.1);
                Some(start)
            })
            .collect();
        let longest_row = lines.iter().map(|line| line.rows.join(", ").chars().count()).max();
        let rows = at + 24;
        let lock = rows + (longest_row.unwrap_or(0).max(8) + 2).saturating_mul(LETTER);
        let plan: Vec<String> = timeline.plan.to_string().lines().map(str::to_owned).collect();
        let texts = timeline.sentences();
        let widest = plan.iter().chain(&texts).map(|it| it.chars().count()).max().unwrap_or(0);
        let width = (lock + 16 * LETTER).max(40 + widest.saturating_mul(LETTER));
        let top = 40 + plan.len().saturating_mul(LEADING) + 2 * STEP;
        Self { timeline, lines, actors, columns, rows, lock, width, top, plan }
    }

    fn y(&self, nth: usize) -> usize {
        self.top + nth.saturating_mul(STEP)
    }

    /// Where a lane stands.
    fn x(&self, column: usize) -> usize {
        self.columns.get(column).copied().flatten().unwrap_or(LEFT)
    }

    fn height(&self, left_out: usize) -> usize {
        let texts = self.timeline.sentences().len() + usize::from(left_out > 0);
        self.y(self.lines.len()) + (texts + 2).saturating_mul(LEADING)
    }

    fn plan(&self, body: &mut String) {
        for (nth, line) in self.plan.iter().enumerate() {
            text(body, (20, 30 + nth.saturating_mul(LEADING)), "plan", line);
        }
    }

    /// The lanes' names and lines.
    fn lanes(&self, body: &mut String) {
        let head = self.top - STEP;
        text(body, (20, head), "aside", "step");
        text(body, (70, head), "aside", "s");
        text(body, (self.rows, head), "aside", "invoices");
        text(body, (self.lock, head), "aside", "run lock");
        let foot = self.y(self.lines.len());
        for (column, x) in self.columns.iter().enumerate() {
            let Some(x) = x else { continue };
            let lane = if column > self.actors { Lane::Ledger } else { Lane::Actor(column) };
            text(body, (*x, head), "name", &lane.name(&self.timeline.plan.setting));
            let from = head + 8;
            let _infallible = writeln!(
                body,
                "<line class=\"life\" x1=\"{x}\" y1=\"{from}\" x2=\"{x}\" y2=\"{foot}\"/>"
            );
        }
    }

    fn line(&self, body: &mut String, nth: usize, line: &Line) {
        let y = self.y(nth);
        text(body, (20, y + 4), "aside", &line.step.to_string());
        text(body, (70, y + 4), "aside", &line.at.as_secs().to_string());
        let x = self.x(column_of(line.lane, self.actors));
        if line.lane == Lane::World {
            let to = self.rows - 16;
            let _infallible = writeln!(
                body,
                "<line class=\"time\" x1=\"{x}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\"/>"
            );
        }
        mark(body, (x, y), line.marks);
        text(body, (x + 14, y + 4), "what", &line.text);
        if !line.rows.is_empty() {
            text(body, (self.rows, y + 4), "row", &line.rows.join(", "));
        }
        if let Some(holder) = &line.lock {
            text(body, (self.lock, y + 4), "lock", if holder.is_empty() { "-" } else { holder });
        }
    }

    /// The requests whose leaving is shown.
    fn wires(&self) -> Vec<Flown> {
        let mut all: Vec<Flown> = Vec::new();
        for (nth, line) in self.lines.iter().enumerate() {
            match line.wire {
                Some(Wire::Leaves(number)) => {
                    let column = column_of(line.lane, self.actors);
                    all.push(Flown { number, column, from: nth, to: None });
                }
                Some(Wire::Lands(number) | Wire::Ends(number)) => {
                    let lands = matches!(line.wire, Some(Wire::Lands(_)));
                    if let Some(it) = all.iter_mut().find(|it| it.number == number) {
                        it.to = Some((nth, lands));
                    }
                }
                Some(Wire::Stays(_) | Wire::Answers(_)) | None => {}
            }
        }
        all
    }

    fn wire(&self, body: &mut String, flown: &Flown) {
        let (x1, y1) = (self.x(flown.column) + 6, self.y(flown.from));
        let (nth, lands) = flown.to.unwrap_or((self.lines.len(), false));
        let (x2, y2) = (self.x(self.actors + 1) - 6, self.y(nth));
        let (class, tip) =
            if lands { ("wire", " marker-end=\"url(#tip)\"") } else { ("wire lost", "") };
        let number = flown.number;
        let _infallible = writeln!(
            body,
            "<path class=\"{class}\" d=\"M{x1} {y1} L{x2} {y2}\"{tip}>\
             <title>http#{number}</title></path>"
        );
    }

    /// What came of it.
    fn end(&self, body: &mut String, left_out: usize) {
        let mut y = self.y(self.lines.len()) + LEADING;
        for sentence in self.timeline.sentences() {
            let class = if sentence.starts_with('!') { "verdict" } else { "said" };
            text(body, (20, y), class, &sentence);
            y += LEADING;
        }
        if left_out > 0 {
            let all = self.timeline.lines.len();
            text(
                body,
                (20, y),
                "aside",
                &format!("{left_out} of {all} calls and events left out."),
            );
        }
    }
}

/// What stands on a lane: a dot, or a shape for each mark.
fn mark(body: &mut String, (x, y): (usize, usize), marks: Marks) {
    let mut shapes = Vec::new();
    if marks.no_return {
        shapes.push("<path class=\"point\" d=\"M0 -9 L8 0 L0 9 L-8 0 z\"/>");
    }
    if marks.violation {
        shapes.push("<path class=\"broken\" d=\"M0 -9 L10 8 L-10 8 z\"/>");
    }
    if marks.fault {
        shapes.push("<path class=\"fault\" d=\"M-6 -6 L6 6 M-6 6 L6 -6\"/>");
    }
    if shapes.is_empty() {
        shapes.push("<circle class=\"dot\" r=\"3\"/>");
    }
    let _infallible = writeln!(body, "<g transform=\"translate({x} {y})\">{}</g>", shapes.concat());
}

fn text(body: &mut String, (x, y): (usize, usize), class: &str, what: &str) {
    let what = escaped(what);
    let _infallible = writeln!(body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{what}</text>");
}

/// A text as it may stand between tags. What XML cannot hold at all becomes a question mark.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {
                out.push('?');
            }
            other => out.push(other),
        }
    }
    out
}
