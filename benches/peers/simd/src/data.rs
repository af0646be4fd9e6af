//! The data of a comparison: one buffer for all of its sides, the same bytes in the same pages.

use std::any::Any;
use std::cell::RefCell;
use std::hint::black_box;

use arrow_buffer::{ArrowNativeType, MutableBuffer, ScalarBuffer};
use wf_gate::{Batch, Random};

thread_local! {
    /// What this process has made, by kernel and length.
    static MADE: RefCell<Vec<(&'static str, usize, Box<dyn Any>)>> = const { RefCell::new(Vec::new()) };
}

/// The buffer of a kernel at a length, made by whoever asks first.
///
/// Two buffers of a megabyte would lie on other pages, at other places in the caches, and push each other out of them.
fn shared<T: ArrowNativeType>(kernel: &'static str, len: usize, make: fn(u64) -> T) -> ScalarBuffer<T> {
    MADE.with_borrow_mut(|made| {
        if let Some((_, _, buffer)) = made.iter().find(|(of, long, _)| (*of, *long) == (kernel, len)) {
            return buffer
                .downcast_ref::<ScalarBuffer<T>>()
                .expect("a kernel has one type of element")
                .clone();
        }
        let mut random = Random::new(1);
        // arrow's memory, so that its arrays are made of it too; it begins on a cache line.
        let mut bytes = MutableBuffer::from_len_zeroed(len * size_of::<T>());
        bytes.typed_data_mut::<T>().iter_mut().for_each(|slot| *slot = make(random.next_u64()));
        let buffer: ScalarBuffer<T> = bytes.into();
        assert_eq!(buffer.as_ptr().addr() % 64, 0);
        made.push((kernel, len, Box::new(buffer.clone())));
        buffer
    })
}

/// The memory behind a slice that a kernel was called with, for arrays of arrow.
pub(crate) fn buffer_of<T: ArrowNativeType>(x: &[T]) -> ScalarBuffer<T> {
    MADE.with_borrow(|made| {
        let mut buffers = made.iter().filter_map(|(_, _, buffer)| buffer.downcast_ref::<ScalarBuffer<T>>());
        buffers
            .find(|buffer| std::ptr::eq(&***buffer, x))
            .expect("kernels are called with these only")
            .clone()
    })
}

/// A call repeated over one buffer.
struct Calls<T: ArrowNativeType> {
    x: ScalarBuffer<T>,
    times: u32,
    call: fn(&[T]) -> u64,
    answer: u64,
}

impl<T: ArrowNativeType> Batch for Calls<T> {
    fn run(&mut self) -> u64 {
        (0..self.times).fold(0, |sum, _| sum.wrapping_add((self.call)(black_box(&self.x[..]))))
    }

    fn expected(&mut self) -> Option<u64> {
        Some(self.answer)
    }
}

pub(crate) fn calls<T: ArrowNativeType>(
    kernel: &'static str,
    len: usize,
    make: fn(u64) -> T,
    call: fn(&[T]) -> u64,
    naive: fn(&[T]) -> u64,
) -> Box<dyn Batch> {
    let x = shared(kernel, len, make);
    let times = times(len);
    let answer = naive(&x).wrapping_mul(u64::from(times));
    Box::new(Calls { x, times, call, answer })
}

/// Enough calls that the clock's bracket disappears.
pub(crate) const fn times(len: usize) -> u32 {
    if len < 100_000 { (200_000 / len) as u32 } else { 1 }
}

/// One subject per length, so that each is measured in the cache it lives in.
macro_rules! subjects {
    ($all:ident, $id:literal, $type:ty, $make:expr, $naive:expr, $($who:literal => $call:expr),* $(,)?) => {
        subjects!(@len $all, $id, "1k", 1_000, $type, $make, $naive, $($who => $call),*);
        subjects!(@len $all, $id, "10k", 10_000, $type, $make, $naive, $($who => $call),*);
        subjects!(@len $all, $id, "1m", 1_000_000, $type, $make, $naive, $($who => $call),*);
    };
    (@len $all:ident, $id:literal, $size:literal, $len:literal, $type:ty, $make:expr, $naive:expr, $($who:literal => $call:expr),*) => {$(
        $all.push(wf_gate::Subject {
            id: concat!("simd.", $id, "_", $size, ".", $who),
            ops: $crate::data::times($len),
            make: || $crate::data::calls::<$type>($id, $len, $make, $call, $naive),
        });
    )*};
}

pub(crate) use subjects;
