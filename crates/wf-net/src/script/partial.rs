//! Partial joins.

use super::{Codes, Fault, NONE, Tokens, Walk};

impl<T: Tokens> Walk<'_, T> {
    /// WCP-9, WCP-30: fires at the needed arrival, swallows the others, begins anew when all have arrived.
    pub(super) fn partial(&mut self, codes: &mut Codes<'_>) -> Result<(), Fault> {
        let count = self.take_slot(codes.next());
        let (needed, all) = (codes.next() as u8, codes.next() as u8);
        let (arrived, swallowed) = (codes.next(), codes.next());
        let targets = codes.list();
        for _ in 0..count {
            if self.tokens.tokens(swallowed) > 0 {
                if !self.tokens.add(swallowed, 1) {
                    return Err(Fault::Full);
                }
            } else {
                if !self.tokens.add(arrived, 1) {
                    return Err(Fault::Full);
                }
                if self.tokens.tokens(arrived) == needed {
                    self.tokens.take(arrived, needed);
                    if !self.tokens.add(swallowed, needed) {
                        return Err(Fault::Full);
                    }
                    self.put_all(targets, 1)?;
                }
            }
            if self.tokens.tokens(swallowed) == all {
                self.tokens.take(swallowed, all);
            }
        }
        Ok(())
    }

    /// WCP-29, WCP-32: fires at the needed arrival and empties the places of its region; begins anew at once.
    pub(super) fn partial_cancel(&mut self, codes: &mut Codes<'_>) -> Result<(), Fault> {
        let count = self.take_slot(codes.next());
        let (needed, arrived) = (codes.next() as u8, codes.next());
        let (region, targets) = (codes.list(), codes.list());
        for _ in 0..count {
            if !self.tokens.add(arrived, 1) {
                return Err(Fault::Full);
            }
            if self.tokens.tokens(arrived) == needed {
                self.tokens.take(arrived, needed);
                region.iter().for_each(|&place| self.tokens.clear(place));
                self.put_all(targets, 1)?;
            }
        }
        Ok(())
    }

    /// WCP-36: as [`partial_cancel`](Self::partial_cancel), also at an arrival that is enough.
    pub(super) fn partial_enough(&mut self, codes: &mut Codes<'_>) -> Result<(), Fault> {
        let count = self.take_slot(codes.next());
        let (needed, arrived, guard) = (codes.next() as u8, codes.next(), codes.next());
        let (left_out, of_left_out) = (codes.next(), codes.next());
        let (region, again, targets) = (codes.list(), codes.list(), codes.list());
        let digit = if guard == NONE { 1 } else { self.digit(3) };
        let absent = if left_out == NONE { 0 } else { self.take_slot(left_out) };
        if !again.is_empty() && !self.tokens.counts_rounds() {
            for _ in 0..count {
                let is_enough = self.tokens.is_enough(guard, [0; 4]).map_err(Fault::Guard)?;
                if is_enough {
                    region.iter().for_each(|&place| self.tokens.clear(place));
                }
                self.put_all(if is_enough { targets } else { again }, 1)?;
            }
            return Ok(());
        }
        for arrival in 0..u16::from(absent) + u16::from(count) {
            let is_absent = arrival < u16::from(absent);
            let fits = !is_absent || self.tokens.add(of_left_out, 1);
            if !fits || !self.tokens.add(arrived, 1) {
                return Err(Fault::Full);
            }
            let there = self.tokens.tokens(arrived);
            // The last one is an instance, where each lets the next begin.
            let is_last = if again.is_empty() { there == needed } else { !is_absent && there >= needed };
            let is_enough = is_last
                || match digit {
                    _ if is_absent => false,
                    0 => {
                        let none = if of_left_out == NONE { 0 } else { self.tokens.tokens(of_left_out) };
                        let [all, done] = [needed, there].map(|number| number.saturating_sub(none));
                        let tallies =
                            [all, done, if again.is_empty() { all.saturating_sub(done) } else { 0 }, 0];
                        self.tokens.is_enough(guard, tallies.map(u16::from)).map_err(Fault::Guard)?
                    }
                    digit => digit == 2,
                };
            if is_enough {
                self.tokens.clear(arrived);
                if of_left_out != NONE {
                    self.tokens.clear(of_left_out);
                }
                region.iter().for_each(|&place| self.tokens.clear(place));
                self.put_all(targets, 1)?;
            } else if !is_absent {
                self.put_all(again, 1)?;
            }
        }
        Ok(())
    }

    /// WCP-28, WCP-31: each branch counts once in a round; what arrives again waits for the next round.
    pub(super) fn partial_block(&mut self, codes: &mut Codes<'_>) -> Result<(), Fault> {
        let needed = usize::from(codes.next());
        let (inputs, arrived, done) = (codes.list(), codes.list(), codes.list());
        let targets = codes.list();
        loop {
            self.round()?;
            let mut moved = false;
            let mut has_fired = done.iter().any(|&place| self.tokens.tokens(place) > 0);
            for ((&input, &arrived_here), &done_here) in inputs.iter().zip(arrived).zip(done) {
                let is_there = self.tokens.tokens(arrived_here) | self.tokens.tokens(done_here) != 0;
                if is_there || self.tokens.tokens(input) == 0 {
                    continue;
                }
                moved = true;
                // The token may vanish here, and with it what the end of a sub-process waits for.
                self.again = true;
                self.tokens.take(input, 1);
                if !self.tokens.add(if has_fired { done_here } else { arrived_here }, 1) {
                    return Err(Fault::Full);
                }
                let count = arrived.iter().filter(|&&place| self.tokens.tokens(place) > 0).count();
                if !has_fired && count == needed {
                    has_fired = true;
                    for (&arrived, &done) in arrived.iter().zip(done) {
                        if self.tokens.tokens(arrived) > 0 {
                            self.tokens.take(arrived, 1);
                            if !self.tokens.add(done, 1) {
                                return Err(Fault::Full);
                            }
                        }
                    }
                    self.put_all(targets, 1)?;
                }
            }
            if done.iter().all(|&place| self.tokens.tokens(place) > 0) {
                done.iter().for_each(|&place| self.tokens.take(place, 1));
            } else if !moved {
                return Ok(());
            }
        }
    }
}
