//! Timer events: which the engine's clock brings about, and how they stand in the net for that.

use wf_net::{NodeId, Timer};

use super::Lowering;
use super::recur::{ARMED, happens_once};
use crate::WarningKind;
use crate::graph::NodeAt;
use crate::kind::{Kind, Trigger, TriggerKind};
use crate::repeat::Repeat;
use crate::timer::Untimed;

impl Lowering<'_, '_, '_> {
    /// Lets the clock bring about what waits for these triggers; where it cannot, whoever runs the case is told.
    pub(super) fn time(&mut self, at: NodeAt, waits: NodeId, triggers: &[Trigger]) {
        match self.when(at, triggers) {
            None => {}
            Some(Ok(timer)) => self.draft.net.timer(waits, timer),
            // Of several copies the first one says it.
            Some(Err(_)) if !self.graph.nodes[at].copy.is_empty() => {}
            Some(Err(why)) => {
                let kind = WarningKind::TimerOutside { reason: why.to_string() };
                self.model.warn(self.graph.nodes[at].index, kind);
            }
        }
    }

    fn when(&self, at: NodeAt, triggers: &[Trigger]) -> Option<Result<Timer, Untimed>> {
        let mut timers = triggers.iter().filter_map(|trigger| Some((trigger.kind, trigger.when.as_ref()?)));
        let (kind, when) = timers.next()?;
        if timers.next().is_some() {
            return Some(Err(Untimed::Several));
        }
        let node = &self.graph.nodes[at];
        let is_watch = matches!(node.kind, Some(Kind::Boundary | Kind::Start));
        Some(when.clone().and_then(|timer| match timer {
            _ if is_watch && kind == TriggerKind::Cycle && !self.interrupts(at) => Err(Untimed::Again),
            // A date is the same however often its timer is started.
            Timer::At(_) if self.interrupts(at) => Ok(timer),
            _ if is_watch && !self.is_once(at) && !self.is_short(at) => Err(Untimed::NoBegin),
            _ => Ok(timer),
        }))
    }

    /// Whether an event waits beside its activity or scope, and can happen only once each time: a date, or a time that has
    /// passed. So stands also one that interrupts, where the time counts while tokens move.
    pub(super) fn is_once(&self, at: NodeAt) -> bool {
        let triggers = &self.graph.nodes[at].triggers;
        if self.graph.nodes[at].attached.is_none() || triggers.is_empty() {
            return self.again.limited.contains(&at) && happens_once(self.graph, at);
        }
        if self.interrupts(at) {
            let is_after = matches!(triggers[..], [Trigger { when: Some(Ok(Timer::After(_))), .. }]);
            return is_after && !self.is_short(at);
        }
        self.again.limited.contains(&at) || triggers.iter().all(|trigger| trigger.kind == TriggerKind::Timer)
    }

    /// Whether the activity of a boundary event keeps its token at one place from its begin to its end: then the timer
    /// starts when one comes there.
    fn is_short(&self, at: NodeAt) -> bool {
        let activity = self.graph.nodes[at].attached.map(|activity| &self.graph.nodes[activity]);
        activity.is_some_and(|node| {
            let is_empty = node.inside.is_none_or(|inside| self.graph.scopes[inside].nodes.is_empty());
            is_empty && !matches!(node.repeat, Repeat::Loop { .. } | Repeat::Turns { .. })
        })
    }

    /// What receives a boundary event that can happen once.
    pub(super) fn armed(&mut self, at: NodeAt) -> NodeId {
        if let Some(receive) = self.armed[at] {
            return receive;
        }
        let receive = self.add(at, "", ARMED);
        self.armed[at] = Some(receive);
        self.time(at, receive, &self.graph.nodes[at].triggers);
        self.wait(at, receive);
        receive
    }
}
