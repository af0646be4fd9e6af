//! Which instruction set to use: detected once, carried as a token.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;
use core::sync::atomic::{AtomicU8, Ordering};

/// Whether the processor has a feature.
#[cfg(all(target_arch = "x86_64", feature = "std"))]
pub(crate) use std::is_x86_feature_detected as has;

/// Nobody to ask: whether the build requires the feature, which then is there.
#[cfg(all(target_arch = "x86_64", not(feature = "std")))]
macro_rules! has {
    ($name:tt) => {
        cfg!(target_feature = $name)
    };
}
#[cfg(all(target_arch = "x86_64", not(feature = "std")))]
pub(crate) use has;

/// The environment variable that lowers the level: `portable`, `sse2`, `avx2`, `avx512` or `neon`.
#[cfg(feature = "std")]
pub(crate) const VARIABLE: &str = "WF_SIMD_LEVEL";

/// An instruction set that this processor has.
///
/// A value is proof: the wide variants cannot be made outside this crate except by asking the processor, which is what makes
/// the methods safe. Small and `Copy`: detect it once and hand it on, or let the free functions read the cached one.
///
/// Ordered from narrow to wide within one architecture.
///
/// # Example
/// ```
/// use wf_simd::Level;
///
/// for level in Level::available() {
///     assert_eq!(level.count_equal(&[1_u32, 2, 1], 1), 2, "{level}");
/// }
/// assert!(Level::available().any(|level| level == Level::detect()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Level {
    /// What every processor of the target has: plain Rust, vectorised by the compiler for the build's baseline.
    Portable = 1,
    /// x86-64's baseline, 16-byte vectors.
    #[non_exhaustive]
    Sse2,
    /// 32-byte vectors, with BMI1, BMI2, LZCNT and POPCNT.
    #[non_exhaustive]
    Avx2,
    /// 64-byte vectors and lane masks: AVX-512 F, BW, CD, DQ and VL, and VPOPCNTDQ for counting bits where the processor has it.
    #[non_exhaustive]
    Avx512,
    /// aarch64's baseline, 16-byte vectors.
    #[non_exhaustive]
    Neon,
}

/// Every level there is, on whatever machine.
const ALL: [Level; 5] = [Level::Portable, Level::Sse2, Level::Avx2, Level::Avx512, Level::Neon];

/// The cached level, 0 before the first detection.
static CACHED: AtomicU8 = AtomicU8::new(0);

impl Level {
    /// The level to use: the widest of this processor, or what the environment lowers it to.
    ///
    /// The first call asks the processor and reads the environment variable `WF_SIMD_LEVEL`; later ones cost one load and one
    /// predicted compare. A build that requires AVX-512 anyway (`-Ctarget-cpu`) knows the answer at compile time and does not
    /// look at the environment. A name that is unknown or that this processor lacks is ignored here;
    /// [`requested`](Self::requested) tells.
    #[inline]
    #[must_use]
    pub fn detect() -> Self {
        if cfg!(all(
            target_arch = "x86_64",
            target_feature = "avx512f",
            target_feature = "avx512bw",
            target_feature = "avx512cd",
            target_feature = "avx512dq",
            target_feature = "avx512vl",
            target_feature = "bmi1",
            target_feature = "bmi2",
            target_feature = "lzcnt",
            target_feature = "popcnt",
        )) {
            return Self::Avx512;
        }
        // Relaxed: the byte stands for itself, and detecting twice gives the same answer.
        match CACHED.load(Ordering::Relaxed) {
            4 => Self::Avx512,
            3 => Self::Avx2,
            2 => Self::Sse2,
            5 => Self::Neon,
            1 => Self::Portable,
            _ => Self::detect_cold(),
        }
    }

    #[cold]
    fn detect_cold() -> Self {
        let level = match Self::requested() {
            Ok(Some(level)) => level,
            Ok(None) | Err(_) => Self::widest(),
        };
        CACHED.store(level as u8, Ordering::Relaxed);
        level
    }

    /// The widest level of this processor, whatever the environment says.
    #[must_use]
    pub fn widest() -> Self {
        Self::available().max().unwrap_or(Self::Portable)
    }

    /// The level that the environment asks for, `None` without the variable, and without the feature `std`.
    ///
    /// # Errors
    /// [`Unavailable`] for an unknown name, and for a level that this processor lacks.
    pub fn requested() -> Result<Option<Self>, Unavailable> {
        #[cfg(feature = "std")]
        if let Some(name) = std::env::var_os(VARIABLE) {
            return name.to_string_lossy().parse().map(Some);
        }
        Ok(None)
    }

    /// Every level of this processor, from narrow to wide: what a test runs a kernel under.
    pub fn available() -> impl Iterator<Item = Self> {
        ALL.into_iter().filter(|level| level.is_available())
    }

    /// The name, as the environment variable takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Sse2 => "sse2",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }

    /// Runs a caller's kernel, compiled for this level.
    ///
    /// The body of [`Kernel::run`] is inlined into a function that has the level's target features, so the compiler vectorises
    /// it with them: wide vectors for code that forbids unsafe.
    ///
    /// # Example
    /// ```
    /// use wf_simd::{Kernel, Level};
    ///
    /// struct Dot<'a>(&'a [u32], &'a [u32]);
    ///
    /// impl Kernel for Dot<'_> {
    ///     type Output = u32;
    ///
    ///     #[inline(always)]
    ///     fn run(self) -> u32 {
    ///         self.0.iter().zip(self.1).fold(0, |sum, (a, b)| sum.wrapping_add(a.wrapping_mul(*b)))
    ///     }
    /// }
    ///
    /// assert_eq!(Level::detect().run(Dot(&[1, 2, 3], &[4, 5, 6])), 32);
    /// ```
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                #[target_feature(
                    enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt"
                )]
                fn run<K: Kernel>(kernel: K) -> K::Output {
                    kernel.run()
                }
                // SAFETY: a `Level::Avx512` exists only where `is_available` found every feature that `run` enables.
                unsafe { run(kernel) }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
                fn run<K: Kernel>(kernel: K) -> K::Output {
                    kernel.run()
                }
                // SAFETY: a `Level::Avx2` exists only where `is_available` found every feature that `run` enables.
                unsafe { run(kernel) }
            }
            _ => kernel.run(),
        }
    }

    /// Asks the processor. The only gate to the wide variants, so it tests every feature that their code enables.
    fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            let bits = || has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt");
            match self {
                Self::Portable | Self::Sse2 => true,
                Self::Avx2 => has!("avx2") && bits(),
                Self::Avx512 => {
                    Self::Avx2.is_available()
                        && has!("avx512f")
                        && has!("avx512bw")
                        && has!("avx512cd")
                        && has!("avx512dq")
                        && has!("avx512vl")
                }
                Self::Neon => false,
            }
        }
        #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
        {
            matches!(self, Self::Portable | Self::Neon)
        }
        #[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
        {
            matches!(self, Self::Portable)
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = Unavailable;

    /// Parses a name, and proves that this processor has the level.
    fn from_str(name: &str) -> Result<Self, Unavailable> {
        match ALL.into_iter().find(|level| level.name() == name) {
            Some(level) if level.is_available() => Ok(level),
            Some(_) => Err(Unavailable { name: name.to_owned(), known: true }),
            None => Err(Unavailable { name: name.to_owned(), known: false }),
        }
    }
}

/// A level that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unavailable {
    /// The name that was asked for.
    pub name: String,
    /// Whether there is a level of that name, on other processors.
    pub known: bool,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        if self.known {
            write!(f, "this processor has no level `{name}`; the widest is `{}`", Level::widest())
        } else {
            write!(f, "there is no level `{name}`; the levels are portable, sse2, avx2, avx512 and neon")
        }
    }
}

impl core::error::Error for Unavailable {}

/// A computation to be compiled for each level, see [`Level::run`].
pub trait Kernel {
    /// What it computes.
    type Output;

    /// The computation. Mark it `#[inline(always)]`, and what it calls too: code that is not inlined is compiled for the baseline.
    fn run(self) -> Self::Output;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_for_what_the_processor_has() {
        for level in ALL {
            match level.name().parse::<Level>() {
                Ok(parsed) => assert!(parsed == level && level.is_available()),
                Err(error) => assert!(error.known && !level.is_available(), "{error}"),
            }
        }
        assert!(!"sse9".parse::<Level>().unwrap_err().known);
    }

    #[test]
    fn portable_is_always_there_and_the_cache_repeats_itself() {
        assert_eq!(Level::available().next(), Some(Level::Portable));
        let first = Level::detect();
        assert!(first <= Level::widest() && first.is_available());
        assert!((0..10).all(|_| Level::detect() == first));
    }

    #[test]
    fn discriminants_are_what_detect_matches_on() {
        for (level, byte) in ALL.into_iter().zip(1..) {
            assert_eq!(level as u8, byte);
        }
    }

    #[test]
    fn a_kernel_gives_the_same_answer_under_every_level() {
        struct Sum<'a>(&'a [u64]);
        impl Kernel for Sum<'_> {
            type Output = u64;
            #[inline(always)]
            fn run(self) -> u64 {
                self.0.iter().sum()
            }
        }
        let words: Vec<u64> = (0..1_000).collect();
        for level in Level::available() {
            assert_eq!(level.run(Sum(&words)), 499_500, "{level}");
        }
    }
}
