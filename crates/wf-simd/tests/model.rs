//! Properties beyond the exhaustive lengths: any data, any offset, any level, against the naive twins.

mod check;

use proptest::prelude::*;
use wf_simd::{Level, Transition};

fn cases() -> ProptestConfig {
    let full = std::env::var("WF_TEST_SCALE").is_ok_and(|scale| scale == "full");
    ProptestConfig {
        cases: if full { 5_000 } else { 100 },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Few different values, so that tests hit; now and then any value.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0_u64..8, 1 => any::<u64>(), 1 => Just(u64::MAX)]
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn words_of_every_width(data in prop::collection::vec(word(), 0..700), from in 0_usize..64, mask in word(), value in word()) {
        let from = from.min(data.len());
        macro_rules! all {
            ($($type:ident)*) => {$({
                let data: Vec<$type> = data.iter().map(|word| *word as $type).collect();
                for level in Level::available() {
                    check::lanes(level, &data[from..], value as $type);
                    check::words(level, &data[from..], mask as $type, value as $type & mask as $type);
                    check::integers(level, &data[from..]);
                    check::additions(level, &mut data.clone()[from..], &data[..data.len() - from]);
                    check::compaction(level, &mut data.clone()[from..], &vec![mask ^ value.rotate_left(17); data.len().div_ceil(64)]);
                }
            })*};
        }
        all!(u8 u16 u32 u64);
        let signed: Vec<i64> = data.iter().map(|word| word.cast_signed()).collect();
        let keep = vec![mask ^ value.rotate_left(17); data.len().div_ceil(64)];
        for level in Level::available() {
            check::lanes(level, &signed[from..], value.cast_signed());
            check::integers(level, &signed[from..]);
            check::additions(level, &mut signed.clone()[from..], &signed[..data.len() - from]);
            check::compaction(level, &mut signed.clone()[from..], &keep);
            check::sets(level, &mut data.clone()[from..], &data[..data.len() - from]);
        }
    }

    #[test]
    fn floats_of_any_kind(bits in prop::collection::vec(any::<u64>(), 0..300), small in prop::collection::vec(-2_i8..3, 0..300)) {
        let wild: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
        // Halves of small numbers; -1.0 / 2.0 and the like have exact sums, and both zeroes occur.
        let tame: Vec<f64> = small.into_iter().map(|n| if n == 1 { -0.0 } else { f64::from(n) / 2.0 }).collect();
        for level in Level::available() {
            check::floats(level, &wild);
            check::floats(level, &tame);
            check::lanes(level, &tame, 0.0);
            check::compaction(level, &mut wild.clone(), &vec![0x5A5A_0FF0_1234_FFFF; wild.len().div_ceil(64)]);
        }
    }

    #[test]
    fn transitions_over_rows(data in prop::collection::vec(word(), 0..400), word in 0_usize..8, nets in prop::collection::vec((word(), word()), 0..50)) {
        let rows: Vec<[u64; 8]> = data.iter().map(|value| std::array::from_fn(|w| value.rotate_left(w as u32))).collect();
        let transitions: Vec<Transition> = nets.into_iter().map(|(mask, value)| Transition { mask, value }).collect();
        for level in Level::available() {
            check::rows(level, &rows, word, &transitions);
        }
    }
}
