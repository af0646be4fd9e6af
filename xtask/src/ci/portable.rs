//! Steps for other machines and other compilers: each is skipped, and says so, where its parts are not installed.

use std::process::Command;

use super::Step;
use crate::gate::print;

/// Targets that everything but the tools compiles for.
const TARGETS: [&str; 3] = ["aarch64-unknown-linux-gnu", "x86_64-pc-windows-gnu", "aarch64-apple-darwin"];

/// A target that has no standard library, and the packages that build for it without their default features.
const BARE: &str = "aarch64-unknown-none";
const WITHOUT_STD: [&str; 3] = ["wf-arena", "wf-aligned", "wf-simd"];

/// The oldest compiler, as `rust-version` of the root manifest has it.
const OLDEST: &str = "1.89";

pub(super) fn steps() -> Vec<Step> {
    let mut steps = Vec::new();
    let installed = said(&["target", "list", "--installed"]);
    let has = |target: &str| installed.lines().any(|line| line.trim() == target);
    for target in TARGETS {
        let name = format!("target {target}");
        if !has(target) {
            print(&format!(
                "SKIPPED: {name}: its standard library is not installed: rustup target add {target}\n"
            ));
            continue;
        }
        // The allocators and the compression are C, for which a compiler of the target would be needed.
        let what = "--workspace --exclude xtask --exclude wf-benches --lib --bins --examples";
        steps.push(Step::new(&name, &format!("check {what} --features memory-v2 --target {target}")));
    }
    for package in WITHOUT_STD {
        let name = format!("{package} without std");
        if has(BARE) {
            let what = format!("build --package {package} --no-default-features --target {BARE}");
            steps.push(Step::new(&name, &what));
        } else {
            print(&format!("SKIPPED: {name}: rustup target add {BARE}\n"));
        }
    }
    let name = format!("rust {OLDEST}");
    if said(&["toolchain", "list"]).lines().any(|line| line.starts_with(OLDEST)) {
        let step = Step::new(&name, "check --workspace --all-targets --all-features");
        steps.push(step.with("RUSTUP_TOOLCHAIN", OLDEST).with("CARGO_TARGET_DIR", "target/oldest"));
    } else {
        print(&format!("SKIPPED: {name}: rustup toolchain install {OLDEST}\n"));
    }
    steps
}

/// What rustup says; nothing where there is no rustup.
fn said(arguments: &[&str]) -> String {
    let done = Command::new("rustup").args(arguments).output();
    done.map(|done| String::from_utf8_lossy(&done.stdout).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_compiler_is_that_of_the_manifest() {
        let manifest = std::fs::read_to_string(crate::build::root().join("Cargo.toml")).expect("it is there");
        assert!(manifest.contains(&format!("rust-version = \"{OLDEST}\"")));
    }
}
