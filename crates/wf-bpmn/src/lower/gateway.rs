//! Gateways.

use wf_net::{NodeKind, Surplus, Synchronizing};

use super::{Lowering, Part};
use crate::Unsupported;
use crate::graph::NodeAt;
use crate::kind::Kind;
use crate::repeat::arrivals;

const GENERAL: NodeKind = NodeKind::Inclusive(Synchronizing::General);

impl Lowering<'_, '_, '_> {
    pub(super) fn lower_gateway(&mut self, at: NodeAt, kind: Kind) -> Option<Part> {
        let kind = match kind {
            // WCP-4, 5, 8, 10.
            Kind::Exclusive => NodeKind::Exclusive,
            // WCP-2, 3, 33.
            Kind::Parallel => NodeKind::Parallel,
            // WCP-6, 7, 37, 38: BPMN's rule looks at paths, this one at what can still happen.
            Kind::Inclusive => GENERAL,
            // WCP-16.
            Kind::EventBased => NodeKind::Deferred,
            _ => return self.lower_complex(at),
        };
        let node = self.add(at, "", kind);
        Some(Part { entry: Some(node), exit: Some(node), ..Part::default() })
    }

    /// bpmn:complexGateway: WCP-9, 30 at its inputs, WCP-6 at its outputs.
    fn lower_complex(&mut self, at: NodeAt) -> Option<Part> {
        let node = &self.graph.nodes[at];
        let incoming = node.incoming.len();
        let decides = node.outgoing.len() > 1;
        if incoming < 2 {
            let node = self.add(at, "", GENERAL);
            return Some(Part { entry: Some(node), exit: Some(node), ..Part::default() });
        }
        let condition = node.activation.map(|index| self.model.tree.text(index).to_owned());
        let needed = condition.as_deref().and_then(arrivals);
        let Some(needed) = needed.filter(|&needed| needed >= 1 && needed as usize <= incoming) else {
            let why = if condition.is_some() {
                "a complex gateway whose activationCondition is no constant bound on activationCount from one to \
                 all of its flows, such as activationCount >= 2: what data decides is said by conditions on the flows of an inclusive gateway before it"
            } else {
                "a complex gateway with several incoming flows and no activationCondition, such as activationCount >= 2"
            };
            self.refuse(at, Unsupported::Gateway(why));
            return None;
        };
        let kind = match u8::try_from(needed) {
            Ok(needed) => NodeKind::Partial { needed, surplus: Surplus::Swallow },
            Err(_) => NodeKind::Parallel,
        };
        let entry = self.add(at, "", kind);
        if !decides {
            return Some(Part { entry: Some(entry), exit: Some(entry), ..Part::default() });
        }
        let exit = self.add(at, "/choice", GENERAL);
        self.link(at, entry, exit);
        Some(Part { entry: Some(entry), exit: Some(exit), ..Part::default() })
    }
}
