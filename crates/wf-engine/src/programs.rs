//! The table of programs: for each its place in the store, checked when loaded.

use wf_mmap::{Key, Store};
use wf_net::image::{Header, Op1, Op2, OpMeta, PLACES_MAX};
use wf_net::{Names, Program};
use wf_registry::{Frozen, Registry};
use zerocopy::{FromBytes, transmute_ref};

use crate::error::EngineError;
use crate::line::CounterOf;

/// Number of a program in its engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProgramId(pub u32);

/// Where the parts of a program stand in the store's cells.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// First cell of the image.
    pub(crate) header: usize,
    /// First cell of the ops.
    pub(crate) ops: usize,
    /// First cell of the begin ops.
    pub(crate) begin: usize,
    /// First code of the scripts, counted from the store's first cell.
    pub(crate) codes: usize,
    /// First of the program's op counts in each shard.
    pub(crate) counts: usize,
    pub(crate) tasks: u16,
    pub(crate) starts: u16,
    pub(crate) shift: u8,
    pub(crate) words: u8,
    /// Work items that a step is expected to add at most.
    pub(crate) fanout: usize,
    pub(crate) enabled: u64,
}

impl Row {
    /// Number of an op among the program's: (route, outcome) for outcomes that have an op of their own.
    pub(crate) const fn op_index(&self, route: u16, outcome: u8) -> usize {
        let mask = (1usize << self.shift) - 1;
        (route as usize) << self.shift | (outcome as usize & mask)
    }

    /// Ops of all routes.
    pub(crate) const fn op_count(&self) -> usize {
        (self.tasks as usize + self.starts as usize) << self.shift
    }
}

/// All programs of one store.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) store: Store,
    pub(crate) rows: Frozen<Row>,
    /// Op counts of all programs together.
    pub(crate) count_total: usize,
}

impl Programs {
    pub(crate) fn load(store: Store) -> Result<Self, EngineError> {
        let mut rows = Registry::new();
        let mut count_total = 0;
        for entry in store.iter() {
            let (key, image) = entry?;
            let Key::Str(name) = key else { return Err(EngineError::Key) };
            let in_program = |error| EngineError::Program { key: name.to_owned(), error };
            let program = Program::parse(image).map_err(in_program)?;
            let cells = store.cell_range(key)?.ok_or(EngineError::Key)?;
            let row = row(&program, cells.start, count_total);
            count_total += row.op_count();
            rows.register(name, row).map_err(|_| EngineError::TooManyPrograms)?;
        }
        if rows.is_empty() {
            return Err(EngineError::Empty);
        }
        Ok(Self { store, rows: rows.freeze(), count_total })
    }

    /// The program's image, read again for its names.
    pub(crate) fn names(&self, program: ProgramId) -> Option<Names> {
        let name = self.rows.name(program.0)?;
        let image = self.store.get(Key::Str(name)).ok()??;
        Program::parse(image).ok()?.names().ok()
    }

    /// The store's cells as words: cast once a batch, so that an op costs one bounds-checked index.
    pub(crate) fn cells(&self) -> Cells<'_> {
        let bytes = self.store.cells().as_flattened();
        let cells = <[[u64; 8]]>::ref_from_bytes(bytes);
        Cells { cells: cells.unwrap_or_else(|_| unreachable!("a store's cells begin on a 64-byte boundary")) }
    }
}

fn row(program: &Program<'_>, first: usize, counts: usize) -> Row {
    let header = program.header();
    Row {
        header: first,
        ops: first + header.ops_at as usize,
        begin: first + header.begin_at as usize,
        codes: (first + header.scripts_at as usize) * 32,
        counts,
        tasks: header.tasks,
        starts: header.starts,
        shift: header.shift,
        words: header.words,
        fanout: program.fanout_max(),
        enabled: header.enabled_mask,
    }
}

/// The store's cells, seen as what the images in them hold.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'p> {
    cells: &'p [[u64; 8]],
}

impl<'p> Cells<'p> {
    pub(crate) fn op1(&self, cell: usize) -> &'p Op1 {
        transmute_ref!(&self.cells[cell])
    }

    pub(crate) fn op2(&self, cell: usize) -> &'p Op2 {
        let pair: &'p [[u64; 8]; 2] =
            self.cells[cell..].first_chunk().unwrap_or_else(|| unreachable!("checked image"));
        transmute_ref!(pair)
    }

    pub(crate) fn meta(&self, row: &Row, index: usize) -> &'p OpMeta {
        if row.words == 1 { &self.op1(row.ops + index).meta } else { &self.op2(row.ops + index * 2).meta }
    }

    pub(crate) fn codes(&self) -> &'p [u16] {
        use zerocopy::IntoBytes;
        <[u16]>::ref_from_bytes(self.cells.as_bytes())
            .unwrap_or_else(|_| unreachable!("words are pairs of codes"))
    }

    pub(crate) fn counter_of(&self, row: &Row) -> &'p CounterOf {
        const { assert!(core::mem::offset_of!(Header, counter_of) == 128 && PLACES_MAX == 128) };
        let pair: &'p [[u64; 8]; 2] =
            self.cells[row.header + 2..].first_chunk().unwrap_or_else(|| unreachable!("checked image"));
        transmute_ref!(pair)
    }
}
