//! `cargo xtask peers`: other projects' work beside ours, those that are installed; never part of CI.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wf_gate::report::{Report, junit, markdown};
use wf_gate::{Exit, GateError};

use crate::gate::{print, write_files};
use crate::{Outcome, build};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these groups [default: all].
    #[arg(value_name = "GROUP")]
    groups: Vec<String>,
    /// Only rules whose id matches; may be repeated.
    #[arg(long, value_name = "GLOB")]
    rule: Vec<String>,
    /// Tier of rules: `release` adds what takes ten million records.
    #[arg(long, default_value = "full", value_parser = ["full", "release"])]
    tier: String,
    /// Says what there is, what is installed and how to install the rest, and measures nothing.
    #[arg(long)]
    list: bool,
    /// Keeps the reports in docs/records, from which docs/RESULTS.md is made.
    #[arg(long, conflicts_with = "rule")]
    record: bool,
    /// Folder of the written reports [default: target/xtask/peers].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// A program of a group: a gate with rules of its own.
struct Peers {
    group: &'static str,
    program: &'static str,
    what: &'static str,
    /// Built for this processor instead of the target's least one.
    target_cpu: Option<&'static str>,
}

/// Every program with peers, in `benches/peers/GROUP`.
const PEERS: [Peers; 7] = [
    Peers {
        group: "engine",
        program: "wf-peers-engine",
        what: "workflow engines: snurr, pm4py, SpiffWorkflow",
        target_cpu: None,
    },
    Peers {
        group: "arena",
        program: "peers-system",
        what: "arenas, pools and counters, with the system's allocator",
        target_cpu: None,
    },
    Peers { group: "arena", program: "peers-jemalloc", what: "the same with jemalloc", target_cpu: None },
    Peers { group: "arena", program: "peers-mimalloc", what: "the same with mimalloc", target_cpu: None },
    Peers {
        group: "arena",
        program: "peers-v3",
        what: "carving, for x86-64-v3",
        target_cpu: Some("x86-64-v3"),
    },
    Peers {
        group: "simd",
        program: "wf-peers-simd",
        what: "kernels, counters and registries",
        target_cpu: None,
    },
    Peers { group: "mmap", program: "wf-peers-mmap", what: "embedded read-only stores", target_cpu: None },
];

/// Engines that are Python packages: the name in rules, and the module that must be there.
const PYTHON: [(&str, &str); 2] = [("pm4py", "pm4py"), ("spiff", "SpiffWorkflow")];

/// Where Python packages are installed by what [`run`] says.
const VENV: &str = "target/peers/venv";

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let root = build::root();
    let known: Vec<&str> = PEERS.iter().map(|peers| peers.group).collect();
    if let Some(group) = arguments.groups.iter().find(|group| !known.contains(&group.as_str())) {
        return Err(GateError::Usage(format!(
            "no peers are called {group}; there are engine, arena, simd, mmap"
        )));
    }
    let chosen: Vec<&Peers> = PEERS
        .iter()
        .filter(|peers| arguments.groups.is_empty() || arguments.groups.iter().any(|g| g == peers.group))
        .collect();
    let out = arguments.out.clone().unwrap_or_else(|| root.join("target/xtask/peers"));
    let python = Python::look(&root);
    let mut exits = Vec::new();
    let mut missing = 0;
    for peers in chosen {
        print(&format!("==> {}/{}: {}\n", peers.group, peers.program, peers.what));
        let folder = root.join("benches/peers").join(peers.group);
        let fetched = peers.fetch(&folder)?;
        if !fetched {
            missing += 1;
            print(&format!(
                "  not installed: its crates are not on this machine; `cargo fetch --manifest-path benches/peers/{}/Cargo.toml` \
                 gets them\n",
                peers.group
            ));
        }
        if peers.group == "engine" {
            missing += python.tell();
        }
        if arguments.list || !fetched {
            continue;
        }
        let measured = peers
            .build(&root, &folder)
            .and_then(|program| peers.measure(arguments, &root, &program, &python, &out));
        // The others can be measured all the same.
        exits.push(measured.unwrap_or_else(|error| {
            eprintln!("error: {error}");
            Exit::Tool
        }));
    }
    print(&format!("peers: {} programs run, {missing} peers not installed\n", exits.len()));
    if exits.is_empty() && !arguments.list {
        return Err(GateError::Usage("no peer is installed: nothing was measured".into()));
    }
    // The worst outranks the others, as in one run.
    let rank = |exit: &Exit| match exit {
        Exit::Breach => 0,
        Exit::Invalid => 1,
        Exit::Tool | Exit::Usage => 2,
        Exit::Inconclusive => 3,
        Exit::Pass => 4,
    };
    Ok(exits.into_iter().min_by_key(rank).unwrap_or(Exit::Pass))
}

impl Peers {
    /// Whether the crates that it needs are here or could be had.
    ///
    /// # Errors
    /// The lock file is not that of the manifests: with other versions nothing would be comparable.
    fn fetch(&self, folder: &Path) -> Result<bool, GateError> {
        let done = build::cargo(folder)
            .args(["fetch", "--locked", "--quiet"])
            .stdout(Stdio::null())
            .output()
            .map_err(|error| GateError::io("starting cargo", error))?;
        let said = String::from_utf8_lossy(&done.stderr);
        if !done.status.success() && said.contains("--locked") {
            return Err(GateError::Child {
                command: format!("cargo fetch --locked in benches/peers/{}", self.group),
                message: "the lock file is behind its manifests: `cargo update --workspace` there".into(),
            });
        }
        Ok(done.status.success())
    }

    fn build(&self, root: &Path, folder: &Path) -> Result<PathBuf, GateError> {
        let mut target = target(root);
        let mut cargo = build::cargo(folder);
        if let Some(cpu) = self.target_cpu {
            target.push(cpu);
            cargo.env("RUSTFLAGS", format!("-C target-cpu={cpu}"));
        }
        let status = cargo
            .env("CARGO_TARGET_DIR", &target)
            .args(["rustc", "--release", "--locked", "--bin", self.program, "--", build::LAYOUT])
            .status()
            .map_err(|error| GateError::io("starting cargo", error))?;
        if !status.success() {
            return Err(GateError::Child {
                command: format!("cargo rustc --bin {}", self.program),
                message: status.to_string(),
            });
        }
        Ok(target.join("release").join(format!("{}{}", self.program, std::env::consts::EXE_SUFFIX)))
    }

    fn measure(
        &self,
        arguments: &Arguments,
        root: &Path,
        program: &Path,
        python: &Python,
        out: &Path,
    ) -> Outcome {
        let dir = out.join(self.program);
        let failed = |message: String| GateError::Child { command: self.program.into(), message };
        let mut command = Command::new(program);
        command.env("WF_PEERS_PYTHON", &python.interpreter).stderr(Stdio::inherit());
        // Stores are built once for every build of the program.
        let stores = std::env::var_os("WF_PEERS_STORES").map(PathBuf::from);
        command.env("WF_PEERS_STORES", stores.unwrap_or_else(|| target(root).join("stores")));
        command.args(["--tier", &arguments.tier, "--out"]).arg(&dir);
        let rules = if arguments.rule.is_empty() { python.rules(self.group) } else { arguments.rule.clone() };
        for rule in &rules {
            command.args(["--rule", rule]);
        }
        let status = command.status().map_err(|error| GateError::io("starting the peers", error))?;
        let exit = match status.code() {
            Some(0) => Exit::Pass,
            Some(3) => Exit::Breach,
            Some(4) => Exit::Invalid,
            Some(5) => Exit::Inconclusive,
            // Nothing of this group has such a rule.
            Some(2) if !arguments.rule.is_empty() => return Ok(Exit::Pass),
            _ => return Err(failed(status.to_string())),
        };
        let mut report = crate::compare::load(&dir.join("report.json"))?;
        report.commit = build::commit(root);
        // Reports are kept without the place of this clone.
        if let Ok(relative) = Path::new(&report.budgets).strip_prefix(root) {
            report.budgets = relative.display().to_string();
        }
        self.keep(arguments, root, &dir, &report)?;
        Ok(exit)
    }

    fn keep(&self, arguments: &Arguments, root: &Path, dir: &Path, report: &Report) -> Result<(), GateError> {
        let files = [
            ("report.json", report.to_json()),
            ("report.md", markdown::render(report)),
            ("junit.xml", junit::render(report)),
        ];
        write_files(dir, &files)?;
        if arguments.record {
            let name = format!(
                "peers-{}.json",
                self.program.trim_start_matches("wf-peers-").trim_start_matches("peers-")
            );
            write_files(&root.join("docs/records"), &[(&name, report.to_json())])?;
        }
        Ok(())
    }
}

/// What the peers are built into: cargo's folder if the environment names one.
fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from).join("peers")
}

/// The interpreter, and which engines it has.
pub(crate) struct Python {
    pub(crate) interpreter: PathBuf,
    pub(crate) has: Vec<&'static str>,
}

impl Python {
    /// `WF_PEERS_PYTHON`, the virtual environment in `target/peers`, or `python3`.
    pub(crate) fn look(root: &Path) -> Self {
        let own = root.join(VENV).join("bin/python");
        let interpreter = std::env::var_os("WF_PEERS_PYTHON")
            .map_or_else(|| if own.is_file() { own } else { PathBuf::from("python3") }, PathBuf::from);
        let imports = |module: &str| {
            Command::new(&interpreter)
                .args(["-c", &format!("import {module}")])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        };
        let has = PYTHON.iter().filter(|(_, module)| imports(module)).map(|(name, _)| *name).collect();
        Self { interpreter, has }
    }

    /// Says what is missing and how to get it; gives how many.
    fn tell(&self) -> usize {
        let missing: Vec<&str> =
            PYTHON.iter().filter(|(name, _)| !self.has.contains(name)).map(|(_, module)| *module).collect();
        if !missing.is_empty() {
            print(&format!(
                "  not installed: {}; `python3 -m venv {VENV} && {VENV}/bin/pip install -r \
                 benches/peers/engine/requirements.txt` installs them, or WF_PEERS_PYTHON names an interpreter that has them\n",
                missing.join(", ")
            ));
        }
        missing.len()
    }

    /// The rules that can be checked: none named means all.
    fn rules(&self, group: &str) -> Vec<String> {
        if group != "engine" || self.has.len() == PYTHON.len() {
            return Vec::new();
        }
        let ours = ["snurr", "allocations"];
        ours.iter().chain(&self.has).map(|name| format!("engine.*.{name}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_of_a_group_is_there_and_has_budgets() {
        let root = build::root();
        for peers in &PEERS {
            let folder = root.join("benches/peers").join(peers.group);
            assert!(folder.join("Cargo.lock").is_file(), "{}: locked", peers.group);
            assert!(folder.join("README.md").is_file(), "{}: described", peers.group);
            let rules = std::fs::read_dir(folder.join("rules")).into_iter().flatten();
            let mut budgets: Vec<PathBuf> =
                rules.map(|rule| rule.expect("a readable folder").path().join("budgets.toml")).collect();
            if budgets.is_empty() {
                budgets.push(folder.join("budgets.toml"));
            }
            for path in budgets {
                let rules = wf_gate::budgets::Budgets::load(&path).expect("good budgets").rules;
                assert!(!rules.is_empty(), "{}", path.display());
            }
        }
    }

    #[test]
    fn what_is_not_installed_is_left_out_by_rule() {
        let python = |has: &[&'static str]| Python { interpreter: "python3".into(), has: has.to_vec() };
        assert_eq!(python(&["pm4py", "spiff"]).rules("engine"), Vec::<String>::new());
        assert_eq!(python(&["pm4py", "spiff"]).tell(), 0);
        assert_eq!(
            python(&["pm4py"]).rules("engine"),
            ["engine.*.snurr", "engine.*.allocations", "engine.*.pm4py"]
        );
        assert_eq!(python(&[]).rules("simd"), Vec::<String>::new());
    }
}
