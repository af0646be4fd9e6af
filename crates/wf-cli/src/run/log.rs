//! The event log of a run, as CSV or XES, written while it is played.
//!
//! # Sources
//! IEEE 1849-2016, *XES*; RFC 4180 for CSV. Both have the names of columns that tools of process mining look for.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use wf_engine::Engine;
use wf_net::{Label, Names};

use crate::exit::Failure;
use crate::model::Compiled;
use crate::output::Output;
use crate::trace::{Record, Step};

/// The first line of a log as CSV.
const COLUMNS: &str =
    "case:concept:name,concept:name,lifecycle:transition,time:timestamp,step,element,org:role";

/// How a log as XES begins.
const XES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/""#;

const XES_REST: &str = r#">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event"><string key="concept:name" value=""/><string key="lifecycle:transition" value="complete"/><date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/></global>
<classifier name="Activity" keys="concept:name"/>
"#;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    Xes,
}

/// A log on its way. It holds one event at a time.
pub(crate) struct Log {
    format: Format,
    out: Output,
    names: Vec<Option<Names>>,
    /// The role of whoever does a task, by program and task.
    roles: Vec<Vec<String>>,
    /// Whether the case that is being played has its trace open.
    is_open: bool,
    line: String,
}

impl Log {
    pub(crate) fn create(
        path: &Path,
        model: &Path,
        engine: &Engine,
        compiled: &[&Compiled],
    ) -> Result<Self, Failure> {
        let format = match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => Format::Csv,
            Some("xes") => Format::Xes,
            _ => {
                return Err(Failure::Usage(format!(
                    "the name of a log ends in .csv or .xes, which says how it is written; {} does not",
                    path.display()
                )));
            }
        };
        let begins = if format == Format::Csv { COLUMNS } else { XES };
        let mut out = Output::create(path, begins, &[model])?;
        let rest = if format == Format::Csv { "\r\n" } else { XES_REST };
        write!(out, "{begins}{rest}").map_err(|error| Failure::file("write", path, error))?;
        let names = engine.programs().map(|(program, _)| engine.names(program)).collect();
        let roles = engine.programs().map(|(_, id)| roles(compiled, id)).collect();
        Ok(Self { format, out, names, roles, is_open: false, line: String::new() })
    }

    /// Gives the log its name.
    pub(crate) fn publish(mut self) -> Result<(), Failure> {
        if self.format == Format::Xes {
            let failed = |error: io::Error| Failure::Io(format!("cannot write the log: {error}"));
            self.out.write_all(b"</log>\n").map_err(failed)?;
        }
        self.out.publish()
    }
}

impl Record for Log {
    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        self.line.clear();
        let line = &mut self.line;
        // What is written to a string arrives.
        let _ = if self.format == Format::Xes && !core::mem::replace(&mut self.is_open, true) {
            writeln!(line, "<trace><string key=\"concept:name\" value=\"{}\"/>", step.number + 1)
        } else {
            Ok(())
        };
        let Some(label) = activity(&self.names, step) else { return self.out.write_all(line.as_bytes()) };
        let role = self.roles.get(step.program.0 as usize).and_then(|roles| roles.get(step.route));
        let role = role.map_or("", String::as_str);
        let _ = match self.format {
            Format::Csv => write!(
                line,
                "{},{},complete,{},{},{},{}\r\n",
                step.number + 1,
                field(&label.text),
                timestamp(step.step),
                step.step,
                field(&label.id),
                field(role)
            ),
            Format::Xes => writeln!(
                line,
                "<event><string key=\"concept:name\" value=\"{}\"/>\
                 <string key=\"lifecycle:transition\" value=\"complete\"/>\
                 <date key=\"time:timestamp\" value=\"{}\"/><int key=\"step\" value=\"{}\"/>\
                 <string key=\"element\" value=\"{}\"/>\
                 <string key=\"org:role\" value=\"{}\"/></event>",
                escaped(&label.text),
                timestamp(step.step),
                step.step,
                escaped(&label.id),
                escaped(role)
            ),
        };
        self.out.write_all(line.as_bytes())
    }

    fn case_over(&mut self) -> io::Result<()> {
        if core::mem::replace(&mut self.is_open, false) { self.out.write_all(b"</trace>\n") } else { Ok(()) }
    }
}

/// What was done in a step; nothing when the case started.
fn activity<'n>(names: &'n [Option<Names>], step: &Step<'_>) -> Option<&'n Label> {
    let names = names.get(step.program.0 as usize)?.as_ref()?;
    let behind = names.tasks.len() + names.starts.len();
    names.tasks.get(step.route).or_else(|| names.interrupts.get(step.route.checked_sub(behind)?))
}

/// The roles of those who do the tasks of a program, by task; empty where the model names none.
fn roles(compiled: &[&Compiled], id: &str) -> Vec<String> {
    let Some(compiled) = compiled.iter().find(|compiled| compiled.process.id == id) else {
        return Vec::new();
    };
    let process = &compiled.process;
    process.net.tasks().map(|task| process.role_of(task).unwrap_or_default().to_owned()).collect()
}

/// A logical step as a moment: so many seconds after the epoch.
fn timestamp(step: u32) -> String {
    let (days, seconds) = (step / 86_400, step % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000+00:00")
}

/// The date so many days after the first of January 1970.
fn date(days: u32) -> (u32, u32, u32) {
    // Years from March on, in cycles of 400: after Howard Hinnant's `civil_from_days`.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u32::from(month <= 2), month, day)
}

/// A field of CSV, in quotes where it needs them.
fn field(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A text as the value of an XML attribute.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_seconds_of_the_calendar() {
        for (step, expected) in [
            (0, "1970-01-01T00:00:00.000+00:00"),
            (61, "1970-01-01T00:01:01.000+00:00"),
            (100_000, "1970-01-02T03:46:40.000+00:00"),
            (951_782_400, "2000-02-29T00:00:00.000+00:00"),
            (u32::MAX, "2106-02-07T06:28:15.000+00:00"),
        ] {
            assert_eq!(timestamp(step), expected);
        }
    }

    #[test]
    fn fields_and_values_keep_what_separates_them() {
        assert_eq!(field("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(escaped("a < \"b\" & c"), "a &lt; &quot;b&quot; &amp; c");
    }
}
