//! Measures one worker from its own thread: allocations after warm-up, and the core's clock while it works.

use core::ops::ControlFlow;

use wf_alloc::thread_counts;
use wf_engine::play::Watch;
use wf_gate::{Calibration, Clock};

use crate::interrupt;

/// Batches between two looks at the core's clock; a look takes about as long as one percent of a batch.
const BATCHES_A_SAMPLE: u64 = 64;
/// Looks that are kept; later ones take the place of earlier ones, so that a long run stays within this.
const SAMPLES: usize = 255;

/// Counts what one worker does.
#[derive(Debug)]
pub(crate) struct Meter {
    clock: Option<(Clock, f64)>,
    batches: u64,
    cycles_per_count: [f64; SAMPLES],
    samples: usize,
    /// Requests of this thread to the heap when it was warm.
    warm_requests: Option<u64>,
    /// Requests to the heap after the first full batch; `None` if the worker ran none.
    pub(crate) heap_requests: Option<u64>,
}

impl Meter {
    pub(crate) fn new(rates: Option<&Calibration>) -> Self {
        Self {
            clock: rates.map(|rates| (Clock::new(), rates.counter_hz)),
            batches: 0,
            cycles_per_count: [0.0; SAMPLES],
            samples: 0,
            warm_requests: None,
            heap_requests: None,
        }
    }

    /// Core cycles a second while the worker ran: the median of the looks.
    pub(crate) fn core_hz(&self) -> Option<f64> {
        let (_, counter_hz) = self.clock?;
        let mut samples = self.cycles_per_count[..self.samples.min(SAMPLES)].to_vec();
        samples.sort_by(f64::total_cmp);
        samples.get(samples.len() / 2).map(|cycles_per_count| cycles_per_count * counter_hz)
    }

    fn sample(&mut self) {
        if let Some(Ok(sample)) = self.clock.map(|(clock, _)| clock.cycles_per_count()) {
            self.cycles_per_count[self.samples % SAMPLES] = sample;
            self.samples += 1;
        }
    }
}

impl Watch for Meter {
    fn warm(&mut self) {
        self.warm_requests = Some(thread_counts().requests());
    }

    fn batch(&mut self, _completions: u64) -> ControlFlow<()> {
        if self.batches.is_multiple_of(BATCHES_A_SAMPLE) {
            self.sample();
        }
        self.batches += 1;
        if interrupt::requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn done(&mut self) {
        self.heap_requests = self.warm_requests.map(|warm| thread_counts().requests() - warm);
    }
}
