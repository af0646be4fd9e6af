//! Completions whose routing is more than masks: places with counters, several synchronizations in a row, many
//! outcomes. A script is walked on a copy of the line, so that a step which does not fit has changed nothing.

use wf_net::image::{SLOTS_MAX, script};

use crate::Status;
use crate::line::{CounterOf, Line};

/// A cursor over the codes of one script. The image was checked when it was loaded: running off it is a bug.
struct Codes<'p> {
    codes: &'p [u16],
    at: usize,
}

impl Codes<'_> {
    fn next(&mut self) -> u16 {
        self.at += 1;
        self.codes[self.at - 1]
    }
}

/// Tokens on their way through the gateways of one step.
struct Walk<'w> {
    line: &'w mut Line,
    counter_of: &'w CounterOf,
    slots: [u8; SLOTS_MAX],
}

impl Walk<'_> {
    fn put(&mut self, target: u16, count: u8) -> Result<(), Status> {
        let index = usize::from(target & script::INDEX);
        let fits = match target & !script::INDEX {
            script::TO_PLACE => count == 0 || self.line.add(index, count, self.counter_of),
            script::TO_SLOT => match self.slots[index].checked_add(count) {
                Some(sum) => {
                    self.slots[index] = sum;
                    true
                }
                None => false,
            },
            _ => true,
        };
        if fits { Ok(()) } else { Err(Status::CounterFull) }
    }

    fn put_all(&mut self, codes: &mut Codes<'_>, count: u8) -> Result<(), Status> {
        (0..codes.next()).try_for_each(|_| self.put(codes.next(), count))
    }
}

/// Puts the tokens of a completion that has already taken its own.
pub(crate) fn play(
    line: &mut Line,
    codes: &[u16],
    mut choice: u64,
    counter_of: &CounterOf,
) -> Result<(), Status> {
    let mut codes = Codes { codes, at: 0 };
    let mut walk = Walk { line, counter_of, slots: [0; SLOTS_MAX] };
    let (_slots, steps) = (codes.next(), codes.next());
    walk.put_all(&mut codes, 1)?;
    for _ in 0..steps {
        match codes.next() {
            script::CHOICE => {
                let count = walk.slots[usize::from(codes.next())];
                let branches = u64::from(codes.next());
                let taken = (choice % branches) as usize;
                choice /= branches;
                walk.put(codes.codes[codes.at + taken], count)?;
                codes.at += branches as usize;
            }
            script::SPLIT => {
                let count = walk.slots[usize::from(codes.next())];
                walk.put_all(&mut codes, count)?;
            }
            _ => {
                let inputs = usize::from(codes.next());
                let places = &codes.codes[codes.at..codes.at + inputs];
                codes.at += inputs;
                let count =
                    places.iter().map(|&place| walk.line.tokens(usize::from(place), counter_of)).min();
                let count = count.unwrap_or(0);
                for &place in places {
                    walk.line.take(usize::from(place), count, counter_of);
                }
                walk.put_all(&mut codes, count)?;
            }
        }
    }
    // Digits left over belong to no decision.
    if choice == 0 { Ok(()) } else { Err(Status::BadOutcome) }
}

/// Takes the token of a task: the running one if there is one.
pub(crate) fn take_task(line: &mut Line, task: usize, tasks: usize, counter_of: &CounterOf) -> bool {
    if !line.take(task, 1, counter_of) {
        return false;
    }
    line.take(tasks + task, 1, counter_of);
    true
}

/// Begins a task of which several work items can wait.
pub(crate) fn begin_task(line: &mut Line, task: usize, tasks: usize, counter_of: &CounterOf) -> bool {
    line.tokens(task, counter_of) > line.tokens(tasks + task, counter_of)
        && line.add(tasks + task, 1, counter_of)
}
