//! What an engine wants to know of each of many programs before it uses any.

use super::{ImageError, Program};
use crate::image::{Header, TaskCell};
use crate::tail::{Catch, Names, messages};

/// A view of an image whose header is checked, and nothing behind it.
///
/// Where the parts stand is known, so that they can be looked at; what stands in them is to be believed after
/// [`check`](Self::check) only.
#[derive(Clone, Copy, Debug)]
pub struct Outline<'i>(Program<'i>);

impl<'i> Outline<'i> {
    /// Checks the header, in time that does not depend on the image's length.
    ///
    /// # Errors
    /// The first field that is not valid.
    pub fn read(bytes: &'i [u8]) -> Result<Self, ImageError> {
        let program = Program::begin(bytes)?;
        program.check_header().map_err(ImageError::Header)?;
        Ok(Self(program))
    }

    /// Checks all else: gives what [`Program::parse_named`] does.
    ///
    /// # Errors
    /// The first part that is not valid.
    pub fn check(self) -> Result<(Program<'i>, Names), ImageError> {
        self.0.check_build_id()?;
        let names = self.0.check_parts()?;
        Ok((self.0, names))
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &'i Header {
        self.0.header()
    }

    /// What is kept of the tasks, then of the interrupts.
    pub fn tasks(&self) -> impl Iterator<Item = &'i TaskCell> + use<'i> {
        let program = self.0;
        let count = usize::from(program.header.tasks) + usize::from(program.header.interrupts);
        (0..count).map(move |task| program.task(task))
    }

    /// The names of the messages by number, and what waits for them; no other name is looked at.
    ///
    /// # Errors
    /// [`ImageError::Tail`] if they cannot be read, or one that waits does for a message that there is not.
    pub fn messages(&self) -> Result<(Vec<&'i str>, Vec<Catch>), ImageError> {
        messages(self.0.tail()).ok_or(ImageError::Tail)
    }
}
