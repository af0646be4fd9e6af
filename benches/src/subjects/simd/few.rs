//! Slices of 1 to 16 elements, which length being random, as one would write the loop and as the free functions do it.

use std::hint::black_box;

use wf_aligned::Zeroable;
use wf_gate::{Batch, Subject};
use wf_simd::{Transition, scalar};

use super::{SHORT_CALLS, calls, digest, filled, index};

pub(super) fn subjects(all: &mut Vec<Subject>) {
    macro_rules! pair {
        ($id:literal, $make:expr, |$x:ident, $out:ident| kernel: $kernel:expr, twin: $twin:expr) => {
            all.push(Subject {
                id: concat!("simd.few.", $id),
                ops: SHORT_CALLS,
                make: || slices($make, |$x, $out| $kernel, |$x, $out| $twin),
            });
            all.push(Subject {
                id: concat!("simd.few.", $id, "_scalar"),
                ops: SHORT_CALLS,
                make: || slices($make, |$x, $out| $twin, |$x, $out| $twin),
            });
        };
    }
    pair!("find_u8", |bits| (bits % 8) as u8, |x, _out| kernel: index(wf_simd::find_equal(x, 5)), twin: index(scalar::find_equal(x, 5)));
    pair!("find_u32", |bits| (bits % 8) as u32, |x, _out| kernel: index(wf_simd::find_equal(x, 5)), twin: index(scalar::find_equal(x, 5)));
    pair!("find_masked_u64", |bits| bits, |x, _out| kernel: index(wf_simd::find_masked(x, 7, 5)), twin: index(scalar::find_masked(x, 7, 5)));
    pair!("count_u8", |bits| (bits % 8) as u8, |x, _out| kernel: wf_simd::count_equal(x, 5) as u64, twin: scalar::count_equal(x, 5) as u64);
    pair!("count_u32", |bits| (bits % 8) as u32, |x, _out| kernel: wf_simd::count_equal(x, 5) as u64, twin: scalar::count_equal(x, 5) as u64);
    pair!("sum_u64", |bits| bits, |x, _out| kernel: wf_simd::sum(x), twin: scalar::sum(x));
    pair!("sum_f64", |bits| (bits >> 12) as f64, |x, _out| kernel: wf_simd::sum(x).to_bits(), twin: scalar::sum_f64(x).to_bits());
    pair!("min_i64", |bits| bits as i64, |x, _out| kernel: wf_simd::min(x).map_or(0, |v| v as u64), twin: scalar::min(x).map_or(0, |v| v as u64));
    pair!("min_f64", |bits| (bits as i64) as f64, |x, _out| kernel: wf_simd::min(x).map_or(0, f64::to_bits), twin: scalar::min_f64_fold(x).to_bits());
    pair!("argmin_u64", |bits| bits, |x, _out| kernel: index(wf_simd::argmin(x).map(|(i, _)| i)), twin: index(scalar::argmin(x).map(|(i, _)| i)));
    pair!("match_bitmap_u64", |bits| bits, |x, out| kernel: wf_simd::match_bitmap(x, 3, 1, &mut out.words) as u64 ^ out.words[0],
        twin: scalar::match_bitmap(x, 3, 1, &mut out.words) as u64 ^ out.words[0]);
    pair!("match_indices_u64", |bits| bits, |x, out| kernel: digest(wf_simd::match_indices(x, 1, 1, &mut out.indices), &out.indices),
        twin: digest(scalar::match_indices(x, 1, 1, &mut out.indices), &out.indices));
    pair!("compact_u32", |bits| bits as u32, |x, out| kernel: { let copy = out.copy(x); wf_simd::compact(copy, &[u64::from(x[0])]) as u64 },
        twin: { let copy = out.copy(x); scalar::compact(copy, &[u64::from(x[0])]) as u64 });
    pair!("add_saturating_u32", |bits| bits as u32, |x, out| kernel: { let copy = out.copy(x); wf_simd::add_saturating(copy, x); u64::from(copy[0]) },
        twin: { let copy = out.copy(x); scalar::add_saturating(copy, x); u64::from(copy[0]) });
    pair!("bits_count_and", |bits| bits, |x, _out| kernel: wf_simd::bits_count_and(x, x) as u64, twin: scalar::bits_count_and(x, x) as u64);
    pair!("histogram_8", |bits| (bits % 8) as u8, |x, _out| kernel: wf_simd::histogram::<8>(x)[3], twin: scalar::histogram::<8>(x)[3]);
    pair!("enabled_4", |bits| bits, |x, out| kernel: { wf_simd::enabled(x, &out.transitions, &mut out.words); out.words[2] },
        twin: { scalar::enabled(x, &out.transitions, &mut out.words); out.words[2] });
    pair!("find_masked_rows", |bits| [bits; 8], |x, _out| kernel: index(wf_simd::find_masked_rows(x, 3, 7, 5)), twin: index(scalar::find_masked_rows(x, 3, 7, 5)));
    pair!("count_masked_rows", |bits| [bits; 8], |x, _out| kernel: wf_simd::count_masked_rows(x, 3, 3, 1) as u64, twin: scalar::count_masked_rows(x, 3, 3, 1) as u64);
}

/// Where the kernels of [`subjects`] write.
struct Out {
    words: Vec<u64>,
    indices: Vec<u32>,
    copy: Vec<u32>,
    transitions: [Transition; 4],
}

impl Out {
    fn copy(&mut self, x: &[u32]) -> &mut [u32] {
        let copy = &mut self.copy[..x.len()];
        copy.copy_from_slice(x);
        copy
    }
}

/// Asks about a slice of 1 to 16 elements, at a place and of a length drawn for each call.
fn slices<T: Zeroable + Copy + 'static>(
    make: impl Fn(u64) -> T,
    ask: impl Fn(&[T], &mut Out) -> u64 + 'static,
    twin: impl Fn(&[T], &mut Out) -> u64,
) -> Box<dyn Batch> {
    let x = filled(256, 26, &make);
    let expected = filled(256, 26, make);
    let ranges =
        filled(SHORT_CALLS as usize, 27, |bits| (bits % 240) as u32 + ((bits >> 32) % 16 + 1) as u32 * 256);
    let range = |word: u32| (word % 256) as usize..(word % 256 + word / 256) as usize;
    let out = || Out {
        words: vec![0; 8],
        indices: vec![0; 32],
        copy: vec![0; 32],
        transitions: std::array::from_fn(|t| Transition { mask: 5 << t, value: 1 << t }),
    };
    let (mut twins_out, mut own_out) = (out(), out());
    let twins_ranges = ranges.to_vec();
    calls(
        SHORT_CALLS,
        move |turn| twin(&expected[range(twins_ranges[turn as usize])], &mut twins_out),
        move |turn| ask(black_box(&x[range(ranges[turn as usize])]), &mut own_out),
    )
}
