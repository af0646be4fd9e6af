//! Properties of decisions that hold for every interval and every bound.

use proptest::prelude::*;
use wf_gate::stats::Interval;
use wf_gate::{Limit, Look, Side};

prop_compose! {
    fn interval()(median in 0.01..100.0_f64, below in 0.0..2.0_f64, above in 0.0..2.0_f64) -> Interval {
        Interval { low: median * (-below).exp(), median, high: median * above.exp(), n: 5 }
    }
}

prop_compose! {
    fn limit()(
        at_most in any::<bool>(),
        bound in 0.01..100.0_f64,
        tolerance in 0.0..0.5_f64,
        reach in prop_oneof![Just(0.0), Just(0.05)],
    ) -> Limit {
        Limit { side: if at_most { Side::AtMost } else { Side::AtLeast }, bound, tolerance, reach }
    }
}

/// The interval moved to the bad side.
fn worse(limit: &Limit, interval: &Interval, factor: f64) -> Interval {
    let by = if limit.side == Side::AtMost { factor } else { 1.0 / factor };
    Interval { low: interval.low * by, median: interval.median * by, high: interval.high * by, n: interval.n }
}

/// How bad a look is.
fn badness(look: Look) -> u8 {
    match look {
        Look::Within => 0,
        Look::Open => 1,
        Look::Beyond => 2,
    }
}

proptest! {
    #[test]
    fn only_an_interval_inside_the_bound_is_within(limit in limit(), interval in interval()) {
        if limit.look(&interval) == Look::Within {
            let (median_keeps, end_keeps) = match limit.side {
                Side::AtMost => (interval.median <= limit.bound, interval.high <= limit.bound * (1.0 + limit.reach)),
                _ => (interval.median >= limit.bound, interval.low >= limit.bound * (1.0 - limit.reach)),
            };
            prop_assert!(median_keeps && end_keeps);
        }
    }

    #[test]
    fn only_an_interval_wholly_beyond_bound_and_tolerance_fails(limit in limit(), interval in interval()) {
        if limit.look(&interval) == Look::Beyond {
            let wholly = match limit.side {
                Side::AtMost => interval.low > limit.bound * (1.0 + limit.tolerance),
                _ => interval.high < limit.bound * (1.0 - limit.tolerance),
            };
            prop_assert!(wholly);
        }
    }

    #[test]
    fn an_interval_that_holds_the_bound_decides_nothing_by_failing(limit in limit(), interval in interval()) {
        if interval.low <= limit.bound && limit.bound <= interval.high {
            prop_assert_ne!(limit.look(&interval), Look::Beyond);
        }
    }

    #[test]
    fn an_interval_wider_than_the_room_on_both_sides_stays_open(limit in limit(), bound_at in 0.2..0.8_f64) {
        // From a third of the bound to three times: no tolerance reaches that far.
        let (low, high) = (limit.bound / 3.0, limit.bound * 3.0);
        let interval = Interval { low, median: low + (high - low) * bound_at, high, n: 5 };
        prop_assert_eq!(limit.look(&interval), Look::Open);
    }

    #[test]
    fn a_worse_measurement_is_never_judged_better(limit in limit(), interval in interval(), factor in 1.0..5.0_f64) {
        let (before, after) = (limit.look(&interval), limit.look(&worse(&limit, &interval, factor)));
        prop_assert!(badness(after) >= badness(before), "{:?} became {:?}", before, after);
    }

    #[test]
    fn a_looser_bound_is_never_judged_worse(limit in limit(), interval in interval(), factor in 1.0..5.0_f64) {
        let by = if limit.side == Side::AtMost { factor } else { 1.0 / factor };
        let looser = Limit { bound: limit.bound * by, ..limit };
        prop_assert!(badness(looser.look(&interval)) <= badness(limit.look(&interval)));
    }

    #[test]
    fn more_tolerance_never_makes_a_fail(limit in limit(), interval in interval(), more in 0.0..0.4_f64) {
        let tolerant = Limit { tolerance: limit.tolerance + more, ..limit };
        prop_assert!(badness(tolerant.look(&interval)) <= badness(limit.look(&interval)));
    }

    #[test]
    fn a_counted_number_is_never_open(limit in limit(), value in 0.0..200.0_f64) {
        prop_assert_ne!(limit.counted(value), Look::Open);
    }

    #[test]
    fn the_interval_holds_its_observations_centre(values in prop::collection::vec(-1.0..1.0_f64, 2..40)) {
        let interval = Interval::of(&values, 0.0025).expect("finite");
        let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(l, m), &v| (l.min(v), m.max(v)));
        prop_assert!(interval.low <= interval.high);
        prop_assert!(interval.low <= most + 1e-9 && interval.high >= least - 1e-9);
        prop_assert!(least <= interval.median && interval.median <= most);
    }

    #[test]
    fn scaling_observations_scales_the_interval(values in prop::collection::vec(-1.0..1.0_f64, 2..40), by in 0.1..10.0_f64) {
        let one = Interval::of(&values, 0.01).expect("finite");
        let scaled: Vec<f64> = values.iter().map(|v| v * by).collect();
        let other = Interval::of(&scaled, 0.01).expect("finite");
        prop_assert!((other.low - one.low * by).abs() < 1e-9 && (other.high - one.high * by).abs() < 1e-9);
    }

    #[test]
    fn a_smaller_chance_of_error_gives_a_wider_interval(values in prop::collection::vec(-1.0..1.0_f64, 2..40)) {
        let wide = Interval::of(&values, 0.001).expect("finite");
        let narrow = Interval::of(&values, 0.05).expect("finite");
        prop_assert!(wide.low <= narrow.low && wide.high >= narrow.high);
    }
}
