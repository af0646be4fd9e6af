//! Models by others, where they are at hand: in the folder that `WF_CORPUS` names, else beside the workspace.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::path::{Path, PathBuf};

/// The folder, or `None`, said on the standard error, where it is not there.
pub(crate) fn folder(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("WF_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    let line = format_args!("SKIPPED: {test}: {} is not there\n", folder.display());
    _ = std::io::Write::write_fmt(&mut std::io::stderr(), line);
    None
}

/// All models in the folder and below, in order; none where it is not there.
pub(crate) fn models(test: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if let Some(folder) = folder(test) {
        models_in(&folder, &mut files);
        assert!(!files.is_empty(), "{} holds no model", folder.display());
    }
    files
}

fn models_in(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the folder can be listed");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the entry can be read").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            models_in(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "bpmn" || extension == "xml") {
            files.push(path);
        }
    }
}
