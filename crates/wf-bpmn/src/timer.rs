//! When a timer event happens: durations, dates and cycles of ISO 8601.

use core::fmt;

use jiff::civil::DateTime;
use jiff::{Span, Timestamp};
use wf_net::Timer;

use crate::model::Model;
use crate::tree::Index;
use crate::{Error, ModelFault};

/// Why the engine's clock does not bring a timer event about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Untimed {
    /// Nothing says when.
    Unsaid,
    /// The data of the case says when.
    Expression(String),
    /// Another notation, such as cron's.
    Notation(String),
    /// Years or months.
    Calendar,
    /// A date without an offset from UTC.
    Local,
    /// Before the clock's first second, or behind its last.
    Range,
    /// A cycle with a begin or an end.
    Bounded,
    /// It happens more than once.
    Again,
    /// One of several timers of an event.
    Several,
    /// When that began which it watches is not known.
    NoBegin,
}

impl fmt::Display for Untimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsaid => "the model does not say it",
            Self::Expression(text) => return write!(f, "`{text}` is an expression"),
            Self::Notation(text) => return write!(f, "`{text}` is not ISO 8601"),
            Self::Calendar => "years and months have no fixed length",
            Self::Local => "its date has no offset from UTC",
            Self::Range => "it is no second of a clock from 1970 to 2106",
            Self::Bounded => "its cycle is not a number and a duration",
            Self::Again => "it happens again and again",
            Self::Several => "it has several timers",
            Self::NoBegin => "no token stands still from the begin of what it watches",
        })
    }
}

/// A timer as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    /// Whether it happens again and again.
    pub(crate) is_cycle: bool,
    /// When it happens, of a cycle for the first time.
    pub(crate) when: Result<Timer, Untimed>,
}

/// How a text is not what it begins like.
type Reason = String;

/// Reads bpmn:timerEventDefinition of a flow node; a text that only begins like ISO 8601 is noted as a problem.
pub(crate) fn read(model: &mut Model<'_, '_>, node: Index, definition: Index) -> Read {
    let tree = model.tree;
    let is_time = |&child: &Index| matches!(tree.name(child), "timeDate" | "timeDuration" | "timeCycle");
    let unsaid = Read { is_cycle: false, when: Err(Untimed::Unsaid) };
    let Some(time) = tree.children(definition).find(is_time) else { return unsaid };
    let name = tree.name(time);
    let whole = tree.text(time);
    let text = whole.trim();
    let read = match literal(text) {
        _ if text.is_empty() => Ok(Read { is_cycle: name == "timeCycle", when: Err(Untimed::Unsaid) }),
        None => Ok(Read {
            is_cycle: name == "timeCycle",
            when: Err(Untimed::Expression(crate::xml::shorten(text))),
        }),
        Some(literal) => match name {
            "timeDate" => date(literal).map(|when| Read { is_cycle: false, when }),
            "timeDuration" => duration(literal).map(|when| Read { is_cycle: false, when }),
            _ => cycle(literal),
        },
    };
    read.unwrap_or_else(|reason| {
        let fault = ModelFault::Timer { text: crate::xml::shorten(text), reason };
        let mut error = Error::of(tree.element(node), fault);
        error.position = tree.position_in(time, whole.len() - whole.trim_start().len());
        model.report(error);
        unsaid
    })
}

/// The text itself, or that in an expression which is nothing but a text; `None` for another expression.
fn literal(text: &str) -> Option<&str> {
    let braces = text.strip_prefix("${").or_else(|| text.strip_prefix("#{"));
    let inner = match (text.strip_prefix('='), braces) {
        (Some(feel), _) => feel.trim(),
        (_, Some(juel)) => juel.strip_suffix('}')?.trim(),
        _ if text.contains("${") || text.contains("#{") => return None,
        _ => return Some(text),
    };
    let called = ["duration", "date and time"].iter().find_map(|name| inner.strip_prefix(name));
    let called = called.and_then(|rest| rest.trim().strip_prefix('(')?.strip_suffix(')'));
    let inner = called.unwrap_or(inner).trim();
    let quoted = |quote: char| inner.strip_prefix(quote)?.strip_suffix(quote);
    let text = quoted('"').or_else(|| quoted('\''))?;
    (!text.contains(['"', '\'', '\\'])).then_some(text.trim())
}

fn notation(text: &str) -> Untimed {
    Untimed::Notation(crate::xml::shorten(text))
}

/// A duration from when a token comes; a part of a second counts as a whole one.
fn duration(text: &str) -> Result<Result<Timer, Untimed>, Reason> {
    let designated = text.trim_start_matches(['+', '-']).strip_prefix(['P', 'p']);
    let is_claim = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, 'T' | 't'));
    if !designated.is_some_and(|rest| rest.is_empty() || is_claim(rest)) {
        return Ok(Err(notation(text)));
    }
    let span: Span = text.parse().map_err(|error| no("duration", &error))?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return Ok(Err(Untimed::Calendar));
    }
    let whole = [
        (i64::from(span.get_weeks()), 7 * 24 * 3600),
        (i64::from(span.get_days()), 24 * 3600),
        (i64::from(span.get_hours()), 3600),
        (span.get_minutes(), 60),
        (span.get_seconds(), 1),
    ];
    let seconds: i128 = whole.iter().map(|&(count, each)| i128::from(count) * each).sum();
    let parts =
        [(span.get_milliseconds(), 1_000_000), (span.get_microseconds(), 1000), (span.get_nanoseconds(), 1)];
    let nanoseconds: i128 = parts.iter().map(|&(count, each)| i128::from(count) * each).sum();
    let nanoseconds = seconds * 1_000_000_000 + nanoseconds;
    let rounded =
        nanoseconds.div_euclid(1_000_000_000) + i128::from(nanoseconds.rem_euclid(1_000_000_000) > 0);
    Ok(u32::try_from(rounded).map(Timer::After).map_err(|_| Untimed::Range))
}

/// A date as the second of Unix time.
fn date(text: &str) -> Result<Result<Timer, Untimed>, Reason> {
    let is_claim = text.len() > 4
        && text.bytes().take(4).all(|byte| byte.is_ascii_digit())
        && matches!(text.as_bytes()[4], b'-' | b'0'..=b'9');
    if !is_claim {
        return Ok(Err(notation(text)));
    }
    let at: Timestamp = match text.parse() {
        Ok(at) => at,
        Err(_) if text.parse::<DateTime>().is_ok() => return Ok(Err(Untimed::Local)),
        Err(error) => return Err(no("date", &error)),
    };
    let second = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
    Ok(u32::try_from(second).map(Timer::At).map_err(|_| Untimed::Range))
}

/// A number of repetitions and a duration; with the number 1 it is that duration.
fn cycle(text: &str) -> Result<Read, Reason> {
    let mut parts = text.split('/');
    let times = parts.next().and_then(|first| first.strip_prefix('R'));
    let is_claim = |times: &str| times.bytes().all(|byte| byte.is_ascii_digit()) && text.contains('/');
    let Some(times) = times.filter(|times| is_claim(times)) else {
        return Ok(Read { is_cycle: true, when: Err(notation(text)) });
    };
    match (parts.next(), parts.next()) {
        (Some(each), None) if !matches!(times, "0") => {
            let when = match duration(each)? {
                Err(Untimed::Notation(_)) => {
                    return Err("what follows `R/` is no ISO 8601 duration".to_owned());
                }
                when => when,
            };
            Ok(Read { is_cycle: times != "1", when })
        }
        _ => Ok(Read { is_cycle: true, when: Err(Untimed::Bounded) }),
    }
}

fn no(what: &str, error: &jiff::Error) -> Reason {
    format!("no ISO 8601 {what}: {error}")
}
