//! Hot reload: the cases of one writer over several generations of programs.

use core::ops::RangeInclusive;

use wf_arena::Scope;
use wf_registry::{Reader, Swap};

use crate::changes::Changes;
use crate::data::Side;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::shard::Shard;
use crate::{CaseId, Event, Status};

/// The shards of one writer: one for each generation of programs that still has a case.
///
/// Engines are published in a [`Swap`]. Cases start on the newest programs; each stays on the program that it began with, in
/// the shard of its generation, which is closed when its last case has ended. So nothing on the main path knows of
/// generations: a batch whose events are all of one costs a look at their first bytes.
///
/// # Examples
/// ```
/// # fn example(first: wf_engine::Engine, second: wf_engine::Engine) -> Result<(), wf_engine::EngineError> {
/// use wf_engine::{Arena, Generations, Start, Swap};
///
/// let engines = Swap::new(first);
/// let mut cases = Generations::new(&engines, 0..=7, 1_000_000)?;
/// let mut arena = Arena::new();
/// // Elsewhere, once new models were compiled:
/// engines.publish(second);
/// // Before each batch: one look whether there is something new.
/// cases.refresh()?;
/// let program = cases.engine().program("order").expect("it was compiled");
/// cases.newest().start_batch(program, &[Start::default()], &arena.scope());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Generations {
    engines: Reader<Engine>,
    cases_max: usize,
    /// In order; the last one is the newest.
    open: Vec<Generation>,
    /// Numbers that no open shard has, each with the first generation of a slot that no case under this number has had.
    free: Vec<(u8, u32)>,
}

#[derive(Debug)]
struct Generation {
    number: u64,
    shard: Shard,
}

impl Generations {
    /// Shards for up to `cases_max` live cases of each generation, with numbers that no other writer's shards have: as many
    /// generations can be open at once.
    ///
    /// # Errors
    /// As of [`Engine::shard`]; [`EngineError::Generations`] if there is no number.
    pub fn new(
        engines: &Swap<Engine>,
        numbers: RangeInclusive<u8>,
        cases_max: usize,
    ) -> Result<Self, EngineError> {
        let free = numbers.rev().map(|number| (number, 0)).collect();
        let mut all = Self { engines: engines.reader(), cases_max, open: Vec::new(), free };
        all.begin()?;
        Ok(all)
    }

    /// Takes up the newest engine, if there is a newer one than at the last call, and closes generations without cases.
    /// `true` if there was a newer one.
    ///
    /// Costs one look at a shared number where nothing was published. Who publishes an engine of programs that may be anybody's calls
    /// [`Engine::check_all`] on it before.
    ///
    /// # Errors
    /// As of [`new`](Self::new): then cases go on starting on the generation that was the newest before, and the next call tries
    /// again.
    pub fn refresh(&mut self) -> Result<bool, EngineError> {
        self.close_ended();
        if self.engines.is_current() {
            return Ok(false);
        }
        // The old one stays in use until the new one has its shard.
        let before = self.engines.clone();
        self.engines.get();
        if let Err(error) = self.begin() {
            self.engines = before;
            return Err(error);
        }
        Ok(true)
    }

    fn begin(&mut self) -> Result<(), EngineError> {
        let Some(&(number, first)) = self.free.last() else {
            return Err(EngineError::Generations { open: self.open.len() });
        };
        let mut shard = self.engines.cached().shard(number, self.cases_max)?;
        shard.slab.begin_at(first);
        self.free.pop();
        // Time goes on.
        if let Some(before) = self.open.last() {
            shard.now = before.shard.now;
        }
        self.open.push(Generation { number: self.engines.generation(), shard });
        Ok(())
    }

    /// Closes all but the newest generation that have no case.
    fn close_ended(&mut self) {
        let Some(last) = self.open.len().checked_sub(1) else { return };
        let is_over = |at: usize, generation: &Generation| at != last && generation.shard.live() == 0;
        if !self.open.iter().enumerate().any(|(at, generation)| is_over(at, generation)) {
            return;
        }
        let open = core::mem::take(&mut self.open);
        for (at, generation) in open.into_iter().enumerate() {
            if !is_over(at, &generation) {
                self.open.push(generation);
                continue;
            }
            let mut shard = generation.shard;
            shard.publish_pattern_stats();
            // A number whose slots are used up is not used again: an id never reaches another case.
            if let Some(first) = shard.slab.first_unused() {
                self.free.insert(0, (shard.id(), first));
            }
        }
    }

    /// The engine of the newest generation that was taken up.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        self.engines.cached()
    }

    /// The shard in which cases start.
    ///
    /// # Panics
    /// Never: there is always one.
    pub fn newest(&mut self) -> &mut Shard {
        &mut self.open.last_mut().unwrap_or_else(|| unreachable!("one is opened first")).shard
    }

    /// The shard of a case; `None` if its generation is closed, and the case with it.
    pub fn shard_of(&mut self, case: CaseId) -> Option<&mut Shard> {
        self.open.iter_mut().map(|generation| &mut generation.shard).find(|shard| shard.id() == case.shard())
    }

    /// Open generations, oldest first: the number of publications before each, and its shard.
    pub fn shards(&self) -> impl Iterator<Item = (u64, &Shard)> {
        self.open.iter().map(|generation| (generation.number, &generation.shard))
    }

    /// As [`shards`](Self::shards), to tick, ask or export.
    pub fn shards_mut(&mut self) -> impl Iterator<Item = (u64, &mut Shard)> {
        self.open.iter_mut().map(|generation| (generation.number, &mut generation.shard))
    }

    /// Cases that live, of all generations.
    #[must_use]
    pub fn live(&self) -> usize {
        self.shards().map(|(_, shard)| shard.live()).sum()
    }

    /// As [`Shard::advance`], for cases of any generation. What is told is in the order of the events within each generation,
    /// oldest first.
    pub fn advance<'s>(&mut self, events: &[Event], scope: &Scope<'s>) -> Changes<'s> {
        self.advance_with(events, &[], scope)
    }

    /// As [`Shard::advance_with`].
    pub fn advance_with<'s>(
        &mut self,
        events: &[Event],
        sides: &[Side<'_>],
        scope: &Scope<'s>,
    ) -> Changes<'s> {
        let first = events.first().map_or(0, |event| event.case.shard());
        if events.iter().all(|event| event.case.shard() == first) {
            let one = self.open.iter_mut().find(|generation| generation.shard.id() == first);
            return match one {
                Some(generation) => generation.shard.advance_with(events, sides, scope),
                None => Changes {
                    status: scope.alloc_slice_fill(events.len(), Status::UnknownCase),
                    ..Changes::default()
                },
            };
        }
        let status = scope.alloc_slice_fill(events.len(), Status::UnknownCase);
        let (mut enabled, mut withdrawn) = (scope.vec(events.len()), scope.vec(0));
        let (mut ended, mut sent) = (scope.vec(events.len()), scope.vec(0));
        for Generation { shard, .. } in &mut self.open {
            let mut own = scope.vec(events.len());
            let number = shard.id();
            let is_own = |event: &&Event| event.case.shard() == number;
            own.extend(events.iter().filter(is_own).copied());
            let changes = shard.advance_with(&own, sides, scope);
            let places = status.iter_mut().zip(events).filter(|(_, event)| is_own(event));
            places.zip(changes.status).for_each(|((place, _), &status)| *place = status);
            enabled.extend_from_slice(changes.enabled);
            withdrawn.extend_from_slice(changes.withdrawn);
            ended.extend_from_slice(changes.ended);
            sent.extend_from_slice(changes.sent);
        }
        Changes {
            status,
            enabled: enabled.into_slice(),
            withdrawn: withdrawn.into_slice(),
            ended: ended.into_slice(),
            sent: sent.into_slice(),
        }
    }
}
