//! A fenced counter, and what one of its counts is worth in core cycles.
//!
//! The time-stamp counter runs at a constant rate; the core does not. One **tick** is one core cycle, so a duration in
//! counts is divided by the counts that one cycle takes *now*, measured by a chain of dependent additions: each waits
//! for the last, so the chain takes one cycle per addition on any core, whatever its clock.

#![allow(
    unsafe_code,
    reason = "the counter and the dependent chain are single instructions without a safe twin"
)]

use std::fmt;

#[cfg(not(target_arch = "x86_64"))]
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(not(target_arch = "x86_64"))]
use portable as arch;
#[cfg(target_arch = "x86_64")]
use x86_64 as arch;

/// Additions in one timed chain: about 1.5 µs, so that one interrupt in a thousand chains is the most to expect.
const CHAIN_ADDS: u32 = 4_096;

/// Independent additions in one timed run: about 0.4 µs on a core that is not shared.
const WIDE_ADDS: u32 = 4_096;

/// The slowest and the fastest core that a calibration is believed for.
const CORE_HZ_PLAUSIBLE: std::ops::Range<f64> = 300e6..10e9;

/// A counter with fences, ready to bracket work.
///
/// On x86-64 the time-stamp counter, elsewhere the monotonic clock in nanoseconds: good for ratios on any machine.
/// Core cycles need [`Clock::cycles_per_count`], which only x86-64 with an invariant counter has.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    bracket_counts: u64,
    usable: Result<(), Unavailable>,
}

impl Clock {
    /// Prepares the counter and measures what an empty bracket costs. Takes a few microseconds.
    #[must_use]
    pub fn new() -> Self {
        let mut clock = Self { bracket_counts: 0, usable: arch::usable() };
        let mut empty: Vec<u64> = (0..257)
            .map(|_| {
                let begun = clock.now();
                clock.now() - begun
            })
            .collect();
        empty.sort_unstable();
        clock.bracket_counts = empty[empty.len() / 2];
        clock
    }

    /// The raw counter, with everything before it finished and nothing after it begun.
    #[inline]
    #[must_use]
    pub fn now(&self) -> u64 {
        arch::now()
    }

    /// What two readings with nothing between them differ by.
    #[must_use]
    pub fn bracket_counts(&self) -> u64 {
        self.bracket_counts
    }

    /// Core cycles per count of the counter at this moment, by one run of the dependent chain.
    ///
    /// Costs about 1.5 µs. Single calls can be hit by an interrupt: take two around the work and compare, or the median of
    /// several.
    ///
    /// # Errors
    /// [`Unavailable`] where the counter's rate or the length of a cycle is not known.
    pub fn cycles_per_count(&self) -> Result<f64, Unavailable> {
        self.usable?;
        Ok(f64::from(CHAIN_ADDS) / self.chain_counts().max(1) as f64)
    }

    /// Independent additions that the core does in a cycle at this moment; `cycles_per_count` is what the chain has just said.
    ///
    /// A busy sibling thread on the same core leaves the chain as it is, since a chain uses a fraction of a core, and takes up to
    /// half of everything that keeps the core's ports busy. This tells the two apart. `None` where it is not known what a core
    /// does alone.
    #[must_use]
    pub fn adds_per_cycle(&self, cycles_per_count: f64) -> Option<f64> {
        if !arch::width_is_known() {
            return None;
        }
        let begun = self.now();
        arch::wide();
        let took = (self.now() - begun).saturating_sub(self.bracket_counts).max(1);
        Some(f64::from(WIDE_ADDS) / (took as f64 * cycles_per_count))
    }

    /// Counts that the chain took, less the empty bracket.
    fn chain_counts(&self) -> u64 {
        let begun = self.now();
        arch::chain();
        let took = self.now() - begun;
        took.saturating_sub(self.bracket_counts)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// The rates of this machine at this moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Counts of [`Clock::now`] that one core cycle takes.
    pub counts_per_cycle: f64,
    /// Counts per second.
    pub counter_hz: f64,
    /// Core cycles per second.
    pub core_hz: f64,
}

/// Whether valgrind runs this program: its counter goes on by itself, and the chain takes what translated code takes.
pub(crate) fn is_emulated() -> bool {
    // Valgrind loads a library of its own into every program that it runs.
    std::env::var_os("LD_PRELOAD").is_some_and(|loaded| loaded.to_string_lossy().contains("vgpreload"))
}

/// Measures all rates, in about ten milliseconds.
///
/// # Errors
/// [`Unavailable`] where core cycles cannot be told: then report time and gate no ticks.
pub fn calibrate() -> Result<Calibration, Unavailable> {
    let clock = Clock::new();
    clock.usable?;
    if is_emulated() {
        return Err(Unavailable::Emulated);
    }
    let wall = std::time::Instant::now();
    let begun = clock.now();
    let mut chains = Vec::with_capacity(4_096);
    while wall.elapsed().as_millis() < 10 {
        chains.push(clock.chain_counts());
    }
    let counts = clock.now() - begun;
    let counter_hz = counts as f64 / wall.elapsed().as_secs_f64();
    chains.sort_unstable();
    let counts_per_cycle = chains[chains.len() / 2] as f64 / f64::from(CHAIN_ADDS);
    let core_hz = counter_hz / counts_per_cycle;
    if !CORE_HZ_PLAUSIBLE.contains(&core_hz) {
        return Err(Unavailable::Implausible { core_mhz: (core_hz / 1e6) as u32 });
    }
    Ok(Calibration { counts_per_cycle, counter_hz, core_hz })
}

/// Why core cycles cannot be told here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unavailable {
    /// No counter is implemented for this architecture.
    Architecture,
    /// The processor does not promise that its counter runs at a constant rate.
    NotInvariant,
    /// Valgrind runs the program.
    Emulated,
    /// The dependent chain gave a core frequency that no core has: the program is emulated or traced.
    Implausible {
        /// The frequency that came out.
        core_mhz: u32,
    },
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Architecture => {
                write!(
                    f,
                    "core cycles are not available on {}: no counter is implemented",
                    std::env::consts::ARCH
                )
            }
            Self::NotInvariant => {
                f.write_str("core cycles are not available: the time-stamp counter is not invariant")
            }
            Self::Emulated => f.write_str("core cycles are not available: valgrind runs this program"),
            Self::Implausible { core_mhz } => write!(
                f,
                "core cycles are not available: the dependent chain ran at {core_mhz} MHz, so the program is emulated or traced"
            ),
        }
    }
}

impl core::error::Error for Unavailable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_never_runs_backwards() {
        let clock = Clock::new();
        let mut last = clock.now();
        for _ in 0..10_000 {
            let now = clock.now();
            assert!(now >= last, "{now} after {last}");
            last = now;
        }
    }

    #[test]
    fn a_chain_twice_as_long_takes_twice_the_counts() {
        let clock = Clock::new();
        let median = |chains: u32| {
            let mut counts: Vec<u64> = (0..201)
                .map(|_| {
                    let begun = clock.now();
                    for _ in 0..chains {
                        arch::chain();
                    }
                    (clock.now() - begun).saturating_sub(clock.bracket_counts())
                })
                .collect();
            counts.sort_unstable();
            counts[100] as f64
        };
        if clock.cycles_per_count().is_err() {
            _ = std::io::Write::write_fmt(
                &mut std::io::stderr(),
                format_args!(
                    "SKIPPED: a_chain_twice_as_long_takes_twice_the_counts: no calibrated counter here\n"
                ),
            );
            return;
        }
        let ratio = median(8) / median(4);
        assert!((1.7..2.3).contains(&ratio), "eight chains took {ratio} times as long as four");
    }

    #[test]
    fn calibration_is_consistent_or_says_why_not() {
        match calibrate() {
            Ok(c) => {
                assert!((c.core_hz * c.counts_per_cycle / c.counter_hz - 1.0).abs() < 1e-9);
                assert!(CORE_HZ_PLAUSIBLE.contains(&c.core_hz));
            }
            Err(why) => {
                _ = std::io::Write::write_fmt(
                    &mut std::io::stderr(),
                    format_args!("SKIPPED: calibration_is_consistent_or_says_why_not: {why}\n"),
                );
            }
        }
    }
}
