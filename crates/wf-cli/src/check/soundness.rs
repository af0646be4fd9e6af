//! Whether every case of a process can end well, in the words of its model.

use wf_bpmn::{Element, Process, Warning, WarningKind};
use wf_net::{CheckOptions, Checked, Finding, FindingKind, Move, Net, NodeId, NodeKind, Subject};

use crate::model::Compiled;

/// Most steps of a way that are told; of a longer one, the last.
const STEPS_MAX: usize = 12;

/// What is to be said of a process that compiles.
pub(crate) struct Said {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) element: Element,
}

/// What a look at all states of a case has found, and the warnings of the model.
pub(crate) struct Examined {
    pub(crate) states: usize,
    pub(crate) is_decided: bool,
    pub(crate) said: Vec<Said>,
}

impl Examined {
    pub(crate) fn of(compiled: &Compiled) -> Self {
        let process = &compiled.process;
        // A net that compiles can be played.
        let checked = wf_net::check(&process.net, &CheckOptions::default()).unwrap_or_default();
        // What meets without a join is known exactly where all states are.
        let is_told =
            |warning: &&Warning| !(checked.is_whole && matches!(warning.kind, WarningKind::NotJoined { .. }));
        let warnings = process.warnings.iter().filter(is_told).map(|warning| Said {
            code: warning.code(),
            message: warning.kind.to_string(),
            element: warning.element.clone(),
        });
        let findings = checked.findings.iter().map(|finding| said(process, finding));
        let mut said: Vec<Said> = warnings.chain(findings).collect();
        said.sort_by_key(|said| said.element.position);
        let Checked { states, is_whole, .. } = checked;
        Self { states, is_decided: is_whole, said }
    }
}

fn said(process: &Process, finding: &Finding) -> Said {
    let named = |&node: &NodeId| process.element_of(Subject::Node(node)).to_string();
    let (code, what) = match &finding.kind {
        FindingKind::Stuck(nodes) => {
            let mut nodes: Vec<String> = nodes.iter().map(named).collect();
            nodes.dedup();
            ("stuck", format!("a case can get stuck: a token waits for ever at {}", nodes.join(", ")))
        }
        FindingKind::NoEnd => ("no-end", "from here a case goes round and never ends".to_owned()),
        FindingKind::Several => {
            ("several", "it can have several tokens at once: it is performed once for each".to_owned())
        }
        FindingKind::Unbounded => ("unbounded", "tokens can become more and more here".to_owned()),
        FindingKind::Dead => ("dead", "no case ever gets here".to_owned()),
        _ => ("unsound", "a case may not end well".to_owned()),
    };
    let way = way(&process.net, &finding.way);
    let message = if way.is_empty() { what } else { format!("{what}; the way there: {way}") };
    let element = process.element_of(Subject::Node(finding.node)).clone();
    Said { code: format!("soundness.{code}"), message, element }
}

/// A way through a process, in words.
fn way(net: &Net, moves: &[Move]) -> String {
    let step = |step: &Move| {
        let node = net.node(step.node);
        let verb = match node.kind() {
            NodeKind::Start => "starts",
            kind if kind.is_task() => "is done",
            _ => "happens",
        };
        let mut text = format!("`{}` {verb}", node.label());
        for (chooser, branches) in &step.decided {
            let chooser = net.node(*chooser);
            let branches = branches.iter().filter_map(|&branch| chooser.outgoing().get(branch));
            let branches: Vec<String> = branches
                .map(|&flow| match net.flow(flow).label() {
                    "" => format!("to `{}`", net.node(net.flow(flow).to()).label()),
                    label => format!("`{label}`"),
                })
                .collect();
            if !branches.is_empty() {
                text += &format!(", `{}` decides {}", chooser.label(), branches.join(" and "));
            }
        }
        text
    };
    let skipped = moves.len().saturating_sub(STEPS_MAX);
    let told: Vec<String> = moves[skipped..].iter().map(step).collect();
    let begin = if skipped > 0 { format!("after {skipped} steps ") } else { String::new() };
    begin + &told.join("; ")
}
