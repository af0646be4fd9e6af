//! A hint that a line will be read soon; the twin of `wf_aligned::prefetch_read`, which leaves may not name.

/// Asks for the cache line of `slice[index]`; does nothing where that is out of range.
#[inline]
pub(crate) fn prefetch_read<T>(slice: &[T], index: usize) {
    if let Some(value) = slice.get(index) {
        fetch(std::ptr::from_ref(value).cast());
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn fetch(address: *const u8) {
    // SAFETY: a prefetch reads nothing the program can see and never faults, whatever the address; it is part of SSE,
    // which every x86-64 processor has.
    unsafe { std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast()) }
}

#[cfg(target_arch = "aarch64")]
#[inline]
fn fetch(address: *const u8) {
    // SAFETY: `prfm` reads nothing the program can see and never faults, whatever the address.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) address, options(nostack, preserves_flags, readonly))
    }
}

/// No hint is known for this processor; a look-up is as right without it.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[inline]
fn fetch(_address: *const u8) {}
