//! A net under mapped files that others may truncate: a page that cannot be read becomes zeros, and the store says so.
//!
//! A read of a mapped page that the file no longer has raises SIGBUS. The process-wide handler installed here looks
//! whether the address lies in a guarded store; if so it marks the store and maps a page of zeros there, and the
//! read goes on. Checksums and the mark then report the loss. Faults elsewhere go to the handler that was there before.
//! systemd's journal and Sapling's index log do the same.

use std::cell::UnsafeCell;
use std::io;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Guarded stores at one time; the handler can neither lock nor allocate, so their number is fixed.
const SLOTS: usize = 256;

static TABLE: [Slot; SLOTS] = [const { Slot::new() }; SLOTS];
static PAGE_BYTES: AtomicUsize = AtomicUsize::new(0);
static PREVIOUS: Previous = Previous(UnsafeCell::new(MaybeUninit::zeroed()));

/// One guarded range.
struct Slot {
    taken: AtomicBool,
    /// First address; 0 where the slot guards nothing. Stored after `bytes` and `lost`.
    start: AtomicUsize,
    bytes: AtomicUsize,
    /// A page of this range could not be read.
    lost: AtomicBool,
}

/// The action that stood before ours.
///
/// Invariant: written once, before our handler is installed; only read afterwards.
struct Previous(UnsafeCell<MaybeUninit<libc::sigaction>>);

// SAFETY: written only by `install`, once and before any thread can run the handler that reads it (invariant).
unsafe impl Sync for Previous {}

/// A place in the table, given back when dropped.
#[derive(Debug)]
pub(crate) struct Guard {
    slot: usize,
}

impl Slot {
    const fn new() -> Self {
        Self {
            taken: AtomicBool::new(false),
            start: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            lost: AtomicBool::new(false),
        }
    }
}

impl Guard {
    /// Guards `bytes` bytes at `start` until dropped, which must be before they are unmapped.
    pub(crate) fn new(start: *const u8, bytes: usize) -> io::Result<Self> {
        install()?;
        let free = |slot: &Slot| !slot.taken.swap(true, Ordering::Acquire);
        let Some(slot) = TABLE.iter().position(free) else {
            return Err(io::Error::other("too many guarded stores are open"));
        };
        TABLE[slot].lost.store(false, Ordering::Relaxed);
        TABLE[slot].bytes.store(bytes, Ordering::Relaxed);
        TABLE[slot].start.store(start.addr(), Ordering::Release);
        Ok(Self { slot })
    }

    /// Whether a page of the range could not be read; call it after reading what it is to speak of.
    #[inline]
    pub(crate) fn is_lost(&self) -> bool {
        // The handler stores the mark before it maps the zeros: who has read zeros sees the mark.
        std::sync::atomic::fence(Ordering::Acquire);
        TABLE[self.slot].lost.load(Ordering::Relaxed)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        TABLE[self.slot].start.store(0, Ordering::Release);
        TABLE[self.slot].taken.store(false, Ordering::Release);
    }
}

/// Installs the handler, once per process.
fn install() -> io::Result<()> {
    static INSTALLED: OnceLock<Result<(), i32>> = OnceLock::new();
    let result = INSTALLED.get_or_init(|| set_action().map_err(|e| e.raw_os_error().unwrap_or(libc::EINVAL)));
    result.map_err(io::Error::from_raw_os_error)
}

fn set_action() -> io::Result<()> {
    // SAFETY: the call takes a number and returns one.
    let page_bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    PAGE_BYTES.store(usize::try_from(page_bytes).map_err(io::Error::other)?, Ordering::Relaxed);
    // SAFETY: `sigaction` is a plain C struct for which all zeros are a value.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = on_sigbus as extern "C" fn(_, _, _) as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // The previous action is read before ours is set, so that the handler never finds it unwritten.
    // SAFETY: a null action changes nothing; `PREVIOUS` is not read by anyone yet (its invariant).
    let asked = unsafe { libc::sigaction(libc::SIGBUS, std::ptr::null(), PREVIOUS.0.get().cast()) };
    if asked != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `action` is initialized, and its handler is async-signal-safe: it uses atomics, `mmap` and `sigaction`.
    let set = unsafe { libc::sigaction(libc::SIGBUS, &raw const action, null_mut()) };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

extern "C" fn on_sigbus(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid `info` to a handler with SA_SIGINFO.
    let info_ref = unsafe { &*info };
    // SAFETY: SIGBUS carries an address.
    let address = unsafe { info_ref.si_addr() }.addr();
    if !replace_page(address) {
        chain(signal, info, context);
    }
}

/// Maps a page of zeros at `address` if a guarded store stands there.
fn replace_page(address: usize) -> bool {
    let holds = |slot: &&Slot| {
        let start = slot.start.load(Ordering::Acquire);
        start != 0 && address.checked_sub(start).is_some_and(|at| at < slot.bytes.load(Ordering::Relaxed))
    };
    let Some(slot) = TABLE.iter().find(holds) else { return false };
    slot.lost.store(true, Ordering::Release);
    let page_bytes = PAGE_BYTES.load(Ordering::Relaxed);
    let page = std::ptr::with_exposed_provenance_mut(address & !(page_bytes - 1));
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
    // SAFETY: the page lies in the mapping of an open store (maps are whole pages, and a store gives its slot back
    // before it is unmapped), whose owner accepted that pages which cannot be read become zeros.
    let mapped = unsafe { libc::mmap(page, page_bytes, libc::PROT_READ, flags, -1, 0) };
    mapped != libc::MAP_FAILED
}

/// Hands a fault that is not ours to whoever stood here before.
fn chain(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: written before this handler was installed and never again (invariant of `PREVIOUS`); all zeros is a value.
    let previous = unsafe { &*PREVIOUS.0.get().cast::<libc::sigaction>() };
    match previous.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {
            // Back to how it was: the fault comes again at once and takes its usual course.
            // SAFETY: the action is one that the kernel itself returned.
            unsafe { libc::sigaction(signal, previous, null_mut()) };
        }
        handler if previous.sa_flags & libc::SA_SIGINFO != 0 => {
            type Full = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
            // SAFETY: an action with SA_SIGINFO holds a function of three arguments.
            let handler = unsafe { std::mem::transmute::<usize, Full>(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: an action without SA_SIGINFO that is neither SIG_DFL nor SIG_IGN holds a function of one argument.
            let handler = unsafe { std::mem::transmute::<usize, extern "C" fn(libc::c_int)>(handler) };
            handler(signal);
        }
    }
}
