//! The names behind return addresses: function, file and line.
//!
//! Looking them up allocates and takes a lock, so it never happens inside a call of the allocator: a panicking guard
//! asks at its end, an aborting one has another thread ask.

use core::ffi::c_void;
use core::fmt::{self, Write as _};
use core::ptr;
use core::time::Duration;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use crate::call_site::CallSite;

/// One function of a call stack. Inlined ones are frames of their own.
struct Frame {
    address: usize,
    /// Empty where the program knows no name.
    function: String,
    file: Option<(PathBuf, u32)>,
}

/// Returns who made the call, then who called that, up to where the thread began; all without the runtime.
pub(crate) fn described(site: &CallSite) -> String {
    let mut frames = frames(site);
    if frames.iter().any(|frame| !frame.is_runtime()) {
        frames.retain(|frame| !frame.is_runtime());
    }
    let mut text = String::new();
    // Writing to a string does not fail.
    if let Some(frame) = frames.first() {
        let _ = write!(text, ", by {frame}");
    }
    for (depth, frame) in frames.iter().enumerate() {
        let _ = write!(text, "\n  {depth:>2}: {frame}");
    }
    text
}

/// [`described`], by another thread, and only if that takes no longer than `limit`.
///
/// For a caller inside the allocator: whatever lock it holds, it comes back. This thread must not be watched.
pub(crate) fn described_elsewhere(site: &CallSite, limit: Duration) -> Option<String> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let site = *site;
    // An allocator must not unwind, whatever happens while a thread is started.
    std::panic::catch_unwind(move || {
        let work = move || {
            // Nobody may be listening any more.
            let _ = sender.send(described(&site));
        };
        thread::Builder::new().spawn(work).ok()?;
        receiver.recv_timeout(limit).ok()
    })
    .ok()
    .flatten()
}

fn frames(site: &CallSite) -> Vec<Frame> {
    let mut frames = Vec::new();
    for &address in site.addresses() {
        let before = frames.len();
        backtrace::resolve(ptr::without_provenance_mut::<c_void>(address), |symbol| {
            let function = symbol.name().map(|name| format!("{name:#}")).unwrap_or_default();
            let file = symbol.filename().zip(symbol.lineno());
            frames.push(Frame { address, function, file: file.map(|(path, line)| (path.to_owned(), line)) });
        });
        // Below it lies what every thread or test has.
        if let Some(end) =
            frames.iter().position(|frame| frame.function.contains("__rust_begin_short_backtrace"))
        {
            frames.truncate(end);
            break;
        }
        if frames.len() == before {
            frames.push(Frame { address, function: String::new(), file: None });
        }
    }
    frames
}

impl Frame {
    /// True for what stands between the code that wants memory and the allocator: this crate, the standard library,
    /// and the functions that the compiler makes for `#[global_allocator]`.
    ///
    /// Told by the file where that is known, as sparse debug information has function names without their crates.
    fn is_runtime(&self) -> bool {
        const OWN: [&str; 2] = ["/wf-alloc/src/", concat!("/wf-alloc-", env!("CARGO_PKG_VERSION"), "/src/")];
        if self.function.contains("__rust_") {
            return true;
        }
        match &self.file {
            Some((path, _)) => {
                let path = path.to_string_lossy().replace('\\', "/");
                // Where the standard library's sources stand in its debug information, or on a machine that has them.
                ["/rustc/", "/rust/deps/"].iter().any(|prefix| path.starts_with(prefix))
                    || path.contains("/lib/rustlib/src/rust/")
                    || OWN.iter().any(|own| path.contains(own))
            }
            None => {
                let name = self.function.trim_start_matches(['<', '&']);
                ["wf_alloc::", "alloc::", "core::", "std::"].iter().any(|root| name.starts_with(root))
            }
        }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.function.as_str() {
            "" => write!(f, "{:#x}", self.address)?,
            function => f.write_str(function)?,
        }
        match &self.file {
            Some((path, line)) => write!(f, " at {}:{line}", path.display()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_is_told_from_its_users() {
        let check = |function: &str, path: Option<&str>, expected: bool| {
            let file = path.map(|path| (PathBuf::from(path), 1));
            let frame = Frame { address: 1, function: function.into(), file };
            assert_eq!(frame.is_runtime(), expected, "{function} in {path:?}");
        };
        let own = "<wf_alloc::counting::Counting<A> as core::alloc::global::GlobalAlloc>::alloc";
        check(own, None, true);
        check("alloc", Some("/home/me/wf-alloc/src/counting.rs"), true);
        check("alloc", Some("/home/me/wf-alloc-users/src/counting.rs"), false);
        check("with_capacity<u8>", Some("/rustc/0f/library/alloc/src/vec/mod.rs"), true);
        check("__rustc::__rust_alloc", Some("/home/me/src/main.rs"), true);
        check("alloc::vec::Vec<T>::push", Some("/rustc/0f/library/alloc/src/vec/mod.rs"), true);
        check("alloc::vec::Vec<T>::push", None, true);
        check("<alloc::vec::Vec<T> as mine::Fill>::fill", Some("/home/me/src/fill.rs"), false);
        check("mine::work", None, false);
        check("mine::work", Some("src/lib.rs"), false);
        check("", None, false);
    }

    #[test]
    fn an_address_of_nothing_is_shown_as_it_is() {
        let frame = Frame { address: 0x10, function: String::new(), file: None };
        assert_eq!(frame.to_string(), "0x10");
        let file = Some((PathBuf::from("src/lib.rs"), 7));
        assert_eq!(Frame { address: 1, function: "f".into(), file }.to_string(), "f at src/lib.rs:7");
    }
}
