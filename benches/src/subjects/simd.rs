//! Kernels of wf-simd beside their naive twins, at 10,000 elements unless the name says otherwise.
//!
//! An operation is one call. Data are random with a fixed seed, 64-byte aligned, and the same for a kernel and its twin; masks
//! change from call to call where a branch predictor could learn the data.

use std::cell::RefCell;
use std::hint::black_box;

use wf_aligned::{AlignedBuf, Boundary, Zeroable};
use wf_gate::{Batch, Random, Subject};
use wf_simd::scalar::Keep;
use wf_simd::{Kernel, Level, Transition, scalar};

const N: usize = 10_000;

/// A kernel called so many times a run.
struct Calls<F> {
    times: u32,
    call: F,
    answer: u64,
}

impl<F: FnMut(u32) -> u64> Batch for Calls<F> {
    fn run(&mut self) -> u64 {
        (0..self.times).fold(0, |sum, turn| sum.wrapping_add((self.call)(turn)))
    }

    fn expected(&mut self) -> Option<u64> {
        Some(self.answer)
    }
}

/// `call` and `twin` get the number of the call and must give the same answers.
fn calls(
    times: u32,
    mut twin: impl FnMut(u32) -> u64,
    call: impl FnMut(u32) -> u64 + 'static,
) -> Box<dyn Batch> {
    let answer = (0..times).fold(0, |sum: u64, turn| sum.wrapping_add(twin(turn)));
    Box::new(Calls { times, call, answer })
}

/// A buffer on a cache line, filled from a seed.
fn filled<T: Zeroable + Copy>(len: usize, seed: u64, make: impl Fn(u64) -> T) -> AlignedBuf<T> {
    let mut random = Random::new(seed);
    let mut buf = AlignedBuf::zeroed(len, Boundary::Line).expect("a few kilobytes");
    buf.iter_mut().for_each(|slot| *slot = make(random.next_u64()));
    buf
}

/// Records of a cache line.
fn rows(len: usize, seed: u64) -> AlignedBuf<[u64; 8]> {
    filled(len, seed, |bits| [bits; 8])
}

fn words(seed: u64) -> AlignedBuf<u64> {
    filled(N, seed, |bits| bits)
}

fn codes<T: Zeroable + Copy>(make: impl Fn(u64) -> T) -> AlignedBuf<T> {
    filled(N, 5, move |bits| make(bits % 8))
}

/// The level of that name, or the usual one where the processor lacks it: the rule is skipped there.
fn level(name: &str) -> Level {
    name.parse().unwrap_or_else(|_| Level::detect())
}

fn index(found: Option<usize>) -> u64 {
    found.map_or(u64::MAX, |index| index as u64)
}

/// A pair of subjects: `$id` by the kernel, `$id_scalar` by the twin. An id may be several pieces in brackets.
macro_rules! pair {
    ($all:ident, $id:literal, $($rest:tt)*) => {
        pair!($all, [$id], $($rest)*);
    };
    (
        $all:ident, [$($id:tt)*], $times:literal,
        let $data:ident = $make:expr;
        |$turn:ident| kernel: $kernel:expr, twin: $twin:expr
    ) => {
        $all.push(Subject {
            id: concat!("simd.", $($id)*),
            ops: $times * 8,
            make: || {
                let $data = $make;
                let expected = $make;
                calls(
                    $times * 8,
                    |$turn| {
                        let $data = &expected;
                        $twin
                    },
                    move |$turn| {
                        let $data = &$data;
                        $kernel
                    },
                )
            },
        });
        $all.push(Subject {
            id: concat!("simd.", $($id)*, "_scalar"),
            ops: $times,
            make: || {
                let $data = $make;
                let expected = $make;
                calls(
                    $times,
                    |$turn| {
                        let $data = &expected;
                        $twin
                    },
                    move |$turn| {
                        let $data = &$data;
                        $twin
                    },
                )
            },
        });
    };
}

mod few;
mod lanes;

/// The subjects of wf-simd.
#[must_use]
pub fn subjects() -> Vec<Subject> {
    let mut all = Vec::new();
    searches(&mut all);
    reductions(&mut all);
    selections(&mut all);
    updates(&mut all);
    sets(&mut all);
    records(&mut all);
    lanes::subjects(&mut all);
    levels(&mut all);
    short(&mut all);
    few::subjects(&mut all);
    all
}

fn searches(all: &mut Vec<Subject>) {
    pair!(all, "find_u8", 1, let x = codes(|c| c as u8);
        |_t| kernel: index(wf_simd::find_equal(black_box(&x[..]), 9)), twin: index(scalar::find_equal(black_box(&x[..]), 9)));
    pair!(all, "find_u16", 1, let x = codes(|c| c as u16);
        |_t| kernel: index(wf_simd::find_equal(black_box(&x[..]), 9)), twin: index(scalar::find_equal(black_box(&x[..]), 9)));
    pair!(all, "find_u32", 1, let x = codes(|c| c as u32);
        |_t| kernel: index(wf_simd::find_equal(black_box(&x[..]), 9)), twin: index(scalar::find_equal(black_box(&x[..]), 9)));
    pair!(all, "find_u64", 1, let x = codes(|c| c);
        |_t| kernel: index(wf_simd::find_equal(black_box(&x[..]), 9)), twin: index(scalar::find_equal(black_box(&x[..]), 9)));
    pair!(all, "find_masked_u64", 1, let x = words(1);
        |_t| kernel: index(wf_simd::find_masked(black_box(&x[..]), u64::MAX << 20, 0)),
        twin: index(scalar::find_masked(black_box(&x[..]), u64::MAX << 20, 0)));
    pair!(all, "find_masked_u32", 1, let x = filled(N, 1, |bits| bits as u32);
        |_t| kernel: index(wf_simd::find_masked(black_box(&x[..]), u32::MAX << 4, 0)),
        twin: index(scalar::find_masked(black_box(&x[..]), u32::MAX << 4, 0)));
    pair!(all, "count_u16", 1, let x = codes(|c| c as u16);
        |t| kernel: wf_simd::count_equal(black_box(&x[..]), t as u16 % 8) as u64, twin: scalar::count_equal(black_box(&x[..]), t as u16 % 8) as u64);
    pair!(all, "count_masked_u8", 1, let x = filled(N, 2, |bits| bits as u8);
        |t| kernel: wf_simd::count_masked(black_box(&x[..]), 3, t as u8 % 4) as u64,
        twin: scalar::count_masked(black_box(&x[..]), 3, t as u8 % 4) as u64);
    pair!(all, "count_u8", 1, let x = codes(|c| c as u8);
        |t| kernel: wf_simd::count_equal(black_box(&x[..]), t as u8 % 8) as u64, twin: scalar::count_equal(black_box(&x[..]), t as u8 % 8) as u64);
    pair!(all, "count_u32", 1, let x = codes(|c| c as u32);
        |t| kernel: wf_simd::count_equal(black_box(&x[..]), t % 8) as u64, twin: scalar::count_equal(black_box(&x[..]), t % 8) as u64);
    pair!(all, "count_masked_u64", 1, let x = words(2);
        |t| kernel: wf_simd::count_masked(black_box(&x[..]), 3 << t, 1 << t) as u64,
        twin: scalar::count_masked(black_box(&x[..]), 3 << t, 1 << t) as u64);
    pair!(all, "histogram_8", 1, let x = codes(|c| c as u8);
        |t| kernel: wf_simd::histogram::<8>(black_box(&x[..]))[t as usize % 8], twin: scalar::histogram::<8>(black_box(&x[..]))[t as usize % 8]);
}

fn reductions(all: &mut Vec<Subject>) {
    // One word of each cache line of what the kernels of 64-bit elements read: no kernel is faster than that.
    all.push(Subject {
        id: "simd.lines_of_10k_words",
        ops: 8,
        make: || {
            let (x, expected) = (words(3), words(3));
            let touch =
                |x: &[u64]| black_box(x).iter().step_by(8).fold(0, |sum: u64, word| sum.wrapping_add(*word));
            calls(8, move |_| touch(&expected), move |_| touch(&x))
        },
    });
    pair!(all, "sum_u32", 1, let x = filled(N, 3, |bits| bits as u32);
        |_t| kernel: wf_simd::sum(black_box(&x[..])), twin: scalar::sum(black_box(&x[..])));
    pair!(all, "min_u8", 1, let x = filled(N, 4, |bits| bits as u8 | 1);
        |_t| kernel: wf_simd::min(black_box(&x[..])).map_or(0, u64::from), twin: scalar::min(black_box(&x[..])).map_or(0, u64::from));
    pair!(all, "max_f64", 1, let x = filled(N, 4, |bits| (bits as i64) as f64);
        |_t| kernel: wf_simd::max(black_box(&x[..])).map_or(0, f64::to_bits), twin: scalar::max_f64_fold(black_box(&x[..])).to_bits());
    pair!(all, "sum_u64", 1, let x = words(3);
        |_t| kernel: wf_simd::sum(black_box(&x[..])), twin: scalar::sum(black_box(&x[..])));
    pair!(all, "sum_f64", 1, let x = filled(N, 3, |bits| (bits >> 12) as f64 * 1e-3);
        |_t| kernel: wf_simd::sum(black_box(&x[..])).to_bits(), twin: scalar::sum_f64(black_box(&x[..])).to_bits());
    pair!(all, "min_i64", 1, let x = filled(N, 4, |bits| bits as i64);
        |_t| kernel: wf_simd::min(black_box(&x[..])).map_or(0, |v| v as u64), twin: scalar::min(black_box(&x[..])).map_or(0, |v| v as u64));
    pair!(all, "max_i64", 1, let x = filled(N, 4, |bits| bits as i64);
        |_t| kernel: wf_simd::max(black_box(&x[..])).map_or(0, |v| v as u64), twin: scalar::max(black_box(&x[..])).map_or(0, |v| v as u64));
    pair!(all, "min_f64", 1, let x = filled(N, 4, |bits| (bits as i64) as f64);
        |_t| kernel: wf_simd::min(black_box(&x[..])).map_or(0, f64::to_bits), twin: scalar::min_f64_fold(black_box(&x[..])).to_bits());
    pair!(all, "argmin_u64", 1, let x = words(6);
        |_t| kernel: index(wf_simd::argmin(black_box(&x[..])).map(|(i, _)| i)), twin: index(scalar::argmin(black_box(&x[..])).map(|(i, _)| i)));
    pair!(all, "bits_count_and", 1, let x = (words(7), words(8));
        |_t| kernel: wf_simd::bits_count_and(black_box(&x.0[..]), black_box(&x.1[..])) as u64,
        twin: scalar::bits_count_and(black_box(&x.0[..]), black_box(&x.1[..])) as u64);
}

/// Input and output of a kernel that writes.
struct Io<T, O> {
    x: AlignedBuf<T>,
    out: RefCell<AlignedBuf<O>>,
}

fn io<T, O: Zeroable>(x: AlignedBuf<T>, out_len: usize) -> Io<T, O> {
    Io { x, out: RefCell::new(AlignedBuf::zeroed(out_len, Boundary::Line).expect("a few kilobytes")) }
}

/// Answers must depend on what was written, cheaply: the count and the last entry.
fn digest(count: usize, out: &[u32]) -> u64 {
    count as u64 ^ count.checked_sub(1).map_or(0, |last| u64::from(out[last]) << 32)
}

fn transitions() -> Vec<Transition> {
    (0..43).map(|t| Transition { mask: 5 << t, value: 1 << t }).collect()
}

fn selections(all: &mut Vec<Subject>) {
    pair!(all, "match_bitmap_u64", 1, let d = io::<u64, u64>(words(9), N.div_ceil(64));
        |t| kernel: { let mut out = d.out.borrow_mut(); wf_simd::match_bitmap(black_box(&d.x[..]), 3 << t, 1 << t, &mut out) as u64 ^ out[9] },
        twin: { let mut out = d.out.borrow_mut(); scalar::match_bitmap(black_box(&d.x[..]), 3 << t, 1 << t, &mut out) as u64 ^ out[9] });
    pair!(all, "match_bitmap_equal_u8", 1, let d = io::<u8, u64>(codes(|c| c as u8), N.div_ceil(64));
        |t| kernel: { let mut out = d.out.borrow_mut(); wf_simd::match_bitmap_equal(black_box(&d.x[..]), t as u8, &mut out) as u64 ^ out[9] },
        twin: { let mut out = d.out.borrow_mut(); scalar::bitmap_where(black_box(&d.x[..]), &mut out, |e| e.keep() == t as u8) as u64 ^ out[9] });
    pair!(all, "match_indices_equal_u32", 8, let d = io::<u32, u32>(codes(|c| c as u32), N);
        |t| kernel: { let mut out = d.out.borrow_mut(); digest(wf_simd::match_indices_equal(black_box(&d.x[..]), t % 8, &mut out), &out) },
        twin: { let mut out = d.out.borrow_mut(); digest(scalar::indices_where(black_box(&d.x[..]), &mut out, |e| e.keep() == t % 8), &out) });
    pair!(all, "compact_u64", 1, let d = (RefCell::new(codes(|c| c)), words(13));
        |_t| kernel: wf_simd::compact(&mut d.0.borrow_mut(), black_box(&d.1[..])) as u64,
        twin: scalar::compact(&mut d.0.borrow_mut(), black_box(&d.1[..])) as u64);
    pair!(all, "match_indices_u64", 8, let d = io::<u64, u32>(words(10), N);
        |t| kernel: { let mut out = d.out.borrow_mut(); digest(wf_simd::match_indices(black_box(&d.x[..]), 1 << t, 1 << t, &mut out), &out) },
        twin: { let mut out = d.out.borrow_mut(); digest(scalar::match_indices(black_box(&d.x[..]), 1 << t, 1 << t, &mut out), &out) });
    all.push(Subject {
        id: "simd.match_indices_u64_branchless",
        ops: 8,
        make: || {
            let (d, e) = (io::<u64, u32>(words(10), N), io::<u64, u32>(words(10), N));
            let twin = |d: &Io<u64, u32>, t: u32| {
                let mut out = d.out.borrow_mut();
                digest(scalar::match_indices_branchless(black_box(&d.x[..]), 1 << t, 1 << t, &mut out), &out)
            };
            calls(8, |t| twin(&e, t), move |t| twin(&d, t))
        },
    });
    pair!(all, "bits_indices", 1, let d = io::<u64, u32>(filled(N.div_ceil(64), 11, |bits| bits), N + 64);
        |_t| kernel: { let mut out = d.out.borrow_mut(); digest(wf_simd::bits_indices(black_box(&d.x[..]), &mut out), &out) },
        twin: { let mut out = d.out.borrow_mut(); digest(scalar::bits_indices(black_box(&d.x[..]), &mut out), &out) });
    pair!(all, "enabled_43", 1, let d = (io::<u64, u64>(words(12), 43 * N.div_ceil(64)), transitions());
        |t| kernel: { wf_simd::enabled(black_box(&d.0.x[..]), &d.1, &mut d.0.out.borrow_mut()); d.0.out.borrow()[t as usize] },
        twin: { scalar::enabled(black_box(&d.0.x[..]), &d.1, &mut d.0.out.borrow_mut()); d.0.out.borrow()[t as usize] });
    pair!(all, "compact_u32", 1, let d = (RefCell::new(codes(|c| c as u32)), words(13));
        |_t| kernel: wf_simd::compact(&mut d.0.borrow_mut(), black_box(&d.1[..])) as u64,
        twin: scalar::compact(&mut d.0.borrow_mut(), black_box(&d.1[..])) as u64);
}

fn updates(all: &mut Vec<Subject>) {
    pair!(all, "add_saturating_u16", 1, let d = (RefCell::new(codes(|c| c as u16)), codes(|c| c as u16));
        |t| kernel: { wf_simd::add_saturating(&mut d.0.borrow_mut(), black_box(&d.1[..])); u64::from(d.0.borrow()[t as usize] > 0) },
        twin: { scalar::add_saturating(&mut d.0.borrow_mut(), black_box(&d.1[..])); u64::from(d.0.borrow()[t as usize] > 0) });
    pair!(all, "add_wrapping_u64", 1, let d = (RefCell::new(codes(|c| c | 8)), codes(|c| c));
        |t| kernel: { wf_simd::add_wrapping(&mut d.0.borrow_mut(), black_box(&d.1[..])); u64::from(d.0.borrow()[t as usize] > 7) },
        twin: { scalar::add_wrapping(&mut d.0.borrow_mut(), black_box(&d.1[..])); u64::from(d.0.borrow()[t as usize] > 7) });
}

/// Bit sets of 10,000 words.
fn sets(all: &mut Vec<Subject>) {
    pair!(all, "add_saturating_u32", 1, let d = (RefCell::new(codes(|c| c as u32)), codes(|c| c as u32));
        |t| kernel: { wf_simd::add_saturating(&mut d.0.borrow_mut(), black_box(&d.1[..])); u64::from(d.0.borrow()[t as usize] > 0) },
        twin: { scalar::add_saturating(&mut d.0.borrow_mut(), black_box(&d.1[..])); u64::from(d.0.borrow()[t as usize] > 0) });
    pair!(all, "bits_and", 1, let d = (RefCell::new(words(17)), words(18));
        |t| kernel: { wf_simd::bits_and(&mut d.0.borrow_mut(), black_box(&d.1[..])); d.0.borrow()[t as usize] },
        twin: { scalar::bits_and(&mut d.0.borrow_mut(), black_box(&d.1[..])); d.0.borrow()[t as usize] });
    // The halves of the words, so that the whole of both sets is looked at.
    pair!(all, "bits_any_and", 1, let d = (filled(N, 19, |bits| bits >> 32), filled(N, 20, |bits| bits << 32));
        |_t| kernel: u64::from(wf_simd::bits_any_and(black_box(&d.0[..]), black_box(&d.1[..]))),
        twin: u64::from(scalar::bits_any_and(black_box(&d.0[..]), black_box(&d.1[..]))));
    pair!(all, "bits_count", 1, let x = words(21);
        |_t| kernel: wf_simd::bits_count(black_box(&x[..])) as u64, twin: scalar::bits_count_and(black_box(&x[..]), black_box(&x[..])) as u64);
}

/// The same tests over one word of each of 10,000 records of a cache line, and of 256, which the first-level cache holds.
fn records(all: &mut Vec<Subject>) {
    pair!(all, "find_masked_rows", 1, let x = rows(N, 22);
        |_t| kernel: index(wf_simd::find_masked_rows(black_box(&x[..]), 3, u64::MAX << 20, 0)),
        twin: index(scalar::find_masked_rows(black_box(&x[..]), 3, u64::MAX << 20, 0)));
    pair!(all, "count_masked_rows", 1, let x = rows(N, 22);
        |t| kernel: wf_simd::count_masked_rows(black_box(&x[..]), 3, 3 << t, 1 << t) as u64,
        twin: scalar::count_masked_rows(black_box(&x[..]), 3, 3 << t, 1 << t) as u64);
    pair!(all, "match_bitmap_rows", 1, let d = io::<[u64; 8], u64>(rows(N, 23), N.div_ceil(64));
        |t| kernel: { let mut out = d.out.borrow_mut(); wf_simd::match_bitmap_rows(black_box(&d.x[..]), 3, 3 << t, 1 << t, &mut out) as u64 ^ out[9] },
        twin: { let mut out = d.out.borrow_mut(); scalar::bitmap_where(black_box(&d.x[..]), &mut out, |row| row[3].keep() & (3 << t) == 1 << t) as u64 ^ out[9] });
    pair!(all, "match_indices_rows", 8, let d = io::<[u64; 8], u32>(rows(N, 24), N);
        |t| kernel: { let mut out = d.out.borrow_mut(); digest(wf_simd::match_indices_rows(black_box(&d.x[..]), 3, 1 << t, 1 << t, &mut out), &out) },
        twin: { let mut out = d.out.borrow_mut(); digest(scalar::indices_where(black_box(&d.x[..]), &mut out, |row| row[3].keep() & (1 << t) == 1 << t), &out) });
    pair!(all, "enabled_rows_43", 1, let d = (io::<[u64; 8], u64>(rows(N, 25), 43 * N.div_ceil(64)), transitions());
        |t| kernel: { wf_simd::enabled_rows(black_box(&d.0.x[..]), 3, &d.1, &mut d.0.out.borrow_mut()); d.0.out.borrow()[t as usize] },
        twin: { scalar::enabled_rows(black_box(&d.0.x[..]), 3, &d.1, &mut d.0.out.borrow_mut()); d.0.out.borrow()[t as usize] });
    pair!(all, "find_masked_256_rows", 32, let x = rows(256, 22);
        |_t| kernel: index(wf_simd::find_masked_rows(black_box(&x[..]), 3, u64::MAX << 20, 0)),
        twin: index(scalar::find_masked_rows(black_box(&x[..]), 3, u64::MAX << 20, 0)));
    pair!(all, "count_masked_256_rows", 32, let x = rows(256, 22);
        |t| kernel: wf_simd::count_masked_rows(black_box(&x[..]), 3, 3 << (t % 8), 1 << (t % 8)) as u64,
        twin: scalar::count_masked_rows(black_box(&x[..]), 3, 3 << (t % 8), 1 << (t % 8)) as u64);
    pair!(all, "match_bitmap_256_rows", 32, let d = io::<[u64; 8], u64>(rows(256, 23), 4);
        |t| kernel: { let mut out = d.out.borrow_mut(); wf_simd::match_bitmap_rows(black_box(&d.x[..]), 3, 3 << (t % 8), 1 << (t % 8), &mut out) as u64 ^ out[3] },
        twin: { let mut out = d.out.borrow_mut(); scalar::bitmap_where(black_box(&d.x[..]), &mut out, |row| row[3].keep() & (3 << (t % 8)) == 1 << (t % 8)) as u64 ^ out[3] });
    // One word of each of the 10,000 lines, and nothing done with it: what the records themselves cost.
    all.push(Subject {
        id: "simd.lines_of_10k_rows",
        ops: 8,
        make: || {
            let (x, expected) = (rows(N, 22), rows(N, 22));
            let touch = |x: &[[u64; 8]]| black_box(x).iter().map(|row| row[3]).fold(0, u64::wrapping_add);
            calls(8, move |_| touch(&expected), move |_| touch(&x))
        },
    });
}

/// A kernel at a named level.
macro_rules! at_level {
    ($all:ident, $id:literal, let $data:ident = $make:expr; |$level:ident| $kernel:expr) => {
        at_level!(@one $all, $id, "portable", let $data = $make; |$level| $kernel);
        at_level!(@one $all, $id, "sse2", let $data = $make; |$level| $kernel);
        at_level!(@one $all, $id, "avx2", let $data = $make; |$level| $kernel);
        at_level!(@one $all, $id, "avx512", let $data = $make; |$level| $kernel);
    };
    (@one $all:ident, $id:literal, $name:literal, let $data:ident = $make:expr; |$level:ident| $kernel:expr) => {
        $all.push(Subject {
            id: concat!("simd.", $id, "_", $name),
            ops: 8,
            make: || {
                let (data, expected) = ($make, $make);
                let at = level($name);
                calls(8, |_| { let ($data, $level) = (&expected, Level::widest()); $kernel }, move |_| { let ($data, $level) = (&data, at); $kernel })
            },
        });
    };
}

/// What the compiler is known to get wrong at one level or another.
fn levels(all: &mut Vec<Subject>) {
    at_level!(all, "find_u32", let x = codes(|c| c as u32); |l| index(l.find_equal(black_box(&x[..]), 9)));
    at_level!(all, "count_u8", let x = codes(|c| c as u8); |l| l.count_equal(black_box(&x[..]), 3) as u64);
    at_level!(all, "count_u32", let x = codes(|c| c as u32); |l| l.count_equal(black_box(&x[..]), 3) as u64);
    at_level!(all, "min_i64", let x = filled(N, 4, |bits| bits as i64); |l| l.min(black_box(&x[..])).map_or(0, |v| v as u64));
    at_level!(all, "argmin_u64", let x = words(6); |l| index(l.argmin(black_box(&x[..])).map(|(i, _)| i)));
    at_level!(all, "min_f64", let x = filled(N, 4, |bits| (bits as i64) as f64); |l| l.min(black_box(&x[..])).map_or(0, f64::to_bits));
    at_level!(all, "match_indices_u64", let d = io::<u64, u32>(words(10), N);
        |l| { let mut out = d.out.borrow_mut(); digest(l.match_indices(black_box(&d.x[..]), 2, 2, &mut out), &out) });
    // One element off the boundary, so that every second or every vector straddles two lines.
    at_level!(all, "sum_u64_unaligned", let x = filled(N + 1, 3, |bits| bits); |l| l.sum(black_box(&x[1..])));
    at_level!(all, "count_masked_rows", let x = filled(1_024, 14, |bits| [bits; 8]); |l| l.count_masked_rows(black_box(&x[..]), 3, 3, 1) as u64);
}

const SHORT_CALLS: u32 = 1_024;

/// Short inputs, where dispatch, calls and mispredicted branches are all there is.
fn short(all: &mut Vec<Subject>) {
    all.push(Subject {
        id: "simd.detect",
        ops: SHORT_CALLS,
        make: || {
            let level = Level::detect();
            calls(SHORT_CALLS, |_| 1, move |_| u64::from(black_box(Level::detect()) == level))
        },
    });
    // A kernel that does next to nothing, called with a level in hand and with the cached one.
    struct Nothing(u64);
    impl Kernel for Nothing {
        type Output = u64;
        #[inline(always)]
        fn run(self) -> u64 {
            black_box(self.0)
        }
    }
    all.push(Subject {
        id: "simd.run_cached",
        ops: SHORT_CALLS,
        make: || calls(SHORT_CALLS, u64::from, |turn| Level::detect().run(Nothing(u64::from(turn)))),
    });
    all.push(Subject {
        id: "simd.run_token",
        ops: SHORT_CALLS,
        make: || {
            let level = Level::detect();
            calls(SHORT_CALLS, u64::from, move |turn| level.run(Nothing(u64::from(turn))))
        },
    });
    // Where the hit is differs from call to call, so that no history predicts it.
    let mut push = |id, make| all.push(Subject { id, ops: SHORT_CALLS, make });
    push("simd.find_u32_first_64", || hits(256, 64, |x, v| index(wf_simd::find_equal(x, v)), u64::from));
    push("simd.find_u32_first_64_scalar", || {
        hits(256, 64, |x, v| index(scalar::find_equal(x, v)), u64::from)
    });
    // Slices of a block and less, which the last block or the masked tail is all there is of.
    push("simd.find_u32_of_8", || hits(8, 8, |x, v| index(wf_simd::find_equal(x, v)), u64::from));
    push("simd.find_u32_of_32", || hits(32, 32, |x, v| index(wf_simd::find_equal(x, v)), u64::from));
    push("simd.find_u32_of_47", || hits(47, 47, |x, v| index(wf_simd::find_equal(x, v)), u64::from));
    push("simd.find_u32_of_64", || hits(64, 64, |x, v| index(wf_simd::find_equal(x, v)), u64::from));
    push("simd.find_u32_of_16", || hits(16, 16, |x, v| index(wf_simd::find_equal(x, v)), u64::from));
    push("simd.find_u32_of_16_scalar", || hits(16, 16, |x, v| index(scalar::find_equal(x, v)), u64::from));
    push("simd.count_u32_of_16", || hits(16, 16, |x, v| wf_simd::count_equal(x, v) as u64, |_| 1));
    push("simd.count_u32_of_16_scalar", || hits(16, 16, |x, v| scalar::count_equal(x, v) as u64, |_| 1));
}

/// Asks `0, 1, 2, .. len` for numbers drawn below `within`; `answer` is the right one.
fn hits(len: u32, within: u64, ask: fn(&[u32], u32) -> u64, answer: fn(u32) -> u64) -> Box<dyn Batch> {
    let mut x = filled(len as usize, 15, |_| 0_u32);
    (0..len).zip(x.iter_mut()).for_each(|(index, slot)| *slot = index);
    let wanted = filled(SHORT_CALLS as usize, 16, |bits| (bits % within) as u32);
    let expected = wanted.to_vec();
    calls(
        SHORT_CALLS,
        move |turn| answer(expected[turn as usize]),
        move |turn| ask(black_box(&x[..]), wanted[turn as usize]),
    )
}
