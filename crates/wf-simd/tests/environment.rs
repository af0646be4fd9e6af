//! The environment lowers the level; it never raises it, and a wrong name is reported and ignored.

use std::process::Command;

use wf_simd::Level;

const CHILD: &str = "WF_SIMD_TEST_CHILD";

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

/// Runs this test in a process of its own, with the variable set; gives the level detected there and whether the request was an error.
fn detected_with(value: Option<&str>) -> (String, bool) {
    let mut command = this_program();
    command.args(["--exact", "the_environment_lowers_the_level", "--nocapture"]).env(CHILD, "1");
    match value {
        Some(value) => command.env("WF_SIMD_LEVEL", value),
        None => command.env_remove("WF_SIMD_LEVEL"),
    };
    let output = command.output().expect("this test can be started again");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("level names are ASCII");
    let answer = text.lines().find_map(|line| line.split_once("detected ")).expect("the child answers").1;
    let (level, failed) = answer.split_once(" ").expect("two words");
    (level.to_owned(), failed == "true")
}

#[test]
fn the_environment_lowers_the_level() {
    if std::env::var_os(CHILD).is_some() {
        println!("detected {} {}", Level::detect(), Level::requested().is_err());
        return;
    }
    // A build that requires a level does not look at the environment.
    if cfg!(target_feature = "avx512f") {
        _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("SKIPPED: the_environment_lowers_the_level: this build requires AVX-512\n"),
        );
        return;
    }
    let widest = Level::widest().to_string();
    assert_eq!(detected_with(None), (widest.clone(), false));
    for level in Level::available() {
        assert_eq!(detected_with(Some(level.name())), (level.to_string(), false));
    }
    for wrong in ["sse9", "", "AVX2"] {
        assert_eq!(detected_with(Some(wrong)), (widest.clone(), true), "{wrong:?}");
    }
    let lacking = if cfg!(target_arch = "aarch64") { "avx2" } else { "neon" };
    assert_eq!(detected_with(Some(lacking)), (widest, true));
}
