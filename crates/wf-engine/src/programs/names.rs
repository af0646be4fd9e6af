//! Names by number, end to end in one piece of memory.

/// Many names, none of which is an allocation of its own.
#[derive(Debug, Default)]
pub(crate) struct Names {
    text: Box<str>,
    /// Where each name ends.
    ends: Box<[usize]>,
}

/// Names being gathered.
#[derive(Debug, Default)]
pub(crate) struct NamesDraft {
    text: String,
    ends: Vec<usize>,
}

impl NamesDraft {
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self { text: String::new(), ends: Vec::with_capacity(count) }
    }

    pub(crate) fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends.push(self.text.len());
    }

    pub(crate) fn finish(self) -> Names {
        Names { text: self.text.into(), ends: self.ends.into() }
    }
}

impl Names {
    /// The name of a number, or `None` past the end.
    pub(crate) fn get(&self, number: u32) -> Option<&str> {
        let number = number as usize;
        let end = *self.ends.get(number)?;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_their_numbers() {
        let mut draft = NamesDraft::with_capacity(3);
        ["order", "", "größe"].into_iter().for_each(|name| draft.push(name));
        let names = draft.finish();
        assert_eq!(
            [0, 1, 2, 3].map(|number| names.get(number)),
            [Some("order"), Some(""), Some("größe"), None]
        );
        assert_eq!(Names::default().get(0), None);
    }
}
