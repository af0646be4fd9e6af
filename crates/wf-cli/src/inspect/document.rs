//! What a store holds as one JSON document.

use serde_json::{Value, json};
use wf_engine::Engine;
use wf_engine::store::Key;
use wf_net::{Decision, Label, Names, Program, Timer, TimerLabel};

use super::{choices, timed};
use crate::say;

/// All workflows of a store.
pub(super) fn list(engine: &Engine) -> Value {
    let store = engine.store();
    let workflow = |name: &str| {
        let image = store.get(Key::Str(name)).ok().flatten()?;
        let program = Program::parse(image).ok()?;
        let header = program.header();
        Some(json!({
            "id": name,
            "tasks": header.tasks,
            "starts": header.starts,
            "places": header.places,
            "words": header.words,
            "counters": header.counters,
            "ops": program.ops().count(),
            "bytes": program.as_bytes().len(),
        }))
    };
    json!({
        "format": 1,
        "store": store.path().display().to_string(),
        "opened": store.how().to_string(),
        "workflows": engine.programs().filter_map(|(_, name)| workflow(name)).collect::<Vec<_>>(),
    })
}

/// Tasks, decisions and ops of one workflow.
pub(super) fn show(program: &Program<'_>, names: &Names) -> Value {
    let header = program.header();
    let inputs = names.join_inputs.iter().map(|input| json!({ "node": input.gateway, "from": input.from }));
    let merges = names
        .merges
        .iter()
        .enumerate()
        .map(|(number, merge)| json!({ "id": merge.id, "form": say::merge_form(program, number) }));
    let kinds = [("task", &names.tasks), ("start", &names.starts), ("interrupt", &names.interrupts)];
    let labels = kinds.iter().flat_map(|(kind, labels)| labels.iter().map(move |label| (*kind, label)));
    let routes =
        labels.enumerate().map(|(route, (kind, label))| self::route(program, names, route, kind, label));
    json!({
        "format": 1,
        "id": names.net,
        "build": format!("{:016x}", header.build_id),
        "places": header.places,
        "counters": header.counters,
        "inputs": inputs.collect::<Vec<_>>(),
        "merges": merges.collect::<Vec<_>>(),
        "timers": names.timers.iter().map(|timer| self::timer(names, timer)).collect::<Vec<_>>(),
        "routes": routes.collect::<Vec<_>>(),
    })
}

fn timer(names: &Names, label: &TimerLabel) -> Value {
    let (after, at) = match label.timer {
        Timer::After(seconds) => (Some(seconds), None),
        Timer::At(second) => (None, Some(second)),
    };
    json!({
        "id": timed(names, label).map(|timed| &timed.id),
        "after_seconds": after,
        "at_unix_second": at,
        "is_watched": label.is_watched,
    })
}

fn route(program: &Program<'_>, names: &Names, route: usize, kind: &str, label: &Label) -> Value {
    let decisions =
        names.route_decisions[route].iter().map(|&decision| self::decision(&names.decisions[decision]));
    json!({
        "kind": kind,
        "id": label.id,
        "name": label.text,
        "outcomes": program.op(route, 0).meta.outcomes,
        "decisions": decisions.collect::<Vec<_>>(),
    })
}

fn decision(decision: &Decision) -> Value {
    let branch = |branch: &wf_net::Branch| {
        json!({
            "to": branch.to,
            "name": branch.text,
            "condition": branch.condition,
            "is_default": branch.is_default,
        })
    };
    json!({
        "node": decision.gateway.id,
        "name": decision.gateway.text,
        "choices": choices(decision),
        "branches": decision.branches.iter().map(branch).collect::<Vec<_>>(),
    })
}
