//! Markdown, as a step summary or a file.

use std::fmt::Write as _;

use super::Report;

/// Renders a report.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let _infallible = writeln!(out, "## Gate {}\n", report.headline());
    out.push_str(
        "| verdict | rule | promised | measured [interval] | n | remark |\n|---|---|---|---|--:|---|\n",
    );
    for rule in report.by_rank() {
        let n = rule
            .measured
            .map_or_else(String::new, |m| if m.n > 1 { m.n.to_string() } else { "exact".into() });
        let cells = [rule.verdict.word(), &rule.id, &rule.promise(), &rule.estimate(), &n, &rule.remark()]
            .map(escape);
        let _infallible = writeln!(out, "| {} |", cells.join(" | "));
    }
    out.push_str("\n| control | expected | what happened |\n|---|---|---|\n");
    for control in &report.controls {
        let what =
            if control.holds { control.what.clone() } else { format!("**does not hold**: {}", control.what) };
        let _infallible = writeln!(
            out,
            "| {} | {} | {} |",
            escape(&control.name),
            escape(&control.expected),
            escape(&what)
        );
    }
    let m = &report.machine;
    out.push_str("\n<details><summary>Machine and run</summary>\n\n| | |\n|---|---|\n");
    let mhz = |hz: Option<f64>| hz.map_or_else(|| "not known".into(), |hz| format!("{:.0} MHz", hz / 1e6));
    let cores = match m.cores_physical {
        Some(physical) => format!("{} ({physical} physical)", m.cores),
        None => m.cores.to_string(),
    };
    for (name, value) in [
        ("processor", m.cpu.clone()),
        ("class", m.cpu_class.clone()),
        ("cores", cores),
        ("instruction set", m.isa.clone()),
        ("counter", mhz(m.counter_hz)),
        ("core", m.no_cycles.clone().unwrap_or_else(|| mhz(m.core_hz))),
        ("hypervisor", if m.virtualised { "yes".into() } else { "no".into() }),
        ("kernel", m.kernel.clone()),
        ("huge pages", m.huge_pages.clone().unwrap_or_else(|| "not known".into())),
        ("load at the start", m.load.clone().unwrap_or_else(|| "not known".into())),
        ("target", m.target.clone()),
        ("rustc", m.rustc.clone()),
        ("commit", report.commit.clone().unwrap_or_else(|| "not known".into())),
        ("budgets", report.budgets.clone()),
        ("seed", report.seed.to_string()),
        ("started", report.started.clone()),
        ("seconds", format!("{:.1}", report.seconds)),
        ("processes", report.processes.to_string()),
        ("repeats", report.repeats.to_string()),
    ] {
        let _infallible = writeln!(out, "| {name} | {} |", escape(&value));
    }
    out.push_str("\n</details>\n");
    out
}

/// Text that stays one cell.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace('\n', " ")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
