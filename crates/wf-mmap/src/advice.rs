//! What a mapping's reader may tell the kernel; each piece of advice is a wish with an answer.

#[cfg(unix)]
mod unix;

use crate::error::{Error, ErrorKind};
use crate::store::Store;

/// How a mapped store will be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// Here and there: do not read ahead. For a store on a disk that is larger than memory: a look-up that goes to the disk
    /// reads a page, and not all that the system reads ahead.
    Random,
    /// Front to back.
    Sequential,
    /// Soon: read it ahead in the background.
    WillNeed,
    /// In huge pages, if the kernel can; [`Store::pages`] says what came of it. What [`StoreBuilder`](crate::StoreBuilder) wrote
    /// on a file system with large folios has them without advice, until it leaves the page cache. What then is read from the disk
    /// again, as after a restart of the machine, has them if this is said before the first look-up: 2 MiB are read at once then,
    /// so say it of a store that stays in memory.
    HugePage,
    /// At once: read and map every page before the call returns.
    Populate,
}

impl Store {
    /// Gives the kernel advice on the mapping. Nothing depends on it being taken.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] for a store that is not mapped and on systems without such advice;
    /// [`ErrorKind::Io`] where the kernel refuses.
    pub fn advise(&self, advice: Advice) -> Result<(), Error> {
        #[cfg(unix)]
        if let Some(map) = self.region().as_map() {
            return unix::advise(map, advice).map_err(|e| Error::io(self.path(), "advise the kernel", e));
        }
        let _ = advice;
        Err(self.error(None, ErrorKind::Unavailable { what: "advice on a store that is not mapped" }))
    }
}
