//! Rows in CSV (RFC 4180), the first of which names the variables.

use wf_engine::Value;

use super::{Fault, Table, json};

/// A cell, and where it begins.
struct Cell {
    text: String,
    is_quoted: bool,
    line: usize,
    column: usize,
}

impl Cell {
    fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault { line: self.line, column: self.column, reason: reason.into() }
    }

    fn value(&self) -> Value {
        let text = self.text.as_str();
        if text.starts_with('[')
            && let Some(length) = json::list_length(text)
        {
            return Value::List(length);
        }
        if self.is_quoted {
            return Value::text(text);
        }
        match text {
            "" | "null" => return Value::Null,
            "true" => return Value::Boolean(true),
            "false" => return Value::Boolean(false),
            _ => {}
        }
        // Not `inf` and its like, which are words to people.
        let is_number =
            text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        if !is_number {
            return Value::text(text);
        }
        match (text.parse(), text.parse()) {
            (Ok(integer), _) => Value::Integer(integer),
            (_, Ok(decimal)) => Value::Decimal(decimal),
            _ => Value::text(text),
        }
    }
}

/// The cells of a text.
struct Cells<'x> {
    rest: &'x str,
    line: usize,
    column: usize,
}

impl Cells<'_> {
    fn bump(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        if c == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(c)
    }

    /// The next row that is not empty; `None` at the end.
    fn row(&mut self) -> Result<Option<Vec<Cell>>, Fault> {
        while self.rest.starts_with(['\r', '\n']) {
            self.bump();
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let mut row = Vec::new();
        loop {
            row.push(self.cell()?);
            match self.bump() {
                Some(',') => {}
                // Else the end of the line, or of the text.
                _ => return Ok(Some(row)),
            }
        }
    }

    fn cell(&mut self) -> Result<Cell, Fault> {
        while self.rest.starts_with([' ', '\t']) {
            self.bump();
        }
        let mut cell = Cell { text: String::new(), is_quoted: false, line: self.line, column: self.column };
        if self.rest.starts_with('"') {
            cell.is_quoted = true;
            self.quoted(&mut cell)?;
        }
        while !self.rest.is_empty() && !self.rest.starts_with([',', '\n']) {
            let (line, column) = (self.line, self.column);
            let c = self.bump().unwrap_or_default();
            if cell.is_quoted && !c.is_whitespace() {
                let reason =
                    "text behind a closing quotation mark; one inside a text is written twice".to_owned();
                return Err(Fault { line, column, reason });
            }
            if !cell.is_quoted {
                cell.text.push(c);
            }
        }
        if !cell.is_quoted {
            cell.text.truncate(cell.text.trim_end().len());
        }
        Ok(cell)
    }

    fn quoted(&mut self, cell: &mut Cell) -> Result<(), Fault> {
        self.bump();
        loop {
            match self.bump() {
                None => return Err(cell.fault("this quotation mark is never closed")),
                Some('"') if self.rest.starts_with('"') => {
                    self.bump();
                    cell.text.push('"');
                }
                Some('"') => return Ok(()),
                Some(c) => cell.text.push(c),
            }
        }
    }
}

/// Reads a header and its rows.
pub(super) fn read(text: &str, table: &mut Table<'_>) -> Result<(), Fault> {
    let mut cells = Cells { rest: text, line: 1, column: 1 };
    let Some(header) = cells.row()? else {
        return Err(Fault { line: 1, column: 1, reason: "the file is empty".to_owned() });
    };
    for (at, name) in header.iter().enumerate() {
        if header[..at].iter().any(|other| other.text == name.text) {
            return Err(name.fault(format!("a second column `{}`", name.text)));
        }
    }
    let columns: Vec<Option<usize>> = header.iter().map(|name| table.variable(&name.text)).collect();
    while let Some(row) = cells.row()? {
        if row.len() != columns.len() {
            let reason = format!("{} of the {} cells that the first row names", row.len(), columns.len());
            return Err(row[0].fault(reason));
        }
        for (cell, column) in row.iter().zip(&columns) {
            if let Some(variable) = *column {
                table.set(variable, cell.value()).map_err(|reason| cell.fault(reason))?;
            }
        }
        table.next();
    }
    Ok(())
}
