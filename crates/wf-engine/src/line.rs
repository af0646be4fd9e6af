//! The line: everything that is kept of a case, in one cache line. No other module knows its layout.

use wf_net::image::{COUNTERS_MAX, CounterOf, NO_COUNTER, WORDS_MAX};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Set in [`Line::generation`] while no case lives in the line, so that a live one is found by one comparison.
const FREE: u32 = 1 << 31;
/// The last generation: a slot that has used it is retired.
const GENERATION_LAST: u32 = (1 << 28) - 1;
/// Set in [`Line::program`] while the case has an incident: the plain path finds no such program and leaves it to the
/// others, at no cost of its own.
const INCIDENT: u32 = 1 << 31;
/// Set in [`Line::link`] of a case that is a part of the one which called it, and has its variables.
const WITHIN: u32 = 1 << 31;
/// End of the list of free slots.
pub(crate) const NO_SLOT: u32 = u32::MAX;

/// A marking: one bit for each place that holds a token.
pub(crate) type Marking = [u64; WORDS_MAX];

/// 64 bytes, in a slab that begins on a 64-byte boundary.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(crate) struct Line {
    marking: Marking,
    program: u32,
    generation: u32,
    /// Seconds since the shard's epoch, of the last change.
    since: u32,
    /// Next free slot while the line is free; while a case lives here, the slot of the case that called it.
    link: u32,
    /// What kind of value each variable of the case has.
    kinds: u32,
    /// Bits, from the lowest: two for how the case has ended until the batch is over and the slot is free ([`NOT_ENDED`]
    /// and the like), two for what its incident is, six for the calling task, six for the task of the incident.
    state: u16,
    /// What the compiler assigns: counters of places that hold several tokens, records of instances and of calls.
    assigned: [u8; COUNTERS_MAX],
}

const _: () = assert!(size_of::<Line>() == 64);

/// [`Line::end`] of a case that lives.
pub(crate) const NOT_ENDED: u16 = 0;
/// [`Line::end`] of a case that has ended well.
pub(crate) const ENDED_WELL: u16 = 1;
/// [`Line::end`] of a case that was given up or is stuck.
pub(crate) const ENDED_BADLY: u16 = 2;

/// [`Line::end`] of a case that has ended with an error, whose number is in its first record bytes.
pub(crate) const ENDED_FAILED: u16 = 3;

const END: u16 = 0b11;
const FAULT_AT: u16 = 2;
const FAULT: u16 = 0b11 << FAULT_AT;
const CALLER_AT: u16 = 4;
const CALLER: u16 = 0x3F << CALLER_AT;
const FAULTY_AT: u16 = 10;
const FAULTY: u16 = 0x3F << FAULTY_AT;

const _: () = assert!(wf_net::image::TASKS_MAX <= 64 && crate::case::SLOTS_MAX < WITHIN as usize);

/// Word of a row that holds the work-item bits, for vectorised queries over rows.
pub(crate) const ENABLED_WORD: usize = 0;

impl Line {
    /// A line without a case.
    pub(crate) const EMPTY: Self = Self {
        marking: [0; WORDS_MAX],
        program: 0,
        generation: FREE,
        since: 0,
        link: NO_SLOT,
        kinds: 0,
        state: 0,
        assigned: [0; COUNTERS_MAX],
    };

    pub(crate) const fn marking(&self) -> Marking {
        self.marking
    }

    pub(crate) const fn word(&self) -> u64 {
        self.marking[0]
    }

    /// The running bits of so many tasks, at least, each at the number of its task.
    pub(crate) const fn running(&self, tasks: u16) -> u64 {
        let whole = (self.marking[1] as u128) << 64 | self.marking[0] as u128;
        (whole >> tasks) as u64
    }

    /// The one function that changes a marking.
    pub(crate) const fn set_marking(&mut self, marking: Marking) {
        self.marking = marking;
    }

    /// Program of the case that lives here under this generation, of 28 bits.
    pub(crate) const fn program_of(&self, generation: u32) -> Option<u32> {
        if self.generation == generation { Some(self.program & !INCIDENT) } else { None }
    }

    /// As [`program_of`](Self::program_of), but of a case with an incident the number of no program.
    #[inline(always)]
    pub(crate) const fn plain_program_of(&self, generation: u32) -> Option<u32> {
        if self.generation == generation { Some(self.program) } else { None }
    }

    /// Lets the slot begin with this generation.
    pub(crate) const fn begin_at(&mut self, generation: u32) {
        self.generation = FREE | generation;
    }

    /// The generation of the slot's next case; `None` if it is used up.
    pub(crate) const fn next_generation(&self) -> Option<u32> {
        let generation = self.generation & !FREE;
        let next = if self.generation & FREE == 0 { generation + 1 } else { generation };
        if next < GENERATION_LAST { Some(next) } else { None }
    }

    /// Program and generation, if a case lives here.
    pub(crate) const fn occupant(&self) -> Option<(u32, u32)> {
        if self.generation & FREE == 0 { Some((self.program & !INCIDENT, self.generation)) } else { None }
    }

    pub(crate) const fn since(&self) -> u32 {
        self.since
    }

    pub(crate) const fn touch(&mut self, now: u32) {
        self.since = now;
    }

    /// Lets a case begin here, with no token; returns its generation.
    pub(crate) const fn occupy(&mut self, program: u32, now: u32) -> u32 {
        let generation = self.generation & !FREE;
        *self = Self {
            marking: [0; WORDS_MAX],
            program,
            generation,
            since: now,
            link: NO_SLOT,
            kinds: 0,
            state: 0,
            assigned: [0; COUNTERS_MAX],
        };
        generation
    }

    /// The case that called this one: its slot and the number of the task.
    pub(crate) const fn caller(&self) -> Option<(u32, usize)> {
        if self.link == NO_SLOT {
            return None;
        }
        Some((self.link & !WITHIN, ((self.state & CALLER) >> CALLER_AT) as usize))
    }

    /// The slot of the case that this one is a part of, if it is one.
    pub(crate) const fn whole(&self) -> Option<u32> {
        if self.link == NO_SLOT || self.link & WITHIN == 0 { None } else { Some(self.link & !WITHIN) }
    }

    /// Names the case that called this one, and whether this one is a part of it.
    pub(crate) const fn set_caller(&mut self, slot: u32, task: usize, is_within: bool) {
        self.link = if is_within { slot | WITHIN } else { slot };
        self.state = self.state & !CALLER | ((task as u16) << CALLER_AT) & CALLER;
    }

    /// What kind of value each variable has.
    pub(crate) const fn kinds(&self) -> u32 {
        self.kinds
    }

    pub(crate) const fn set_kinds(&mut self, kinds: u32) {
        self.kinds = kinds;
    }

    /// The task whose completion a condition had no answer for, and what was wrong: 1 to 3.
    pub(crate) const fn incident(&self) -> Option<(u16, u8)> {
        if self.program & INCIDENT == 0 {
            return None;
        }
        Some(((self.state & FAULTY) >> FAULTY_AT, ((self.state & FAULT) >> FAULT_AT) as u8))
    }

    pub(crate) const fn set_incident(&mut self, task: u16, fault: u8) {
        self.program |= INCIDENT;
        let (task, fault) = ((task << FAULTY_AT) & FAULTY, ((fault as u16) << FAULT_AT) & FAULT);
        self.state = self.state & !(FAULTY | FAULT) | task | fault;
    }

    pub(crate) const fn clear_incident(&mut self) {
        self.program &= !INCIDENT;
        self.state &= !(FAULTY | FAULT);
    }

    /// What a case is, apart from where it lives and what it runs.
    pub(crate) const fn parts(&self) -> (Marking, u32, [u8; COUNTERS_MAX]) {
        (self.marking, self.since, self.assigned)
    }

    pub(crate) const fn set_parts(&mut self, marking: Marking, since: u32, assigned: [u8; COUNTERS_MAX]) {
        self.set_marking(marking);
        self.since = since;
        self.assigned = assigned;
    }

    /// How the case has ended in this batch.
    pub(crate) const fn end(&self) -> u16 {
        self.state & END
    }

    pub(crate) const fn set_end(&mut self, end: u16) {
        self.state = self.state & !END | end & END;
    }

    /// A record's bits: the bytes `at..at + bytes`.
    pub(crate) fn record_bits(&self, at: usize, bytes: usize) -> u64 {
        self.assigned[at..at + bytes].iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte))
    }

    /// Writes a record's bits; those that do not fit must be clear.
    pub(crate) fn set_record_bits(&mut self, at: usize, bytes: usize, bits: u64) {
        for (byte, value) in self.assigned[at..at + bytes].iter_mut().zip(bits.to_le_bytes()) {
            *byte = value;
        }
    }

    /// Ends the case; returns `false` if the line has no generation left and must not be used again.
    pub(crate) const fn vacate(&mut self, next_free: u32) -> bool {
        self.clear();
        let generation = self.generation;
        self.link = next_free;
        self.state = 0;
        self.generation = FREE | if generation < GENERATION_LAST { generation + 1 } else { generation };
        generation < GENERATION_LAST
    }

    /// Takes every token away.
    pub(crate) const fn clear(&mut self) {
        self.assigned = [0; COUNTERS_MAX];
        self.set_marking([0; WORDS_MAX]);
    }

    pub(crate) const fn link(&self) -> u32 {
        self.link
    }

    /// Tokens at a place.
    pub(crate) fn tokens(&self, place: usize, counter_of: &CounterOf) -> u8 {
        match counter_of[place] {
            NO_COUNTER => (self.marking[place / 64] >> (place % 64) & 1) as u8,
            counter => self.assigned[usize::from(counter)],
        }
    }

    /// Adds tokens to a place. Returns `false`, with nothing changed, if they would be more than it can hold.
    pub(crate) fn add(&mut self, place: usize, count: u8, counter_of: &CounterOf) -> bool {
        let most = if counter_of[place] == NO_COUNTER { 1 } else { u8::MAX };
        match self.tokens(place, counter_of).checked_add(count) {
            Some(sum) if sum <= most => self.set_tokens(place, sum, counter_of),
            _ => return false,
        }
        true
    }

    /// Takes tokens from a place. Returns `false`, with nothing changed, if it holds fewer.
    pub(crate) fn take(&mut self, place: usize, count: u8, counter_of: &CounterOf) -> bool {
        match self.tokens(place, counter_of).checked_sub(count) {
            Some(left) => self.set_tokens(place, left, counter_of),
            None => return false,
        }
        true
    }

    fn set_tokens(&mut self, place: usize, count: u8, counter_of: &CounterOf) {
        let counter = counter_of[place];
        if counter != NO_COUNTER {
            self.assigned[usize::from(counter)] = count;
        }
        let (mut marking, bit) = (self.marking, 1 << (place % 64));
        if count > 0 {
            marking[place / 64] |= bit;
        } else {
            marking[place / 64] &= !bit;
        }
        self.set_marking(marking);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_place_holds_255_tokens_and_refuses_the_next() {
        let mut counter_of = wf_net::image::NO_COUNTERS;
        counter_of[70] = 25;
        let mut line = Line::new_zeroed_for_test();
        for count in 1..=255u8 {
            assert!(line.add(70, 1, &counter_of), "token {count}");
        }
        assert!(!line.add(70, 1, &counter_of));
        assert_eq!((line.tokens(70, &counter_of), line.marking()), (255, [0, 1 << 6]));
        assert!(line.take(70, 255, &counter_of) && !line.take(70, 1, &counter_of));
        assert_eq!(line.marking(), [0, 0]);
        // A place without a counter holds one.
        assert!(line.add(3, 1, &counter_of) && !line.add(3, 1, &counter_of));
    }

    #[test]
    fn a_slot_is_retired_after_its_last_generation() {
        let mut line = Line::new_zeroed_for_test();
        line.generation = FREE | (GENERATION_LAST - 1);
        assert_eq!(line.occupy(5, 0), GENERATION_LAST - 1);
        assert_eq!(line.program_of(GENERATION_LAST - 1), Some(5));
        assert!(line.vacate(NO_SLOT));
        assert_eq!(line.program_of(GENERATION_LAST - 1), None);
        assert_eq!(line.occupy(5, 0), GENERATION_LAST);
        assert!(!line.vacate(NO_SLOT));
    }

    impl Line {
        fn new_zeroed_for_test() -> Self {
            zerocopy::FromZeros::new_zeroed()
        }
    }
}
