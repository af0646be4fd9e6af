//! Compiles a net to its program image.

use zerocopy::IntoBytes;

use crate::classify::Classes;
use crate::conditions::{Condition, conditions};
use crate::explore::{Explorer, MARKINGS_MAX, chains};
use crate::guard::Code;
use crate::image::{
    CELL_BYTES, Cell, CubeCell, HEADER_CELLS, Header, Image, KIND_PLAIN, KIND_SCRIPT, MergeOp, NEVER,
    OUTCOMES_MANY, Op1, Op2, OpMeta, TaskCell, WORDS_MAX, build_id,
};
use crate::layout::Layout;
use crate::merges::{self, Cube};
use crate::net::{Net, NodeKind};
use crate::problem::{Problem, ProblemKind, Subject};
use crate::routing::{Route, Routing, Step, Target};
use crate::safety::Counted;
use crate::tail::Names;

/// Outcomes of a route that get an op each; routes with more are scripts.
const OPS_PER_ROUTE_MAX: u64 = 16;

/// A marking of up to [`PLACES_MAX`] places.
pub(crate) type Mask = [u64; WORDS_MAX];

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
    let conditions = conditions(net, &routing);
    let counted = Counted::new(net, &routing, || {
        let walked = Explorer::new(net, &routing, &conditions, None, false)?.walk().ok();
        walked.map(|found| found.most)
    });
    let mut problems = Vec::new();
    let cubes = merge_cubes(net, &routing, &conditions, &mut problems);
    let (layout, tasks) = Layout::new(net, &routing, &counted, &conditions, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut scripts = Scripts { codes: Vec::new() };
    let waits = waits(net, &routing, &cubes);
    let options = &CompileOptions { scripts_only: options.scripts_only || layout.is_general };
    let shift = ops_shift(&routing, options);
    let mut ops = Vec::new();
    let sources = || routing.tasks.iter().chain(&routing.starts).chain(&routing.interrupts);
    for (index, route) in routing.played().iter().enumerate() {
        layout.ops_of_route(&mut ops, &mut scripts, &waits, index, route, shift, options);
    }
    let classes = Classes::new(net, &routing, &counted);
    let mut patterns = Vec::new();
    for (source, (route, ops)) in sources().zip(routing.played().iter().zip(ops.chunks_mut(1 << shift))) {
        for (outcome, op) in (0u64..).zip(ops) {
            // One op stands for all outcomes of a script.
            let set = classes.on_the_way(*source, route, (op.kind == KIND_PLAIN).then_some(outcome));
            let known = patterns.iter().position(|&other| other == set);
            op.patterns = known.unwrap_or(patterns.len()) as u16;
            if known.is_none() {
                patterns.push(set);
            }
        }
    }
    let tail = Names { patterns, ..Names::new(net, &routing, &tasks) }.write();
    let (codes, guards) = (scripts.codes, routing.guards);
    let messages = net.message_names().len() as u16;
    Ok(assemble(&layout, shift, &Parts { ops, tasks, cubes, codes, guards, tail, messages }))
}

/// When each synchronizing merge need not wait.
pub(crate) fn merge_cubes(
    net: &Net,
    routing: &Routing,
    conditions: &[Condition],
    problems: &mut Vec<Problem>,
) -> Vec<CubeCell> {
    let mut cells = Vec::new();
    for (index, &merge) in routing.merges.iter().enumerate() {
        let words = |bits: u128| [bits as u64, (bits >> 64) as u64];
        if net.node(merge).kind() == NodeKind::Completion {
            let care = routing.region(net, merge).iter().fold(0, |care, &place| care | 1u128 << place);
            let reserved = [0; 7];
            cells.push(CubeCell { care: words(care), want: [0; 2], merge: index as u32, reserved });
            continue;
        }
        // Whether an arrival is enough is not known before it comes.
        let by_data = net.completion_guards.keys().filter(|&&node| !net.node(node).kind().is_task());
        let influencing = crate::explore::influencing(net, merge);
        if by_data.into_iter().any(|node| influencing[node.index()]) {
            let text = "a join that data completes cannot stand before a merge that waits for all that can still come";
            problems.push(Problem::new(Subject::Node(merge), ProblemKind::Rule(text)));
            continue;
        }
        let Some(cubes) = cubes_of(net, routing, conditions, index) else {
            let kind = ProblemKind::MergeUndecided { states: MARKINGS_MAX };
            problems.push(Problem::new(Subject::Node(merge), kind));
            continue;
        };
        cells.extend(cubes.iter().map(|cube| CubeCell {
            care: words(cube.care),
            want: words(cube.want),
            merge: index as u32,
            reserved: [0; 7],
        }));
    }
    cells
}

/// What a synchronizing merge looks at.
#[derive(Clone, Copy)]
struct Waits {
    inputs: Mask,
    /// All other bits that matter.
    others: Mask,
    /// Whether one mask says when it need not wait.
    is_one_mask: bool,
    /// What keeps it from firing unless it has all inputs, if so: without a cube its inputs themselves.
    threat: Mask,
}

/// What each merge looks at, as far as masks can say it.
fn waits(net: &Net, routing: &Routing, cubes: &[CubeCell]) -> Vec<Waits> {
    let of_merge = |(index, &merge): (usize, &crate::NodeId)| {
        let inputs = mask(&routing.places_of(net, merge));
        let own: Vec<&CubeCell> = cubes.iter().filter(|cube| cube.merge as usize == index).collect();
        let care = own.iter().fold([0; WORDS_MAX], |care, cube| or(care, cube.care));
        let others = core::array::from_fn(|word| care[word] & !inputs[word]);
        let is_one_mask = match own[..] {
            [] => true,
            [cube] => cube.want == [0; WORDS_MAX] && !meets(cube.care, inputs),
            _ => false,
        };
        Waits { inputs, others, is_one_mask, threat: if own.is_empty() { inputs } else { others } }
    };
    routing.merges.iter().enumerate().map(of_merge).collect()
}

/// The cubes of a merge; `None` if the walk passed a limit, or bits cannot tell the markings apart.
fn cubes_of(net: &Net, routing: &Routing, conditions: &[Condition], merge: usize) -> Option<Vec<Cube>> {
    let inputs: Vec<u16> = routing.places_of(net, routing.merges[merge]);
    let walk = |by_chains| Explorer::new(net, routing, conditions, Some(merge), by_chains)?.walk().ok();
    let by_chains = merges::cubes(&walk(true)?.asked, &inputs);
    let stands_for = chains(net, routing);
    // A token that must not be at the end of a chain must not be in it; one that must be there cannot be said by bits.
    let spread = |cubes: Vec<Cube>| {
        let members = (0u16..).zip(&stands_for).filter(|&(place, &end)| place != end);
        let members: Vec<(u16, u16)> = members.map(|(place, &end)| (place, end)).collect();
        let wanted = |cube: &Cube| members.iter().any(|&(_, end)| cube.want >> end & 1 == 1);
        if cubes.iter().any(wanted) {
            return None;
        }
        let wider = |cube: Cube| {
            let more = members.iter().filter(|&&(_, end)| cube.care >> end & 1 == 1);
            Cube { care: more.fold(cube.care, |care, &(place, _)| care | 1 << place), ..cube }
        };
        Some(cubes.into_iter().map(wider).collect())
    };
    by_chains.and_then(spread).or_else(|| merges::cubes(&walk(false)?.asked, &inputs))
}

/// Log2 of the ops for each route: the most outcomes of a route that is not a script anyway.
fn ops_shift(routing: &Routing, options: &CompileOptions) -> u8 {
    let outcomes = routing.played().iter().map(|route| route.outcomes);
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
    /// What keeps the synchronization from firing unless it has all inputs.
    threat: Mask,
    kind: u8,
    outcomes: u16,
    patterns: u16,
    script: u32,
    route: u16,
    outcome: u8,
    is_task: bool,
    /// Stands behind the last outcome of its route.
    is_past: bool,
}

struct Scripts {
    codes: Vec<u16>,
}

/// Everything that is written behind the header.
struct Parts {
    ops: Vec<Op>,
    tasks: Vec<TaskCell>,
    cubes: Vec<CubeCell>,
    codes: Vec<u16>,
    guards: Code,
    tail: Vec<u8>,
    messages: u16,
}

impl Scripts {
    /// Appends the script of a route and says where it begins.
    fn write(&mut self, route: &Route) -> u32 {
        let at = self.codes.len() as u32;
        self.codes.extend(&route.codes);
        at
    }
}

pub(crate) fn bit(place: usize) -> Mask {
    let mut mask = [0; WORDS_MAX];
    mask[place / 64] = 1 << (place % 64);
    mask
}

pub(crate) fn or(one: Mask, two: Mask) -> Mask {
    core::array::from_fn(|word| one[word] | two[word])
}

pub(crate) fn mask(places: &[u16]) -> Mask {
    places.iter().fold([0; WORDS_MAX], |mask, &place| or(mask, bit(usize::from(place))))
}

fn meets(one: Mask, two: Mask) -> bool {
    one.iter().zip(two).any(|(one, two)| one & two != 0)
}

impl Layout {
    fn ops_of_route(
        &self,
        ops: &mut Vec<Op>,
        scripts: &mut Scripts,
        waits: &[Waits],
        index: usize,
        route: &Route,
        shift: u8,
        options: &CompileOptions,
    ) {
        let mut base = Op {
            outcomes: u16::try_from(route.outcomes).unwrap_or(OUTCOMES_MANY),
            route: index as u16,
            is_task: index < self.tasks,
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
            let own = |op: Op| Op { outcome: outcome as u8, ..op };
            if outcome >= route.outcomes {
                ops.push(own(Op { is_past: true, ..ops[first] }));
                continue;
            }
            let plain = if all_plain { self.plain_op(route, waits, outcome, base) } else { None };
            let op = match (plain, script_op) {
                (Some(op), _) | (None, Some(op)) => op,
                (None, None) => Op { kind: KIND_SCRIPT, script: scripts.write(route), ..base },
            };
            if op.kind == KIND_SCRIPT {
                script_op = Some(op);
            }
            ops.push(own(op));
        }
    }

    /// The op of one outcome, if masks can say it: bits only, and at most one synchronization, a join or a merge, which feeds
    /// no other.
    fn plain_op(&self, route: &Route, waits: &[Waits], outcome: u64, base: Op) -> Option<Op> {
        let mut op = Op { kind: KIND_PLAIN, ..base };
        let mut choice = outcome;
        // For each slot: tokens that pass for certain, and tokens that pass if the synchronization fires.
        let mut slots = vec![(0u32, 0u32); route.slot_count()];
        let mut join_fires = false;
        let mut chosen = Vec::new();
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
                Step::Decide { slot, branches, .. } => {
                    let base = branches.len() as u64 + 1;
                    // By data: only a script asks it.
                    let branch = (choice % base).checked_sub(1)? as usize;
                    choice /= base;
                    let (certain, joined) = slots[usize::from(*slot)];
                    (certain, joined, &branches[branch..=branch])
                }
                Step::Split { slot, targets } => {
                    let (certain, joined) = slots[usize::from(*slot)];
                    (certain, joined, targets.as_slice())
                }
                Step::Join { inputs, targets } => {
                    let need = mask(inputs);
                    if !meets(need, op.put) && !meets(need, op.join_put) {
                        continue;
                    }
                    if join_fires || meets(need, op.join_put) || meets(need, self.counted) {
                        return None;
                    }
                    join_fires = true;
                    (op.join_need, op.threat) = (need, need);
                    (0, 1, targets.as_slice())
                }
                Step::Branches { slot, default, guards, targets } => {
                    let base = 1u64 << targets.len();
                    let digit = choice % base;
                    choice /= base;
                    let (certain, joined) = slots[usize::from(*slot)];
                    // By data, or by nothing: a script asks the one and refuses the other.
                    if digit == 0 && (guards.is_some() || usize::from(*default) >= targets.len()) {
                        return None;
                    }
                    let is_chosen = |branch: usize| match digit {
                        0 => branch == usize::from(*default),
                        mask => mask >> branch & 1 == 1,
                    };
                    chosen.clear();
                    chosen.extend((0..targets.len()).filter(|&branch| is_chosen(branch)).map(|b| targets[b]));
                    (certain, joined, chosen.as_slice())
                }
                Step::Merge { merge, inputs: _, targets } => {
                    let Waits { inputs, others, is_one_mask, threat } = waits[usize::from(*merge)];
                    if !meets(inputs, or(op.put, op.join_put)) && !meets(others, op.take) {
                        continue;
                    }
                    let is_sayable = is_one_mask && !meets(or(inputs, others), self.counted);
                    if join_fires || !is_sayable {
                        return None;
                    }
                    join_fires = true;
                    (op.join_need, op.threat) = (inputs, threat);
                    (0, 1, targets.as_slice())
                }
                Step::Code(_) => return None,
            };
            if certain + joined > 0 && !self.settle(targets, (certain, joined), &mut op, &mut slots) {
                return None;
            }
        }
        // What the synchronization moves must not be what another merge has waited for, or it itself once more.
        let moved = or(op.join_need, op.join_put);
        let is_alone = |step: &Step| match step {
            Step::Merge { merge, .. } => {
                let Waits { inputs, others, .. } = waits[usize::from(*merge)];
                if inputs == op.join_need {
                    !meets(inputs, op.join_put)
                } else {
                    !meets(or(inputs, others), moved)
                }
            }
            _ => true,
        };
        route.steps.iter().all(is_alone).then_some(op)
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
}

fn assemble(layout: &Layout, shift: u8, parts: &Parts) -> Image {
    let cells_for = |bytes: usize| bytes.div_ceil(CELL_BYTES);
    let tasks_at = HEADER_CELLS + parts.ops.len() * layout.words;
    let cubes_at = tasks_at + parts.tasks.len();
    let scripts_at = cubes_at + parts.cubes.len();
    let guards_at = scripts_at + cells_for(parts.codes.len() * 2);
    let constants_at = guards_at + cells_for(parts.guards.codes.len() * 2);
    let tail_at = constants_at + cells_for(size_of_val(&*parts.guards.constants));
    let end = tail_at + cells_for(parts.tail.len());
    let header = Header {
        shift,
        cells: end as u32,
        tasks_at: tasks_at as u32,
        cubes_at: cubes_at as u32,
        cubes: parts.cubes.len() as u32,
        scripts_at: scripts_at as u32,
        script_codes: parts.codes.len() as u32,
        guards_at: guards_at as u32,
        guard_codes: parts.guards.codes.len() as u32,
        constants_at: constants_at as u32,
        constants: parts.guards.constants.len() as u32,
        variables: parts.guards.variables.len() as u32,
        messages: parts.messages,
        tail_at: tail_at as u32,
        tail_bytes: parts.tail.len() as u32,
        ..layout.header()
    };
    let mut image = Image { cells: vec![Cell([0; CELL_BYTES]); end] };
    let bytes = image.cells.as_mut_bytes();
    bytes[..HEADER_CELLS * CELL_BYTES].copy_from_slice(header.as_bytes());
    let op_bytes = layout.words * CELL_BYTES;
    let slots = bytes[HEADER_CELLS * CELL_BYTES..tasks_at * CELL_BYTES].chunks_exact_mut(op_bytes);
    for (slot, op) in slots.zip(&parts.ops) {
        write_op(op, layout, slot);
    }
    bytes[tasks_at * CELL_BYTES..cubes_at * CELL_BYTES].copy_from_slice(parts.tasks.as_bytes());
    bytes[cubes_at * CELL_BYTES..scripts_at * CELL_BYTES].copy_from_slice(parts.cubes.as_bytes());
    for (at, codes) in [(scripts_at, &parts.codes), (guards_at, &parts.guards.codes)] {
        bytes[at * CELL_BYTES..][..codes.len() * 2].copy_from_slice(codes.as_bytes());
    }
    let constants = parts.guards.constants.as_bytes();
    bytes[constants_at * CELL_BYTES..][..constants.len()].copy_from_slice(constants);
    bytes[tail_at * CELL_BYTES..][..parts.tail.len()].copy_from_slice(&parts.tail);
    let id = build_id(bytes);
    bytes[core::mem::offset_of!(Header, build_id)..][..8].copy_from_slice(&id.to_le_bytes());
    image
}

fn write_op(op: &Op, layout: &Layout, slot: &mut [u8]) {
    let key = OpMeta::key_of(op.route, op.kind, op.outcome, op.is_task);
    let meta = OpMeta { key, script: op.script, outcomes: op.outcomes, patterns: op.patterns };
    // A place that is not empty once the op's own tokens are gone cannot take another: no token is lost if a proof is wrong.
    let care: Mask = core::array::from_fn(|w| op.need[w] | op.deny[w] | (op.put[w] & !op.take[w]));
    let not = |mask: Mask| mask.map(|word| !word);
    let is_masks = op.kind == KIND_PLAIN && !op.is_past;
    let wide = Op2 {
        care: if is_masks { care } else { [0; WORDS_MAX] },
        want: if is_masks { op.need } else { [NEVER; WORDS_MAX] },
        keep: not(op.take),
        put: op.put,
        join_keep: not(op.join_need),
        join_put: op.join_put,
        meta,
        threat: op.threat,
    };
    if layout.has_merge_ops() {
        let op = MergeOp {
            care: wide.care[0],
            threat: wide.threat[0],
            keep: wide.keep[0],
            put: wide.put[0],
            join_keep: wide.join_keep[0],
            join_put: wide.join_put[0],
            meta,
        };
        slot.copy_from_slice(op.as_bytes());
    } else if layout.words == 1 {
        let op = Op1 {
            care: wide.care[0],
            want: wide.want[0],
            keep: wide.keep[0],
            put: wide.put[0],
            join_keep: wide.join_keep[0],
            join_put: wide.join_put[0],
            meta,
        };
        slot.copy_from_slice(op.as_bytes());
    } else {
        slot.copy_from_slice(wide.as_bytes());
    }
}
