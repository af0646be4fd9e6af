//! Lanes: who does what, as far as a model says so.

use std::collections::HashMap;

use crate::graph::Graph;
use crate::tree::{Index, Tree, Vocabulary};

/// The name of the lane of each flow node, by ids; of lanes in lanes, the innermost.
///
/// What stands inside a sub-process and in no lane itself is in that of the sub-process.
pub(crate) fn lanes(tree: &Tree<'_>, graph: &Graph) -> HashMap<String, String> {
    let mut lane_of: HashMap<&str, Index> = HashMap::new();
    for lane in tree.inside(graph.process) {
        if tree.vocabulary(lane) != Vocabulary::Bpmn || tree.name(lane) != "lane" {
            continue;
        }
        // An outer lane stands before those inside of it.
        for reference in tree.children(lane).filter(|&child| tree.name(child) == "flowNodeRef") {
            let id = tree.text(reference).trim();
            lane_of.insert(id.rsplit(':').next().unwrap_or(id), lane);
        }
    }
    let mut names = HashMap::new();
    if lane_of.is_empty() {
        return names;
    }
    // A sub-process stands before what is inside of it.
    for node in &graph.nodes {
        let Some(id) = tree.value(node.index, "id") else { continue };
        let around = graph.scopes[node.scope]
            .owner
            .or(graph.scopes[node.scope].case_of)
            .and_then(|owner| tree.value(graph.nodes[owner].index, "id"));
        let name = match lane_of.get(id) {
            Some(&lane) => Some(tree.element(lane).name),
            None => around.and_then(|around| names.get(around).cloned()),
        };
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            names.insert(id.to_owned(), name);
        }
    }
    names
}
