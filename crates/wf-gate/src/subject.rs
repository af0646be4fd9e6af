//! What can be measured: a named batch of operations that knows its own right answer.

/// One thing to measure.
///
/// `ops` is how many operations one [`Batch::run`] performs. About 1,024 is right: long enough that the clock's own
/// bracket disappears, short enough that almost no run is hit by an interrupt.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// The name that rules refer to, beginning with the crate's name without `wf-`.
    pub id: &'static str,
    /// Operations in one [`Batch::run`].
    pub ops: u32,
    /// Builds the batch, with everything that is not to be measured.
    pub make: fn() -> Box<dyn Batch>,
}

/// The work of a [`Subject`], built once per process and run many times.
pub trait Batch {
    /// Brings the state back to where [`Batch::run`] expects it. Not timed, not counted.
    fn prepare(&mut self) {}

    /// Does the operations and returns an answer that depends on all of them. Timed and counted.
    fn run(&mut self) -> u64;

    /// The answer that the last [`Batch::run`] should have given; `None` where there is none to check.
    ///
    /// Called after every `run`, outside the timing. A measurement with a wrong answer is thrown away as an error.
    fn expected(&mut self) -> Option<u64>;
}
