//! The text that collectors read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::family::{Family, Type};
use crate::meter::{Counted, Labels, Times};

/// A gauge's values by their labels.
pub(crate) type Gauges = BTreeMap<(&'static str, Labels), i64>;

/// Every family that has a value, and those of counters and histograms that have none yet.
pub(crate) fn page(gauges: &Gauges, counted: &Counted) -> String {
    let mut out = Page::default();
    for family in &Family::ALL {
        out.head(family);
        match family.kind {
            Type::Gauge => out.samples(family, gauges),
            Type::Counter => out.samples(family, &counted.counts),
            Type::Histogram(bounds) => {
                let own = counted.times.iter().filter(|((name, _), _)| *name == family.name);
                for ((_, labels), times) in own {
                    out.histogram(family, labels, bounds, times);
                }
            }
        }
    }
    out.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("writing to a string cannot fail");
    }

    fn head(&mut self, family: &Family) {
        let kind = match family.kind {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram(_) => "histogram",
        };
        let Family { name, help, .. } = family;
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn samples(
        &mut self,
        family: &Family,
        values: &BTreeMap<(&'static str, Labels), impl std::fmt::Display>,
    ) {
        for ((_, labels), value) in values.iter().filter(|((name, _), _)| *name == family.name) {
            let labels = shown(family, labels, None);
            self.line(format_args!("{}{labels} {value}", family.name));
        }
    }

    fn histogram(&mut self, family: &Family, labels: &Labels, bounds: &[Duration], times: &Times) {
        let name = family.name;
        let mut below = 0;
        for (bound, within) in bounds.iter().zip(&times.within) {
            below += within;
            let labels = shown(family, labels, Some(&seconds(*bound)));
            self.line(format_args!("{name}_bucket{labels} {below}"));
        }
        let all = shown(family, labels, Some("+Inf"));
        self.line(format_args!("{name}_bucket{all} {}", times.count));
        let labels = shown(family, labels, None);
        self.line(format_args!("{name}_sum{labels} {}", seconds(times.sum)));
        self.line(format_args!("{name}_count{labels} {}", times.count));
    }
}

/// Labels with their names, and the bound of a bucket.
fn shown(family: &Family, labels: &Labels, bound: Option<&str>) -> String {
    let named = family.labels.iter().copied().zip(labels.iter().map(String::as_str));
    let pairs = named.chain(bound.map(|bound| ("le", bound)));
    let pairs: Vec<String> =
        pairs.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A time in seconds, to the microsecond, without needless zeros.
fn seconds(time: Duration) -> String {
    let text = format!("{}.{:06}", time.as_secs(), time.subsec_micros());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_in_seconds() {
        for (millis, shown) in
            [(0, "0"), (100, "0.1"), (1_000, "1"), (2_500, "2.5"), (120_000, "120")]
        {
            assert_eq!(seconds(Duration::from_millis(millis)), shown);
        }
        assert_eq!(seconds(Duration::from_micros(1_000_001)), "1.000001");
    }

    #[test]
    fn a_label_cannot_end_its_quotes() {
        assert_eq!(escaped("a\"b\\c\nd"), r#"a\"b\\c\nd"#);
    }
}
