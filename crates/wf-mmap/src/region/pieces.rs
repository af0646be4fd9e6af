//! Filling long memory piece by piece, by several threads where that pays.
//!
//! Who first touches a page waits for the kernel to zero it, and then copies: both are bound by a core, and two cores do both at
//! once. The thread that asked does its share, and all of it where no other comes in time. Where all cores are busy that gains nothing: then
//! the call may wait for a thread that has a piece and no core.

use std::io;
use std::num::NonZero;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Bytes of a piece: a huge page, which only one thread then waits for.
const PIECE_BYTES: usize = 2 << 20;
/// The least bytes for which a second thread is started.
const BYTES_MIN: usize = 6 << 20;
/// Most threads at once: behind a few the memory is busy.
const THREADS_MAX: usize = 4;

/// Processors that this process may use, as they were when this was first asked.
static PROCESSORS: LazyLock<usize> =
    LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZero::get));

/// How many threads fill so many bytes.
pub(super) fn threads_for(len: usize, threads_max: usize) -> usize {
    if len < BYTES_MIN || threads_max < 2 {
        return 1;
    }
    threads_max.min(THREADS_MAX).min(*PROCESSORS).min(len.div_ceil(PIECE_BYTES))
}

/// Calls `fill` once for each piece of `bytes`, with where it begins, in up to so many threads.
///
/// After an error no piece is begun; of several errors it is the one of the first piece that has one.
pub(super) fn fill(
    bytes: &mut [u8],
    threads: usize,
    fill: impl Fn(&mut [u8], usize) -> io::Result<()> + Sync,
) -> io::Result<()> {
    let left = Mutex::new(bytes.chunks_mut(PIECE_BYTES).enumerate());
    let failed: Mutex<Option<(usize, io::Error)>> = Mutex::new(None);
    let work = || {
        while let Some((number, piece)) = next(&left, &failed) {
            if let Err(error) = fill(piece, number * PIECE_BYTES) {
                let mut failed = held(&failed);
                if failed.as_ref().is_none_or(|&(first, _)| number < first) {
                    *failed = Some((number, error));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // A thread that the system does not give is one that does not help.
            let _ = std::thread::Builder::new().name("wf-mmap copy".into()).spawn_scoped(scope, work);
        }
        work();
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.map_or(Ok(()), |(_, error)| Err(error))
}

/// The next piece, if none has failed.
fn next<T>(left: &Mutex<impl Iterator<Item = T>>, failed: &Mutex<Option<(usize, io::Error)>>) -> Option<T> {
    if held(failed).is_some() { None } else { held(left).next() }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const LENGTHS: [usize; 5] = [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES + 77];

    #[test]
    fn every_piece_is_filled_once_by_any_number_of_threads() {
        for len in LENGTHS {
            for threads in 1..=5 {
                let (mut bytes, calls) = (vec![0u8; len], AtomicUsize::new(0));
                let number = |piece: &mut [u8], at: usize| {
                    calls.fetch_add(1, Ordering::Relaxed);
                    piece.iter_mut().for_each(|byte| *byte += (at / PIECE_BYTES) as u8 + 1);
                    Ok(())
                };
                fill(&mut bytes, threads, number).unwrap();
                assert_eq!(calls.into_inner(), len.div_ceil(PIECE_BYTES));
                let as_wanted = |(at, &byte): (usize, &u8)| usize::from(byte) == at / PIECE_BYTES + 1;
                assert!(bytes.iter().enumerate().all(as_wanted), "{len} bytes, {threads} threads");
            }
        }
    }

    #[test]
    fn an_error_of_any_thread_is_the_error() {
        const EIO: i32 = 5;
        let caller = std::thread::current().id();
        for of_caller in [true, false] {
            let mut bytes = vec![0u8; 6 * PIECE_BYTES];
            // Neither takes both of the first two pieces.
            let meet = std::sync::Barrier::new(2);
            let read = |_: &mut [u8], at: usize| {
                if at < 2 * PIECE_BYTES {
                    meet.wait();
                }
                let is_caller = std::thread::current().id() == caller;
                if is_caller == of_caller { Err(io::Error::from_raw_os_error(EIO)) } else { Ok(()) }
            };
            assert_eq!(fill(&mut bytes, 2, read).unwrap_err().raw_os_error(), Some(EIO));
        }
    }

    #[test]
    fn no_piece_is_begun_after_an_error() {
        for bad in 0..6 {
            let (mut bytes, calls) = (vec![0u8; 6 * PIECE_BYTES], AtomicUsize::new(0));
            let read = |_: &mut [u8], at: usize| {
                calls.fetch_add(1, Ordering::Relaxed);
                if at == bad * PIECE_BYTES { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
            };
            assert_eq!(fill(&mut bytes, 1, read).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
            assert_eq!(calls.into_inner(), bad + 1);
        }
    }

    #[test]
    fn of_several_errors_it_is_the_first_piece_s() {
        let mut bytes = vec![0u8; 4 * PIECE_BYTES];
        let meet = std::sync::Barrier::new(4);
        let read = |_: &mut [u8], at: usize| {
            meet.wait();
            Err(io::Error::from_raw_os_error((at / PIECE_BYTES) as i32 + 1))
        };
        assert_eq!(fill(&mut bytes, 4, read).unwrap_err().raw_os_error(), Some(1));
    }

    #[test]
    fn few_bytes_and_one_processor_take_one_thread() {
        assert_eq!(threads_for(BYTES_MIN - 1, usize::MAX), 1);
        assert_eq!(threads_for(1 << 30, 1), 1);
        assert_eq!(threads_for(1 << 30, 0), 1);
        assert_eq!(threads_for(1 << 30, usize::MAX), THREADS_MAX.min(*PROCESSORS));
    }
}
