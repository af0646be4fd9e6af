//! Every level equals scalar: at every length and hit position, every misalignment, and between guard pages.

mod check;
mod guarded;
mod random;

use guarded::Guarded;
use random::Random;
use wf_simd::scalar;
use wf_simd::{Lane, Level, Transition};

const LEN_MAX: usize = 200;

/// Lengths beyond the exhaustive range: around multiples of every block size in use.
const LONG: [usize; 12] = [255, 256, 257, 1_023, 1_024, 1_025, 2_047, 4_095, 4_096, 4_160, 8_191, 9_999];

/// A way to draw an element; small numbers are frequent, so that tests hit.
trait Draw: Lane {
    fn draw(random: &mut Random) -> Self;
    const EXTREMES: &'static [Self];
}

macro_rules! draw {
    ($($type:ident)*) => {$(
        impl Draw for $type {
            fn draw(random: &mut Random) -> Self {
                match random.below(8) {
                    0 => Self::EXTREMES[random.below(Self::EXTREMES.len() as u64) as usize],
                    1 => random.next() as $type,
                    _ => random.below(4) as $type,
                }
            }
            const EXTREMES: &'static [Self] = &[$type::MIN, $type::MAX, 0, 1, $type::MAX / 2, $type::MAX / 2 + 1];
        }
    )*};
}

draw!(u8 u16 u32 u64 i64);

impl Draw for f64 {
    fn draw(random: &mut Random) -> Self {
        match random.below(8) {
            0 => Self::EXTREMES[random.below(Self::EXTREMES.len() as u64) as usize],
            1 => (random.next() as i64) as f64 * 1e-3,
            _ => random.below(4) as f64 - 1.0,
        }
    }
    const EXTREMES: &'static [Self] = &[
        f64::NAN,
        -f64::NAN,
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
    ];
}

fn drawn<T: Draw>(random: &mut Random, len: usize) -> Vec<T> {
    (0..len).map(|_| T::draw(random)).collect()
}

fn bits(random: &mut Random, len: usize) -> Vec<u64> {
    // All, none, sparse, dense and even words.
    let word = |random: &mut Random| match random.below(5) {
        0 => 0,
        1 => u64::MAX,
        2 => random.next() & random.next() & random.next(),
        3 => random.next() | random.next() | random.next(),
        _ => random.next(),
    };
    (0..len).map(|_| word(random)).collect()
}

/// Runs one case for every level, on data that ends and that begins at a guard page.
fn at_both_ends<T: Copy>(memory: &mut Guarded, data: &[T], mut case: impl FnMut(Level, &mut [T])) {
    for level in Level::available() {
        case(level, memory.at_end(data));
        case(level, memory.at_start(data));
    }
}

fn hits<T: Draw>(miss: T, hit: T) {
    let mut memory = Guarded::new(64 << 10);
    for len in 0..=LEN_MAX {
        let mut data = vec![miss; len];
        for position in 0..=len {
            if let Some(element) = data.get_mut(position) {
                *element = hit;
            }
            let expected = (position < len).then_some(position);
            let x = memory.at_end(&data);
            for level in Level::available() {
                assert_eq!(level.find_equal(x, hit), expected, "{level}, {len} elements");
                assert_eq!(level.count_equal(x, hit), usize::from(position < len), "{level}, {len} elements");
            }
            if let Some(element) = data.get_mut(position) {
                *element = miss;
            }
        }
    }
}

#[test]
fn a_single_hit_is_found_at_every_length_and_position() {
    hits::<u8>(0, 1);
    hits::<u8>(1, 0);
    hits::<u16>(7, 0);
    hits::<u32>(7, 0);
    hits::<u64>(u64::MAX, 0);
    hits::<i64>(i64::MIN, 0);
    hits::<f64>(1.0, 0.0);
    hits::<f64>(f64::NAN, -0.0);
}

#[test]
fn lanes_of_every_type() {
    fn all<T: Draw>() {
        let mut memory = Guarded::new(128 << 10);
        let mut random = Random::new(1);
        for len in (0..=LEN_MAX).chain(LONG) {
            let data: Vec<T> = drawn(&mut random, len);
            let value = T::draw(&mut random);
            at_both_ends(&mut memory, &data, |level, x| check::lanes(level, x, value));
        }
        for &value in T::EXTREMES {
            let data: Vec<T> = drawn(&mut random, 150);
            at_both_ends(&mut memory, &data, |level, x| check::lanes(level, x, value));
        }
    }
    all::<u8>();
    all::<u16>();
    all::<u32>();
    all::<u64>();
    all::<i64>();
    all::<f64>();
}

#[test]
fn masked_tests_of_every_type() {
    macro_rules! all {
        ($($type:ident)*) => {$(
            let mut memory = Guarded::new(128 << 10);
            let mut random = Random::new(2);
            for len in (0..=LEN_MAX).chain(LONG) {
                let data: Vec<$type> = drawn(&mut random, len);
                // Mask 0 passes all or none; a value outside the mask passes none.
                for (mask, value) in [(0, 0), (0, 1), (3, 1), (1, 0), (2, 1), ($type::MAX, $type::MAX)] {
                    at_both_ends(&mut memory, &data, |level, x| check::words(level, x, mask, value));
                }
            }
        )*};
    }
    all!(u8 u16 u32 u64);
}

#[test]
fn least_greatest_and_sum_of_every_type() {
    macro_rules! all {
        ($($type:ident)*) => {$(
            let mut memory = Guarded::new(128 << 10);
            let mut random = Random::new(3);
            for len in (0..=LEN_MAX).chain(LONG) {
                let data: Vec<$type> = drawn(&mut random, len);
                at_both_ends(&mut memory, &data, |level, x| check::integers(level, x));
                let only = vec![<$type as Draw>::EXTREMES[len % 6]; len];
                at_both_ends(&mut memory, &only, |level, x| check::integers(level, x));
            }
        )*};
    }
    all!(u8 u16 u32 u64 i64);
}

#[test]
fn floats_to_the_bit() {
    let mut memory = Guarded::new(128 << 10);
    let mut random = Random::new(4);
    for len in (0..=LEN_MAX).chain(LONG) {
        let data: Vec<f64> = drawn(&mut random, len);
        at_both_ends(&mut memory, &data, |level, x| check::floats(level, x));
        for fill in [f64::NAN, 0.0, -0.0, 1.0, f64::INFINITY, f64::NEG_INFINITY] {
            let mut data = vec![fill; len];
            at_both_ends(&mut memory, &data, |level, x| check::floats(level, x));
            // One zero of the other sign, or one number among NaN, anywhere.
            if len > 0 {
                data[random.below(len as u64) as usize] = -0.0;
                at_both_ends(&mut memory, &data, |level, x| check::floats(level, x));
                data[random.below(len as u64) as usize] = 0.0;
                at_both_ends(&mut memory, &data, |level, x| check::floats(level, x));
            }
        }
    }
}

#[test]
fn additions_of_every_type() {
    macro_rules! all {
        ($($type:ident)*) => {$(
            let mut memory = Guarded::new(128 << 10);
            let mut random = Random::new(5);
            for len in (0..=LEN_MAX).chain(LONG) {
                let data: Vec<$type> = drawn(&mut random, len);
                let other: Vec<$type> = (0..len).map(|_| random.next() as $type).collect();
                at_both_ends(&mut memory, &data, |level, x| check::additions(level, x, &other));
            }
        )*};
    }
    all!(u8 u16 u32 u64 i64);
}

#[test]
fn compaction_of_every_type() {
    fn all<T: Draw>() {
        let mut memory = Guarded::new(128 << 10);
        let mut random = Random::new(6);
        for len in (0..=LEN_MAX).chain(LONG) {
            let data: Vec<T> = drawn(&mut random, len);
            // Bits past the end of the data are there and must be ignored.
            let keep = bits(&mut random, len.div_ceil(64));
            at_both_ends(&mut memory, &data, |level, x| check::compaction(level, x, &keep));
        }
    }
    all::<u8>();
    all::<u16>();
    all::<u32>();
    all::<u64>();
    all::<i64>();
    all::<f64>();
}

#[test]
fn bit_sets() {
    let mut memory = Guarded::new(128 << 10);
    let mut random = Random::new(7);
    for len in (0..=LEN_MAX).chain([255, 256, 1_025]) {
        let x = bits(&mut random, len);
        let y = bits(&mut random, len);
        at_both_ends(&mut memory, &x, |level, x| check::sets(level, x, &y));
        let nothing = vec![0; len];
        at_both_ends(&mut memory, &nothing, |level, x| check::sets(level, x, &y));
    }
}

#[test]
fn rows_and_the_enabled_test() {
    let mut memory = Guarded::new(640 << 10);
    let mut random = Random::new(8);
    for len in (0..=LEN_MAX).chain([255, 256, 1_025, 9_999]) {
        let data: Vec<[u64; 8]> = (0..len).map(|_| std::array::from_fn(|_| random.next())).collect();
        let transitions: Vec<Transition> = (0..random.below(6))
            .map(|_| {
                let mask = random.next() & random.next() & random.next();
                Transition { mask, value: random.next() & mask }
            })
            .chain([Transition { mask: 0, value: 0 }, Transition { mask: 0, value: 1 }])
            .collect();
        let word = random.below(8) as usize;
        at_both_ends(&mut memory, &data, |level, x| check::rows(level, x, word, &transitions));
        at_both_ends(&mut memory, &data, |level, x| check::rows(level, x, word, &[]));
    }
}

#[test]
fn enabled_reads_plain_words_between_guards() {
    let mut memory = Guarded::new(128 << 10);
    let mut random = Random::new(9);
    let transitions: Vec<Transition> =
        (0..43).map(|t| Transition { mask: 3 << t, value: 1 << (t + t % 2) }).collect();
    for len in 0..=LEN_MAX {
        let words = bits(&mut random, len);
        let mut expected = vec![0; 43 * len.div_ceil(64)];
        scalar::enabled(&words, &transitions, &mut expected);
        at_both_ends(&mut memory, &words, |level, x| {
            let mut out = vec![7; expected.len()];
            level.enabled(x, &transitions, &mut out);
            assert_eq!(out, expected, "{level}, {len} words");
        });
    }
}

#[test]
fn histograms() {
    fn with<const CODES: usize>(level: Level, x: &[u8]) {
        assert_eq!(level.histogram::<CODES>(x), scalar::histogram::<CODES>(x), "{level}, {} bytes", x.len());
    }
    let mut memory = Guarded::new(128 << 10);
    let mut random = Random::new(10);
    for len in (0..=LEN_MAX).chain(LONG).chain([70_001]) {
        let data: Vec<u8> = (0..len).map(|_| random.below(12) as u8).collect();
        at_both_ends(&mut memory, &data, |level, x| {
            with::<0>(level, x);
            with::<1>(level, x);
            with::<8>(level, x);
            with::<16>(level, x);
            with::<17>(level, x);
            with::<256>(level, x);
        });
    }
}

#[test]
fn every_misalignment() {
    fn all<T: Draw>() {
        let mut random = Random::new(11);
        let data: Vec<T> = drawn(&mut random, 1_200);
        let keep = bits(&mut random, 20);
        for start in 0..64 {
            for len in [0, 1, 31, 63, 64, 65, 129, 500, 1_100] {
                for level in Level::available() {
                    check::lanes(level, &data[start..start + len], T::EXTREMES[2]);
                    check::compaction(level, &mut data.clone()[start..start + len], &keep);
                }
            }
        }
    }
    all::<u8>();
    all::<u16>();
    all::<u32>();
    all::<u64>();
    all::<i64>();
    all::<f64>();
    macro_rules! integers {
        ($($type:ident)*) => {$(
            let mut random = Random::new(13);
            let data: Vec<$type> = drawn(&mut random, 1_200);
            for start in 0..64 {
                let x = &data[start..start + 300];
                for level in Level::available() {
                    check::integers(level, x);
                    check::additions(level, &mut data.clone()[start..start + 300], &data[..300]);
                }
            }
        )*};
    }
    integers!(u8 u16 u32 u64 i64);
    let mut random = Random::new(14);
    let words: Vec<u64> = bits(&mut random, 1_200);
    let floats: Vec<f64> = drawn(&mut random, 1_200);
    let transitions = [Transition { mask: 3, value: 1 }, Transition { mask: 1 << 40, value: 0 }];
    for start in 0..64 {
        for level in Level::available() {
            check::words(level, &words[start..start + 300], 5, 1);
            check::sets(level, &mut words.clone()[start..start + 300], &words[..300]);
            check::floats(level, &floats[start..start + 300]);
            let (mut out, mut expected) = ([0; 10], [0; 10]);
            level.enabled(&words[start..start + 300], &transitions, &mut out);
            scalar::enabled(&words[start..start + 300], &transitions, &mut expected);
            assert_eq!(out, expected, "{level}, {start} words in");
        }
    }
}

/// More equal elements than a narrow lane can count.
#[test]
fn counting_does_not_overflow_a_lane() {
    for level in Level::available() {
        assert_eq!(level.count_equal(&vec![9_u8; 300_001], 9), 300_001, "{level}");
        assert_eq!(level.count_equal(&vec![9_u16; 5_000_003], 9), 5_000_003, "{level}");
        assert_eq!(level.histogram::<8>(&vec![7; 300_001])[7], 300_001, "{level}");
    }
}
