//! Searches and reductions: memchr, bytecount, arrow, numkong, std, fearless_simd's own vectors, and plain loops under the wide
//! instruction sets of multiversion, pulp and fearless_simd.

use std::cell::OnceCell;

use fearless_simd::prelude::*;
use wf_gate::Subject;

use crate::data::{buffer_of, subjects};
use crate::plain;

pub(crate) fn place(found: Option<usize>) -> u64 {
    found.map_or(u64::MAX, |index| index as u64)
}

/// fearless_simd's vectors, as wide as the processor's, four to a test.
fn find_u32_fearless_vectors(x: &[u32]) -> u64 {
    #[inline(always)]
    fn find<S: Simd>(simd: S, x: &[u32]) -> u64 {
        let lanes = <S::u32s as SimdBase<S>>::LEN;
        let blocks = x.chunks_exact(4 * lanes);
        let tail = blocks.remainder();
        for (index, block) in blocks.enumerate() {
            let test =
                |at: usize| S::u32s::from_slice(simd, &block[at * lanes..(at + 1) * lanes]).simd_eq(9_u32);
            if (test(0) | test(1) | test(2) | test(3)).any_true() {
                let at = block.iter().position(|e| *e == 9).unwrap_or(0);
                return (index * 4 * lanes + at) as u64;
            }
        }
        place(tail.iter().position(|e| *e == 9).map(|at| x.len() - tail.len() + at))
    }
    let level = fearless_simd::Level::new();
    fearless_simd::dispatch!(level, simd => find(simd, x))
}

/// numkong answers more than the minimum: maximum and both places as well.
fn min_i64_numkong(x: &[i64]) -> u64 {
    use numkong::ReduceMinMax as _;
    i64::reduce_minmax(x, size_of::<i64>()).map_or(0, |(min, ..)| min) as u64
}

fn min_f64_numkong(x: &[f64]) -> u64 {
    use numkong::ReduceMinMax as _;
    f64::reduce_minmax(x, size_of::<f64>()).map_or(0, |(min, ..)| min.to_bits())
}

fn argmin_numkong(x: &[u64]) -> u64 {
    use numkong::ReduceMinMax as _;
    u64::reduce_minmax(x, size_of::<u64>()).map_or(0, |(_, at, ..)| at as u64)
}

/// arrow works on arrays of its own: made once, of the same memory, which is the only data of a process's subject.
macro_rules! of_array {
    ($name:ident, $type:ty, $array:ident, $array_of:ident => $answer:expr) => {
        pub(crate) fn $name(x: &[$type]) -> u64 {
            thread_local! {
                static ARRAY: OnceCell<arrow_array::$array_of> = const { OnceCell::new() };
            }
            ARRAY.with(|$array| {
                let $array = $array.get_or_init(|| arrow_array::$array_of::new(buffer_of(x), None));
                assert!(std::ptr::eq(&**$array.values(), x));
                $answer
            })
        }
    };
}

of_array!(min_i64_arrow, i64, array, Int64Array => arrow_arith::aggregate::min(array).unwrap_or(0) as u64);
// arrow orders totally, which agrees where there is no NaN and no zero.
of_array!(min_f64_arrow, f64, array, Float64Array => arrow_arith::aggregate::min(array).unwrap_or(0.0).to_bits());
of_array!(sum_u64_arrow, u64, array, UInt64Array => arrow_arith::aggregate::sum(array).unwrap_or(0));
// Into an array of its own, as arrow makes one.
of_array!(bitmap_arrow, u64, array, UInt64Array => {
    arrow_array::BooleanArray::from_unary(array, |e| e & 3 == 1).true_count() as u64
});

/// Searches and reductions with a peer.
pub(crate) fn subjects() -> Vec<Subject> {
    let mut all = Vec::new();
    // Codes below 8, so that 9 is never found.
    subjects!(all, "find_u8", u8, |bits| (bits % 8) as u8, |x| place(x.iter().position(|e| *e == 9)),
        "ours" => |x| place(wf_simd::find_equal(x, 9)),
        "memchr" => |x| place(memchr::memchr(9, x)),
        "multiversion" => plain::find_u8::multiversion,
        "pulp" => plain::find_u8::pulp,
        "fearless_simd" => plain::find_u8::fearless);
    subjects!(all, "count_u8", u8, |bits| (bits % 8) as u8, |x| x.iter().filter(|e| **e == 3).count() as u64,
        "ours" => |x| wf_simd::count_equal(x, 3) as u64,
        "bytecount" => |x| bytecount::count(x, 3) as u64,
        "memchr" => |x| memchr::memchr_iter(3, x).count() as u64,
        "multiversion" => plain::count_u8::multiversion,
        "pulp" => plain::count_u8::pulp,
        "fearless_simd" => plain::count_u8::fearless);
    subjects!(all, "find_u32", u32, |bits| (bits % 8) as u32, |x| place(x.iter().position(|e| *e == 9)),
        "ours" => |x| place(wf_simd::find_equal(x, 9)),
        "multiversion" => plain::find_u32::multiversion,
        "pulp" => plain::find_u32::pulp,
        "fearless_simd" => plain::find_u32::fearless,
        "fearless_vectors" => find_u32_fearless_vectors,
        // Answers only whether, which is all that the standard library vectorises.
        "std" => |x| if x.contains(&9) { 0 } else { u64::MAX });
    subjects!(all, "find_u64", u64, |bits| bits % 8, |x| place(x.iter().position(|e| *e == 9)),
        "ours" => |x| place(wf_simd::find_equal(x, 9)),
        "multiversion" => plain::find_u64::multiversion,
        "pulp" => plain::find_u64::pulp,
        "fearless_simd" => plain::find_u64::fearless);
    subjects!(all, "count_u32", u32, |bits| (bits % 8) as u32, |x| x.iter().filter(|e| **e == 3).count() as u64,
        "ours" => |x| wf_simd::count_equal(x, 3) as u64,
        "multiversion" => plain::count_u32::multiversion,
        "pulp" => plain::count_u32::pulp,
        "fearless_simd" => plain::count_u32::fearless);
    subjects!(all, "sum_u64", u64, |bits| bits, |x| x.iter().fold(0, |sum: u64, e| sum.wrapping_add(*e)),
        "ours" => wf_simd::sum,
        "multiversion" => plain::sum_u64::multiversion,
        "pulp" => plain::sum_u64::pulp,
        "fearless_simd" => plain::sum_u64::fearless,
        "arrow" => sum_u64_arrow);
    subjects!(all, "min_i64", i64, |bits| bits as i64, |x| x.iter().copied().min().unwrap_or(0) as u64,
        "ours" => |x| wf_simd::min(x).unwrap_or(0) as u64,
        "multiversion" => plain::min_i64::multiversion,
        "pulp" => plain::min_i64::pulp,
        "fearless_simd" => plain::min_i64::fearless,
        "numkong" => min_i64_numkong,
        "arrow" => min_i64_arrow);
    subjects!(all, "min_f64", f64, |bits| bits as i64 as f64, |x| x.iter().copied().fold(f64::INFINITY, f64::min).to_bits(),
        "ours" => |x| wf_simd::min(x).map_or(0, f64::to_bits),
        "multiversion" => plain::min_f64::multiversion,
        "pulp" => plain::min_f64::pulp,
        "fearless_simd" => plain::min_f64::fearless,
        "numkong" => min_f64_numkong,
        "arrow" => min_f64_arrow);
    subjects!(all, "argmin_u64", u64, |bits| bits, |x| x.iter().enumerate().min_by_key(|(_, e)| **e).map_or(0, |(i, _)| i as u64),
        "ours" => |x| wf_simd::argmin(x).map_or(0, |(i, _)| i as u64),
        "multiversion" => plain::argmin_u64::multiversion,
        "pulp" => plain::argmin_u64::pulp,
        "fearless_simd" => plain::argmin_u64::fearless,
        "numkong" => argmin_numkong);
    all
}
