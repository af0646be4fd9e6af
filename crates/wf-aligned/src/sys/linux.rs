//! Anonymous mappings between guard pages, with huge-page advice: `mmap(2)`, `madvise(2)`, `proc_pid_smaps(5)`.

use core::ptr::{NonNull, null_mut};
use std::fs;
use std::io;

use crate::{Advice, Error, Given};

/// Readable and writable memory inside a larger reservation that traps.
///
/// The reservation is inaccessible except for `data..data + bytes`. So a stray access next to the buffer traps, and the kernel
/// keeps the buffer as an entry of its own in `/proc/self/smaps`, which makes the report exact.
pub(crate) struct Mapping {
    /// Invariant: `base..base + base_bytes` is one reservation, owned by this value.
    base: NonNull<u8>,
    base_bytes: usize,
    /// Invariant: `data..data + bytes` lies inside the reservation, a page or more from both ends, on whole pages.
    data: NonNull<u8>,
    bytes: usize,
    advice: Advice,
}

pub(crate) fn page_bytes() -> usize {
    // SAFETY: a query without arguments in memory.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(bytes).unwrap_or(4 << 10)
}

/// The operating system's error number of the call that just failed.
fn errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// Maps zeroed memory for at least `bytes > 0`, beginning on `align` (a power of two).
pub(crate) fn map(bytes: usize, align: usize, huge: bool) -> Option<Result<Mapping, Error>> {
    Some(map_guarded(bytes, align, huge))
}

fn map_guarded(bytes: usize, align: usize, huge: bool) -> Result<Mapping, Error> {
    let page = page_bytes();
    // Whole huge pages, so that the last one can be huge as well.
    let granule = if huge { align } else { page };
    let sizes = || {
        let bytes = bytes.checked_next_multiple_of(granule)?;
        Some((bytes, bytes.checked_add(align.max(page))?.checked_add(2 * page)?))
    };
    let too_large = Error::OutOfMemory { bytes, errno: Some(libc::ENOMEM) };
    let (bytes, base_bytes) = sizes().ok_or(too_large)?;

    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: no address is given, so nothing that exists is replaced.
    let base = unsafe { libc::mmap(null_mut(), base_bytes, libc::PROT_NONE, flags, -1, 0) };
    if base == libc::MAP_FAILED {
        return Err(Error::OutOfMemory { bytes, errno: Some(errno()) });
    }
    let Some(base) = NonNull::new(base.cast::<u8>()) else {
        // No address was asked for, and the kernel gives page 0 only on request.
        return Err(Error::OutOfMemory { bytes, errno: None });
    };

    let skip = (base.addr().get() + page).next_multiple_of(align) - base.addr().get();
    // SAFETY: `skip < page + align`, and the reservation has `align + 2 * page` bytes more than the buffer.
    let data = unsafe { base.add(skip) };
    // From here on the reservation is given back when `mapping` is dropped.
    let mut mapping = Mapping { base, base_bytes, data, bytes, advice: Advice::NotAsked };

    // SAFETY: the range lies inside the reservation just made, on whole pages.
    let opened = unsafe { libc::mprotect(data.as_ptr().cast(), bytes, libc::PROT_READ | libc::PROT_WRITE) };
    if opened != 0 {
        return Err(Error::OutOfMemory { bytes, errno: Some(errno()) });
    }
    if huge {
        // SAFETY: the range lies inside the reservation; the advice changes no content.
        let advised = unsafe { libc::madvise(data.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
        mapping.advice = if advised == 0 { Advice::Accepted } else { Advice::Refused { errno: errno() } };
    }
    Ok(mapping)
}

impl Mapping {
    pub(crate) fn data(&self) -> NonNull<u8> {
        self.data
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn advice(&self) -> Advice {
        self.advice
    }

    pub(crate) fn given(&self) -> Option<Given> {
        let start = self.data.addr().get();
        given(&fs::read_to_string("/proc/self/smaps").ok()?, start, start + self.bytes)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: this value owns the whole reservation (field invariant), and nobody uses it after this.
        let unmapped = unsafe { libc::munmap(self.base.as_ptr().cast(), self.base_bytes) };
        debug_assert_eq!(unmapped, 0, "munmap refused a range that mmap gave");
    }
}

/// Sums the entries of an smaps file that lie inside `start..end`; `None` if there is none.
fn given(smaps: &str, start: usize, end: usize) -> Option<Given> {
    let mut sum: Option<Given> = None;
    let mut inside = false;
    for line in smaps.lines() {
        if let Some((from, to)) = range(line) {
            inside = start <= from && to <= end;
            if inside {
                sum.get_or_insert(Given { bytes_resident: 0, bytes_huge: 0 });
            }
        } else if inside && let Some(sum) = &mut sum {
            if let Some(bytes) = bytes_of(line, "Rss:") {
                sum.bytes_resident += bytes;
            } else if let Some(bytes) = bytes_of(line, "AnonHugePages:") {
                sum.bytes_huge += bytes;
            }
        }
    }
    sum
}

/// The addresses of an entry's first line, such as `7f00-7f10 rw-p 00000000 00:00 0`.
fn range(line: &str) -> Option<(usize, usize)> {
    let (from, to) = line.split_once(' ')?.0.split_once('-')?;
    Some((usize::from_str_radix(from, 16).ok()?, usize::from_str_radix(to, 16).ok()?))
}

fn bytes_of(line: &str, field: &str) -> Option<usize> {
    line.strip_prefix(field)?.trim().strip_suffix(" kB")?.parse::<usize>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
1000-3000 rw-p 00000000 00:00 0
Size:                  8 kB
Rss:                   4 kB
AnonHugePages:         0 kB
3000-9000 rw-p 00000000 00:00 0 [heap]
Rss:                  24 kB
AnonHugePages:      2048 kB
VmFlags: rd wr
9000-a000 ---p 00000000 00:00 0
Rss:                   1 kB
";

    #[test]
    fn smaps_entries_inside_the_range_are_summed() {
        let check = |start, end, expected: Option<(usize, usize)>| {
            let got = given(SMAPS, start, end).map(|g| (g.bytes_resident, g.bytes_huge));
            assert_eq!(got, expected, "{start:x}..{end:x}");
        };
        check(0x1000, 0x3000, Some((4 << 10, 0)));
        check(0x3000, 0x9000, Some((24 << 10, 2 << 20)));
        check(0x1000, 0x9000, Some((28 << 10, 2 << 20)));
        check(0x1000, 0x2000, None);
        check(0xb000, 0xc000, None);
    }
}
