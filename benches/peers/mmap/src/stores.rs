//! Each store behind one trait: a key in, the first byte of its value (or nothing) out.

pub mod foreign;
pub mod loaded;
pub mod ours;
pub mod transactional;

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;

use crate::data::Data;

/// A store under measurement.
pub trait Peer {
    /// What rules call it; empty for ours.
    const NAME: &'static str;
    /// Whether look-ups find what was stored; two plain memory accesses do not.
    const FINDS: bool = true;

    /// The file or folder that it lives in.
    const PLACE: &'static str;

    /// Builds it from a set of records. What it writes under the name of [`Peer::PLACE`] is whole when it returns.
    fn build(data: Data);

    /// Opens what was built.
    fn open(data: Data) -> impl Fn(&[u8; 16]) -> Option<u8> + 'static;
}

/// Builds a store unless it is there; a build that was interrupted is begun again.
pub fn provide<P: Peer>(data: Data) {
    let folder = data.folder();
    std::fs::create_dir_all(&folder).expect("a folder for the stores");
    let done = folder.join(format!("{}.built", P::PLACE));
    if P::PLACE.is_empty() || done.exists() {
        return;
    }
    eprintln!("building {} of {} records of {} bytes", P::PLACE, data.count, data.mean_bytes);
    let place = folder.join(P::PLACE);
    let _ = std::fs::remove_file(&place).or_else(|_| std::fs::remove_dir_all(&place));
    P::build(data);
    std::fs::write(done, "").expect("room for a file");
}

/// Maps a file of this program's own folder, in huge pages where the kernel gives them, as ours is.
pub fn map(path: &Path) -> Mmap {
    let file = File::open(path).expect("a file that was built");
    // SAFETY: the files of this program stand in a folder of its own and are written once, before they are opened.
    let map = unsafe { Mmap::map(&file) }.expect("a map of a file");
    // On which pages ours lies is told; without the advice only files that are still as they were written have huge ones.
    #[cfg(target_os = "linux")]
    let _ = map.advise(memmap2::Advice::HugePage);
    map
}
