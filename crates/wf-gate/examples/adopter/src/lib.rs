//! Counts words: an example of something that makes promises about time and memory.

/// Words of `text`, without asking the heap for anything.
#[must_use]
pub fn words(text: &str) -> usize {
    text.split_ascii_whitespace().count()
}

/// The same by collecting them first.
#[must_use]
pub fn words_collected(text: &str) -> usize {
    text.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>().len()
}
