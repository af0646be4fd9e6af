//! Kernels that no crate offers whole: the plain loops under each peer's wide instruction set, and what comes nearest in arrow and
//! numkong.

use std::cell::{OnceCell, RefCell};

use multiversion::multiversion;
use wf_gate::Subject;
use wf_simd::Transition;

use crate::kernels::{calls, times};

thread_local! {
    /// Where kernels write; long enough for every length.
    static WORDS: RefCell<Vec<u64>> = RefCell::new(vec![0; 43 * 1_000_064 / 64 + 64]);
    static INDICES: RefCell<Vec<u32>> = RefCell::new(vec![0; 1_000_064]);
    static SUMS: RefCell<Vec<u16>> = RefCell::new(vec![0; 1_000_000]);
    static ARROW_F64: OnceCell<arrow_array::Float64Array> = const { OnceCell::new() };
    static ARROW_U64: OnceCell<arrow_array::UInt64Array> = const { OnceCell::new() };
}

fn words<R>(with: impl FnOnce(&mut [u64]) -> R) -> R {
    WORDS.with_borrow_mut(|words| with(words))
}

fn indices<R>(with: impl FnOnce(&mut [u32]) -> R) -> R {
    INDICES.with_borrow_mut(|indices| with(indices))
}

/// Adds to the same sums again and again; the answer is that none is less than what was added.
fn sums(x: &[u16], add: impl FnOnce(&mut [u16], &[u16])) -> u64 {
    SUMS.with_borrow_mut(|sums| {
        add(&mut sums[..x.len()], x);
        u64::from(sums[x.len() - 1] >= x[x.len() - 1])
    })
}

fn halves(x: &[u64]) -> (&[u64], &[u64]) {
    x.split_at(x.len() / 2)
}

const MASK: u64 = 3;
const VALUE: u64 = 1;

fn transitions() -> [Transition; 43] {
    std::array::from_fn(|t| Transition { mask: 5 << t, value: 1 << t })
}

#[inline(always)]
fn min_f64_plain(x: &[f64]) -> u64 {
    x.iter().fold(f64::INFINITY, |min, e| if *e < min { *e } else { min }).to_bits()
}

#[inline(always)]
fn argmin_plain(x: &[u64]) -> u64 {
    let least = x.iter().copied().min().unwrap_or(0);
    find_plain(x, least)
}

#[inline(always)]
fn find_plain(x: &[u64], value: u64) -> u64 {
    let (blocks, tail) = x.as_chunks::<64>();
    for (index, block) in blocks.iter().enumerate() {
        if block.iter().fold(false, |any, e| any | (*e == value)) {
            return (index * 64 + block.iter().position(|e| *e == value).unwrap_or(0)) as u64;
        }
    }
    tail.iter().position(|e| *e == value).map_or(u64::MAX, |i| (i + blocks.len() * 64) as u64)
}

#[inline(always)]
fn bitmap_plain(x: &[u64], mask: u64, value: u64, out: &mut [u64]) -> u64 {
    let mut count = 0;
    for (block, out) in x.chunks(64).zip(out) {
        let bits = block.iter().enumerate().fold(0, |bits, (i, e)| bits | u64::from(e & mask == value) << i);
        *out = bits;
        count += u64::from(bits.count_ones());
    }
    count
}

#[inline(always)]
fn indices_plain(x: &[u64], out: &mut [u32]) -> u64 {
    let mut count = 0;
    for (index, e) in x.iter().enumerate() {
        out[count] = index as u32;
        count += usize::from(e & MASK == VALUE);
    }
    count as u64
}

#[inline(always)]
fn popcount_plain(x: &[u64]) -> u64 {
    let (a, b) = halves(x);
    a.iter().zip(b).map(|(a, b)| u64::from((a & b).count_ones())).sum()
}

#[inline(always)]
fn enabled_plain(x: &[u64], out: &mut [u64]) -> u64 {
    let stride = x.len().div_ceil(64);
    for (row, transition) in out.chunks_mut(stride).zip(transitions()) {
        bitmap_plain(x, transition.mask, transition.value, row);
    }
    out[stride]
}

#[inline(always)]
fn add_plain(x: &mut [u16], y: &[u16]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x = x.saturating_add(*y));
}

#[inline(always)]
fn histogram_plain(x: &[u8]) -> u64 {
    (0..8).map(|code| (code + 1) * x.iter().map(|e| u64::from(u64::from(*e) == code)).sum::<u64>()).sum()
}

/// One function each under multiversion, and one under pulp.
macro_rules! forms {
    ($($plain:ident($($arg:ident: $type:ty),*) $(-> $output:ty)? => $multiversion:ident, $pulp:ident;)*) => {$(
        #[multiversion(targets("x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+popcnt+bmi1+bmi2", "x86_64+avx2+popcnt+bmi1+bmi2"))]
        fn $multiversion($($arg: $type),*) $(-> $output)? {
            $plain($($arg),*)
        }

        fn $pulp($($arg: $type),*) $(-> $output)? {
            pulp::Arch::new().dispatch(#[inline(always)] || $plain($($arg),*))
        }
    )*};
}

forms! {
    min_f64_plain(x: &[f64]) -> u64 => min_f64_multiversion, min_f64_pulp;
    argmin_plain(x: &[u64]) -> u64 => argmin_multiversion, argmin_pulp;
    find_plain(x: &[u64], value: u64) -> u64 => find_multiversion, find_pulp;
    bitmap_plain(x: &[u64], mask: u64, value: u64, out: &mut [u64]) -> u64 => bitmap_multiversion, bitmap_pulp;
    indices_plain(x: &[u64], out: &mut [u32]) -> u64 => indices_multiversion, indices_pulp;
    popcount_plain(x: &[u64]) -> u64 => popcount_multiversion, popcount_pulp;
    enabled_plain(x: &[u64], out: &mut [u64]) -> u64 => enabled_multiversion, enabled_pulp;
    add_plain(x: &mut [u16], y: &[u16]) => add_multiversion, add_pulp;
    histogram_plain(x: &[u8]) -> u64 => histogram_multiversion, histogram_pulp;
}

/// numkong answers more: least, greatest and both places.
fn min_f64_numkong(x: &[f64]) -> u64 {
    use numkong::ReduceMinMax as _;
    f64::reduce_minmax(x, size_of::<f64>()).map_or(0, |(min, ..)| min.to_bits())
}

fn argmin_numkong(x: &[u64]) -> u64 {
    use numkong::ReduceMinMax as _;
    u64::reduce_minmax(x, size_of::<u64>()).map_or(0, |(_, at, ..)| at as u64)
}

/// arrow orders totally, which agrees where there is no NaN and no zero.
fn min_f64_arrow(x: &[f64]) -> u64 {
    ARROW_F64.with(|array| {
        let array = array.get_or_init(|| x.to_vec().into());
        assert_eq!(array.len(), x.len());
        arrow_arith::aggregate::min(array).unwrap_or(0.0).to_bits()
    })
}

/// Into an array of its own, as arrow makes one.
fn bitmap_arrow(x: &[u64]) -> u64 {
    ARROW_U64.with(|array| {
        let array = array.get_or_init(|| x.to_vec().into());
        assert_eq!(array.len(), x.len());
        arrow_array::BooleanArray::from_unary(array, |e| e & MASK == VALUE).true_count() as u64
    })
}

/// Kernels beside their nearest.
pub fn subjects() -> Vec<Subject> {
    let mut all = Vec::new();
    macro_rules! subjects {
        ($id:literal, $type:ty, $make:expr, $naive:expr, $($who:literal => $call:expr),* $(,)?) => {
            subjects!(@len $id, "1k", 1_000, $type, $make, $naive, $($who => $call),*);
            subjects!(@len $id, "10k", 10_000, $type, $make, $naive, $($who => $call),*);
            subjects!(@len $id, "1m", 1_000_000, $type, $make, $naive, $($who => $call),*);
        };
        (@len $id:literal, $size:literal, $len:literal, $type:ty, $make:expr, $naive:expr, $($who:literal => $call:expr),*) => {$(
            all.push(Subject {
                id: concat!("simd.", $id, "_", $size, ".", $who),
                ops: times($len),
                make: || calls::<$type>($len, $make, $call, $naive),
            });
        )*};
    }
    subjects!("min_f64", f64, |bits| bits as i64 as f64, min_f64_plain,
        "ours" => |x| wf_simd::min(x).map_or(0, f64::to_bits),
        "multiversion" => min_f64_multiversion, "pulp" => min_f64_pulp,
        "numkong" => min_f64_numkong, "arrow" => min_f64_arrow);
    subjects!("argmin_u64", u64, |bits| bits, |x| x.iter().enumerate().min_by_key(|(_, e)| **e).map_or(0, |(i, _)| i as u64),
        "ours" => |x| wf_simd::argmin(x).map_or(0, |(i, _)| i as u64),
        "multiversion" => argmin_multiversion, "pulp" => argmin_pulp, "numkong" => argmin_numkong);
    subjects!("find_u64", u64, |bits| bits % 8, |_| u64::MAX,
        "ours" => |x| wf_simd::find_equal(x, 9).map_or(u64::MAX, |i| i as u64),
        "multiversion" => |x| find_multiversion(x, 9), "pulp" => |x| find_pulp(x, 9));
    subjects!("match_bitmap_u64", u64, |bits| bits, |x| x.iter().filter(|e| **e & MASK == VALUE).count() as u64,
        "ours" => |x| words(|out| wf_simd::match_bitmap(x, MASK, VALUE, out) as u64),
        "multiversion" => |x| words(|out| bitmap_multiversion(x, MASK, VALUE, out)),
        "pulp" => |x| words(|out| bitmap_pulp(x, MASK, VALUE, out)),
        "arrow" => bitmap_arrow);
    subjects!("match_indices_u64", u64, |bits| bits, |x| x.iter().filter(|e| **e & MASK == VALUE).count() as u64,
        "ours" => |x| indices(|out| wf_simd::match_indices(x, MASK, VALUE, out) as u64),
        "multiversion" => |x| indices(|out| indices_multiversion(x, out)),
        "pulp" => |x| indices(|out| indices_pulp(x, out)));
    subjects!("bits_count_and", u64, |bits| bits, popcount_plain,
        "ours" => |x| wf_simd::bits_count_and(halves(x).0, halves(x).1) as u64,
        "multiversion" => popcount_multiversion, "pulp" => popcount_pulp);
    subjects!("enabled_43", u64, |bits| bits, |x| words(|out| enabled_plain(x, out)),
        "ours" => |x| words(|out| { wf_simd::enabled(x, &transitions(), out); out[x.len().div_ceil(64)] }),
        "multiversion" => |x| words(|out| enabled_multiversion(x, out)),
        "pulp" => |x| words(|out| enabled_pulp(x, out)));
    subjects!("add_saturating_u16", u16, |bits| (bits % 8) as u16, |_| 1,
        "ours" => |x| sums(x, wf_simd::add_saturating),
        "multiversion" => |x| sums(x, add_multiversion), "pulp" => |x| sums(x, add_pulp));
    subjects!("histogram_8", u8, |bits| (bits % 8) as u8, histogram_plain,
        "ours" => |x| (1..).zip(wf_simd::histogram::<8>(x)).map(|(code, count)| code * count).sum(),
        "multiversion" => histogram_multiversion, "pulp" => histogram_pulp);
    all
}
