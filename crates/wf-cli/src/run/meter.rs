//! Measures one worker from its own thread: allocations after warm-up, and the core's clock while it works.

use core::ops::ControlFlow;
use std::time::Duration;

use wf_alloc::thread_counts;
use wf_engine::play::Watch;
use wf_gate::{Calibration, Clock};

use crate::{interrupt, memory};

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
    /// Processor time of the thread when its work began, then of its work alone.
    cpu_nanos: Option<u64>,
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
            cpu_nanos: None,
        }
    }

    /// Core cycles that the work took, of `busy` time: time in which the thread had no core is left out where the
    /// system tells it.
    pub(crate) fn cycles(&self, busy: Duration) -> Option<f64> {
        let seconds = self.cpu_nanos.map_or(busy.as_secs_f64(), |nanos| nanos as f64 / 1e9);
        self.core_hz().map(|hz| hz * seconds)
    }

    /// Core cycles a second while the worker ran: the median of the looks.
    fn core_hz(&self) -> Option<f64> {
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
    fn begin(&mut self) {
        self.cpu_nanos = memory::thread_cpu_nanos();
    }

    fn warm(&mut self) {
        self.warm_requests = Some(thread_counts().requests());
    }

    fn started(&mut self, _cases: u64) -> ControlFlow<()> {
        if interrupt::requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
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
        let now = memory::thread_cpu_nanos();
        self.cpu_nanos = self.cpu_nanos.zip(now).map(|(begun, now)| now - begun);
    }
}
