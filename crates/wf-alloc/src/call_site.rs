//! Where a call came from, as return addresses.

use core::fmt;

/// How many return addresses are kept.
const FRAMES: usize = 32;

/// The return addresses above an allocator call, innermost first.
///
/// Taken without allocating or locking. Empty where the platform's unwinder is not known to this crate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallSite {
    addresses: [usize; FRAMES],
    /// Invariant: `len <= FRAMES`.
    len: usize,
}

impl CallSite {
    /// Returns the addresses, innermost first.
    pub(crate) fn addresses(&self) -> &[usize] {
        &self.addresses[..self.len]
    }

    #[cfg(unix)]
    #[inline(never)]
    pub(crate) fn capture() -> Self {
        let mut site = CallSite { addresses: [0; FRAMES], len: 0 };
        unwind::walk(|address| {
            let place = site.addresses.get_mut(site.len);
            if let Some(place) = place {
                *place = address;
                site.len += 1;
            }
            site.len < FRAMES
        });
        site
    }

    #[cfg(not(unix))]
    pub(crate) fn capture() -> Self {
        CallSite { addresses: [0; FRAMES], len: 0 }
    }
}

/// One line for each address, as it is. Allocates nothing.
impl fmt::Display for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, address) in self.addresses().iter().enumerate() {
            write!(f, "\n  {depth:>2}: {address:#x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for address in self.addresses() {
            list.entry(&format_args!("{address:#x}"));
        }
        list.finish()
    }
}

#[cfg(unix)]
mod unwind {
    //! The unwinder that the standard library links on every Unix.

    use core::ffi::{c_int, c_void};

    #[repr(C)]
    struct Context {
        _opaque: [u8; 0],
    }

    const CONTINUE: c_int = 0;
    const STOP: c_int = 4;

    type Step = unsafe extern "C" fn(*mut Context, *mut c_void) -> c_int;

    unsafe extern "C" {
        /// Itanium C++ ABI, exception handling, level I. Calls `step` for each frame until it returns non-zero.
        fn _Unwind_Backtrace(step: Step, argument: *mut c_void) -> c_int;
        fn _Unwind_GetIP(context: *mut Context) -> usize;
    }

    /// Calls `visit` with each return address until it answers false.
    pub(super) fn walk<F: FnMut(usize) -> bool>(mut visit: F) {
        unsafe extern "C" fn step<F: FnMut(usize) -> bool>(
            context: *mut Context,
            argument: *mut c_void,
        ) -> c_int {
            // SAFETY: `argument` is the `&raw mut visit` passed below, and `walk` has not returned yet; nothing else
            // uses `visit` meanwhile.
            let visit = unsafe { &mut *argument.cast::<F>() };
            // SAFETY: `context` was handed to this callback by the unwinder for this very frame.
            let address = unsafe { _Unwind_GetIP(context) };
            if address != 0 && visit(address) { CONTINUE } else { STOP }
        }
        // SAFETY: `step` matches the declared signature and does not unwind: `visit` only writes to an array with
        // checked indices. The argument outlives the call.
        unsafe { _Unwind_Backtrace(step::<F>, (&raw mut visit).cast()) };
    }
}
