//! Where a file may be written: not over an input, a device, or a file that is something else.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use wf_engine::store::{ErrorKind, Store};

use crate::exit::Failure;

/// The file that a store is to be written to, with links followed.
///
/// Fails if something stands there that is no store, or that is one of the inputs.
pub(crate) fn checked(path: &Path, inputs: &[PathBuf]) -> Result<PathBuf, Failure> {
    let why = "a file that is no store stands there; move it away or choose another name";
    replaceable(path, inputs, is_store, why)
}

/// The file that is to be written under a name, with links followed.
///
/// Fails if one of the inputs stands there, or something that is not of the sort that may be replaced: `why` says so.
pub(crate) fn replaceable(
    path: &Path,
    inputs: &[impl AsRef<Path>],
    is_of_sort: impl Fn(&Path) -> bool,
    why: &str,
) -> Result<PathBuf, Failure> {
    let Ok(found) = fs::metadata(path) else {
        return Ok(path.to_owned());
    };
    let refuse = |why: &str| Err(Failure::file("write", path, why));
    if found.is_dir() {
        return refuse("it is a folder; name a file in it");
    }
    if !found.is_file() {
        return refuse("it is no regular file");
    }
    let target = fs::canonicalize(path).map_err(|error| Failure::file("write", path, error))?;
    if inputs.iter().any(|input| fs::canonicalize(input.as_ref()).is_ok_and(|input| input == target)) {
        return refuse("it is one of the models; name another file");
    }
    if found.len() > 0 && !is_of_sort(&target) {
        return refuse(why);
    }
    Ok(target)
}

/// Whether a file begins like a store, of this version or another, whole or damaged.
fn is_store(path: &Path) -> bool {
    let mut first = [0; 1];
    let readable = fs::File::open(path).and_then(|mut file| file.read(&mut first)).is_ok();
    let not_a_store = |error: wf_engine::store::Error| matches!(error.kind(), ErrorKind::NotAStore);
    readable && !Store::open_copy(path).is_err_and(not_a_store)
}
