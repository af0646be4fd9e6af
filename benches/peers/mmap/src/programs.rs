//! Opening an engine over a store of programs, beside reading the same workflows from JSON and from bincode.
//!
//! The other side gets less than the engine does: nodes and flows as they are drawn, not checked and not compiled.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use wf_engine::{Engine, Key, StoreBuilder};
use wf_gate::{Batch, Subject};
use wf_net::{CompileOptions, Net, compile};

use crate::data::folder;
use crate::loads::opening_of;

/// Models of which each workflow is a copy under a name of its own.
const MODELS: [&[u8]; 6] = [
    include_bytes!("../../../../models/order-fulfilment.bpmn"),
    include_bytes!("../../../../models/loan-approval.bpmn"),
    include_bytes!("../../../../models/travel-request.bpmn"),
    include_bytes!("../../../../models/bench/seq10.bpmn"),
    include_bytes!("../../../../models/bench/par4.bpmn"),
    include_bytes!("../../../../models/bench/xorloop.bpmn"),
];
const COPIES: usize = 1_000;

/// A workflow as an engine that interprets it reads it.
#[derive(Deserialize, Serialize)]
struct Definition {
    name: String,
    nodes: Vec<Node>,
    flows: Vec<Flow>,
}

#[derive(Deserialize, Serialize)]
struct Node {
    id: String,
    label: String,
    kind: String,
    incoming: Vec<u32>,
    outgoing: Vec<u32>,
}

#[derive(Deserialize, Serialize)]
struct Flow {
    label: String,
    condition: Option<String>,
}

type Definitions = HashMap<String, Definition>;

fn definition(net: &Net, name: &str) -> Definition {
    let numbers = |flows: &[wf_net::FlowId]| flows.iter().map(|flow| flow.index() as u32).collect();
    let node = |node: &wf_net::Node| Node {
        id: node.id().to_owned(),
        label: node.label().to_owned(),
        kind: format!("{:?}", node.kind()),
        incoming: numbers(node.incoming()),
        outgoing: numbers(node.outgoing()),
    };
    let flow = |flow: &wf_net::Flow| Flow {
        label: flow.label().to_owned(),
        condition: flow.condition().map(str::to_owned),
    };
    Definition {
        name: name.to_owned(),
        nodes: net.nodes().iter().map(node).collect(),
        flows: net.flows().iter().map(flow).collect(),
    }
}

fn place(name: &str) -> PathBuf {
    folder().join(format!("programs.{name}"))
}

/// Writes the store and both files unless they are there.
pub fn provide() {
    if place("built").exists() {
        return;
    }
    std::fs::create_dir_all(folder()).expect("a folder for the stores");
    let mut store = StoreBuilder::create(&place("wfs"), Default::default()).expect("a folder to write to");
    let mut all = Definitions::new();
    let mut options = wf_bpmn::ParseOptions::default();
    options.external_decisions = true;
    for bytes in MODELS {
        let document = wf_bpmn::parse(bytes, &options).expect("our own model");
        let net = &document.processes[0].net;
        let image = compile(net, &CompileOptions::default()).expect("our own model");
        for copy in 0..COPIES {
            let name = format!("{}-{copy}", net.name());
            store.add(Key::Str(&name), image.as_bytes()).expect("a fresh name");
            all.insert(name.clone(), definition(net, &name));
        }
    }
    store.finish().expect("room for a store");
    std::fs::write(place("json"), serde_json::to_vec(&all).expect("strings and numbers"))
        .expect("room for a file");
    std::fs::write(place("bincode"), bincode::serialize(&all).expect("strings and numbers"))
        .expect("room for a file");
    std::fs::write(place("built"), "").expect("room for a file");
}

fn opening<T: 'static>(open: fn() -> T, len: fn(&T) -> usize) -> Box<dyn Batch> {
    opening_of((MODELS.len() * COPIES) as u64, open, len)
}

fn engine() -> Engine {
    Engine::open(place("wfs")).expect("a store that was built")
}

fn json() -> Definitions {
    let bytes = std::fs::read(place("json")).expect("a file that was built");
    serde_json::from_slice(&bytes).expect("a whole file")
}

fn from_bincode() -> Definitions {
    let bytes = std::fs::read(place("bincode")).expect("a file that was built");
    bincode::deserialize(&bytes).expect("a whole file")
}

/// The subjects.
pub fn subjects() -> Vec<Subject> {
    vec![
        Subject { id: "engine.open", ops: 1, make: || opening(engine, |engine| engine.store().len()) },
        Subject { id: "engine.load_json", ops: 1, make: || opening(json, Definitions::len) },
        Subject { id: "engine.load_bincode", ops: 1, make: || opening(from_bincode, Definitions::len) },
    ]
}
