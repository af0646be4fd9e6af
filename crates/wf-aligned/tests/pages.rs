//! What the kernel really gives: boundaries, guards and huge pages.
#![cfg(target_os = "linux")]

use std::process::Command;

use wf_aligned::{Advice, AlignedBuf, Boundary};

#[test]
fn memory_comes_at_first_touch_and_the_report_says_so() {
    for boundary in [Boundary::Page, Boundary::Huge] {
        let mut buf = AlignedBuf::<u64>::zeroed(600_000, boundary).unwrap();
        let before = buf.report();
        assert_eq!(before.bytes, 4_800_000);
        assert_eq!(before.bytes_reserved % boundary.bytes(), 0);
        assert_eq!(before.given.unwrap().bytes_resident, 0, "{before:?}");
        buf.prefault();
        let after = buf.report();
        let given = after.given.unwrap();
        assert_eq!(given.bytes_resident, after.bytes_reserved, "{after:?}");
        assert!(given.bytes_huge <= given.bytes_resident);
    }
}

#[test]
fn huge_pages_are_given_where_the_kernel_has_them() {
    let mode = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").unwrap_or_default();
    let mut buf = AlignedBuf::<u8>::zeroed(16 << 20, Boundary::Huge).unwrap();
    buf.prefault();
    let report = buf.report();
    if mode.is_empty() || mode.contains("[never]") {
        _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!(
                "SKIPPED: huge_pages_are_given_where_the_kernel_has_them: transparent huge pages are off ({report:?})\n"
            ),
        );
        return;
    }
    assert_eq!(report.advice, Advice::Accepted);
    let huge = report.given.unwrap().bytes_huge;
    assert_eq!(huge % (2 << 20), 0);
    if huge == 0 {
        _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!(
                "SKIPPED: huge_pages_are_given_where_the_kernel_has_them: memory is too fragmented ({report:?})\n"
            ),
        );
    }
}

#[test]
fn line_buffers_report_no_pages() {
    let report = AlignedBuf::<u32>::zeroed(100, Boundary::Line).unwrap().report();
    assert_eq!(
        (report.bytes, report.bytes_reserved, report.advice, report.given),
        (400, 400, Advice::NotAsked, None)
    );
}

/// This program, to be started again: under an emulator with the emulator in front, as cargo was told to start it.
fn this_program() -> Command {
    let this = std::env::current_exe().expect("this test is a file");
    let runner = std::env::var("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace();
    match words.next().filter(|_| cfg!(target_arch = "aarch64")) {
        Some(emulator) => {
            let mut command = Command::new(emulator);
            command.args(words).arg(this);
            command
        }
        None => Command::new(this),
    }
}

/// An access on either side of the buffer must trap: a child process does it and dies of the signal.
#[test]
fn a_stray_access_next_to_the_buffer_traps() {
    use std::os::unix::process::ExitStatusExt;
    const CHILD: &str = "WF_ALIGNED_TRAP";
    if let Ok(side) = std::env::var(CHILD) {
        let buf = AlignedBuf::<u8>::zeroed(4096, Boundary::Page).unwrap();
        let stray =
            if side == "before" { buf.as_ptr().wrapping_sub(1) } else { buf.as_ptr().wrapping_add(4096) };
        // SAFETY: deliberately none: the read hits a guard page, and the process ends here.
        let value = unsafe { stray.read_volatile() };
        panic!("read {value} from a guard page");
    }
    for side in ["before", "after"] {
        let child = this_program()
            .args(["--exact", "a_stray_access_next_to_the_buffer_traps", "--test-threads=1"])
            .env(CHILD, side)
            .output()
            .unwrap();
        // A sanitizer catches the signal, reports it and exits.
        let reported = String::from_utf8_lossy(&child.stderr).contains("Sanitizer: SEGV");
        assert!(child.status.signal() == Some(11) || reported, "{side}: {child:?}");
    }
}
