//! Every kernel with every type of element that no other subject has it with.

use std::cell::RefCell;
use std::hint::black_box;

use wf_gate::Subject;
use wf_simd::scalar::{self, Keep};

use super::{N, calls, codes, digest, filled, index, io, words};

/// A pair of subjects for each type, which the expressions know as `T`.
macro_rules! each {
    ($all:ident, $kernel:literal, [$($type:ident)*], $times:literal, let $data:ident = $make:expr; |$turn:ident| kernel: $call:expr, twin: $twin:expr) => {$({
        type T = $type;
        pair!($all, [$kernel, "_", stringify!($type)], $times, let $data = $make; |$turn| kernel: $call, twin: $twin);
    })*};
}

pub(super) fn subjects(all: &mut Vec<Subject>) {
    searches(all);
    selections(all);
    reductions(all);
    updates(all);
}

fn searches(all: &mut Vec<Subject>) {
    each!(all, "find", [i64 f64], 1, let x = codes(|c| c as T);
        |_t| kernel: index(wf_simd::find_equal(black_box(&x[..]), 9 as T)), twin: index(scalar::find_equal(black_box(&x[..]), 9 as T)));
    each!(all, "find_masked", [u8 u16], 1, let x = codes(|c| c as T);
        |_t| kernel: index(wf_simd::find_masked(black_box(&x[..]), 9, 9)), twin: index(scalar::find_masked(black_box(&x[..]), 9, 9)));
    each!(all, "count", [u64 i64 f64], 1, let x = codes(|c| c as T);
        |t| kernel: wf_simd::count_equal(black_box(&x[..]), (t % 8) as T) as u64, twin: scalar::count_equal(black_box(&x[..]), (t % 8) as T) as u64);
    each!(all, "count_masked", [u16 u32], 1, let x = filled(N, 2, |bits| bits as T);
        |t| kernel: wf_simd::count_masked(black_box(&x[..]), 3, (t % 4) as T) as u64, twin: scalar::count_masked(black_box(&x[..]), 3, (t % 4) as T) as u64);
    each!(all, "argmin", [u8 u16 u32 i64 f64], 1, let x = filled(N, 6, |bits| bits as T);
        |_t| kernel: index(wf_simd::argmin(black_box(&x[..])).map(|(i, _)| i)), twin: index(scalar::argmin(black_box(&x[..])).map(|(i, _)| i)));
    pair!(all, "histogram_16", 1, let x = filled(N, 5, |bits| (bits % 16) as u8);
        |t| kernel: wf_simd::histogram::<16>(black_box(&x[..]))[t as usize % 16], twin: scalar::histogram::<16>(black_box(&x[..]))[t as usize % 16]);
}

fn selections(all: &mut Vec<Subject>) {
    each!(all, "match_bitmap", [u8 u16 u32], 1, let d = io::<T, u64>(filled(N, 9, |bits| bits as T), N.div_ceil(64));
        |t| kernel: { let mut out = d.out.borrow_mut(); wf_simd::match_bitmap(black_box(&d.x[..]), 3, (t % 4) as T, &mut out) as u64 ^ out[9] },
        twin: { let mut out = d.out.borrow_mut(); scalar::match_bitmap(black_box(&d.x[..]), 3, (t % 4) as T, &mut out) as u64 ^ out[9] });
    each!(all, "match_bitmap_equal", [u16 u32 u64 i64 f64], 1, let d = io::<T, u64>(codes(|c| c as T), N.div_ceil(64));
        |t| kernel: { let mut out = d.out.borrow_mut(); wf_simd::match_bitmap_equal(black_box(&d.x[..]), (t % 8) as T, &mut out) as u64 ^ out[9] },
        twin: { let mut out = d.out.borrow_mut(); scalar::bitmap_where(black_box(&d.x[..]), &mut out, |e| e.keep() == (t % 8) as T) as u64 ^ out[9] });
    each!(all, "match_indices", [u8 u16 u32], 8, let d = io::<T, u32>(filled(N, 10, |bits| bits as T), N);
        |t| kernel: { let mut out = d.out.borrow_mut(); digest(wf_simd::match_indices(black_box(&d.x[..]), 1 << (t % 8), 1 << (t % 8), &mut out), &out) },
        twin: { let mut out = d.out.borrow_mut(); digest(scalar::match_indices(black_box(&d.x[..]), 1 << (t % 8), 1 << (t % 8), &mut out), &out) });
    each!(all, "match_indices_equal", [u8 u16 u64 i64 f64], 8, let d = io::<T, u32>(codes(|c| c as T), N);
        |t| kernel: { let mut out = d.out.borrow_mut(); digest(wf_simd::match_indices_equal(black_box(&d.x[..]), (t % 8) as T, &mut out), &out) },
        twin: { let mut out = d.out.borrow_mut(); digest(scalar::indices_where(black_box(&d.x[..]), &mut out, |e| e.keep() == (t % 8) as T), &out) });
    each!(all, "compact", [u8 u16 i64 f64], 1, let d = (RefCell::new(codes(|c| c as T)), words(13));
        |_t| kernel: wf_simd::compact(&mut d.0.borrow_mut(), black_box(&d.1[..])) as u64,
        twin: scalar::compact(&mut d.0.borrow_mut(), black_box(&d.1[..])) as u64);
}

fn reductions(all: &mut Vec<Subject>) {
    each!(all, "min", [u16 u32 u64], 1, let x = filled(N, 4, |bits| bits as T | 1);
        |_t| kernel: wf_simd::min(black_box(&x[..])).map_or(0, u64::from), twin: scalar::min(black_box(&x[..])).map_or(0, u64::from));
    each!(all, "max", [u8 u16 u32 u64], 1, let x = filled(N, 4, |bits| bits as T);
        |_t| kernel: wf_simd::max(black_box(&x[..])).map_or(0, u64::from), twin: scalar::max(black_box(&x[..])).map_or(0, u64::from));
    each!(all, "sum", [u8 u16 i64], 1, let x = filled(N, 3, |bits| bits as T);
        |_t| kernel: wf_simd::sum(black_box(&x[..])) as u64, twin: scalar::sum(black_box(&x[..])));
    pair!(all, "bits_any", 1, let x = filled(N, 19, |_| 0_u64);
        |_t| kernel: u64::from(wf_simd::bits_any(black_box(&x[..]))), twin: u64::from(black_box(&x[..]).iter().any(|word| word.keep() != 0)));
}

fn updates(all: &mut Vec<Subject>) {
    each!(all, "add_wrapping", [u8 u16 u32 i64], 1, let d = (RefCell::new(codes(|c| c as T | 8)), codes(|_| 0 as T));
        |t| kernel: { wf_simd::add_wrapping(&mut d.0.borrow_mut(), black_box(&d.1[..])); u64::from(d.0.borrow()[t as usize] > 7) },
        twin: { scalar::add_wrapping(&mut d.0.borrow_mut(), black_box(&d.1[..])); u64::from(d.0.borrow()[t as usize] > 7) });
    each!(all, "add_saturating", [u8 u64 i64], 1, let d = (RefCell::new(codes(|c| c as T)), codes(|c| c as T));
        |t| kernel: { wf_simd::add_saturating(&mut d.0.borrow_mut(), black_box(&d.1[..])); u64::from(d.0.borrow()[t as usize] > 0) },
        twin: { scalar::add_saturating(&mut d.0.borrow_mut(), black_box(&d.1[..])); u64::from(d.0.borrow()[t as usize] > 0) });
    pair!(all, "bits_or", 1, let d = (RefCell::new(words(17)), words(18));
        |t| kernel: { wf_simd::bits_or(&mut d.0.borrow_mut(), black_box(&d.1[..])); d.0.borrow()[t as usize] },
        twin: { scalar::bits_or(&mut d.0.borrow_mut(), black_box(&d.1[..])); d.0.borrow()[t as usize] });
    pair!(all, "bits_and_not", 1, let d = (RefCell::new(words(17)), words(18));
        |t| kernel: { wf_simd::bits_and_not(&mut d.0.borrow_mut(), black_box(&d.1[..])); d.0.borrow()[t as usize] },
        twin: { scalar::bits_and_not(&mut d.0.borrow_mut(), black_box(&d.1[..])); d.0.borrow()[t as usize] });
}
