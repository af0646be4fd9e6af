//! The messages of a tail, read past all that stands before them: an engine numbers those of all its programs.

use super::{Catch, Reader};

/// The names of the messages, and what waits for them; `None` if the bytes are not a tail that far, or something waits for a
/// message that is not there.
pub(crate) fn messages(tail: &[u8]) -> Option<(Vec<&str>, Vec<Catch>)> {
    let mut input = Reader::new(tail);
    input.pass_texts(1)?;
    // Tasks, starts, interrupts and merges are two texts each.
    for _ in 0..4 {
        input.pass_list(|r| r.pass_texts(2))?;
    }
    // Calls, then inputs of joins.
    input.pass_list(|r| r.pass_texts(1))?;
    input.pass_list(|r| r.pass_texts(2))?;
    // Decisions, then which stand behind each route.
    input.pass_list(|r| {
        r.pass_texts(2)?;
        r.pass_numbers(1)?;
        r.pass_list(|r| {
            r.pass_texts(1)?;
            r.pass_numbers(1)?;
            r.pass_texts(2)
        })
    })?;
    input.pass_list(|r| {
        let digits = r.number()?;
        r.pass_numbers(digits)
    })?;
    // Variables, then timers.
    input.pass_list(|r| r.pass_texts(1))?;
    input.pass_list(|r| r.pass_numbers(3))?;
    let names = input.list(|r| core::str::from_utf8(r.text_bytes()?).ok())?;
    let catches = input.list(Reader::catch)?;
    catches.iter().all(|catch| usize::from(catch.message) < names.len()).then_some((names, catches))
}

impl Reader<'_> {
    fn pass_texts(&mut self, count: usize) -> Option<()> {
        (0..count).try_for_each(|_| self.text_bytes().map(drop))
    }

    fn pass_numbers(&mut self, count: u32) -> Option<()> {
        (0..count).try_for_each(|_| self.number().map(drop))
    }

    /// Each item takes bytes, so a damaged length ends with the input.
    fn pass_list(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        let length = self.number()?;
        (0..length).try_for_each(|_| each(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::Names;
    use crate::{CompileOptions, NetBuilder, Outline, Retention, compile};

    fn image() -> crate::Image {
        let mut net = NetBuilder::new("n");
        let (start, choice, end) = (net.start("s"), net.exclusive("x"), net.end("e"));
        let (one, other) =
            (net.receive("one", Retention::Transient), net.receive("other", Retention::Persistent));
        for (from, to) in [(start, choice), (choice, one), (choice, other), (one, end), (other, end)] {
            net.flow(from, to);
        }
        net.message(one, "paid");
        net.message(other, "lost");
        compile(&net.build().unwrap(), &CompileOptions::default()).unwrap()
    }

    #[test]
    fn they_are_those_of_the_names() {
        let image = image();
        let outline = Outline::read(image.as_bytes()).unwrap();
        let (_, names) = outline.check().unwrap();
        assert!(!names.messages.is_empty() && !names.catches.is_empty());
        let (texts, catches) = outline.messages().unwrap();
        assert_eq!((texts, catches), (names.messages.iter().map(String::as_str).collect(), names.catches));
    }

    #[test]
    fn a_tail_that_is_cut_short_or_changed_is_none_or_read_without_a_panic() {
        let image = image();
        let (_, names) = Outline::read(image.as_bytes()).unwrap().check().unwrap();
        let whole = names.write();
        // Without patterns the last bytes say that there are none, and no bodies.
        let before = Names { patterns: Vec::new(), ..names.clone() }.write().len() - 2;
        for length in 0..whole.len() {
            assert_eq!(messages(&whole[..length]).is_some(), length >= before, "{length}");
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x7F, 0xFF] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                // What is a whole tail has the same messages by both ways.
                if let Some(names) = Names::read(&bytes) {
                    let texts: Vec<&str> = names.messages.iter().map(String::as_str).collect();
                    assert_eq!(messages(&bytes), Some((texts, names.catches)));
                } else {
                    let _ = messages(&bytes);
                }
            }
        }
    }
}
