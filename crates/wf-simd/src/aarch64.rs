//! What aarch64 adds to the portable bodies.

mod neon;

pub(crate) use neon::Neon;

/// What the instruction set needs to know of an element type.
#[doc(hidden)]
pub trait Vectors: neon::Quad {}

impl<T: neon::Quad> Vectors for T {}
