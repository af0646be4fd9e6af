//! `--outcome`: how likely the branches of a decision are.

use wf_bpmn::Process;
use wf_engine::play::Odds;
use wf_engine::{Engine, ProgramId};
use wf_net::{Decision, DecisionKind, Names, Subject};

use crate::exit::Failure;
use crate::model::Compiled;

/// A process of the run: its program, and the names in it.
struct Played<'p> {
    program: ProgramId,
    process: &'p Process,
    names: Names,
}

/// Reads all that were given; a later one of the same decision takes the place of an earlier one. The first of the
/// processes is the one that is played, the others those that it calls.
pub(super) fn read<'p>(
    given: &[String],
    engine: &Engine,
    all: &[&'p Compiled],
) -> Result<Vec<Odds>, Failure> {
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let played = |compiled: &&'p Compiled| {
        let program = engine.program(&compiled.process.id)?;
        Some(Played { program, process: &compiled.process, names: engine.names(program)? })
    };
    let all: Vec<Played<'p>> = all.iter().filter_map(played).collect();
    let read =
        |text: &String| one(text, &all).map_err(|why| Failure::Usage(format!("--outcome {text}: {why}")));
    given.iter().map(read).collect()
}

fn one(text: &str, all: &[Played<'_>]) -> Result<Odds, String> {
    let (gateway, chances) =
        text.rsplit_once('=').ok_or("GATEWAY=P is needed, or GATEWAY=BRANCH:P,BRANCH:P")?;
    let (played, index) = find(gateway, all)?;
    let Played { program, process, names } = played;
    let program = *program;
    let decision = &names.decisions[index];
    let is_inclusive = matches!(decision.kind, DecisionKind::Branches | DecisionKind::GuardedBranches);
    let mut given: Vec<Option<f64>> = vec![None; decision.branches.len()];
    if !chances.contains(':') && given.len() == 2 {
        let first = chance(chances)?;
        given = vec![Some(first), is_inclusive.then_some(1.0 - first)];
    } else {
        for part in chances.split(',') {
            let Some((name, text)) = part.rsplit_once(':') else {
                let count = given.len();
                return Err(format!("it has {count} branches, so each P needs its own: BRANCH:P"));
            };
            let at = branch(name.trim(), decision, process)?;
            if given[at].replace(chance(text)?).is_some() {
                return Err(format!("branch `{}` is given twice", name.trim()));
            }
        }
    }
    let sum: f64 = given.iter().flatten().sum();
    let others = given.iter().filter(|chance| chance.is_none()).count();
    if is_inclusive {
        let chances = given.into_iter().map(|chance| chance.unwrap_or(0.0)).collect();
        return Ok(Odds { program, decision: index, chances });
    }
    // As decimal fractions are, 0.7 + 0.2 + 0.1 is not quite 1.
    if sum > 1.0 + 1e-9 || (others == 0 && sum < 1.0 - 1e-9) {
        return Err(format!("the probabilities add up to {sum}, not to 1"));
    }
    let rest = (1.0 - sum).max(0.0) / others.max(1) as f64;
    Ok(Odds {
        program,
        decision: index,
        chances: given.into_iter().map(|chance| chance.unwrap_or(rest)).collect(),
    })
}

/// The decision of an element, of the process that is played before those that it calls; the process may be named.
fn find<'a, 'p>(gateway: &str, all: &'a [Played<'p>]) -> Result<(&'a Played<'p>, usize), String> {
    for played in all {
        let id = gateway.strip_prefix(played.process.id.as_str()).and_then(|rest| rest.strip_prefix(':'));
        if let Some(id) = id {
            return Ok((played, decision(id, &played.names)?));
        }
    }
    let (first, called) = all.split_first().ok_or("there is no process")?;
    decision(gateway, &first.names).map(|index| (first, index)).or_else(|why| {
        let mut found =
            called.iter().filter_map(|played| Some((played, decision(gateway, &played.names).ok()?)));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (Some((one, _)), Some(_)) => {
                Err(format!("several processes have it; say which: {}:{gateway}", one.process.id))
            }
            (None, _) => Err(why),
        }
    })
}

/// The decision of an element: under its own id, or that of the choice which stands behind it.
fn decision(gateway: &str, names: &Names) -> Result<usize, String> {
    let choices = || names.decisions.iter().enumerate().filter(|(_, decision)| !decision.branches.is_empty());
    let is_of =
        |id: &str| id.strip_prefix(gateway).is_some_and(|rest| matches!(rest, "" | "/choice" | "/again"));
    let found: Vec<usize> =
        choices().filter(|(_, decision)| is_of(&decision.gateway.id)).map(|(index, _)| index).collect();
    if let [index] = found[..] {
        return Ok(index);
    }
    let known: Vec<&str> = choices().map(|(_, decision)| decision.gateway.id.as_str()).collect();
    Err(match known.as_slice() {
        [] => "the process decides nothing between branches".to_owned(),
        known if found.is_empty() => {
            format!("no `{gateway}` decides between branches; these do: {}", known.join(", "))
        }
        known => format!("`{gateway}` decides more than one thing; say which: {}", known.join(", ")),
    })
}

/// The branch of this name.
fn branch(name: &str, decision: &Decision, process: &Process) -> Result<usize, String> {
    let net = &process.net;
    let node = net.node_ids().find(|&node| net.node(node).id() == decision.gateway.id);
    let flows = node.map(|node| net.node(node).outgoing()).unwrap_or_default();
    // A flow that no element of the model draws has the element's own id.
    let id =
        |at: usize| flows.get(at).map_or("", |&flow| process.element_of(Subject::Flow(flow)).id.as_str());
    let by_id = (0..decision.branches.len()).filter(|&at| id(at) == name).collect::<Vec<_>>();
    let by_other = || {
        let is_named = |at: &usize| decision.branches[*at].text == name || decision.branches[*at].to == name;
        (0..decision.branches.len()).filter(is_named).collect::<Vec<_>>()
    };
    let found = if by_id.len() == 1 { by_id } else { by_other() };
    if let [at] = found[..] {
        return Ok(at);
    }
    let known: Vec<&str> = (0..decision.branches.len()).map(id).collect();
    let what = if found.is_empty() { "is none of its branches" } else { "is more than one of its branches" };
    Err(format!("`{name}` {what}: {}", known.join(", ")))
}

fn chance(text: &str) -> Result<f64, String> {
    let text = text.trim();
    match text.parse::<f64>() {
        Ok(chance) if (0.0..=1.0).contains(&chance) => Ok(chance),
        _ => Err(format!("`{text}` is no probability from 0 to 1")),
    }
}
