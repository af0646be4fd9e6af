//! What x86-64 adds to the portable bodies: one file per instruction set.

mod avx2;
mod avx512;
mod popcount;
mod sse2;
mod table;

pub(crate) use avx2::Avx2;
pub(crate) use avx512::Avx512;
pub(crate) use sse2::Sse2;

/// What the instruction sets need to know of an element type.
#[doc(hidden)]
pub trait Vectors: sse2::Xmm + avx2::Ymm + avx512::Zmm {}

impl<T: sse2::Xmm + avx2::Ymm + avx512::Zmm> Vectors for T {}
