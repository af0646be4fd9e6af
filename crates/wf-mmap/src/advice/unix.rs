//! `madvise(2)`.

use std::io;

use memmap2::Mmap;

use super::Advice;

pub(super) fn advise(map: &Mmap, advice: Advice) -> io::Result<()> {
    match advice {
        Advice::Random => map.advise(memmap2::Advice::Random),
        Advice::Sequential => map.advise(memmap2::Advice::Sequential),
        Advice::WillNeed => map.advise(memmap2::Advice::WillNeed),
        #[cfg(target_os = "linux")]
        Advice::HugePage => map.advise(memmap2::Advice::HugePage),
        #[cfg(target_os = "linux")]
        Advice::Populate => map.advise(memmap2::Advice::PopulateRead),
        #[cfg(not(target_os = "linux"))]
        Advice::HugePage | Advice::Populate => Err(io::ErrorKind::Unsupported.into()),
    }
}
