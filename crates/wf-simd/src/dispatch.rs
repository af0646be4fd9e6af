//! One portable body per kernel, instantiated under each level's target features.

/// Defines a kernel twice: as a method of [`Level`](crate::Level) and as a free function at the detected level.
///
/// `each(isa) { .. }` is the body; it must be made of `inline(always)` functions. `short(condition) { .. }`, if given, is inlined
/// into the caller of the free function, which saves short inputs the dispatch and the call. `at_most(Avx2)` keeps AVX-512 from being
/// used where it was measured to be slower, `at_most(Avx2 when condition)` only there.
macro_rules! kernel {
    (
        $(#[$meta:meta])*
        pub fn $name:ident [$($generics:tt)*] ($($arg:ident: $type:ty),* $(,)?) -> $output:ty {
            $(short($short:expr) $when_short:block)?
            $(at_most($widest:ident $(when $when:expr)?))?
            each($isa:ident) $body:block
        }
    ) => {
        $(#[$meta])*
        #[inline(always)]
        pub fn $name<$($generics)*>($($arg: $type),*) -> $output {
            // What goes into the caller is this: a short loop, the load of a byte, and a call.
            $(if $short {
                return $when_short;
            })?
            $crate::Level::detect().$name($($arg),*)
        }

        impl $crate::Level {
            #[doc = concat!("[`", stringify!($name), "`](crate::", stringify!($name), ") at this level.")]
            ///
            $(#[$meta])*
            #[inline]
            pub fn $name<$($generics)*>(self, $($arg: $type),*) -> $output {
                match $crate::dispatch::at_most!(self $(, $widest $(when $when)?)?) {
                    #[cfg(target_arch = "x86_64")]
                    $crate::Level::Avx512 => {
                        #[target_feature(
                            enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt"
                        )]
                        fn avx512<$($generics)*>($($arg: $type),*) -> $output {
                            let $isa = $crate::x86_64::Avx512::new();
                            $body
                        }
                        // SAFETY: a `Level::Avx512` exists only where the processor has every feature enabled here.
                        unsafe { avx512($($arg),*) }
                    }
                    #[cfg(target_arch = "x86_64")]
                    $crate::Level::Avx2 => {
                        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
                        fn avx2<$($generics)*>($($arg: $type),*) -> $output {
                            let $isa = $crate::x86_64::Avx2::new();
                            $body
                        }
                        // SAFETY: a `Level::Avx2` exists only where the processor has every feature enabled here.
                        unsafe { avx2($($arg),*) }
                    }
                    #[cfg(target_arch = "x86_64")]
                    $crate::Level::Sse2 => {
                        let $isa = $crate::x86_64::Sse2::new();
                        $body
                    }
                    #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
                    $crate::Level::Neon => {
                        let $isa = $crate::aarch64::Neon::new();
                        $body
                    }
                    _ => {
                        let $isa = $crate::isa::Portable;
                        $body
                    }
                }
            }
        }
    };
}

/// The level itself, or the widest one below AVX-512 that a kernel wants: proof of the wider one is proof of the narrower one too.
macro_rules! at_most {
    ($level:expr) => {
        $level
    };
    ($level:expr, $widest:ident) => {
        $crate::dispatch::at_most!($level, $widest when true)
    };
    ($level:expr, $widest:ident when $when:expr) => {
        match $level {
            $crate::Level::Avx512 if $when => $crate::Level::$widest,
            level => level,
        }
    };
}

pub(crate) use {at_most, kernel};

/// Below this many elements the free functions that search and select run an inlined loop instead of dispatching.
pub(crate) const SHORT: usize = 32;

/// Likewise for those that reduce to one value or word, whose vectors win earlier.
pub(crate) const SHORT_REDUCED: usize = 17;
