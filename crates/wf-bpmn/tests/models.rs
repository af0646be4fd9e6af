//! Our own models: all of them run, can always end, and are drawn completely.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use quick_xml::events::Event;
use wf_bpmn::{ParseOptions, parse};
use wf_net::{FlowId, Net, NodeKind};

fn models() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let mut models = Vec::new();
    for folder in [folder.join("bench"), folder] {
        for entry in std::fs::read_dir(&folder).expect("the models are part of the workspace") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "bpmn") {
                models.push((path.clone(), std::fs::read_to_string(path).expect("a model")));
            }
        }
    }
    models.sort();
    models
}

#[test]
fn all_models_compile() {
    let models = models();
    assert!(models.len() >= 15, "only {} models", models.len());
    for (path, text) in models {
        let document = parse(text.as_bytes(), &ParseOptions::default())
            .unwrap_or_else(|errors| panic!("{}", errors[0].in_file(&path.display().to_string())));
        for process in document.processes {
            let image = wf_net::compile(&process.net, &wf_net::CompileOptions::default());
            image.unwrap_or_else(|problems| panic!("{}: {}", path.display(), process.locate(&problems[0])));
        }
    }
}

/// A marking: how many tokens each flow holds.
type Marking = BTreeMap<FlowId, u32>;

/// Every marking that one node can make of another: the token game by the book, with sets and maps.
fn followers(net: &Net, marking: &Marking) -> Vec<Marking> {
    let mut found = Vec::new();
    for node in net.nodes() {
        let takes: Vec<Vec<FlowId>> = match node.kind() {
            NodeKind::Start => Vec::new(),
            NodeKind::Parallel => vec![node.incoming().to_vec()],
            _ => node.incoming().iter().map(|&flow| vec![flow]).collect(),
        };
        let puts: Vec<Vec<FlowId>> = match node.kind() {
            NodeKind::Exclusive => node.outgoing().iter().map(|&flow| vec![flow]).collect(),
            _ => vec![node.outgoing().to_vec()],
        };
        for take in takes.iter().filter(|take| take.iter().all(|flow| marking.contains_key(flow))) {
            for put in &puts {
                let mut next = marking.clone();
                for flow in take {
                    *next.entry(*flow).or_default() -= 1;
                }
                put.iter().for_each(|flow| *next.entry(*flow).or_default() += 1);
                next.retain(|_, tokens| *tokens > 0);
                found.push(next);
            }
        }
    }
    found
}

#[test]
fn every_case_can_end_from_wherever_it_is() {
    for (path, text) in models() {
        let document = parse(text.as_bytes(), &ParseOptions::default()).expect("a model that runs");
        for net in document.processes.iter().map(|process| &process.net) {
            let start = net.nodes_of(NodeKind::Start).next().expect("a start");
            let begin: Marking = net.node(start).outgoing().iter().map(|&flow| (flow, 1)).collect();
            let (mut followed, mut open) = (BTreeMap::<Marking, Vec<Marking>>::new(), vec![begin]);
            while let Some(marking) = open.pop() {
                if let Entry::Vacant(unseen) = followed.entry(marking) {
                    let doubled = unseen.key().values().any(|&tokens| tokens > 1);
                    assert!(!doubled, "{}: two tokens on a flow", path.display());
                    let next = followers(net, unseen.key());
                    open.extend(next.iter().cloned());
                    unseen.insert(next);
                    assert!(followed.len() < 10_000, "{}: too many states", path.display());
                }
            }
            let mut ending = BTreeSet::from([Marking::new()]);
            while let Some(more) = followed.iter().find(|(marking, next)| {
                !ending.contains(*marking) && next.iter().any(|next| ending.contains(next))
            }) {
                ending.insert(more.0.clone());
            }
            let stuck: Vec<_> = followed.keys().filter(|marking| !ending.contains(*marking)).collect();
            assert!(stuck.is_empty(), "{}: {} cannot end from {stuck:?}", path.display(), net.name());
        }
    }
}

/// What a diagram shows: bounds of shapes and points of edges, by the id of the element.
#[derive(Default)]
struct Diagram {
    shapes: BTreeMap<String, [i32; 4]>,
    edges: BTreeMap<String, Vec<[i32; 2]>>,
}

fn diagram(text: &str) -> Diagram {
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut diagram, mut element, mut in_label) = (Diagram::default(), String::new(), false);
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(tag) | Event::Empty(tag) => {
                let value = |name: &str| {
                    let found = tag.attributes().map(|a| a.expect("an attribute")).find(|a| a.key.0 == name);
                    found.map(|a| a.value.into_owned()).unwrap_or_default()
                };
                let number = |name: &str| value(name).parse::<i32>().expect("a whole number");
                match tag.name().0 {
                    "bpmndi:BPMNShape" => element = value("bpmnElement"),
                    "bpmndi:BPMNEdge" => {
                        element = value("bpmnElement");
                        diagram.edges.insert(element.clone(), Vec::new());
                    }
                    "bpmndi:BPMNLabel" => in_label = true,
                    "dc:Bounds" if !in_label => {
                        let bounds = ["x", "y", "width", "height"].map(number);
                        diagram.shapes.insert(element.clone(), bounds);
                    }
                    "di:waypoint" => {
                        diagram.edges.get_mut(&element).expect("an edge").push(["x", "y"].map(number));
                    }
                    _ => {}
                }
            }
            Event::End(tag) if tag.name().0 == "bpmndi:BPMNLabel" => in_label = false,
            Event::Eof => return diagram,
            _ => {}
        }
    }
}

fn is_on_border([x, y, width, height]: [i32; 4], [px, py]: [i32; 2]) -> bool {
    let inside = px >= x && px <= x + width && py >= y && py <= y + height;
    inside && (px == x || px == x + width || py == y || py == y + height)
}

#[test]
fn every_node_and_flow_is_drawn_and_flows_meet_their_nodes() {
    for (path, text) in models() {
        let document = parse(text.as_bytes(), &ParseOptions::default()).expect("a model that runs");
        let drawn = diagram(&text);
        for process in &document.processes {
            let net = &process.net;
            for node in net.nodes() {
                assert!(
                    drawn.shapes.contains_key(node.id()),
                    "{}: {} is not drawn",
                    path.display(),
                    node.id()
                );
            }
            for (index, flow) in net.flows().iter().enumerate() {
                let id = &process.element_of(wf_net::Subject::Flow(FlowId(index as u32))).id;
                let points =
                    drawn.edges.get(id).unwrap_or_else(|| panic!("{}: {id} is not drawn", path.display()));
                for (node, point) in [(flow.from(), points.first()), (flow.to(), points.last())] {
                    let shape = drawn.shapes[net.node(node).id()];
                    let meets = point.is_some_and(|&point| is_on_border(shape, point));
                    assert!(meets, "{}: {id} does not meet {}", path.display(), net.node(node).id());
                }
            }
        }
    }
}

#[test]
fn the_comparison_workflows_have_the_tasks_of_the_peers() {
    for (name, tasks) in
        [("seq10", "t1 t2 t3 t4 t5 t6 t7 t8 t9 t10"), ("par4", "b1 b2 b3 b4"), ("xorloop", "A B L")]
    {
        let (_, text) =
            models().into_iter().find(|(path, _)| path.ends_with(format!("bench/{name}.bpmn"))).expect(name);
        let document = parse(text.as_bytes(), &ParseOptions::default()).expect(name);
        let net = &document.processes[0].net;
        let found: Vec<&str> = net.nodes_of(NodeKind::Task).map(|id| net.node(id).id()).collect();
        assert_eq!(found.join(" "), tasks);
    }
}
