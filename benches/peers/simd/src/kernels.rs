//! Kernels: memchr, bytecount, multiversion, pulp, fearless_simd, numkong, arrow, and std's own loops under the same target
//! features.

use std::cell::OnceCell;
use std::hint::black_box;

use multiversion::multiversion;
use wf_aligned::{AlignedBuf, Boundary, Zeroable};
use wf_gate::{Batch, Random, Subject};

/// A call repeated over one buffer.
struct Calls<T: 'static> {
    x: AlignedBuf<T>,
    times: u32,
    call: fn(&[T]) -> u64,
    answer: u64,
}

impl<T> Batch for Calls<T> {
    fn run(&mut self) -> u64 {
        (0..self.times).fold(0, |sum, _| sum.wrapping_add((self.call)(black_box(&self.x[..]))))
    }

    fn expected(&mut self) -> Option<u64> {
        Some(self.answer)
    }
}

pub(crate) fn calls<T: Zeroable + Copy + 'static>(
    len: usize,
    make: fn(u64) -> T,
    call: fn(&[T]) -> u64,
    naive: fn(&[T]) -> u64,
) -> Box<dyn Batch> {
    let mut random = Random::new(1);
    let mut x = AlignedBuf::zeroed(len, Boundary::Line).expect("a few megabytes");
    x.iter_mut().for_each(|slot| *slot = make(random.next_u64()));
    let times = times(len);
    let answer = naive(&x).wrapping_mul(u64::from(times));
    Box::new(Calls { x, times, call, answer })
}

/// Enough calls that the clock's bracket disappears.
pub(crate) const fn times(len: usize) -> u32 {
    if len < 100_000 { (200_000 / len) as u32 } else { 1 }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl", "x86_64+avx2"))]
fn count_u32_multiversion(x: &[u32]) -> u64 {
    u64::from(x.iter().map(|e| u32::from(*e == 3)).sum::<u32>())
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl", "x86_64+avx2"))]
fn sum_u64_multiversion(x: &[u64]) -> u64 {
    x.iter().fold(0, |sum: u64, e| sum.wrapping_add(*e))
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl", "x86_64+avx2"))]
fn min_i64_multiversion(x: &[i64]) -> u64 {
    x.iter().copied().min().unwrap_or(0) as u64
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl", "x86_64+avx2"))]
fn find_u32_multiversion(x: &[u32]) -> u64 {
    find_in_blocks(x)
}

/// pulp: a plain loop compiled for the widest level.
fn sum_u64_pulp(x: &[u64]) -> u64 {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || x.iter().fold(0, |sum: u64, e| sum.wrapping_add(*e)),
    )
}

fn count_u32_pulp(x: &[u32]) -> u64 {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || u64::from(x.iter().map(|e| u32::from(*e == 3)).sum::<u32>()),
    )
}

fn find_u32_pulp(x: &[u32]) -> u64 {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || find_in_blocks(x),
    )
}

/// What compilers vectorise: blocks, each tested whole.
#[inline(always)]
fn find_in_blocks(x: &[u32]) -> u64 {
    let (blocks, tail) = x.as_chunks::<64>();
    for (index, block) in blocks.iter().enumerate() {
        if block.iter().fold(false, |any, e| any | (*e == 9)) {
            return (index * 64 + block.iter().position(|e| *e == 9).unwrap_or(0)) as u64;
        }
    }
    place(tail.iter().position(|e| *e == 9).map(|i| i + blocks.len() * 64))
}

/// fearless_simd: the same loops under its token.
fn sum_u64_fearless(x: &[u64]) -> u64 {
    let level = fearless_simd::Level::new();
    fearless_simd::dispatch!(level, _simd => x.iter().fold(0, |sum: u64, e| sum.wrapping_add(*e)))
}

fn count_u32_fearless(x: &[u32]) -> u64 {
    let level = fearless_simd::Level::new();
    fearless_simd::dispatch!(level, _simd => u64::from(x.iter().map(|e| u32::from(*e == 3)).sum::<u32>()))
}

fn find_u32_fearless(x: &[u32]) -> u64 {
    let level = fearless_simd::Level::new();
    fearless_simd::dispatch!(level, _simd => find_in_blocks(x))
}

/// numkong answers more than the minimum: maximum and both places as well.
fn min_i64_numkong(x: &[i64]) -> u64 {
    use numkong::ReduceMinMax as _;
    i64::reduce_minmax(x, size_of::<i64>()).map_or(0, |(min, ..)| min) as u64
}

/// arrow works on arrays of its own: made once of the first data seen, which is the only data of a process's subject.
fn min_i64_arrow(x: &[i64]) -> u64 {
    thread_local! {
        static ARRAY: OnceCell<arrow_array::Int64Array> = const { OnceCell::new() };
    }
    ARRAY.with(|array| {
        let array = array.get_or_init(|| x.to_vec().into());
        assert_eq!(array.len(), x.len());
        arrow_arith::aggregate::min(array).unwrap_or(0) as u64
    })
}

fn sum_u64_arrow(x: &[u64]) -> u64 {
    thread_local! {
        static ARRAY: OnceCell<arrow_array::UInt64Array> = const { OnceCell::new() };
    }
    ARRAY.with(|array| {
        let array = array.get_or_init(|| x.to_vec().into());
        assert_eq!(array.len(), x.len());
        arrow_arith::aggregate::sum(array).unwrap_or(0)
    })
}

fn place(found: Option<usize>) -> u64 {
    found.map_or(u64::MAX, |index| index as u64)
}

/// One subject per length, so that each is measured in the cache it lives in.
macro_rules! subjects {
    ($all:ident, $id:literal, $type:ty, $make:expr, $naive:expr, $($who:literal => $call:expr),* $(,)?) => {
        subjects!(@len $all, $id, "1k", 1_000, $type, $make, $naive, $($who => $call),*);
        subjects!(@len $all, $id, "10k", 10_000, $type, $make, $naive, $($who => $call),*);
        subjects!(@len $all, $id, "1m", 1_000_000, $type, $make, $naive, $($who => $call),*);
    };
    (@len $all:ident, $id:literal, $size:literal, $len:literal, $type:ty, $make:expr, $naive:expr, $($who:literal => $call:expr),*) => {$(
        $all.push(Subject {
            id: concat!("simd.", $id, "_", $size, ".", $who),
            ops: times($len),
            make: || calls::<$type>($len, $make, $call, $naive),
        });
    )*};
}

/// Kernels with a peer.
pub fn subjects() -> Vec<Subject> {
    let mut all = Vec::new();
    // Codes below 8, so that 9 is never found.
    subjects!(all, "find_u8", u8, |bits| (bits % 8) as u8, |x| place(x.iter().position(|e| *e == 9)),
        "ours" => |x| place(wf_simd::find_equal(x, 9)),
        "memchr" => |x| place(memchr::memchr(9, x)));
    subjects!(all, "count_u8", u8, |bits| (bits % 8) as u8, |x| x.iter().filter(|e| **e == 3).count() as u64,
        "ours" => |x| wf_simd::count_equal(x, 3) as u64,
        "bytecount" => |x| bytecount::count(x, 3) as u64,
        "memchr" => |x| memchr::memchr_iter(3, x).count() as u64);
    subjects!(all, "find_u32", u32, |bits| (bits % 8) as u32, |x| place(x.iter().position(|e| *e == 9)),
        "ours" => |x| place(wf_simd::find_equal(x, 9)),
        "multiversion" => find_u32_multiversion,
        "pulp" => find_u32_pulp,
        "fearless_simd" => find_u32_fearless,
        // Answers only whether, which is all that the standard library vectorises.
        "std" => |x| if x.contains(&9) { 0 } else { u64::MAX });
    subjects!(all, "count_u32", u32, |bits| (bits % 8) as u32, |x| x.iter().filter(|e| **e == 3).count() as u64,
        "ours" => |x| wf_simd::count_equal(x, 3) as u64,
        "multiversion" => count_u32_multiversion,
        "pulp" => count_u32_pulp,
        "fearless_simd" => count_u32_fearless);
    subjects!(all, "sum_u64", u64, |bits| bits, |x| x.iter().fold(0, |sum: u64, e| sum.wrapping_add(*e)),
        "ours" => wf_simd::sum,
        "multiversion" => sum_u64_multiversion,
        "pulp" => sum_u64_pulp,
        "fearless_simd" => sum_u64_fearless,
        "arrow" => sum_u64_arrow);
    subjects!(all, "min_i64", i64, |bits| bits as i64, |x| x.iter().copied().min().unwrap_or(0) as u64,
        "ours" => |x| wf_simd::min(x).unwrap_or(0) as u64,
        "multiversion" => min_i64_multiversion,
        "numkong" => min_i64_numkong,
        "arrow" => min_i64_arrow);
    all
}
