//! Rows in JSON: an array of objects, or an object a line.

use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use wf_engine::Value;

use super::{Fault, Table};

/// An array of objects.
pub(super) fn array(text: &str, table: &mut Table<'_>) -> Result<(), Fault> {
    let mut json = serde_json::Deserializer::from_str(text);
    let read = Whole(table).deserialize(&mut json).and_then(|()| json.end());
    read.map_err(|error| fault(&error, 0))
}

/// An object a line; empty lines count for nothing.
pub(super) fn lines(text: &str, table: &mut Table<'_>) -> Result<(), Fault> {
    for (before, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let mut json = serde_json::Deserializer::from_str(line);
        let read = Row(table).deserialize(&mut json).and_then(|()| json.end());
        read.map_err(|error| fault(&error, before))?;
    }
    Ok(())
}

fn fault(error: &serde_json::Error, lines_before: usize) -> Fault {
    let (line, column) = (error.line(), error.column());
    let reason = error.to_string();
    // The place stands in front here.
    let reason =
        reason.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&reason).to_owned();
    Fault { line: line + lines_before, column, reason }
}

struct Whole<'t, 'n>(&'t mut Table<'n>);

impl<'de> DeserializeSeed<'de> for Whole<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while rows.next_element_seed(Row(self.0))?.is_some() {}
        Ok(())
    }
}

/// One object: a case.
struct Row<'t, 'n>(&'t mut Table<'n>);

impl<'de> DeserializeSeed<'de> for Row<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the variables of a case")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            members.next_value_seed(Cell { table: &mut *self.0, name })?;
        }
        self.0.next();
        Ok(())
    }
}

/// The value of a variable, or an object whose members are variables with dotted names.
struct Cell<'t, 'n> {
    table: &'t mut Table<'n>,
    name: String,
}

impl Cell<'_, '_> {
    fn set<E: Error>(self, value: Value) -> Result<(), E> {
        match self.table.variable(&self.name) {
            Some(variable) => self.table.set(variable, value).map_err(E::custom),
            None => Ok(()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Cell<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Cell<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.set(Value::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.set(Value::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.set(Value::Integer(value)),
            Err(_) => self.set(Value::Decimal(value as f64)),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.set(Value::Decimal(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.set(Value::text(value))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.set(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut length = 0u32;
        while items.next_element::<IgnoredAny>()?.is_some() {
            length = length.saturating_add(1);
        }
        self.set(Value::List(length))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(member) = members.next_key::<String>()? {
            let name = format!("{}.{member}", self.name);
            members.next_value_seed(Cell { table: &mut *self.table, name })?;
        }
        Ok(())
    }
}

/// How many items a JSON array has; `None` for anything else.
pub(super) fn list_length(text: &str) -> Option<u32> {
    let items: Vec<IgnoredAny> = serde_json::from_str(text).ok()?;
    u32::try_from(items.len()).ok()
}
