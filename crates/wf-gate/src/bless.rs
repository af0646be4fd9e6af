//! Recording the number of a ratchet, with the rest of the file left as it is.

use std::time::Duration;

use crate::budgets::{Budgets, Metric};
use crate::control::Controls;
use crate::error::GateError;
use crate::judge::Reading;
use crate::machine::{Kind, Machine};
use crate::observer::Observer;
use crate::plan::Measurement;
use crate::sampler::Order;

/// Counts what ratchet `id` asks for, here and now.
///
/// # Errors
/// When there is no such rule, the counter's controls do not behave, or the subject cannot be counted.
pub fn measure_ratchet(
    budgets: &Budgets,
    id: &str,
    machine: &Machine,
    observer: &mut dyn Observer,
) -> Result<f64, GateError> {
    let rule = budgets
        .rules
        .iter()
        .find(|rule| rule.id == id)
        .ok_or_else(|| GateError::Usage(format!("no rule is called {id}")))?;
    let needs = rule.needs.iter().filter_map(|need| crate::machine::Need::parse(need).ok());
    if let Some(missing) = needs.filter_map(|need| need.missing(machine)).next() {
        return Err(GateError::Usage(format!("{id} cannot be counted here: {missing}")));
    }
    if rule.metric.tool().is_none()
        && let Some(fault) = Controls::counted(observer).counting_fault()
    {
        return Err(GateError::Child { command: "counting".into(), message: fault });
    }
    let subject = rule.subject.clone();
    let what = Measurement::counted(rule.metric, subject);
    let observation = observer.observe(&what, Order::Forward, Duration::ZERO)?;
    let reading = Reading { metric: rule.metric, kind: rule.kind };
    reading
        .value(&observation)
        .ok_or_else(|| GateError::Usage(format!("this system does not tell {}", rule.metric.name())))
}

/// The file's `text` with `value` recorded for ratchet `id` on this kind of machine; and what was recorded before.
///
/// A row of this kind of machine is replaced where it stands, else one is added at the end. Nothing else changes.
#[must_use]
pub fn bless(
    budgets: &Budgets,
    text: &str,
    id: &str,
    value: f64,
    machine: &Machine,
    reason: &str,
) -> (String, Option<f64>) {
    let metric = budgets.rules.iter().find(|rule| rule.id == id).map_or(Metric::Answer, |rule| rule.metric);
    let kind = Kind::of(machine, metric);
    let row = format!(
        "[[baseline]]\nrule   = {}\nvalue  = {value:?}\nrustc  = {}\ntarget = {}\nisa    = {}\ncpu    = {}\nreason = {}\n",
        quoted(id),
        quoted(&kind.rustc),
        quoted(&kind.target),
        quoted(&kind.isa),
        quoted(&kind.cpu),
        quoted(reason),
    );
    let mut out = text.to_owned();
    match budgets.baselines.iter().find(|b| b.rule == id && kind.is_of(b)) {
        Some(before) => {
            out.replace_range(row_at(text, before.span.start), &row);
            (out, Some(before.value))
        }
        None => {
            if !out.ends_with("\n\n") {
                out.push('\n');
            }
            out.push_str(&row);
            (out, None)
        }
    }
}

/// The bytes of the row whose header begins at `start`: the header's line and the lines of keys that follow it.
fn row_at(text: &str, start: usize) -> std::ops::Range<usize> {
    let start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let mut end = start;
    for (index, line) in text[start..].split_inclusive('\n').enumerate() {
        let ends_row = line.trim().is_empty() || line.starts_with(['[', '#']);
        if index > 0 && ends_row {
            break;
        }
        end += line.len();
    }
    start..end
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
schema = 1 # kept
[[rule]]
id      = \"x.a\"
subject = \"x.a\"
metric  = \"bytes_per_run\"
kind    = \"ratchet\"
tier    = \"ci\"
why     = \"it may only shrink\"
";

    fn recorded(text: &str) -> Vec<(f64, String)> {
        let budgets = Budgets::parse("b.toml", text).unwrap_or_else(|errors| panic!("{}\n{text}", errors[0]));
        budgets.baselines.into_iter().map(|b| (b.value, b.reason)).collect()
    }

    #[test]
    fn a_row_is_added_replaced_and_everything_else_kept() {
        let machine = Machine::look();
        let parse = |text: &str| Budgets::parse("b.toml", text).expect("holds together");
        let (first, before) = bless(&parse(FILE), FILE, "x.a", 48.0, &machine, "first");
        assert_eq!(before, None);
        assert!(first.starts_with(FILE), "comments and order stay");
        assert_eq!(recorded(&first), [(48.0, "first".into())]);

        let other = Machine { rustc: "0.0.0".into(), ..machine.clone() };
        let (two, _) = bless(&parse(&first), &first, "x.a", 64.0, &other, "another compiler");
        assert_eq!(recorded(&two).len(), 2);

        let (again, before) = bless(&parse(&two), &two, "x.a", 32.5, &machine, "half of it, \"at last\"");
        assert_eq!(before, Some(48.0));
        assert_eq!(
            recorded(&again),
            [(32.5, "half of it, \"at last\"".into()), (64.0, "another compiler".into())]
        );
        assert!(again.starts_with(FILE));
    }
}
