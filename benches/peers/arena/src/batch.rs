//! A batch of 1,000 workflow instances: six small objects, a small vector and a string each; built, touched, taken back.
//! Nothing is sized in advance.

use std::hint::black_box;

use wf_arena::{Arena, Carve, Scope, carved_bytes};
use wf_gate::{Batch, Subject};

const INSTANCES: u64 = 1000;
const WORDS: [&str; 4] = ["order-", "received", "approve-", "ship"];

/// How many elements the vector of instance `i` has.
#[inline(always)]
fn list_len(i: u64) -> u32 {
    3 + (i % 8) as u32
}

/// The parts of the name of instance `i`.
#[inline(always)]
fn parts(i: u64) -> [&'static str; 3] {
    [WORDS[i as usize % 4], WORDS[(i / 4) as usize % 4], "-case"]
}

#[inline(always)]
fn values(i: u64) -> ([u64; 2], [u64; 3], [u64; 4], [u64; 4], [u64; 6], [u64; 8]) {
    ([i; 2], [i + 1; 3], [i + 2; 4], [i + 3; 4], [i + 4; 6], [i + 5; 8])
}

fn expected() -> u64 {
    (0..INSTANCES)
        .map(|i| {
            let objects = 6 * i + 15;
            let list: u64 = (0..list_len(i)).map(u64::from).sum();
            let name: usize = parts(i).iter().map(|part| part.len()).sum();
            objects + list + name as u64
        })
        .sum()
}

macro_rules! touch {
    ($instances:expr) => {{
        let mut sum = 0_u64;
        for x in black_box(&$instances).iter() {
            sum += x.a[0] + x.b[1] + x.c[2] + x.d[3] + x.e[4] + x.f[7];
            sum += x.list.iter().map(|v| u64::from(*v)).sum::<u64>() + x.name.len() as u64;
        }
        sum
    }};
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
    let (a, b, c, d, e, f) = values(i);
    let mut list = Vec::new();
    (0..list_len(i)).for_each(|v| list.push(v));
    let mut name = String::new();
    parts(i).iter().for_each(|part| name.push_str(part));
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

/// On the heap, with std types.
struct Heap;

impl Batch for Heap {
    #[inline(never)]
    fn run(&mut self) -> u64 {
        let mut instances = Vec::new();
        for i in 0..INSTANCES {
            instances.push(heap_instance(i));
        }
        touch!(instances)
    }
    fn expected(&mut self) -> Option<u64> {
        Some(expected())
    }
}

struct ArenaInstance<'s> {
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
fn arena_instance<'s>(scope: &Scope<'s>, i: u64) -> ArenaInstance<'s> {
    let (a, b, c, d, e, f) = values(i);
    let mut list = scope.vec(0);
    (0..list_len(i)).for_each(|v| list.push(v));
    let mut name = scope.string(0);
    parts(i).iter().for_each(|part| name.push_str(part));
    ArenaInstance {
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

/// In an arena, the same way.
struct InArena(Arena);

impl Batch for InArena {
    #[inline(never)]
    fn run(&mut self) -> u64 {
        let scope = self.0.scope();
        let mut instances = scope.vec(0);
        for i in 0..INSTANCES {
            instances.push(arena_instance(&scope, i));
        }
        touch!(instances)
    }
    fn expected(&mut self) -> Option<u64> {
        Some(expected())
    }
}

/// Plain references, one allocation each, lengths known.
#[inline(never)]
fn plain_instance<'s>(scope: &Scope<'s>, i: u64) -> ArenaInstance<'s> {
    let (a, b, c, d, e, f) = values(i);
    let list: [u32; 10] = std::array::from_fn(|v| v as u32);
    let mut name = [0_u8; 32];
    let name = joined(&mut name, i);
    ArenaInstance {
        a: scope.alloc(a),
        b: scope.alloc(b),
        c: scope.alloc(c),
        d: scope.alloc(d),
        e: scope.alloc(e),
        f: scope.alloc(f),
        list: scope.alloc_slice_copy(&list[..list_len(i) as usize]),
        name: scope.alloc_str(name),
    }
}

#[inline(always)]
fn joined(buffer: &mut [u8; 32], i: u64) -> &str {
    let mut len = 0;
    for part in parts(i) {
        buffer[len..len + part.len()].copy_from_slice(part.as_bytes());
        len += part.len();
    }
    // SAFETY: whole strings were copied.
    unsafe { std::str::from_utf8_unchecked(&buffer[..len]) }
}

struct Plain(Arena);

impl Batch for Plain {
    #[inline(never)]
    fn run(&mut self) -> u64 {
        let scope = self.0.scope();
        let mut instances = scope.vec(INSTANCES as usize);
        for i in 0..INSTANCES {
            instances.push(plain_instance(&scope, i));
        }
        touch!(instances)
    }
    fn expected(&mut self) -> Option<u64> {
        Some(expected())
    }
}

/// The same with one reservation for each instance.
#[inline(never)]
fn carved_instance<'s>(scope: &Scope<'s>, i: u64) -> ArenaInstance<'s> {
    let (a, b, c, d, e, f) = values(i);
    let list: [u32; 10] = std::array::from_fn(|v| v as u32);
    let list = &list[..list_len(i) as usize];
    let mut name = [0_u8; 32];
    let name = joined(&mut name, i);
    type Objects = ([u64; 2], [u64; 3], [u64; 4], [u64; 4], [u64; 6], [u64; 8]);
    let tail = carved_bytes::<u32>(list.len()) + carved_bytes::<u8>(name.len());
    let carve = Carve::<Objects>::with_tail(scope, tail);
    let (a, carve) = carve.put(a);
    let (b, carve) = carve.put(b);
    let (c, carve) = carve.put(c);
    let (d, carve) = carve.put(d);
    let (e, carve) = carve.put(e);
    let (f, mut tail) = carve.put(f);
    ArenaInstance { a, b, c, d, e, f, list: tail.slice_copy(list), name: tail.str(name) }
}

struct Carved(Arena);

impl Batch for Carved {
    #[inline(never)]
    fn run(&mut self) -> u64 {
        let scope = self.0.scope();
        let mut instances = scope.vec(INSTANCES as usize);
        for i in 0..INSTANCES {
            instances.push(carved_instance(&scope, i));
        }
        touch!(instances)
    }
    fn expected(&mut self) -> Option<u64> {
        Some(expected())
    }
}

/// Batches.
pub fn subjects() -> Vec<Subject> {
    let ops = INSTANCES as u32;
    vec![
        Subject { id: "arena.batch", ops, make: || Box::new(InArena(Arena::new())) },
        Subject { id: "arena.batch_heap", ops, make: || Box::new(Heap) },
        Subject { id: "arena.batch_plain", ops, make: || Box::new(Plain(Arena::new())) },
        Subject { id: "arena.batch_carved", ops, make: || Box::new(Carved(Arena::new())) },
    ]
}
