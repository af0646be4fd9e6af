//! Where each place, counter and record of a case stands in its line.

use crate::compile::{Mask, bit, mask, or};
use crate::conditions::Condition;
use crate::image::{
    CALL_ASKS, CHILDREN_ASK, COUNTERS_MAX, CounterOf, FLAG_GENERAL, FLAG_MERGES, Header,
    INSTANCES_CANCEL_REST, INSTANCES_CONDITION, INSTANCES_DYNAMIC, INSTANCES_GUARDED, INSTANCES_SEQUENTIAL,
    MAGIC, NO_COUNTER, NO_COUNTERS, NO_START, TASK_CALL, TASK_CHILDREN, TASK_INSTANCES, TASK_INTERRUPT,
    TASK_PERSISTENT, TASK_TRANSIENT, TIMER_AFTER, TIMER_AT, TIMER_BYTES, TaskCell, VERSION, WORDS_MAX,
};
use crate::net::{Needed, Net, NodeKind, Retention, Timer};
use crate::problem::{Problem, ProblemKind, Subject};
use crate::routing::{Route, Routing};
use crate::safety::Counted;

/// Which bit and which counter each place has.
pub(crate) struct Layout {
    pub(crate) words: usize,
    pub(crate) tasks: usize,
    pub(crate) starts: usize,
    pub(crate) interrupts: usize,
    pub(crate) merges: usize,
    pub(crate) places: usize,
    pub(crate) residue: Mask,
    pub(crate) is_general: bool,
    pub(crate) counters: usize,
    pub(crate) counter_of: CounterOf,
    pub(crate) counted: Mask,
    pub(crate) enabled: u64,
    pub(crate) running: Mask,
}

impl Layout {
    pub(crate) fn new(
        net: &Net,
        routing: &Routing,
        counted: &Counted,
        conditions: &[Condition],
        problems: &mut Vec<Problem>,
    ) -> (Self, Vec<TaskCell>) {
        let (tasks, places) = (routing.tasks.len(), routing.place_count());
        let is_general = is_general(net);
        let mut layout = Self {
            words: places.div_ceil(64).max(1),
            tasks,
            starts: routing.starts.len(),
            interrupts: routing.interrupts.len(),
            merges: routing.merges.len(),
            places,
            counters: 0,
            counter_of: NO_COUNTERS,
            counted: [0; WORDS_MAX],
            residue: [0; WORDS_MAX],
            enabled: 0,
            running: [0; WORDS_MAX],
            is_general,
        };
        let counters =
            counted.tasks.iter().filter(|&&c| c).count() * 2 + counted.rests.iter().filter(|&&c| c).count();
        if counters > COUNTERS_MAX {
            let kind = ProblemKind::TooManyCounters { counters, counters_max: COUNTERS_MAX };
            problems.push(Problem::new(Subject::Net, kind));
            return (layout, Vec::new());
        }
        for task in 0..tasks {
            layout.enabled |= 1 << task;
            layout.running = or(layout.running, bit(routing.running_bit(task)));
            if counted.tasks[task] {
                layout.count(Routing::enabled_bit(task));
                layout.count(routing.running_bit(task));
            }
        }
        for index in 0..routing.rests.len() {
            let place = 2 * tasks + index;
            if counted.rests[index] {
                layout.count(place);
            }
            if routing.is_residue(place as u16) {
                layout.residue = or(layout.residue, bit(place));
            }
        }
        let cells = layout.task_cells(net, routing, counted, conditions, problems);
        (layout, cells)
    }

    /// Whether the ops are [`MergeOp`](crate::image::MergeOp)s.
    pub(crate) const fn has_merge_ops(&self) -> bool {
        !self.is_general && self.merges > 0 && self.words == 1
    }

    fn count(&mut self, place: usize) {
        self.counter_of[place] = self.counters as u8;
        self.counters += 1;
        self.counted = or(self.counted, bit(place));
    }

    fn task_cells(
        &self,
        net: &Net,
        routing: &Routing,
        counted: &Counted,
        conditions: &[Condition],
        problems: &mut Vec<Problem>,
    ) -> Vec<TaskCell> {
        let (mut record, mut calls, mut cells) = (self.counters, 0, Vec::new());
        for (task, &node) in routing.tasks.iter().enumerate() {
            let condition = &conditions[task];
            // With several tokens at the milestone, one of them begun, a bit could not say what holds.
            if condition.need.iter().any(|&place| counted.tasks.get(usize::from(place)) == Some(&true)) {
                let text = "a milestone holds one token at most";
                problems.push(Problem::new(Subject::Node(node), ProblemKind::Rule(text)));
            }
            let own = routing.places.own(node).first().map_or(NO_COUNTER, |&place| place as u8);
            let mut cell = TaskCell {
                need: mask(&condition.need),
                deny: mask(&condition.deny),
                rivals: mask(&condition.rivals),
                ..TaskCell::PLAIN
            };
            match net.node(node).kind() {
                NodeKind::Receive(Retention::Transient) => cell.kind = TASK_TRANSIENT,
                NodeKind::Receive(Retention::Persistent) => (cell.kind, cell.own) = (TASK_PERSISTENT, own),
                NodeKind::Instances(instances) => {
                    let flag = |holds, flag| if holds { flag } else { 0 };
                    cell.kind = if net.has_children(node) { TASK_CHILDREN } else { TASK_INSTANCES };
                    cell.most = instances.most;
                    cell.needed = if let Needed::AtLeast(needed) = instances.needed { needed } else { 0 };
                    cell.own = own;
                    cell.flags = flag(instances.cancels_rest, INSTANCES_CANCEL_REST)
                        | flag(instances.is_dynamic, INSTANCES_DYNAMIC)
                        | flag(instances.is_sequential, INSTANCES_SEQUENTIAL)
                        | flag(instances.needed == Needed::Condition, INSTANCES_CONDITION);
                    if let Some(&guard) = routing.completions.get(&node) {
                        cell.flags |= INSTANCES_GUARDED;
                        cell.timer = u32::from(guard);
                    }
                    if cell.kind == TASK_CHILDREN {
                        let start =
                            net.body(node).and_then(|body| routing.starts.iter().position(|&s| s == body));
                        (cell.start, cell.call) = (start.map_or(NO_START, |start| start as u16), calls);
                        cell.flags |= flag(asks(&routing.routes[task]), CHILDREN_ASK);
                        calls += 1;
                    }
                }
                NodeKind::Call => {
                    (cell.kind, cell.call) = (TASK_CALL, calls);
                    if asks(&routing.routes[task]) {
                        cell.flags = CALL_ASKS;
                    }
                    calls += 1;
                }
                _ => {}
            }
            let bytes = cell.record_bytes();
            if bytes > 0 {
                cell.record = record.min(COUNTERS_MAX) as u8;
                record += bytes;
                if counted.tasks[task] {
                    problems.push(Problem::new(Subject::Node(node), ProblemKind::NotSafe));
                }
            }
            cells.push(cell);
        }
        if record > COUNTERS_MAX {
            let kind = ProblemKind::TooManyRecords { bytes: record, bytes_max: COUNTERS_MAX };
            problems.push(Problem::new(Subject::Net, kind));
        }
        for &interrupt in &routing.interrupts {
            let need = mask(&routing.region(net, interrupt));
            cells.push(TaskCell { need, kind: TASK_INTERRUPT, ..TaskCell::PLAIN });
        }
        self.place_timers(net, routing, record, &mut cells);
        cells
    }

    /// Gives timers the room that is left. One without room, or of a task that holds several tokens, has no record: its
    /// caller has to watch the clock.
    fn place_timers(&self, net: &Net, routing: &Routing, mut record: usize, cells: &mut [TaskCell]) {
        let nodes = routing.tasks.iter().chain(&routing.interrupts);
        for (index, (cell, &node)) in cells.iter_mut().zip(nodes).enumerate() {
            let Some(timer) = net.timer(node) else { continue };
            let is_counted = index < self.tasks && self.counter_of[index] != NO_COUNTER;
            if is_counted || record + TIMER_BYTES > COUNTERS_MAX {
                continue;
            }
            cell.record = record as u8;
            record += TIMER_BYTES;
            (cell.flags, cell.timer) = match timer {
                Timer::After(seconds) => (TIMER_AFTER, seconds),
                Timer::At(second) => (TIMER_AT, second),
            };
        }
    }

    pub(crate) fn header(&self) -> Header {
        Header {
            magic: MAGIC,
            version: VERSION,
            words: self.words as u8,
            shift: 0,
            cells: 0,
            ops_at: 0,
            tasks_at: 0,
            scripts_at: 0,
            script_codes: 0,
            tail_at: 0,
            tail_bytes: 0,
            tasks: self.tasks as u16,
            starts: self.starts as u16,
            places: self.places as u16,
            counters: self.counters as u16,
            cubes_at: 0,
            cubes: 0,
            interrupts: self.interrupts as u16,
            merges: self.merges as u16,
            build_id: 0,
            enabled_mask: self.enabled,
            running_mask: self.running,
            counted_mask: self.counted,
            residue_mask: self.residue,
            flags: match self.is_general {
                true => FLAG_GENERAL,
                false if self.has_merge_ops() => FLAG_MERGES,
                false => 0,
            },
            guards_at: 0,
            guard_codes: 0,
            constants_at: 0,
            constants: 0,
            variables: 0,
            messages: 0,
            stride: 0,
            reserved: [0; 5],
        }
    }
}

/// Whether something is decided on a route that data does not decide.
fn asks(route: &Route) -> bool {
    route.digits.iter().any(|digit| !digit.kind.is_guarded())
}

/// Whether the net has more than tokens that move when tasks are completed.
fn is_general(net: &Net) -> bool {
    let is_plain = |kind: NodeKind| {
        matches!(
            kind,
            NodeKind::Start
                | NodeKind::End
                | NodeKind::Task
                | NodeKind::Exclusive
                | NodeKind::Throw
                | NodeKind::Parallel
                | NodeKind::Inclusive(_)
                | NodeKind::ThreadSplit(_)
                | NodeKind::ThreadMerge(_)
        )
    };
    let has_relations =
        !(net.regions.is_empty() && net.critical_sections().is_empty() && net.milestones().is_empty());
    has_relations || !net.nodes().iter().all(|node| is_plain(node.kind()))
}
