//! Arenas of wf-arena: single allocations, a batch of workflow instances, a pool. Other projects' arenas stand beside them
//! in `benches/peers/arena`, which includes this file.

use std::hint::black_box;
use std::mem::MaybeUninit;

use wf_arena::{Arena, ArenaAllocator, ArenaPool, Bump, Carve, Region, Scope, carved_bytes};
use wf_gate::{Batch, Subject};

const ALLOCATIONS: u32 = 1_024;
const INSTANCES: u32 = 1_000;

/// More than 1,024 blocks of 64 bytes.
const MEMORY_BYTES: usize = 1 << 17;

/// The subjects of wf-arena.
#[must_use]
pub fn subjects() -> Vec<Subject> {
    let mut all = Vec::new();
    let mut push = |id, ops, make| all.push(Subject { id, ops, make });
    push("arena.alloc_16", ALLOCATIONS, || Box::new(Single::<2>(Arena::with_capacity(MEMORY_BYTES))));
    push("arena.alloc_32", ALLOCATIONS, || Box::new(Single::<4>(Arena::with_capacity(MEMORY_BYTES))));
    push("arena.alloc_64", ALLOCATIONS, || Box::new(Single::<8>(Arena::with_capacity(MEMORY_BYTES))));
    push("arena.region_16", ALLOCATIONS, || Box::new(InRegion::<2>::new()));
    push("arena.region_32", ALLOCATIONS, || Box::new(InRegion::<4>::new()));
    push("arena.region_64", ALLOCATIONS, || Box::new(InRegion::<8>::new()));
    push("arena.checkpoint", ALLOCATIONS, || Box::new(Checkpoints::new()));
    push("arena.acquire", ALLOCATIONS, || Box::new(Acquire(ArenaPool::new())));
    push("arena.acquire_ambient", ALLOCATIONS, || Box::new(Ambient));
    push("arena.acquire_heap", ALLOCATIONS, || Box::new(Fresh));
    push("arena.batch", INSTANCES, || Box::new(InArena(Arena::new())));
    push("arena.batch_first", INSTANCES, || Box::new(FirstBatch));
    push("arena.batch_heap", INSTANCES, || Box::new(OnHeap));
    push("arena.batch_plain", INSTANCES, || Box::new(Plain(Arena::new())));
    push("arena.batch_carved", INSTANCES, || Box::new(Carved(Arena::new())));
    push("arena.spike", SPIKE_BATCHES, || Box::new(Spike));
    all
}

/// The sum of the first `n` numbers.
fn sum_below(n: u32) -> u64 {
    (0..u64::from(n)).sum()
}

/// Allocates `N` words again and again; the pointer escapes, as into a data structure.
#[inline(always)]
fn fill<'s, const N: usize>(scope: &impl Bump<'s>) -> u64 {
    let mut sum = 0;
    for i in 0..u64::from(ALLOCATIONS) {
        sum += black_box(scope.alloc([i; N]))[N - 1];
    }
    sum
}

struct Single<const N: usize>(Arena);

impl<const N: usize> Batch for Single<N> {
    fn run(&mut self) -> u64 {
        fill::<N>(&black_box(self.0.scope()))
    }

    fn expected(&mut self) -> Option<u64> {
        Some(sum_below(ALLOCATIONS))
    }
}

struct InRegion<const N: usize>(Region<'static>);

impl<const N: usize> InRegion<N> {
    fn new() -> Self {
        Self(Region::new(memory()))
    }
}

/// Memory for the rest of the process, as a measuring process needs it.
fn memory() -> &'static mut [MaybeUninit<u8>] {
    vec![MaybeUninit::uninit(); MEMORY_BYTES].leak()
}

impl<const N: usize> Batch for InRegion<N> {
    fn run(&mut self) -> u64 {
        fill::<N>(&black_box(self.0.scope()))
    }

    fn expected(&mut self) -> Option<u64> {
        Some(sum_below(ALLOCATIONS))
    }
}

/// A checkpoint, one allocation, back.
struct Checkpoints(Region<'static>);

impl Checkpoints {
    fn new() -> Self {
        Self(Region::new(memory()))
    }
}

impl Batch for Checkpoints {
    fn run(&mut self) -> u64 {
        let mut scope = self.0.scope();
        let mut sum = 0;
        for i in 0..u64::from(ALLOCATIONS) {
            let mut checkpoint = scope.checkpoint();
            sum += *black_box(checkpoint.scope().alloc(i));
        }
        sum + scope.used_bytes() as u64
    }

    fn expected(&mut self) -> Option<u64> {
        Some(sum_below(ALLOCATIONS))
    }
}

/// Acquire from a pool, one allocation, give back.
struct Acquire(ArenaPool);

impl Batch for Acquire {
    fn run(&mut self) -> u64 {
        (0..u64::from(ALLOCATIONS)).map(|i| black_box(self.0.acquire().scope().alloc([i; 4]))[0]).sum()
    }

    fn expected(&mut self) -> Option<u64> {
        Some(sum_below(ALLOCATIONS))
    }
}

/// The same through the thread's ambient arena.
struct Ambient;

impl Batch for Ambient {
    fn run(&mut self) -> u64 {
        let one = |i| ArenaAllocator::with(|scope| black_box(scope.alloc([i; 4]))[0]);
        (0..u64::from(ALLOCATIONS)).map(one).sum()
    }

    fn expected(&mut self) -> Option<u64> {
        Some(sum_below(ALLOCATIONS))
    }
}

/// A fresh arena each time.
struct Fresh;

impl Batch for Fresh {
    fn run(&mut self) -> u64 {
        (0..u64::from(ALLOCATIONS)).map(|i| black_box(Arena::new().scope().alloc([i; 4]))[0]).sum()
    }

    fn expected(&mut self) -> Option<u64> {
        Some(sum_below(ALLOCATIONS))
    }
}

/// The six small objects of an instance.
type Objects = ([u64; 2], [u64; 3], [u64; 4], [u64; 4], [u64; 6], [u64; 8]);

#[inline(always)]
fn objects(i: u64) -> Objects {
    ([i; 2], [i + 1; 3], [i + 2; 4], [i + 3; 4], [i + 4; 6], [i + 5; 8])
}

/// How many elements the small vector of instance `i` has.
#[inline(always)]
fn list_len(i: u64) -> usize {
    3 + (i % 8) as usize
}

/// The parts of the name of instance `i`.
#[inline(always)]
fn name_parts(i: u64) -> [&'static str; 3] {
    const WORDS: [&str; 4] = ["order-", "received", "approve-", "ship"];
    [WORDS[i as usize % 4], WORDS[(i / 4) as usize % 4], "-case"]
}

/// The answer of every batch, by the definition.
fn batch_answer() -> u64 {
    let one = |i: u64| {
        let list: u64 = (0..list_len(i) as u64).sum();
        let name: usize = name_parts(i).iter().map(|part| part.len()).sum();
        6 * i + 15 + list + name as u64
    };
    (0..u64::from(INSTANCES)).map(one).sum()
}

/// Reads a word of everything.
macro_rules! touch {
    ($instances:expr) => {
        black_box(&$instances)
            .iter()
            .map(|x| {
                let objects = x.a[0] + x.b[1] + x.c[2] + x.d[3] + x.e[4] + x.f[7];
                objects + x.list.iter().map(|v| u64::from(*v)).sum::<u64>() + x.name.len() as u64
            })
            .sum::<u64>()
    };
}

struct HeapInstance {
    a: Box<[u64; 2]>,
    b: Box<[u64; 3]>,
    c: Box<[u64; 4]>,
    d: Box<[u64; 4]>,
    e: Box<[u64; 6]>,
    f: Box<[u64; 8]>,
    list: Vec<u32>,
    name: String,
}

#[inline(never)]
fn heap_instance(i: u64) -> HeapInstance {
    let (a, b, c, d, e, f) = objects(i);
    let mut list = Vec::new();
    (0..list_len(i) as u32).for_each(|v| list.push(v));
    let mut name = String::new();
    name_parts(i).iter().for_each(|part| name.push_str(part));
    HeapInstance {
        a: Box::new(a),
        b: Box::new(b),
        c: Box::new(c),
        d: Box::new(d),
        e: Box::new(e),
        f: Box::new(f),
        list,
        name,
    }
}

/// A batch on the heap, with std types, nothing sized in advance.
struct OnHeap;

impl Batch for OnHeap {
    fn run(&mut self) -> u64 {
        let mut instances = Vec::new();
        for i in 0..u64::from(INSTANCES) {
            instances.push(heap_instance(i));
        }
        touch!(instances)
    }

    fn expected(&mut self) -> Option<u64> {
        Some(batch_answer())
    }
}

struct Instance<'s> {
    a: &'s mut [u64; 2],
    b: &'s mut [u64; 3],
    c: &'s mut [u64; 4],
    d: &'s mut [u64; 4],
    e: &'s mut [u64; 6],
    f: &'s mut [u64; 8],
    list: &'s mut [u32],
    name: &'s mut str,
}

#[inline(never)]
fn arena_instance<'s>(scope: &Scope<'s>, i: u64) -> Instance<'s> {
    let (a, b, c, d, e, f) = objects(i);
    let mut list = scope.vec(0);
    (0..list_len(i) as u32).for_each(|v| list.push(v));
    let mut name = scope.string(0);
    name_parts(i).iter().for_each(|part| name.push_str(part));
    Instance {
        a: scope.alloc(a),
        b: scope.alloc(b),
        c: scope.alloc(c),
        d: scope.alloc(d),
        e: scope.alloc(e),
        f: scope.alloc(f),
        list: list.into_slice(),
        name: name.into_str(),
    }
}

fn arena_batch(scope: &Scope<'_>) -> u64 {
    let mut instances = scope.vec(0);
    for i in 0..u64::from(INSTANCES) {
        instances.push(arena_instance(scope, i));
    }
    touch!(instances)
}

/// The same batch in an arena.
struct InArena(Arena);

impl Batch for InArena {
    fn run(&mut self) -> u64 {
        arena_batch(&self.0.scope())
    }

    fn expected(&mut self) -> Option<u64> {
        Some(batch_answer())
    }
}

/// The first batch of an arena's life.
struct FirstBatch;

impl Batch for FirstBatch {
    fn run(&mut self) -> u64 {
        arena_batch(&Arena::new().scope())
    }

    fn expected(&mut self) -> Option<u64> {
        Some(batch_answer())
    }
}

/// An instance whose parts' sizes are known when it is made.
struct Known<'s> {
    a: &'s mut [u64; 2],
    b: &'s mut [u64; 3],
    c: &'s mut [u64; 4],
    d: &'s mut [u64; 4],
    e: &'s mut [u64; 6],
    f: &'s mut [u64; 8],
    list: &'s mut [u32],
    name: &'s mut str,
}

/// How long the name of these parts is.
#[inline(always)]
fn name_len(parts: &[&str]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

#[inline(never)]
fn plain_instance<'s>(scope: &Scope<'s>, i: u64) -> Known<'s> {
    let (a, b, c, d, e, f) = objects(i);
    let parts = name_parts(i);
    let mut name = scope.string(name_len(&parts));
    parts.iter().for_each(|part| name.push_str(part));
    Known {
        a: scope.alloc(a),
        b: scope.alloc(b),
        c: scope.alloc(c),
        d: scope.alloc(d),
        e: scope.alloc(e),
        f: scope.alloc(f),
        list: scope.alloc_slice_fill_with(list_len(i), |v| v as u32),
        name: name.into_str(),
    }
}

#[inline(never)]
fn carved_instance<'s>(scope: &Scope<'s>, i: u64) -> Known<'s> {
    let (a, b, c, d, e, f) = objects(i);
    let parts = name_parts(i);
    let tail = carved_bytes::<u32>(list_len(i)) + carved_bytes::<u8>(name_len(&parts));
    let carve = Carve::<Objects>::with_tail(scope, tail);
    let (a, carve) = carve.put(a);
    let (b, carve) = carve.put(b);
    let (c, carve) = carve.put(c);
    let (d, carve) = carve.put(d);
    let (e, carve) = carve.put(e);
    let (f, mut tail) = carve.put(f);
    let list = tail.slice_fill_with(list_len(i), |v| v as u32);
    Known { a, b, c, d, e, f, list, name: tail.concat(&parts) }
}

/// A batch of instances made by `make`.
#[inline(always)]
fn sized_batch<'s>(scope: &Scope<'s>, make: impl Fn(&Scope<'s>, u64) -> Known<'s>) -> u64 {
    let mut instances = scope.vec(INSTANCES as usize);
    for i in 0..u64::from(INSTANCES) {
        instances.push(make(scope, i));
    }
    touch!(instances)
}

/// One allocation for each object.
struct Plain(Arena);

impl Batch for Plain {
    fn run(&mut self) -> u64 {
        sized_batch(&self.0.scope(), plain_instance)
    }

    fn expected(&mut self) -> Option<u64> {
        Some(batch_answer())
    }
}

/// One reservation for each instance.
struct Carved(Arena);

impl Batch for Carved {
    fn run(&mut self) -> u64 {
        sized_batch(&self.0.scope(), carved_instance)
    }

    fn expected(&mut self) -> Option<u64> {
        Some(batch_answer())
    }
}

/// Bytes that a usual batch needs.
pub const USUAL_BYTES: usize = 300_000;

/// Batches of [`after_a_spike`].
pub const SPIKE_BATCHES: u32 = 40 + 1 + 16;

/// Runs usual batches, one that needs ten times as much, and 16 usual ones; `batch` is told how much to allocate. Answers what
/// `held` says then, in hundredths of the usual need.
pub fn after_a_spike<A>(
    arena: &mut A,
    mut batch: impl FnMut(&mut A, usize),
    held: impl Fn(&A) -> usize,
) -> u64 {
    (0..40).for_each(|_| batch(arena, USUAL_BYTES));
    batch(arena, 10 * USUAL_BYTES);
    (0..16).for_each(|_| batch(arena, USUAL_BYTES));
    (100 * held(arena)).div_ceil(USUAL_BYTES) as u64
}

/// How the memory of a batch of so many bytes is asked for: in blocks of 1,000.
pub const SPIKE_BLOCK_BYTES: usize = 1_000;

/// Memory held after a spike.
struct Spike;

impl Batch for Spike {
    fn run(&mut self) -> u64 {
        let batch = |arena: &mut Arena, bytes: usize| {
            let scope = arena.scope();
            for _ in 0..bytes / SPIKE_BLOCK_BYTES {
                black_box(scope.alloc([0_u8; SPIKE_BLOCK_BYTES]));
            }
        };
        after_a_spike(&mut Arena::new(), batch, |arena| arena.stats().bytes_held)
    }
    fn expected(&mut self) -> Option<u64> {
        // The answer is what a rule is about.
        None
    }
}
