//! Hints about memory that will be wanted soon.

/// Asks for the line of `slice[index]` to be brought near, for reading.
///
/// A hint: changes no value, waits for nothing, and never faults. Past the end of the slice it is a hint about whatever would lie
/// there, which costs less than to ask; on architectures without such an instruction it does nothing. For an element longer
/// than a line, the line of its first byte.
#[inline(always)]
pub fn prefetch_read<T>(slice: &[T], index: usize) {
    imp::read(slice.as_ptr().wrapping_add(index).cast());
}

/// Asks for the line of `slice[index]` to be brought near, for writing.
///
/// Like [`prefetch_read`], but takes the line away from other cores, which saves a store the second trip. The slice is
/// shared because nothing is written: a caller prefetches rows that it will borrow mutably one by one.
#[inline(always)]
pub fn prefetch_write<T>(slice: &[T], index: usize) {
    imp::write(slice.as_ptr().wrapping_add(index).cast());
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod imp {
    use core::arch::asm;
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

    #[inline(always)]
    pub(super) fn read(address: *const u8) {
        // SAFETY: a prefetch never faults and changes no architectural state, for any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }

    #[inline(always)]
    pub(super) fn write(address: *const u8) {
        // The intrinsic turns into a prefetch for reading unless the whole program is built for a processor with `prefetchw`.
        // SAFETY: a prefetch never faults and changes no architectural state, for any address; every 64-bit x86 processor
        // executes `prefetchw`, those without the feature as a no-op.
        unsafe { asm!("prefetchw [{}]", in(reg) address, options(nostack, preserves_flags, readonly)) };
    }
}

#[cfg(all(target_arch = "aarch64", not(miri)))]
mod imp {
    use core::arch::asm;

    #[inline(always)]
    pub(super) fn read(address: *const u8) {
        // SAFETY: a prefetch never faults and changes no architectural state, for any address.
        unsafe { asm!("prfm pldl1keep, [{}]", in(reg) address, options(nostack, preserves_flags, readonly)) };
    }

    #[inline(always)]
    pub(super) fn write(address: *const u8) {
        // SAFETY: a prefetch never faults and changes no architectural state, for any address.
        unsafe { asm!("prfm pstl1keep, [{}]", in(reg) address, options(nostack, preserves_flags, readonly)) };
    }
}

#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod imp {
    #[inline(always)]
    pub(super) fn read(_address: *const u8) {}

    #[inline(always)]
    pub(super) fn write(_address: *const u8) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_index_is_fine_and_nothing_changes() {
        let rows: Vec<[u64; 8]> = (0..100).map(|i| [i; 8]).collect();
        for index in (0..=101).chain([usize::MAX / 64, usize::MAX]) {
            prefetch_read(&rows, index);
            prefetch_write(&rows, index);
        }
        assert!(rows.iter().zip(0..).all(|(row, i)| *row == [i; 8]));
        prefetch_read::<u8>(&[], 0);
        prefetch_write::<[u64; 0]>(&[[]], 0);
    }
}
