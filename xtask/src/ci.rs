//! `cargo xtask ci`: what CI runs, step by step, with the same names.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use wf_gate::{Exit, GateError};

use crate::gate::print;
use crate::{Outcome, build};

mod portable;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The long version: tests at full scale, models of interleavings, the full tier of the gate.
    #[arg(long)]
    full: bool,
    /// Only steps whose name contains this; may be repeated.
    #[arg(long, value_name = "TEXT")]
    step: Vec<String>,
}

/// Packages with unsafe code.
const UNSAFE: [&str; 6] = ["wf-alloc", "wf-arena", "wf-aligned", "wf-simd", "wf-mmap", "wf-registry"];

/// Features that must build alone.
const FEATURES: [&str; 3] = ["memory-v2", "jemalloc", "mimalloc"];

/// Packages that have them.
const FEATURED: [&str; 3] = ["wf-engine", "wf-cli", "wf-benches"];

/// Models of every interleaving, and where they stand; the first is short and part of every run.
const LOOM: [(&str, &str); 3] = [
    ("loom, the store's handle", "--test loom --package wf-mmap"),
    ("loom, in the crates", "--lib --package wf-alloc --package wf-arena"),
    ("loom, beside them", "--test loom --package wf-aligned --package wf-registry"),
];

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let steps = steps(arguments.full);
    let chosen: Vec<&Step> = steps
        .iter()
        .filter(|step| {
            arguments.step.is_empty() || arguments.step.iter().any(|part| step.name.contains(part.as_str()))
        })
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
        return Err(GateError::Usage(format!("no step has such a name; the steps are {}", names.join(", "))));
    }
    let root = build::root();
    let mut failed = Vec::new();
    for (index, step) in chosen.iter().enumerate() {
        print(&format!(
            "==> [{}/{}] {}: cargo {}\n",
            index + 1,
            chosen.len(),
            step.name,
            step.arguments.join(" ")
        ));
        let begun = Instant::now();
        let mut command = build::cargo(&root);
        step.prepare(&mut command);
        let status = command.status().map_err(|error| GateError::io("starting cargo", error))?;
        let seconds = begun.elapsed().as_secs();
        let word = if status.success() { "ok" } else { "FAILED" };
        print(&format!("<== {}: {word}, {seconds} s\n", step.name));
        if !status.success() {
            failed.push((step.name.as_str(), status.code()));
        }
    }
    if failed.is_empty() {
        print(&format!("ci: {} steps passed\n", chosen.len()));
        return Ok(Exit::Pass);
    }
    let names: Vec<&str> = failed.iter().map(|(name, _)| *name).collect();
    print(&format!("ci: {} of {} steps failed: {}\n", failed.len(), chosen.len(), names.join(", ")));
    // The gate's own answer is kept if it is the only one that failed.
    match failed.as_slice() {
        [("gate", Some(3))] => Ok(Exit::Breach),
        [("gate", Some(4))] => Ok(Exit::Invalid),
        [("gate", Some(5))] => Ok(Exit::Inconclusive),
        _ => Ok(Exit::Tool),
    }
}

/// The step of CI that runs cargo with these arguments.
pub(crate) fn step_of(arguments: &str) -> Option<String> {
    fixed(false).into_iter().find(|step| step.arguments.join(" ") == arguments).map(|step| step.name)
}

struct Step {
    name: String,
    arguments: Vec<String>,
    environment: Vec<(&'static str, &'static str)>,
}

impl Step {
    fn new(name: &str, arguments: &str) -> Self {
        let arguments = arguments.split_whitespace().map(str::to_owned).collect();
        Self { name: name.into(), arguments, environment: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    fn prepare(&self, command: &mut Command) {
        command.args(&self.arguments);
        command.envs(self.environment.iter().copied());
    }
}

/// Packages with code of their own for aarch64: vectors, and prefetches.
const AARCH64: &str = "--package wf-simd --package wf-aligned";

/// Whether a program starts and ends well.
fn has(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The tests of what is written for aarch64, under emulation; without an emulator they are built; what cannot be had is said.
fn for_aarch64() -> Option<Step> {
    const TARGET: &str = "aarch64-unknown-linux-gnu";
    let folder = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    let folder = folder.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    if !folder.is_some_and(|folder| Path::new(folder.trim()).exists()) {
        print(&format!("SKIPPED: test for aarch64: rustup target add {TARGET}\n"));
        return None;
    }
    let (linker, emulator) = ("aarch64-linux-gnu-gcc", "qemu-aarch64");
    if !has(linker, &["--version"]) || !has(emulator, &["--version"]) {
        print(&format!(
            "SKIPPED: test for aarch64: {linker} or {emulator} is not installed; it is built only\n"
        ));
        return Some(Step::new(
            "check for aarch64",
            &format!("check --target {TARGET} {AARCH64} --all-features"),
        ));
    }
    let arguments = format!("test --target {TARGET} {AARCH64} --all-features --lib --tests");
    let step = Step::new("test for aarch64", &arguments)
        .with("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", linker)
        .with("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", "qemu-aarch64 -L /usr/aarch64-linux-gnu");
    Some(step)
}

/// The tests of crates with unsafe code under valgrind, and under the address sanitizer of a nightly toolchain; a
/// tool that is not installed is said to be skipped.
fn sanitized() -> Vec<Step> {
    let mut steps = Vec::new();
    let runner = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER";
    if has("valgrind", &["--version"]) {
        let under = "valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite";
        for package in UNSAFE {
            let name = format!("valgrind {package}");
            // Valgrind does not know the widest vectors, and its threads take turns.
            let step =
                Step::new(&name, &format!("test --package {package} --lib --tests")).with(runner, under);
            steps.push(step.with("WF_SIMD_LEVEL", "avx2"));
        }
    } else {
        print("SKIPPED: valgrind: not installed\n");
    }
    if has("cargo", &["+nightly", "--version"]) {
        let packages: Vec<String> = UNSAFE.iter().map(|package| format!("--package {package}")).collect();
        let target = "--target x86_64-unknown-linux-gnu --lib --tests";
        let arguments = format!("test {target} {}", packages.join(" "));
        let step = Step::new("address sanitizer", &arguments).with("RUSTFLAGS", "-Zsanitizer=address");
        let step = step.with("RUSTUP_TOOLCHAIN", "nightly").with("CARGO_TARGET_DIR", "target/asan");
        // Leaks are valgrind's: it tells a block that is lost from one that a static still holds.
        steps.push(step.with("ASAN_OPTIONS", "detect_leaks=0"));
    } else {
        print("SKIPPED: address sanitizer: no nightly toolchain\n");
    }
    steps.extend(thread_sanitizer());
    steps
}

/// Packages whose threads share memory without locks, or initialise behind one.
const SHARED: &str = "--package wf-aligned --package wf-registry";

/// Their tests under the thread sanitizer. It must know every access to memory, the standard library's too, which is built with it.
fn thread_sanitizer() -> Option<Step> {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    let root = Command::new("rustc").args(["+nightly", "--print", "sysroot"]).output();
    let root = root.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    let Some(root) = root.and_then(|root| String::from_utf8(root).ok()) else {
        print("SKIPPED: thread sanitizer: no nightly toolchain: rustup toolchain install nightly\n");
        return None;
    };
    if !Path::new(root.trim()).join("lib/rustlib/src/rust/library/std").exists() {
        print(
            "SKIPPED: thread sanitizer: no source of std: rustup component add rust-src --toolchain nightly\n",
        );
        return None;
    }
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        print(&format!("SKIPPED: thread sanitizer: this machine does not run {TARGET}\n"));
        return None;
    }
    let arguments = format!("test -Zbuild-std --target {TARGET} --lib --tests {SHARED}");
    let step = Step::new("thread sanitizer", &arguments).with("RUSTFLAGS", "-Zsanitizer=thread");
    Some(step.with("RUSTUP_TOOLCHAIN", "nightly").with("CARGO_TARGET_DIR", "target/tsan"))
}

/// What `deny.toml` asks of the crates of others; advisories where their database can be had.
fn dependencies() -> Vec<Step> {
    if !has("cargo", &["deny", "--version"]) {
        print("SKIPPED: licences and bans, advisories: cargo install cargo-deny --locked\n");
        return Vec::new();
    }
    let mut steps = vec![Step::new("licences and bans", "deny check licenses bans sources")];
    if has("cargo", &["deny", "fetch", "db"]) {
        steps.push(Step::new("advisories", "deny check advisories"));
    } else {
        print("SKIPPED: advisories: their database cannot be fetched\n");
    }
    steps
}

/// Steps that are the same on every machine.
fn fixed(full: bool) -> Vec<Step> {
    let mut steps = vec![
        Step::new("fmt", "fmt --all --check"),
        Step::new("clippy", "clippy --workspace --all-targets --all-features -- -D warnings"),
        Step::new("doc", "doc --workspace --all-features --no-deps").with("RUSTDOCFLAGS", "-D warnings"),
        Step::new("build without features", "build --workspace --no-default-features"),
    ];
    // Leaves alone: any other crate would have their features on.
    let leaves: Vec<String> = UNSAFE.iter().map(|package| format!("--package {package}")).collect();
    let arguments = format!("doc {} --no-default-features --no-deps", leaves.join(" "));
    steps.push(Step::new("pages without features", &arguments).with("RUSTDOCFLAGS", "-D warnings"));
    let packages: Vec<String> = FEATURED.iter().map(|package| format!("--package {package}")).collect();
    for feature in FEATURES {
        let arguments = format!("build {} --no-default-features --features {feature}", packages.join(" "));
        steps.push(Step::new(&format!("build with {feature} alone"), &arguments));
    }
    let scale = if full { "full" } else { "" };
    steps.push(Step::new("test", "test --features memory-v2").with("WF_TEST_SCALE", scale));
    steps.push(Step::new("test every allocator", "test --package wf-alloc --all-features"));
    // What no other crate asks for: the guard, and compression.
    let store = Step::new("test every way into a store", "test --package wf-mmap --all-features");
    steps.push(store.with("WF_TEST_SCALE", scale));
    let inspect = "test --package wf-cli --features zstd --test store";
    steps.push(Step::new("test what shows compressed stores", inspect));
    steps.push(Step::new("test xtask", "test --package xtask"));
    steps.extend(for_aarch64());
    steps.push(Step::new("examples", "run --quiet --package xtask -- examples"));
    if !full {
        steps.push(Step::new("packages", "run --quiet --package xtask -- package --list"));
    }
    let cargo = if full { " --cargo" } else { "" };
    steps.push(Step::new("documents", &format!("run --quiet --package xtask -- blocks{cargo}")));
    steps
}

fn steps(full: bool) -> Vec<Step> {
    let mut steps = fixed(full);
    // The oldest compiler has everything built again, which is a job of its own in CI.
    steps.extend(portable::steps().into_iter().filter(|step| full || !step.name.starts_with("rust ")));
    for (name, tests) in &LOOM[..if full { LOOM.len() } else { 1 }] {
        let arguments = format!("test --release {tests}");
        // A folder of its own: the flag would have everything else built again.
        let step = Step::new(name, &arguments).with("RUSTFLAGS", "--cfg loom");
        steps.push(step.with("CARGO_TARGET_DIR", "target/loom"));
    }
    let tier = if full { "full" } else { "ci" };
    steps.push(Step::new(
        "gate",
        &format!("run --quiet --package xtask -- gate --tier {tier} --invalid warn"),
    ));
    if full {
        steps.extend(dependencies());
        steps.extend(sanitized());
        steps.push(Step::new("packages", "run --quiet --package xtask -- package"));
        steps.push(Step::new("matrix", "run --quiet --package xtask -- bench-matrix --quick"));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_its_own_name_and_full_has_more() {
        let names = |full| steps(full).into_iter().map(|step| step.name).collect::<Vec<_>>();
        let mut unique = names(true);
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), names(true).len());
        assert!(names(true).len() > names(false).len());
    }
}
