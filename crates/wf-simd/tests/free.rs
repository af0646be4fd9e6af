//! The free functions, short inputs above all: what is inlined below a length agrees with a level, which agrees with scalar.

mod random;

use random::Random;
use wf_simd::{Level, Transition};

/// Around every length at which a free function begins to dispatch.
fn lengths() -> impl Iterator<Item = usize> {
    (0..=70).chain([100, 1_000])
}

#[test]
fn integers_of_every_type() {
    macro_rules! all {
        ($($type:ident)*) => {$(
            let mut random = Random::new(1);
            let level = Level::Portable;
            for len in lengths() {
                for extreme in [None, Some($type::MIN), Some($type::MAX)] {
                    let mut x: Vec<$type> = (0..len).map(|_| random.below(4) as $type).collect();
                    if let (Some(extreme), true) = (extreme, len > 0) {
                        x[random.below(len as u64) as usize] = extreme;
                    }
                    let y: Vec<$type> = (0..len).map(|_| random.next() as $type).collect();
                    let about = || format!("{len} x {}", stringify!($type));
                    assert_eq!(wf_simd::find_equal(&x, 3), level.find_equal(&x, 3), "{}", about());
                    assert_eq!(wf_simd::count_equal(&x, 3), level.count_equal(&x, 3), "{}", about());
                    assert_eq!(wf_simd::min(&x), level.min(&x), "{}", about());
                    assert_eq!(wf_simd::max(&x), level.max(&x), "{}", about());
                    assert_eq!(wf_simd::argmin(&x), level.argmin(&x), "{}", about());
                    assert_eq!(wf_simd::sum(&x), level.sum(&x), "{}", about());
                    let (mut a, mut b) = (vec![7; len.div_ceil(64) + 1], vec![7; len.div_ceil(64) + 1]);
                    let counts = (wf_simd::match_bitmap_equal(&x, 3, &mut a), level.match_bitmap_equal(&x, 3, &mut b));
                    assert_eq!((counts.0, &a), (counts.1, &b), "{}", about());
                    let (mut a, mut b) = (vec![7; len], vec![7; len]);
                    let count = wf_simd::match_indices_equal(&x, 3, &mut a);
                    assert_eq!(count, level.match_indices_equal(&x, 3, &mut b), "{}", about());
                    assert_eq!(a[..count], b[..count], "{}", about());
                    let keep: Vec<u64> = (0..len.div_ceil(64)).map(|_| random.next()).collect();
                    let (mut a, mut b) = (x.clone(), x.clone());
                    let count = wf_simd::compact(&mut a, &keep);
                    assert_eq!(count, level.compact(&mut b, &keep), "{}", about());
                    assert_eq!(a[..count], b[..count], "{}", about());
                    let (mut a, mut b) = (x.clone(), x.clone());
                    wf_simd::add_wrapping(&mut a, &y);
                    level.add_wrapping(&mut b, &y);
                    assert_eq!(a, b, "{}", about());
                    wf_simd::add_saturating(&mut a, &y);
                    level.add_saturating(&mut b, &y);
                    assert_eq!(a, b, "{}", about());
                }
            }
        )*};
    }
    all!(u8 u16 u32 u64 i64);
}

#[test]
fn masked_tests_of_every_type() {
    macro_rules! all {
        ($($type:ident)*) => {$(
            let mut random = Random::new(2);
            let level = Level::Portable;
            for len in lengths() {
                let x: Vec<$type> = (0..len).map(|_| random.next() as $type).collect();
                for (mask, value) in [(0, 0), (0, 1), (3, 1), (1, 0)] {
                    assert_eq!(wf_simd::find_masked(&x, mask, value), level.find_masked(&x, mask, value));
                    assert_eq!(wf_simd::count_masked(&x, mask, value), level.count_masked(&x, mask, value));
                    let (mut a, mut b) = (vec![7; len.div_ceil(64)], vec![7; len.div_ceil(64)]);
                    let counts = (wf_simd::match_bitmap(&x, mask, value, &mut a), level.match_bitmap(&x, mask, value, &mut b));
                    assert_eq!((counts.0, a), (counts.1, b), "{len} elements");
                    let (mut a, mut b) = (vec![7; len], vec![7; len]);
                    let count = wf_simd::match_indices(&x, mask, value, &mut a);
                    assert_eq!(count, level.match_indices(&x, mask, value, &mut b), "{len} elements");
                    assert_eq!(a[..count], b[..count], "{len} elements");
                }
            }
        )*};
    }
    all!(u8 u16 u32 u64);
}

#[test]
fn floats_to_the_bit() {
    let special = [f64::NAN, 0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, 1.0, -1.0];
    let mut random = Random::new(3);
    let level = Level::Portable;
    let bits = |value: Option<f64>| value.map(f64::to_bits);
    for len in lengths() {
        for _ in 0..20 {
            let x: Vec<f64> = (0..len).map(|_| special[random.below(7) as usize]).collect();
            assert_eq!(bits(wf_simd::min(&x)), bits(level.min(&x)), "{x:?}");
            assert_eq!(bits(wf_simd::max(&x)), bits(level.max(&x)), "{x:?}");
            assert_eq!(wf_simd::argmin(&x).map(|(at, _)| at), level.argmin(&x).map(|(at, _)| at), "{x:?}");
            let (sum, expected) = (wf_simd::sum(&x), level.sum(&x));
            assert!(sum.to_bits() == expected.to_bits() || (sum.is_nan() && expected.is_nan()), "{x:?}");
        }
    }
}

#[test]
fn bit_sets_and_histograms() {
    let mut random = Random::new(4);
    let level = Level::Portable;
    for len in lengths() {
        let x: Vec<u64> = (0..len).map(|_| random.next() & random.next()).collect();
        let y: Vec<u64> = (0..len).map(|_| random.next() & random.next()).collect();
        let nothing = vec![0; len];
        for y in [&y, &nothing] {
            assert_eq!(wf_simd::bits_any(y), level.bits_any(y));
            assert_eq!(wf_simd::bits_any_and(&x, y), level.bits_any_and(&x, y));
            assert_eq!(wf_simd::bits_count(y), level.bits_count(y));
            assert_eq!(wf_simd::bits_count_and(&x, y), level.bits_count_and(&x, y));
        }
        let check = |free: fn(&mut [u64], &[u64]), at: fn(Level, &mut [u64], &[u64])| {
            let (mut a, mut b) = (x.clone(), x.clone());
            free(&mut a, &y);
            at(level, &mut b, &y);
            assert_eq!(a, b, "{len} words");
        };
        check(wf_simd::bits_and, Level::bits_and);
        check(wf_simd::bits_or, Level::bits_or);
        check(wf_simd::bits_and_not, Level::bits_and_not);
        let bytes: Vec<u8> = (0..len).map(|_| random.below(20) as u8).collect();
        // All bytes alike: as many of one code as a short input can hold.
        for bytes in [bytes, vec![0; len], vec![7; len], vec![255; len]] {
            assert_eq!(wf_simd::histogram::<0>(&bytes), level.histogram::<0>(&bytes));
            assert_eq!(wf_simd::histogram::<1>(&bytes), level.histogram::<1>(&bytes));
            assert_eq!(wf_simd::histogram::<8>(&bytes), level.histogram::<8>(&bytes));
            assert_eq!(wf_simd::histogram::<16>(&bytes), level.histogram::<16>(&bytes));
            assert_eq!(wf_simd::histogram::<256>(&bytes), level.histogram::<256>(&bytes));
        }
    }
}

#[test]
fn rows_and_the_enabled_test() {
    let mut random = Random::new(5);
    let level = Level::Portable;
    for len in lengths() {
        let rows: Vec<[u64; 8]> = (0..len).map(|_| std::array::from_fn(|_| random.next())).collect();
        let word = random.below(8) as usize;
        let column: Vec<u64> = rows.iter().map(|row| row[word]).collect();
        assert_eq!(wf_simd::find_masked_rows(&rows, word, 7, 2), level.find_masked_rows(&rows, word, 7, 2));
        assert_eq!(wf_simd::count_masked_rows(&rows, word, 3, 2), level.count_masked_rows(&rows, word, 3, 2));
        let (mut a, mut b) = (vec![7; len.div_ceil(64)], vec![7; len.div_ceil(64)]);
        let count = wf_simd::match_bitmap_rows(&rows, word, 1, 1, &mut a);
        assert_eq!((count, a), (level.match_bitmap_rows(&rows, word, 1, 1, &mut b), b), "{len} rows");
        let (mut a, mut b) = (vec![7; len], vec![7; len]);
        let count = wf_simd::match_indices_rows(&rows, word, 1, 1, &mut a);
        assert_eq!(count, level.match_indices_rows(&rows, word, 1, 1, &mut b));
        assert_eq!(a[..count], b[..count], "{len} rows");
        for transitions in [0, 1, 3, 49] {
            let transitions: Vec<Transition> =
                (0..transitions).map(|t| Transition { mask: 5 << t, value: 1 << t }).collect();
            let needed = transitions.len() * len.div_ceil(64);
            let mut expected = vec![9; needed + 1];
            level.enabled(&column, &transitions, &mut expected);
            let mut out = vec![9; needed + 1];
            wf_simd::enabled(&column, &transitions, &mut out);
            assert_eq!(out, expected, "{len} words");
            out.fill(9);
            wf_simd::enabled_rows(&rows, word, &transitions, &mut out);
            assert_eq!(out, expected, "{len} rows");
        }
    }
}

/// Wrong shapes are refused however short the input is.
#[test]
fn short_inputs_are_checked_too() {
    fn refused(what: &str, run: impl FnOnce() + std::panic::UnwindSafe) {
        assert!(std::panic::catch_unwind(run).is_err(), "{what}");
    }
    refused("bitmap", || _ = wf_simd::match_bitmap(&[1_u64, 2], 1, 1, &mut []));
    refused("bitmap of rows", || _ = wf_simd::match_bitmap_rows(&[[1; 8]], 0, 1, 1, &mut []));
    refused("indices", || _ = wf_simd::match_indices(&[1_u64, 2], 4, 4, &mut [0]));
    refused("indices of rows", || _ = wf_simd::match_indices_rows(&[[1; 8]], 0, 4, 4, &mut []));
    refused("compact", || _ = wf_simd::compact(&mut [1_u8], &[]));
    refused("enabled", || wf_simd::enabled(&[1], &[Transition::default(); 2], &mut [0]));
    refused("enabled rows", || wf_simd::enabled_rows(&[[1; 8]], 0, &[Transition::default(); 2], &mut [0]));
    refused("add", || wf_simd::add_wrapping(&mut [1_u8], &[1, 2]));
    refused("saturating", || wf_simd::add_saturating(&mut [1_u8, 2], &[1]));
    refused("and", || wf_simd::bits_and(&mut [1], &[1, 2]));
    refused("any", || _ = wf_simd::bits_any_and(&[1], &[]));
    refused("word of find", || _ = wf_simd::find_masked_rows(&[], 8, 1, 1));
    refused("word of count", || _ = wf_simd::count_masked_rows(&[[0; 8]], 8, 1, 1));
    refused("word of enabled", || wf_simd::enabled_rows(&[], 8, &[], &mut []));
}
