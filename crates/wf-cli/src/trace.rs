//! Plays cases one after another on one thread, and shows every step to somebody who keeps it: a log, a heat map.
//!
//! The choices are those of [`wf_engine::play`], so that the same seed gives the same counts; that one is for
//! load and shows no steps.

use std::io;
use std::time::Instant;

use wf_engine::play::{Choices, PlayOptions, Watch, WorkerReport, below, draw, interrupt};
use wf_engine::{
    Arena, CaseId, Changes, EndKind, Engine, Event, EventKind, NO_SIDE, ProgramId, Shard, Side, Start, Status,
};
use wf_net::Names;

use crate::exit::Failure;

/// One step in so many is an interrupt, where one is possible.
const INTERRUPT_ONE_IN: u64 = 16;

/// Slots for a case and all that it calls, however deep, and for its instances.
const SLOTS: usize = 1 << 16;

/// What happened in a step of a case.
#[derive(Debug)]
pub(crate) struct Step<'s> {
    /// Number of the case, from 0.
    pub(crate) number: u64,
    /// Number of the step, from 1; 0 is the start.
    pub(crate) step: u32,
    /// The case that was started; the step may be one of a case that it calls.
    pub(crate) root: CaseId,
    pub(crate) case: CaseId,
    pub(crate) program: ProgramId,
    /// Number of the task, behind those the start, behind those the interrupt.
    pub(crate) route: usize,
    /// The digits of all decisions behind it.
    pub(crate) choice: u64,
    /// All work items of the family before the step.
    pub(crate) waiting: &'s [Event],
    pub(crate) enabled: &'s [Event],
    /// How the started case ended, if it did.
    pub(crate) ended: Option<EndKind>,
}

/// Keeps steps.
pub(crate) trait Record {
    /// A step that was applied.
    fn step(&mut self, step: &Step<'_>) -> io::Result<()>;

    /// The case of the last steps is over.
    fn case_over(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Plays the cases of one program.
struct Tracer<'o> {
    program: ProgramId,
    shard: Shard,
    arena: Arena,
    names: Vec<Option<Names>>,
    decisions: Vec<Vec<Choices>>,
    options: &'o PlayOptions,
    report: WorkerReport,
    family: Vec<CaseId>,
    items: Vec<Event>,
}

/// Plays until every case has ended or the watch has seen enough.
pub(crate) fn play(
    engine: &Engine,
    program: ProgramId,
    options: &PlayOptions,
    watch: &mut impl Watch,
    record: &mut dyn Record,
) -> Result<WorkerReport, Failure> {
    let mut tracer = Tracer::new(engine, program, options)?;
    let failed = |error: io::Error| Failure::Io(format!("cannot write what was played: {error}"));
    watch.begin();
    let begin = Instant::now();
    for number in 0..options.cases {
        if watch.started(1).is_break() {
            tracer.report.interrupted = true;
            break;
        }
        tracer.case(number, record).map_err(failed)?;
    }
    tracer.report.busy = begin.elapsed();
    watch.done();
    tracer.report.tasks = tracer.shard.task_counts(program);
    let bytes = tracer.shard.bytes() + tracer.arena.stats().bytes_held;
    tracer.report.engine_bytes = bytes as u64;
    Ok(tracer.report)
}

impl<'o> Tracer<'o> {
    fn new(engine: &Engine, program: ProgramId, options: &'o PlayOptions) -> Result<Self, Failure> {
        let shard = engine.shard(0, SLOTS).map_err(|error| Failure::Io(error.to_string()))?;
        let names: Vec<Option<Names>> = engine.programs().map(|(other, _)| engine.names(other)).collect();
        let of_program = |(index, names): (usize, &Option<Names>)| {
            let other = ProgramId(index as u32);
            names.as_ref().map_or_else(Vec::new, |names| {
                let choices =
                    |route| Choices::new(other, names, route, &options.odds, !options.rows.is_empty());
                (0..names.route_decisions.len()).map(choices).collect()
            })
        };
        let decisions = names.iter().enumerate().map(of_program).collect();
        Ok(Self {
            program,
            shard,
            arena: Arena::new(),
            names,
            decisions,
            options,
            report: WorkerReport { live_peak: 1, batches: 0, ..WorkerReport::default() },
            family: Vec::new(),
            items: Vec::new(),
        })
    }

    /// Plays one case to its end.
    fn case(&mut self, number: u64, record: &mut dyn Record) -> io::Result<()> {
        self.report.cases += 1;
        if let Some(root) = self.start(number, record)? {
            for step in 1.. {
                self.look(root);
                let random = draw(self.options.seed, number, step);
                let (event, choice) = self.next(root, number, step, random);
                self.report.batches += 1;
                if self.apply(number, step, root, event, choice, record)?.is_some() {
                    break;
                }
            }
        }
        record.case_over()
    }

    /// Starts a case; `None` if it is over already.
    fn start(&mut self, number: u64, record: &mut dyn Record) -> io::Result<Option<CaseId>> {
        let random = draw(self.options.seed, number, 0);
        let Some(names) = &self.names[self.program.0 as usize] else { return Ok(None) };
        let node = below(random as u32, (names.starts.len() - names.bodies) as u64) as u16;
        let route = names.tasks.len() + usize::from(node);
        let decisions = &self.decisions[self.program.0 as usize][route];
        let (choice, is_wide) = (decisions.choose(random), decisions.is_wide());
        let set = self.options.rows.of_case(number);
        let has_side = is_wide || !set.is_empty();
        let start = Start {
            node,
            outcome: if is_wide { 0 } else { choice as u8 },
            side: if has_side { 0 } else { NO_SIDE },
        };
        let side = Side { choice: is_wide.then_some(choice), set };
        let scope = self.arena.scope();
        let started = self.shard.start_batch_with(self.program, &[start], &[side], &scope);
        let Some(&root) = started.cases.first() else {
            // A start that is refused can never run: a condition has no answer, or a counter would overfill.
            let has_incident = started.refused.is_some_and(|status| self.report.incidents.note(status));
            self.report.stopped += u64::from(!has_incident);
            return Ok(None);
        };
        let ended = started.ended.iter().find(|ended| ended.case == root).map(|ended| ended.kind);
        record.step(&Step {
            number,
            step: 0,
            root,
            case: root,
            program: self.program,
            route,
            choice,
            waiting: &[],
            enabled: started.enabled,
            ended,
        })?;
        if let Some(kind) = ended {
            self.count(kind);
        }
        Ok(ended.is_none().then_some(root))
    }

    /// Finds the work items of a case and of those that it calls.
    fn look(&mut self, root: CaseId) {
        self.family.clear();
        self.items.clear();
        self.family.push(root);
        let mut next = 0;
        while let Some(&member) = self.family.get(next) {
            next += 1;
            self.items.extend(self.shard.enabled(member).into_iter().flatten());
            self.family.extend(self.shard.called(member));
        }
    }

    /// The event of a step, and the digits of its decisions.
    fn next(&self, root: CaseId, number: u64, step: u32, random: u64) -> (Event, u64) {
        if step > self.options.steps_max {
            return (Event::cancel(root), 0);
        }
        let index = below(random as u32, self.items.len() as u64) as usize;
        let mut event = self.items.get(index).copied();
        let rare = || draw(random, number, step).is_multiple_of(INTERRUPT_ONE_IN);
        if event.is_none() || rare() {
            let from_inside = &self.options.from_inside;
            event = interrupt(&self.shard, root, from_inside, event.is_none(), random).or(event);
        }
        let Some(event) = event else { return (Event::cancel(root), 0) };
        let program = self.shard.case(event.case).map_or(self.program, |view| view.program);
        let decisions = &self.decisions[program.0 as usize][usize::from(event.task)];
        let (choice, is_wide) = (decisions.choose(random), decisions.is_wide());
        let outcome = if is_wide { 0 } else { choice as u8 };
        (Event { outcome, side: if is_wide { 0 } else { NO_SIDE }, ..event }, choice)
    }

    /// Applies an event; how the started case ended, if it did.
    fn apply(
        &mut self,
        number: u64,
        step: u32,
        root: CaseId,
        event: Event,
        choice: u64,
        record: &mut dyn Record,
    ) -> io::Result<Option<EndKind>> {
        let program = self.shard.case(event.case).map_or(self.program, |view| view.program);
        let scope = self.arena.scope();
        let changes: Changes<'_> = self.shard.advance_with(&[event], &[Side::choice(choice)], &scope);
        let ended = changes.ended.iter().find(|ended| ended.case == root).map(|ended| ended.kind);
        let is_work = matches!(event.kind, EventKind::Complete | EventKind::Trigger);
        match changes.status {
            [Status::Done] if is_work => {
                self.report.completions += 1;
                record.step(&Step {
                    number,
                    step,
                    root,
                    case: event.case,
                    program,
                    route: usize::from(event.task),
                    choice,
                    waiting: &self.items,
                    enabled: changes.enabled,
                    ended,
                })?;
            }
            [Status::Done] => {}
            [status] if self.report.incidents.note(*status) => {
                self.shard.advance(&[Event::cancel(root)], &self.arena.scope());
                return Ok(Some(EndKind::Cancelled));
            }
            _ => self.report.refused += 1,
        }
        if let Some(kind) = ended {
            self.count(kind);
        }
        Ok(ended)
    }

    fn count(&mut self, kind: EndKind) {
        match kind {
            EndKind::Completed => self.report.completed += 1,
            EndKind::Deadlocked => self.report.deadlocked += 1,
            _ => self.report.stopped += 1,
        }
    }
}
