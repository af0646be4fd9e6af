//! Medians, and the interval that a handful of processes give.

/// An estimate with the interval that it is believed to lie in.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Median of the observations.
    pub median: f64,
    /// Upper end.
    pub high: f64,
    /// Observations (processes).
    pub n: u32,
}

impl Interval {
    /// An exact number: no width.
    #[must_use]
    pub fn exact(value: f64) -> Self {
        Self { low: value, median: value, high: value, n: 1 }
    }

    /// The interval of values whose logarithms the observations are.
    #[must_use]
    pub fn of_logs(logs: &[f64], alpha_per_side: f64) -> Option<Self> {
        let inner = Self::of(logs, alpha_per_side)?;
        Some(Self { low: inner.low.exp(), median: inner.median.exp(), high: inner.high.exp(), n: inner.n })
    }

    /// A Student t interval for the centre of `observations`; from ten on of the mean trimmed by a fifth at each end
    /// (Yuen), so that one process that a neighbour disturbed does not widen it without limit.
    ///
    /// `None` for fewer than two observations, or one that is not finite.
    #[must_use]
    pub fn of(observations: &[f64], alpha_per_side: f64) -> Option<Self> {
        let n = observations.len();
        if n < 2 || observations.iter().any(|x| !x.is_finite()) {
            return None;
        }
        let mut sorted = observations.to_vec();
        sorted.sort_by(f64::total_cmp);
        let trim = if n < TRIM_FROM { 0 } else { n / 5 };
        let kept = &sorted[trim..n - trim];
        let centre = mean(kept);
        let (lowest, highest) = (kept[0], kept[kept.len() - 1]);
        let winsorised: Vec<f64> = sorted.iter().map(|x| x.clamp(lowest, highest)).collect();
        let middle = mean(&winsorised);
        let squares: f64 = winsorised.iter().map(|x| (x - middle).powi(2)).sum();
        let h = kept.len() as f64;
        let error = (squares / (h * (h - 1.0))).sqrt();
        let half = t_quantile(1.0 - alpha_per_side, h - 1.0) * error;
        Some(Self { low: centre - half, median: median(&mut sorted), high: centre + half, n: n as u32 })
    }

    /// Half the width, relative to the median.
    #[must_use]
    pub fn relative_half_width(&self) -> f64 {
        (self.high - self.low) / 2.0 / self.median.abs().max(f64::MIN_POSITIVE)
    }
}

/// From how many observations on the extremes are trimmed.
const TRIM_FROM: usize = 10;

/// The median; the mean of the two in the middle for an even count. Sorts. NaN for none.
#[must_use]
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    match n {
        0 => f64::NAN,
        _ if n % 2 == 1 => values[n / 2],
        _ => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

/// The arithmetic mean; NaN for none.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Standard deviation over mean: how far processes differ from each other.
#[must_use]
pub fn coefficient_of_variation(values: &[f64]) -> f64 {
    let m = mean(values);
    let squares: f64 = values.iter().map(|x| (x - m).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0)).sqrt() / m
}

/// The value that a t-distributed variable stays below with probability `p`.
///
/// # Panics
/// When `p` is not strictly between 0 and 1, or `freedom` is not positive.
#[must_use]
pub fn t_quantile(p: f64, freedom: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "probability {p}");
    assert!(freedom > 0.0, "{freedom} degrees of freedom");
    if p < 0.5 {
        return -t_quantile(1.0 - p, freedom);
    }
    // The distribution function rises strictly, so halving an enclosing interval converges.
    let (mut low, mut high) = (0.0, 1.0);
    while t_cdf(high, freedom) < p {
        high *= 2.0;
    }
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if t_cdf(middle, freedom) < p { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Probability that a t-distributed variable is below `t >= 0`.
fn t_cdf(t: f64, freedom: f64) -> f64 {
    let x = freedom / (freedom + t * t);
    1.0 - 0.5 * incomplete_beta(freedom / 2.0, 0.5, x)
}

/// The regularised incomplete beta function by its continued fraction (Abramowitz and Stegun 26.5.8), which converges
/// quickly on the side of the mean where it is used.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_fraction(b, a, 1.0 - x) / b
    }
}

/// The continued fraction, evaluated by Lentz's method.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    for m in 1..300 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for term in [even, odd] {
            d = 1.0 / guard(1.0 + term * d);
            c = guard(1.0 + term / c);
            result *= d * c;
        }
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    result
}

/// Logarithm of the gamma function for positive arguments: Stirling's series, shifted to where it is accurate.
fn ln_gamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 12.0 {
        shift -= x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series =
        inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1_260.0 - square / 1_680.0)));
    shift + (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn t_quantiles_agree_with_the_tables() {
        for (p, freedom, table) in [
            (0.95, 1.0, 6.313_751_5),
            (0.975, 4.0, 2.776_445_1),
            (0.995, 4.0, 4.604_094_9),
            (0.9975, 4.0, 5.597_568),
            (0.975, 9.0, 2.262_157_2),
            (0.99, 19.0, 2.539_483_2),
            (0.975, 29.0, 2.045_229_6),
            (0.975, 1e6, 1.959_966),
        ] {
            let got = t_quantile(p, freedom);
            assert!((got / table - 1.0).abs() < 1e-6, "t({p}, {freedom}) = {got}, table {table}");
            assert!((t_quantile(1.0 - p, freedom) + got).abs() < 1e-9, "the distribution is symmetric");
        }
    }

    #[test]
    fn gamma_agrees_with_factorials() {
        let mut factorial = 1.0_f64;
        for n in 1..20 {
            assert!((ln_gamma(f64::from(n)) - factorial.ln()).abs() < 1e-10, "gamma({n})");
            factorial *= f64::from(n);
        }
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-10);
    }

    #[test]
    fn the_median_is_the_middle() {
        for (mut values, expected) in [
            (vec![3.0], 3.0),
            (vec![1.0, 9.0], 5.0),
            (vec![9.0, 1.0, 2.0], 2.0),
            (vec![4.0, 1.0, 3.0, 2.0], 2.5),
        ] {
            assert!((median(&mut values) - expected).abs() < 1e-12, "{values:?}");
        }
        assert!(median(&mut []).is_nan());
    }

    #[test]
    fn too_few_or_bad_observations_give_no_interval() {
        assert!(Interval::of(&[], 0.01).is_none());
        assert!(Interval::of(&[1.0], 0.01).is_none());
        assert!(Interval::of(&[1.0, f64::NAN], 0.01).is_none());
        assert!(Interval::of(&[1.0, f64::INFINITY, 2.0], 0.01).is_none());
    }

    /// How often the interval of `n` draws from `draw` misses the true centre 0.
    fn miss_rate(n: usize, alpha: f64, trials: u32, mut draw: impl FnMut(&mut Random) -> f64) -> f64 {
        let mut random = Random::new(0x5eed + n as u64);
        let mut missed = 0;
        for _ in 0..trials {
            let observations: Vec<f64> = (0..n).map(|_| draw(&mut random)).collect();
            let interval = Interval::of(&observations, alpha).expect("finite");
            missed += u32::from(interval.low > 0.0 || interval.high < 0.0);
        }
        f64::from(missed) / f64::from(trials)
    }

    #[test]
    fn the_interval_misses_the_truth_as_often_as_it_says() {
        const TRIALS: u32 = 5_000;
        for n in [5, 10, 20, 30] {
            let normal = miss_rate(n, 0.025, TRIALS, Random::normal);
            assert!((0.035..0.07).contains(&normal), "n = {n}: nominal 5 %, missed {normal}");
            let disturbed = miss_rate(n, 0.025, TRIALS, |r| {
                let spread = if r.below(10) == 0 { 20.0 } else { 1.0 };
                spread * r.normal()
            });
            assert!(disturbed < 0.07, "n = {n}, one in ten disturbed: nominal 5 %, missed {disturbed}");
        }
    }

    #[test]
    fn one_disturbed_process_of_ten_does_not_widen_the_interval_much() {
        let mut quiet: Vec<f64> = (0..10).map(|i| f64::from(i) * 0.001).collect();
        let before = Interval::of(&quiet, 0.0025).expect("finite");
        quiet[9] = 50.0;
        let after = Interval::of(&quiet, 0.0025).expect("finite");
        assert!(after.high - after.low < 1.5 * (before.high - before.low), "{before:?} {after:?}");
    }
}
