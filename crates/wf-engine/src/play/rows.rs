//! The values with which the cases of a play start.

use wf_net::guard::Value;

/// Values with which cases start: a row each, from the first again when there are more cases than rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    width: usize,
    count: usize,
    cells: Vec<(u16, Value)>,
}

impl Rows {
    /// No rows yet; each will have values for so many variables.
    #[must_use]
    pub const fn new(width: usize) -> Self {
        Self { width, count: 0, cells: Vec::new() }
    }

    /// Adds a row: numbers of variables with their values.
    ///
    /// # Panics
    /// If the row has another width.
    pub fn push(&mut self, row: &[(u16, Value)]) {
        assert_eq!(row.len(), self.width, "rows have one width");
        self.cells.extend_from_slice(row);
        self.count += 1;
    }

    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none: then decisions are not left to data.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The row of a case, by the case's number.
    #[must_use]
    pub fn of_case(&self, number: u64) -> &[(u16, Value)] {
        if self.is_empty() {
            return &[];
        }
        let row = (number % self.count as u64) as usize;
        &self.cells[row * self.width..(row + 1) * self.width]
    }
}
