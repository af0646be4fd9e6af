//! Compiles a net to its program image.

use zerocopy::IntoBytes;

use crate::image::{
    CELL_BYTES, COUNTERS_MAX, Cell, HEADER_CELLS, Header, Image, KIND_PLAIN, KIND_SCRIPT, MAGIC, NO_COUNTER,
    Op1, Op2, OpMeta, PLACES_MAX, SLOTS_MAX, VERSION, WORDS_MAX, build_id, script,
};
use crate::net::Net;
use crate::problem::{Problem, ProblemKind, Subject};
use crate::routing::{Route, Routing, Step, Target};
use crate::safety::Counted;
use crate::tail::Names;

/// Outcomes of a route that get an op each; routes with more are scripts.
const OPS_PER_ROUTE_MAX: u64 = 16;

/// A marking of up to [`PLACES_MAX`] places.
type Mask = [u64; WORDS_MAX];

/// What the compiler may do.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CompileOptions {
    /// Compiles every route to a script, also where masks would do: for tests that compare both.
    pub scripts_only: bool,
}

/// Compiles a net. The same net and options always give the same bytes.
///
/// # Errors
/// Every reason for which the net has no program: see [`ProblemKind`].
pub fn compile(net: &Net, options: &CompileOptions) -> Result<Image, Vec<Problem>> {
    let routing = Routing::new(net)?;
    let counted = Counted::new(net, &routing);
    let layout = Layout::new(&routing, &counted)?;
    let mut scripts = Scripts { codes: Vec::new(), problems: Vec::new() };
    let shift = ops_shift(&routing, options);
    let mut ops = Vec::new();
    for (index, route) in routing.routes.iter().enumerate() {
        layout.ops_of_route(&mut ops, &mut scripts, index, route, shift, options);
    }
    let begin: Vec<Op> = (0..routing.tasks.len()).map(|task| layout.begin_op(&routing, task)).collect();
    if scripts.problems.is_empty() {
        Ok(assemble(&layout, shift, &ops, &begin, &scripts.codes, &Names::new(net, &routing).write()))
    } else {
        Err(scripts.problems)
    }
}

/// Log2 of the ops for each route: the most outcomes of a route that is not a script anyway.
fn ops_shift(routing: &Routing, options: &CompileOptions) -> u8 {
    let outcomes = routing.routes.iter().map(|route| route.outcomes);
    let most = outcomes.filter(|&o| o <= OPS_PER_ROUTE_MAX && !options.scripts_only).max().unwrap_or(1);
    most.next_power_of_two().trailing_zeros() as u8
}

/// An op of either width, before it is written.
#[derive(Clone, Copy, Debug, Default)]
struct Op {
    need: Mask,
    deny: Mask,
    take: Mask,
    put: Mask,
    join_need: Mask,
    join_put: Mask,
    kind: u8,
    outcomes: u32,
    script: u32,
    route: u16,
}

struct Scripts {
    codes: Vec<u16>,
    problems: Vec<Problem>,
}

impl Scripts {
    /// Appends the script of a route and says where it begins.
    fn write(&mut self, route: &Route) -> u32 {
        let at = self.codes.len() as u32;
        let lists = route.steps.iter().map(|step| step.targets().len());
        let longest = lists.chain([route.put.len(), route.steps.len()]).max().unwrap_or(0);
        if route.slot_count() > SLOTS_MAX || longest > usize::from(script::INDEX) {
            self.problems.push(Problem::new(Subject::Node(route.source), ProblemKind::RoutingTooLong));
            return at;
        }
        self.codes.extend([route.slot_count() as u16, route.steps.len() as u16]);
        self.targets(&route.put);
        for step in &route.steps {
            match step {
                Step::Choice { slot, .. } => self.codes.extend([script::CHOICE, *slot]),
                Step::Split { slot, .. } => self.codes.extend([script::SPLIT, *slot]),
                Step::Join { inputs, .. } => {
                    self.codes.extend([script::JOIN, inputs.len() as u16]);
                    self.codes.extend(inputs);
                }
            }
            self.targets(step.targets());
        }
        at
    }

    fn targets(&mut self, targets: &[Target]) {
        self.codes.push(targets.len() as u16);
        self.codes.extend(targets.iter().map(|target| match *target {
            Target::Place(place) => script::TO_PLACE | place,
            Target::Slot(slot) => script::TO_SLOT | slot,
            Target::Gone => script::GONE,
        }));
    }
}

/// Which bit and which counter each place has.
struct Layout {
    words: usize,
    tasks: usize,
    starts: usize,
    places: usize,
    counters: usize,
    counter_of: [u8; PLACES_MAX],
    counted: Mask,
    enabled: u64,
    running: Mask,
}

fn bit(place: usize) -> Mask {
    let mut mask = [0; WORDS_MAX];
    mask[place / 64] = 1 << (place % 64);
    mask
}

fn or(one: Mask, two: Mask) -> Mask {
    core::array::from_fn(|word| one[word] | two[word])
}

fn meets(one: Mask, two: Mask) -> bool {
    one.iter().zip(two).any(|(one, two)| one & two != 0)
}

impl Layout {
    fn new(routing: &Routing, counted: &Counted) -> Result<Self, Vec<Problem>> {
        let (tasks, places) = (routing.tasks.len(), routing.place_count());
        let counters = counted.tasks.iter().filter(|&&c| c).count() * 2
            + counted.join_inputs.iter().filter(|&&c| c).count();
        if counters > COUNTERS_MAX {
            let kind = ProblemKind::TooManyCounters { counters, counters_max: COUNTERS_MAX };
            return Err(vec![Problem::new(Subject::Net, kind)]);
        }
        let mut layout = Self {
            words: places.div_ceil(64).max(1),
            tasks,
            starts: routing.starts.len(),
            places,
            counters: 0,
            counter_of: [NO_COUNTER; PLACES_MAX],
            counted: [0; WORDS_MAX],
            enabled: 0,
            running: [0; WORDS_MAX],
        };
        for task in 0..tasks {
            layout.enabled |= 1 << task;
            layout.running = or(layout.running, bit(routing.running_bit(task)));
            if counted.tasks[task] {
                layout.count(Routing::enabled_bit(task));
                layout.count(routing.running_bit(task));
            }
        }
        for (input, _) in counted.join_inputs.iter().enumerate().filter(|(_, counted)| **counted) {
            layout.count(2 * tasks + input);
        }
        Ok(layout)
    }

    fn count(&mut self, place: usize) {
        self.counter_of[place] = self.counters as u8;
        self.counters += 1;
        self.counted = or(self.counted, bit(place));
    }

    fn begin_op(&self, routing: &Routing, task: usize) -> Op {
        let (enabled, running) = (bit(Routing::enabled_bit(task)), bit(routing.running_bit(task)));
        let kind = if meets(self.counted, enabled) { KIND_SCRIPT } else { KIND_PLAIN };
        Op {
            need: enabled,
            deny: running,
            put: running,
            kind,
            outcomes: 1,
            route: task as u16,
            ..Op::default()
        }
    }

    fn ops_of_route(
        &self,
        ops: &mut Vec<Op>,
        scripts: &mut Scripts,
        index: usize,
        route: &Route,
        shift: u8,
        options: &CompileOptions,
    ) {
        let mut base = Op {
            outcomes: u32::try_from(route.outcomes).unwrap_or(u32::MAX),
            route: index as u16,
            ..Op::default()
        };
        let mut all_plain = route.outcomes <= 1 << shift && !options.scripts_only;
        if index < self.tasks {
            base.need = bit(index);
            base.take = or(bit(index), bit(self.tasks + index));
            all_plain &= !meets(self.counted, base.take);
        }
        let mut script_op: Option<Op> = None;
        let first = ops.len();
        for outcome in 0..1u64 << shift {
            if outcome >= route.outcomes {
                // A cell past the last outcome is never followed: the outcome is checked first.
                ops.push(ops[first]);
                continue;
            }
            let plain = if all_plain { self.plain_op(route, outcome, base) } else { None };
            let op = match (plain, script_op) {
                (Some(op), _) | (None, Some(op)) => op,
                (None, None) => Op { kind: KIND_SCRIPT, script: scripts.write(route), ..base },
            };
            if op.kind == KIND_SCRIPT {
                script_op = Some(op);
            }
            ops.push(op);
        }
    }

    /// The op of one outcome, if masks can say it: bits only, and at most one synchronization, which feeds no other.
    fn plain_op(&self, route: &Route, outcome: u64, base: Op) -> Option<Op> {
        let mut op = Op { kind: KIND_PLAIN, ..base };
        let mut choice = outcome;
        // For each slot: tokens that pass for certain, and tokens that pass if the synchronization fires.
        let mut slots = vec![(0u32, 0u32); route.slot_count()];
        let mut join_fires = false;
        if !self.settle(&route.put, (1, 0), &mut op, &mut slots) {
            return None;
        }
        for step in &route.steps {
            let (certain, joined, targets) = match step {
                Step::Choice { slot, branches } => {
                    let digit = (choice % branches.len() as u64) as usize;
                    choice /= branches.len() as u64;
                    let (certain, joined) = slots[usize::from(*slot)];
                    (certain, joined, &branches[digit..=digit])
                }
                Step::Split { slot, targets } => {
                    let (certain, joined) = slots[usize::from(*slot)];
                    (certain, joined, targets.as_slice())
                }
                Step::Join { inputs, targets } => {
                    let need =
                        inputs.iter().fold([0; WORDS_MAX], |mask, &place| or(mask, bit(usize::from(place))));
                    if !meets(need, op.put) && !meets(need, op.join_put) {
                        continue;
                    }
                    if join_fires || meets(need, op.join_put) || meets(need, self.counted) {
                        return None;
                    }
                    join_fires = true;
                    op.join_need = need;
                    (0, 1, targets.as_slice())
                }
            };
            if certain + joined > 0 && !self.settle(targets, (certain, joined), &mut op, &mut slots) {
                return None;
            }
        }
        Some(op)
    }

    /// Lets tokens come to rest: `count.0` for certain, `count.1` if the op's synchronization fires.
    ///
    /// Returns whether masks can say it.
    fn settle(&self, targets: &[Target], count: (u32, u32), op: &mut Op, slots: &mut [(u32, u32)]) -> bool {
        for &target in targets {
            match target {
                Target::Gone => {}
                Target::Slot(slot) => {
                    let slot = &mut slots[usize::from(slot)];
                    *slot = (slot.0 + count.0, slot.1 + count.1);
                    if slot.0 > 1 || slot.1 > 1 {
                        return false;
                    }
                }
                Target::Place(place) => {
                    let place = bit(usize::from(place));
                    let twice =
                        (count.0 > 0 && meets(op.put, place)) || (count.1 > 0 && meets(op.join_put, place));
                    if twice || meets(self.counted, place) {
                        return false;
                    }
                    if count.0 > 0 {
                        op.put = or(op.put, place);
                    }
                    if count.1 > 0 {
                        op.join_put = or(op.join_put, place);
                    }
                }
            }
        }
        true
    }

    fn header(&self) -> Header {
        Header {
            magic: MAGIC,
            version: VERSION,
            words: self.words as u8,
            shift: 0,
            cells: 0,
            ops_at: HEADER_CELLS as u32,
            begin_at: 0,
            scripts_at: 0,
            script_codes: 0,
            tail_at: 0,
            tail_bytes: 0,
            tasks: self.tasks as u16,
            starts: self.starts as u16,
            places: self.places as u16,
            counters: self.counters as u16,
            reserved: [0; 12],
            build_id: 0,
            enabled_mask: self.enabled,
            running_mask: self.running,
            counted_mask: self.counted,
            reserved2: [0; 3],
            counter_of: self.counter_of,
        }
    }
}

fn assemble(layout: &Layout, shift: u8, ops: &[Op], begin: &[Op], codes: &[u16], tail: &[u8]) -> Image {
    let cells_for = |bytes: usize| bytes.div_ceil(CELL_BYTES);
    let begin_at = HEADER_CELLS + ops.len() * layout.words;
    let scripts_at = begin_at + begin.len() * layout.words;
    let tail_at = scripts_at + cells_for(codes.len() * 2);
    let end = tail_at + cells_for(tail.len());
    let header = Header {
        shift,
        cells: end as u32,
        begin_at: begin_at as u32,
        scripts_at: scripts_at as u32,
        script_codes: codes.len() as u32,
        tail_at: tail_at as u32,
        tail_bytes: tail.len() as u32,
        ..layout.header()
    };
    let mut image = Image { cells: vec![Cell([0; CELL_BYTES]); end] };
    let bytes = image.cells.as_mut_bytes();
    bytes[..HEADER_CELLS * CELL_BYTES].copy_from_slice(header.as_bytes());
    let op_bytes = layout.words * CELL_BYTES;
    let slots = bytes[HEADER_CELLS * CELL_BYTES..scripts_at * CELL_BYTES].chunks_exact_mut(op_bytes);
    for (slot, op) in slots.zip(ops.iter().chain(begin)) {
        write_op(op, layout.words, slot);
    }
    for (slot, code) in bytes[scripts_at * CELL_BYTES..].chunks_exact_mut(2).zip(codes) {
        slot.copy_from_slice(&code.to_le_bytes());
    }
    bytes[tail_at * CELL_BYTES..][..tail.len()].copy_from_slice(tail);
    let id = build_id(bytes);
    bytes[core::mem::offset_of!(Header, build_id)..][..8].copy_from_slice(&id.to_le_bytes());
    image
}

fn write_op(op: &Op, words: usize, slot: &mut [u8]) {
    let meta =
        OpMeta { outcomes: op.outcomes, script: op.script, route: op.route, kind: op.kind, reserved: [0; 5] };
    if words == 1 {
        let op = Op1 {
            need: op.need[0],
            deny: op.deny[0],
            take: op.take[0],
            put: op.put[0],
            join_need: op.join_need[0],
            join_put: op.join_put[0],
            meta,
        };
        slot.copy_from_slice(op.as_bytes());
    } else {
        let op = Op2 {
            need: op.need,
            deny: op.deny,
            take: op.take,
            put: op.put,
            join_need: op.join_need,
            join_put: op.join_put,
            meta,
            reserved: [0; 2],
        };
        slot.copy_from_slice(op.as_bytes());
    }
}
