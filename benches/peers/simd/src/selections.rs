//! Kernels that write, that no crate offers whole, or that look at two slices: plain loops under each peer's wide instruction set, and
//! what comes nearest in arrow.

use std::cell::RefCell;
use std::hint::black_box;

use wf_aligned::{AlignedBuf, Boundary, Zeroable};
use wf_gate::Subject;
use wf_simd::Transition;

use crate::data::subjects;
use crate::kernels::bitmap_arrow;
use crate::plain;

/// Where kernels write: long enough for every length, on cache lines.
struct Out {
    words: AlignedBuf<u64>,
    indices: AlignedBuf<u32>,
    sums: AlignedBuf<u16>,
}

thread_local! {
    static OUT: RefCell<Out> = RefCell::new(Out { words: zeroed(), indices: zeroed(), sums: zeroed() });
}

fn zeroed<T: Zeroable>() -> AlignedBuf<T> {
    AlignedBuf::zeroed(1_000_064, Boundary::Line).expect("a few megabytes")
}

fn out<R>(with: impl FnOnce(&mut Out) -> R) -> R {
    OUT.with_borrow_mut(with)
}

/// Adds to the same sums again and again; the answer is that none is less than what was added.
fn added<T: Copy + PartialOrd>(sums: &mut [T], x: &[T], add: impl FnOnce(&mut [T], &[T])) -> u64 {
    add(&mut sums[..x.len()], x);
    u64::from(sums[x.len() - 1] >= x[x.len() - 1])
}

fn halves(x: &[u64]) -> (&[u64], &[u64]) {
    x.split_at(x.len() / 2)
}

/// Unknown to the compiler, as they are to a library.
fn transitions() -> [Transition; 43] {
    black_box(std::array::from_fn(|t| Transition { mask: 5 << t, value: 1 << t }))
}

/// The words of the second transition, which the first enabled bit of every row would not tell from the others.
fn enabled(x: &[u64], run: impl FnOnce(&[u64], &[Transition], &mut [u64])) -> u64 {
    out(|out| {
        run(x, &transitions(), &mut out.words);
        let stride = x.len().div_ceil(64);
        out.words[stride..2 * stride].iter().fold(0, |all, word| all ^ word)
    })
}

/// Selections, sets, additions and histograms beside their nearest.
pub(crate) fn subjects() -> Vec<Subject> {
    let mut all = Vec::new();
    subjects!(all, "match_bitmap_u64", u64, |bits| bits, |x| x.iter().filter(|e| **e & 3 == 1).count() as u64,
        "ours" => |x| out(|out| wf_simd::match_bitmap(x, 3, 1, &mut out.words) as u64),
        "multiversion" => |x| out(|out| plain::match_bitmap::multiversion(x, 3, 1, &mut out.words)),
        "pulp" => |x| out(|out| plain::match_bitmap::pulp(x, 3, 1, &mut out.words)),
        "fearless_simd" => |x| out(|out| plain::match_bitmap::fearless(x, 3, 1, &mut out.words)),
        "arrow" => bitmap_arrow);
    subjects!(all, "match_indices_u64", u64, |bits| bits, |x| x.iter().filter(|e| **e & 1 == 1).count() as u64,
        "ours" => |x| out(|out| wf_simd::match_indices(x, 1, 1, &mut out.indices) as u64),
        "multiversion" => |x| out(|out| plain::match_indices::multiversion(x, 1, 1, &mut out.indices)),
        "pulp" => |x| out(|out| plain::match_indices::pulp(x, 1, 1, &mut out.indices)),
        "fearless_simd" => |x| out(|out| plain::match_indices::fearless(x, 1, 1, &mut out.indices)));
    subjects!(all, "bits_count_and", u64, |bits| bits, |x| halves(x).0.iter().zip(halves(x).1).map(|(x, y)| u64::from((x & y).count_ones())).sum(),
        "ours" => |x| wf_simd::bits_count_and(halves(x).0, halves(x).1) as u64,
        "multiversion" => |x| plain::bits_count_and::multiversion(halves(x).0, halves(x).1),
        "pulp" => |x| plain::bits_count_and::pulp(halves(x).0, halves(x).1),
        "fearless_simd" => |x| plain::bits_count_and::fearless(halves(x).0, halves(x).1));
    subjects!(all, "enabled_43", u64, |bits| bits, |x| enabled(x, wf_simd::scalar::enabled),
        "ours" => |x| enabled(x, wf_simd::enabled),
        "multiversion" => |x| enabled(x, plain::enabled::multiversion),
        "pulp" => |x| enabled(x, plain::enabled::pulp),
        "fearless_simd" => |x| enabled(x, plain::enabled::fearless));
    subjects!(all, "add_saturating_u16", u16, |bits| (bits % 8) as u16, |_| 1,
        "ours" => |x| out(|out| added(&mut out.sums, x, wf_simd::add_saturating)),
        "multiversion" => |x| out(|out| added(&mut out.sums, x, plain::add_saturating_u16::multiversion)),
        "pulp" => |x| out(|out| added(&mut out.sums, x, plain::add_saturating_u16::pulp)),
        "fearless_simd" => |x| out(|out| added(&mut out.sums, x, plain::add_saturating_u16::fearless)));
    subjects!(all, "add_saturating_u32", u32, |bits| (bits % 8) as u32, |_| 1,
        "ours" => |x| out(|out| added(&mut out.indices, x, wf_simd::add_saturating)),
        "multiversion" => |x| out(|out| added(&mut out.indices, x, plain::add_saturating_u32::multiversion)),
        "pulp" => |x| out(|out| added(&mut out.indices, x, plain::add_saturating_u32::pulp)),
        "fearless_simd" => |x| out(|out| added(&mut out.indices, x, plain::add_saturating_u32::fearless)));
    subjects!(all, "add_wrapping_u64", u64, |bits| bits % 8, |_| 1,
        "ours" => |x| out(|out| added(&mut out.words, x, wf_simd::add_wrapping)),
        "multiversion" => |x| out(|out| added(&mut out.words, x, plain::add_wrapping_u64::multiversion)),
        "pulp" => |x| out(|out| added(&mut out.words, x, plain::add_wrapping_u64::pulp)),
        "fearless_simd" => |x| out(|out| added(&mut out.words, x, plain::add_wrapping_u64::fearless)));
    subjects!(all, "histogram_8", u8, |bits| (bits % 8) as u8, |x| x.iter().map(|e| u64::from(*e) + 1).sum(),
        "ours" => |x| (1..).zip(wf_simd::histogram::<8>(x)).map(|(code, count)| code * count).sum(),
        "multiversion" => plain::histogram_8::multiversion,
        "pulp" => plain::histogram_8::pulp,
        "fearless_simd" => plain::histogram_8::fearless);
    all
}
