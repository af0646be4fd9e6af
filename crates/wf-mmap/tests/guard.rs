//! Faults that are not ours, in processes of their own: they go to whoever handled them before the guard came.

#![cfg(all(feature = "guard", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicUsize, Ordering};

use wf_mmap::{ErrorKind, Key, Options, Store, StoreBuilder};

/// In the environment of a child: who handles SIGBUS before the guard does.
const BEFORE: &str = "WF_MMAP_TEST_BEFORE";
/// What a handler of one argument ends the process with.
const CODE: i32 = 42;
const PAGE_BYTES: usize = 4096;

static SEEN_AT: AtomicUsize = AtomicUsize::new(0);

/// A handler of three arguments: notes the address and lets the read go on with zeros, as the guard does.
extern "C" fn full(_signal: libc::c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    // SAFETY: the kernel, and whoever hands a signal on, passes a pointer to the information of that signal.
    let info = unsafe { &*info };
    // SAFETY: SIGBUS carries an address.
    let address = unsafe { info.si_addr() };
    SEEN_AT.store(address.addr(), Ordering::Release);
    let page = address.map_addr(|at| at & !(PAGE_BYTES - 1));
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
    // SAFETY: the only fault of this process that is handed on lies in a map of the child below, which expects this.
    unsafe { libc::mmap(page, PAGE_BYTES, libc::PROT_READ, flags, -1, 0) };
}

/// A handler of one argument.
extern "C" fn plain(_signal: libc::c_int) {
    // SAFETY: ends the process, which a signal handler may.
    unsafe { libc::_exit(CODE) }
}

fn handle(action: libc::sighandler_t, flags: libc::c_int) {
    // SAFETY: all zeros is a value of the type: no flags, no mask.
    let mut new: libc::sigaction = unsafe { std::mem::zeroed() };
    new.sa_sigaction = action;
    new.sa_flags = flags;
    // SAFETY: the action is one of the functions above, or one that the system knows.
    assert_eq!(unsafe { libc::sigaction(libc::SIGBUS, &raw const new, std::ptr::null_mut()) }, 0);
}

fn build(path: &Path) {
    let mut builder = StoreBuilder::create(path, Options::new()).unwrap();
    for n in 0..500 {
        builder.add(Key::U64(n), &[7; 300]).unwrap();
    }
    builder.finish().unwrap();
}

/// Not a test of its own: the child of the tests below.
#[test]
#[ignore = "run by the other tests in a process of its own"]
fn child_with_a_fault_that_is_not_ours() {
    match std::env::var(BEFORE).unwrap().as_str() {
        "full" => handle(full as *const () as libc::sighandler_t, libc::SA_SIGINFO),
        "plain" => handle(plain as *const () as libc::sighandler_t, 0),
        "ignored" => handle(libc::SIG_IGN, 0),
        _ => handle(libc::SIG_DFL, 0),
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    build(&path);
    // SAFETY: the file is truncated below, never written to, and no bytes are held across that.
    let store = unsafe { Store::open_guarded(&path) }.unwrap();
    store.verify().unwrap();

    let other = folder.path().join("other");
    std::fs::write(&other, [1; 2 * PAGE_BYTES]).unwrap();
    let file = std::fs::OpenOptions::new().read(true).write(true).open(&other).unwrap();
    // SAFETY: this process alone has the file, and expects what comes of cutting it.
    let map = unsafe { memmap2::Mmap::map(&file) }.unwrap();
    file.set_len(0).unwrap();
    let beyond = map.as_ptr().wrapping_add(PAGE_BYTES + 5);
    // SAFETY: the address lies in the map; that the read faults is what this is for.
    let byte = unsafe { beyond.read_volatile() };
    assert_eq!((byte, SEEN_AT.load(Ordering::Acquire)), (0, beyond.addr()));

    // The store is none the worse, and its own fault still is its own.
    assert_eq!(store.get(Key::U64(3)).unwrap(), Some(&[7; 300][..]));
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
    assert!(matches!(store.get(Key::U64(3)).unwrap_err().kind(), ErrorKind::Lost));
    assert_eq!(SEEN_AT.load(Ordering::Acquire), beyond.addr());
}

fn child(before: &str) -> ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_with_a_fault_that_is_not_ours", "--ignored"])
        .env(BEFORE, before)
        .output()
        .unwrap()
        .status
}

#[test]
fn a_handler_that_was_there_gets_the_fault_with_its_address() {
    assert!(child("full").success());
}

#[test]
fn a_handler_of_one_argument_gets_the_fault() {
    assert_eq!(child("plain").code(), Some(CODE));
}

#[test]
fn without_a_handler_the_fault_ends_the_process_as_it_would_have() {
    assert_eq!(child("default").signal(), Some(libc::SIGBUS));
    assert_eq!(child("ignored").signal(), Some(libc::SIGBUS));
}
