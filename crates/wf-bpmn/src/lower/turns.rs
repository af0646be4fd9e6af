//! Instances one after another as a loop: a join counts those that are done, and lets the next one begin until it is enough.

use wf_net::guard::{Comparison, Expr};
use wf_net::{NodeId, NodeKind, Quantity, Surplus};

use super::Lowering;
use crate::graph::NodeAt;
use crate::repeat::Repeat;

impl Lowering<'_, '_, '_> {
    /// WCP-14, 36: what lies between two nodes, as often as the data of the case says, or a constant.
    ///
    /// The join needs as many as there can be at most. Of these, those that there are not arrive when the activity is entered;
    /// where there is none at all it is passed.
    pub(super) fn in_turns(&mut self, at: NodeAt, entry: NodeId, exit: NodeId) -> (NodeId, NodeId) {
        let graph = self.graph;
        let node = &graph.nodes[at];
        let Repeat::Turns { most, number, enough, begins } = &node.repeat else { return (entry, exit) };
        let round = self.add(at, "/round", NodeKind::Exclusive);
        self.link(at, round, entry);
        let turns = self.add(at, "/turns", NodeKind::Partial { needed: *most, surplus: Surplus::Cancel });
        self.link(at, exit, turns);
        if let Some(enough) = enough {
            self.draft.net.completion_guard(turns, enough.clone());
        }
        let again = self.draft.flow(self.model, node.index, turns, round);
        self.draft.net.again(again);
        let next = self.add(at, "/next", NodeKind::Exclusive);
        self.link(at, turns, next);
        // What takes the tokens of the activity takes what is counted of it, what takes those of one instance does not.
        self.turns[at] = Some(turns);
        match (number, begins) {
            (Some(number), _) => (self.choose_turns(at, *most, number, [round, turns, next]), next),
            (None, Some(begins)) => {
                let choose = self.add(at, "/choose", NodeKind::Exclusive);
                self.choose(at, choose, round, Some(begins.clone()));
                self.choose(at, choose, next, None);
                (choose, next)
            }
            (None, None) => (round, next),
        }
    }

    /// The choice of how many there are, each with as many arrivals as there are fewer than at most.
    fn choose_turns(
        &mut self,
        at: NodeAt,
        most: u8,
        number: &Expr,
        [round, turns, next]: [NodeId; 3],
    ) -> NodeId {
        let index = self.graph.nodes[at].index;
        let choose = self.add(at, "/choose", NodeKind::Exclusive);
        for count in 0..=most {
            let missing = if count > 0 { most - count } else { 0 };
            let several = NodeKind::ThreadSplit(Quantity::Fixed(missing.into()));
            let left_out = (missing > 0).then(|| self.add(at, &format!("/{count}/fewer"), several));
            let to = match left_out {
                Some(left_out) => {
                    let both = self.add(at, &format!("/{count}"), NodeKind::Parallel);
                    self.link(at, both, round);
                    self.link(at, both, left_out);
                    both
                }
                None if count == 0 => next,
                None => round,
            };
            let number = Expr::Count(Box::new(number.clone()), most.into());
            let guard = number.compare(Comparison::Equal, Expr::integer(i64::from(count)));
            self.choose(at, choose, to, (count > 0).then_some(guard));
            if let Some(left_out) = left_out {
                let arrival = self.draft.flow(self.model, index, left_out, turns);
                self.draft.net.left_out(arrival);
            }
        }
        choose
    }

    /// A flow out of a choice: its default without a condition.
    fn choose(&mut self, at: NodeAt, choice: NodeId, to: NodeId, guard: Option<Expr>) {
        let index = self.graph.nodes[at].index;
        let flow = self.draft.flow(self.model, index, choice, to);
        let Some(guard) = guard else { return self.draft.net.default_flow(flow) };
        self.draft.net.condition(flow, &guard.to_string());
        self.draft.net.guard(flow, guard);
    }
}
