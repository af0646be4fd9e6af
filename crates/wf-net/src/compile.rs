//! Compiles a net to its program image.

use zerocopy::IntoBytes;

use crate::classify::Classes;
use crate::conditions::conditions;
use crate::explore::Explorer;
use crate::guard::Code;
use crate::image::{
    CELL_BYTES, COUNTER_CELLS, Cell, CubeCell, FLAG_QUIET, HEADER_CELLS, Header, Image, KIND_PLAIN,
    KIND_SCRIPT, MergeOp, NEVER, OUTCOMES_MANY, Op1, Op2, OpMeta, TaskCell, WORDS_MAX, build_id,
};
use crate::layout::Layout;
use crate::merges::{self, Waits};
use crate::net::Net;
use crate::problem::Problem;
use crate::program::Program;
use crate::quiet::Quiet;
use crate::routing::{Route, Routing, Step, Target};
use crate::safety::Counted;
use crate::spread::Spread;
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
/// Every reason for which the net has no program: see [`ProblemKind`](crate::ProblemKind).
pub fn compile(net: &Net, options: &CompileOptions) -> Result<Image, Vec<Problem>> {
    let routing = Routing::new(net)?;
    let conditions = conditions(net, &routing);
    let counted = Counted::new(net, &routing, || {
        let walked = Explorer::new(net, &routing, &conditions, None, false)?.walk().ok();
        walked.map(|found| found.most)
    });
    let mut problems = Vec::new();
    let cubes = merges::merge_cubes(net, &routing, &conditions, &mut problems);
    let (layout, tasks) = Layout::new(net, &routing, &counted, &conditions, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let waits = merges::waits(net, &routing, &cubes);
    let quiet = Quiet::new(&tasks, &waits).filter(|_| layout.is_general);
    let mut emitted = Emitted { ops: Vec::new(), scripts: Scripts { codes: Vec::new() }, waits };
    let in_body = net.in_bodies();
    let masks = |route: usize| match &quiet {
        _ if options.scripts_only => Masks::Never,
        Some(quiet) if route < layout.tasks && quiet.may_complete(route) => {
            Masks::IfQuiet { quiet, in_body: in_body.contains(&routing.tasks[route]) }
        }
        None if !layout.is_general => Masks::Any,
        _ => Masks::Never,
    };
    let shift = ops_shift(&routing, |route| !matches!(masks(route), Masks::Never));
    let sources: Vec<_> =
        routing.tasks.iter().chain(&routing.starts).chain(&routing.interrupts).copied().collect();
    for (index, route) in routing.played().iter().enumerate() {
        layout.ops_of_route(&mut emitted, index, route, shift, masks(index));
    }
    let Emitted { mut ops, scripts, .. } = emitted;
    let classes = Classes::new(net, &routing, &counted);
    let mut patterns = Vec::new();
    for op in &mut ops {
        let (source, route) = (sources[usize::from(op.route)], &routing.played()[usize::from(op.route)]);
        // One op stands for all outcomes of a script.
        let outcome = (op.kind == KIND_PLAIN).then_some(u64::from(op.outcome));
        let set = classes.on_the_way(source, route, outcome);
        let known = patterns.iter().position(|&other| other == set);
        op.patterns = known.unwrap_or(patterns.len()) as u16;
        if known.is_none() {
            patterns.push(set);
        }
    }
    let tail = Names { patterns, ..Names::new(net, &routing, &tasks) }.write();
    let (codes, guards) = (scripts.codes, routing.guards);
    let messages = net.message_names().len() as u16;
    let addresses: Vec<_> = ops.iter().map(|op| (op.route, op.outcome)).collect();
    // What all tasks have in common is not written.
    let tasks = if layout.is_general { tasks } else { Vec::new() };
    let parts = Parts { ops, tasks, cubes, codes, guards, tail, messages };
    let images = Spread::all(sources.len(), shift, &addresses).into_iter();
    let mut images = images.map(|spread| assemble(&layout, shift, spread, &parts));
    let has_no_strays = |image: &Image| Program::begin(image.as_bytes()).is_ok_and(|p| p.strays().is_none());
    // Where every outcome has a place nothing else is looked at, and a place without an op is no task's.
    Ok(images.find(has_no_strays).unwrap_or_else(|| unreachable!("the last has room for every outcome")))
}

/// Whether ops of a route may be masks.
#[derive(Clone, Copy)]
enum Masks<'q> {
    Never,
    /// Only those that nothing else depends on; in a body, those that do not end it: that is the business of its task.
    IfQuiet {
        quiet: &'q Quiet,
        in_body: bool,
    },
    Any,
}

/// Log2 of the ops for each route: the most outcomes of a route that is not a script anyway.
fn ops_shift(routing: &Routing, may_be_masks: impl Fn(usize) -> bool) -> u8 {
    let routes = routing.played().iter().enumerate().filter(|&(index, _)| may_be_masks(index));
    let outcomes = routes.map(|(_, route)| route.outcomes);
    let most = outcomes.filter(|&o| o <= OPS_PER_ROUTE_MAX).max().unwrap_or(1);
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
}

struct Scripts {
    codes: Vec<u16>,
}

/// What routes have become so far, and what the ops of merges are made of.
struct Emitted {
    ops: Vec<Op>,
    scripts: Scripts,
    waits: Vec<Waits>,
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

pub(crate) fn meets(one: Mask, two: Mask) -> bool {
    one.iter().zip(two).any(|(one, two)| one & two != 0)
}

impl Layout {
    /// The ops of a route: one for each outcome, but that a script of outcome 0 stands for all that are no masks.
    fn ops_of_route(&self, emitted: &mut Emitted, index: usize, route: &Route, shift: u8, masks: Masks<'_>) {
        let Emitted { ops, scripts, waits } = emitted;
        let mut base = Op {
            outcomes: u16::try_from(route.outcomes).unwrap_or(OUTCOMES_MANY),
            route: index as u16,
            is_task: index < self.tasks,
            ..Op::default()
        };
        let mut all_plain = route.outcomes <= 1 << shift && !matches!(masks, Masks::Never);
        if index < self.tasks {
            base.need = bit(index);
            base.take = or(bit(index), bit(self.tasks + index));
            all_plain &= !meets(self.counted, base.take);
        }
        let mut script_op: Option<Op> = None;
        for outcome in 0..route.outcomes.min(1 << shift) {
            let plain = if all_plain { self.plain_op(route, waits, outcome, base) } else { None };
            let plain = plain.filter(|op| match masks {
                Masks::IfQuiet { quiet, in_body } => {
                    quiet.is_quiet(or(op.take, op.join_need), or(op.put, op.join_put))
                        && (!in_body || quiet.keeps_alive(op.put))
                }
                _ => true,
            });
            let op = match (plain, script_op) {
                (Some(op), _) | (None, Some(op)) => op,
                (None, None) => Op { kind: KIND_SCRIPT, script: scripts.write(route), ..base },
            };
            let is_said = script_op.is_some_and(|script| op.kind == KIND_SCRIPT && script.outcome == 0);
            if !is_said {
                ops.push(Op { outcome: outcome as u8, ..op });
            }
            if op.kind == KIND_SCRIPT && script_op.is_none() {
                script_op = Some(Op { outcome: outcome as u8, ..op });
            }
        }
    }

    /// The op of one outcome, if masks can say it: bits only, and at most one synchronization, a join or a merge, which feeds
    /// no other.
    fn plain_op(&self, route: &Route, waits: &[Waits], outcome: u64, base: Op) -> Option<Op> {
        if !route.clear.is_empty() {
            return None;
        }
        let mut op = Op { kind: KIND_PLAIN, ..base };
        let mut choice = outcome;
        // For each slot: tokens that pass for certain, and tokens that pass if the synchronization fires.
        let mut slots = vec![(0u32, 0u32); route.slot_count()];
        let mut join_fires = false;
        let mut chosen = Vec::new();
        // One that only codes fill is past the end: they are asleep here.
        let in_slot =
            |slots: &[(u32, u32)], slot: u16| slots.get(usize::from(slot)).copied().unwrap_or_default();
        if !self.settle(&route.put, (1, 0), &mut op, &mut slots) {
            return None;
        }
        for step in &route.steps {
            let (certain, joined, targets) = match step {
                Step::Choice { slot, branches } => {
                    let digit = (choice % branches.len() as u64) as usize;
                    choice /= branches.len() as u64;
                    let (certain, joined) = in_slot(&slots, *slot);
                    (certain, joined, &branches[digit..=digit])
                }
                Step::Decide { slot, branches, .. } => {
                    let base = branches.len() as u64 + 1;
                    // By data: only a script asks it.
                    let branch = (choice % base).checked_sub(1)? as usize;
                    choice /= base;
                    let (certain, joined) = in_slot(&slots, *slot);
                    (certain, joined, &branches[branch..=branch])
                }
                Step::Split { slot, targets } => {
                    let (certain, joined) = in_slot(&slots, *slot);
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
                    let (certain, joined) = in_slot(&slots, *slot);
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
                    let Waits { inputs, others, is_one_mask, threat, .. } = waits[usize::from(*merge)];
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
                Step::Code(_) => {
                    if in_slot(&slots, step.asleep_without()?) != (0, 0) {
                        return None;
                    }
                    continue;
                }
            };
            if certain + joined > 0 && !self.settle(targets, (certain, joined), &mut op, &mut slots) {
                return None;
            }
        }
        // What the synchronization moves must not be what another merge has waited for, or it itself once more.
        let moved = or(op.join_need, op.join_put);
        let is_alone = |step: &Step| match step {
            Step::Merge { merge, .. } => {
                let Waits { inputs, others, wants, .. } = waits[usize::from(*merge)];
                if inputs == op.join_need {
                    !meets(inputs, op.join_put)
                } else {
                    !meets(or(inputs, others), moved) && !meets(wants, op.put)
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

fn assemble(layout: &Layout, shift: u8, spread: Spread, parts: &Parts) -> Image {
    let cells_for = |bytes: usize| bytes.div_ceil(CELL_BYTES);
    let first_op = HEADER_CELLS + if layout.counters > 0 { COUNTER_CELLS } else { 0 };
    let tasks_at = first_op + spread.count * layout.words;
    let cubes_at = tasks_at + parts.tasks.len();
    let scripts_at = cubes_at + parts.cubes.len();
    let guards_at = scripts_at + cells_for(parts.codes.len() * 2);
    let constants_at = guards_at + cells_for(parts.guards.codes.len() * 2);
    let tail_at = constants_at + cells_for(size_of_val(&*parts.guards.constants));
    let end = tail_at + cells_for(parts.tail.len());
    let is_quiet = |op: &Op| layout.is_general && op.kind == KIND_PLAIN;
    let plain = layout.header();
    let header = Header {
        flags: plain.flags | if parts.ops.iter().any(is_quiet) { FLAG_QUIET } else { 0 },
        shift,
        stride: spread.stride,
        cells: end as u32,
        ops_at: (first_op + spread.before * layout.words) as u32,
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
        ..plain
    };
    let mut image = Image { cells: vec![Cell([0; CELL_BYTES]); end] };
    let bytes = image.cells.as_mut_bytes();
    bytes[..HEADER_CELLS * CELL_BYTES].copy_from_slice(header.as_bytes());
    if layout.counters > 0 {
        bytes[HEADER_CELLS * CELL_BYTES..first_op * CELL_BYTES].copy_from_slice(&layout.counter_of);
    }
    let op_bytes = layout.words * CELL_BYTES;
    for op in &parts.ops {
        let at = first_op * CELL_BYTES + spread.place(op.route, op.outcome) * op_bytes;
        write_op(op, layout, &mut bytes[at..at + op_bytes]);
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
    let is_masks = op.kind == KIND_PLAIN;
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
