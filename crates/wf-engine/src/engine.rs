//! An engine: the programs of one store, and the shards that run them.

use std::path::Path;
use std::sync::Arc;

use wf_aligned::Counters;
use wf_mmap::Store;
use wf_net::Names;

use crate::error::EngineError;
use crate::patterns::COUNT;
use crate::programs::{ProgramId, Programs};
use crate::shard::Shard;
use crate::stats::{STATS, Stats};

/// The programs of one store. Cheap to share: shards hold what they need.
#[derive(Debug)]
pub struct Engine {
    pub(crate) programs: Arc<Programs>,
    stats: Counters<STATS>,
    pub(crate) pattern_counters: Counters<COUNT>,
}

impl Engine {
    /// An engine over a store that the embedder opened: with `Store::open_mapped`, whose one `unsafe` sentence is the
    /// embedder's to keep, programs are used straight from the page cache.
    ///
    /// The bytes of every record are verified here, and the header of every image; what stands behind it is checked once, when
    /// the program is first used, which takes some memory too: [`check`](Self::check) does both before. A program that calls
    /// others is checked here, with what it calls.
    ///
    /// # Errors
    /// A record that was changed or is not a program, or a store without one.
    pub fn with_store(store: Store) -> Result<Self, EngineError> {
        Ok(Self {
            programs: Arc::new(Programs::load(store)?),
            stats: Counters::new(),
            pattern_counters: Counters::new(),
        })
    }

    /// An engine over a store file, opened in a way that later damage to the file cannot reach: by a copy, on Linux and with
    /// the feature `memory-v2` in huge pages.
    ///
    /// # Errors
    /// A file that cannot be read or is no store, and as [`with_store`](Self::with_store).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, EngineError> {
        Self::with_store(Store::open_copy(path.as_ref())?)
    }

    /// The store that the programs lie in.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.programs.store
    }

    /// The number of a program by its name.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<ProgramId> {
        self.programs.id(name).map(ProgramId)
    }

    /// All programs with their names.
    pub fn programs(&self) -> impl Iterator<Item = (ProgramId, &str)> {
        (0..self.programs.len()).filter_map(|id| self.programs.name(id).map(|name| (ProgramId(id), name)))
    }

    /// Whether instances of any program are cases of their own.
    pub(crate) fn has_children(&self) -> bool {
        self.programs.have_children()
    }

    /// Checks a program, as its first use would; one that the engine does not have is no fault.
    ///
    /// A program that is not valid, though its bytes are as they were written, is of another compiler or of a stranger. No case
    /// of it starts, and it has no names.
    ///
    /// # Errors
    /// What is wrong with the program, and its name.
    pub fn check(&self, program: ProgramId) -> Result<(), EngineError> {
        self.programs.check(program.0)
    }

    /// Checks all programs: before an engine is published to running writers, and where stores may come from strangers.
    ///
    /// # Errors
    /// As [`check`](Self::check), of the first program that is not valid.
    pub fn check_all(&self) -> Result<(), EngineError> {
        (0..self.programs.len()).try_for_each(|program| self.programs.check(program))
    }

    /// Names of a program's tasks and decisions.
    #[must_use]
    pub fn names(&self, program: ProgramId) -> Option<Names> {
        self.programs.names(program)
    }

    /// The number of a variable that conditions of a program ask for.
    #[must_use]
    pub fn variable(&self, program: ProgramId, name: &str) -> Option<u16> {
        self.programs.variable(program, name)
    }

    /// Work items that one completion of a program is expected to add at most; 0 if there is no such program.
    pub(crate) fn fanout(&self, program: ProgramId) -> usize {
        self.programs.row(program.0).map_or(0, |row| row.fanout)
    }

    /// A shard for up to `cases_max` live cases; its memory is taken, and touched, here.
    ///
    /// Shards that run at the same time need different numbers: a case's id begins with its shard's.
    ///
    /// # Errors
    /// No cases, more than [`SLOTS_MAX`](crate::SLOTS_MAX), or no memory.
    pub fn shard(&self, id: u8, cases_max: usize) -> Result<Shard, EngineError> {
        let writers = (self.stats.writer(), self.pattern_counters.writer());
        Shard::new(id, cases_max, Arc::clone(&self.programs), writers)
    }

    /// What all shards together have done so far; never stops them.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::read(&self.stats)
    }
}
