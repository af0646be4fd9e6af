//! Where stores are built: folders that cannot be written, and file systems other than the temporary one.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use wf_mmap::{ErrorKind, Key, Options, Store, StoreBuilder};

#[test]
fn a_folder_that_cannot_be_written_is_an_error_and_can_still_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    let mut builder = StoreBuilder::create(&path, Options::new()).unwrap();
    builder.add(Key::U64(1), b"one").unwrap();
    builder.finish().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let writable_all_the_same = std::fs::File::create(folder.path().join("probe")).is_ok();
    let created = StoreBuilder::create(&path, Options::new()).map(drop);
    let store = Store::open_copy(&path).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(store.get(Key::U64(1)).unwrap(), Some(&b"one"[..]));
    if writable_all_the_same {
        _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!(
                "SKIPPED: a_folder_that_cannot_be_written_is_an_error_and_can_still_be_read (writing half): \
             permissions do not bind this user\n"
            ),
        );
        return;
    }
    let error = created.unwrap_err();
    let ErrorKind::Io { source, .. } = error.kind() else { panic!("{error}") };
    assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = StoreBuilder::create(&folder.path().join("none/s.wfs"), Options::new()).unwrap_err();
    let ErrorKind::Io { source, .. } = error.kind() else { panic!("{error}") };
    assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_target_on_another_file_system_than_the_temporary_folder_is_published() {
    let other = ["/dev/shm", "/run", "/var/tmp", env!("CARGO_MANIFEST_DIR")].map(Path::new);
    let here = std::fs::metadata(std::env::temp_dir()).unwrap().dev();
    let usable = |folder: &Path| {
        std::fs::metadata(folder)
            .is_ok_and(|m| m.dev() != here)
            .then(|| tempfile::tempdir_in(folder).ok())
            .flatten()
    };
    let Some(folder) = other.into_iter().find_map(usable) else {
        _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!(
                "SKIPPED: a_target_on_another_file_system_than_the_temporary_folder_is_published: there is only one here\n"
            ),
        );
        return;
    };
    let path = folder.path().join("s.wfs");
    for value in [b"old", b"new"] {
        let mut builder = StoreBuilder::create(&path, Options::new()).unwrap();
        builder.add(Key::U64(1), value).unwrap();
        builder.finish().unwrap();
        assert_eq!(Store::open_copy(&path).unwrap().get(Key::U64(1)).unwrap(), Some(&value[..]));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
