//! Tokens as plain counts, as a walk through markings leaves and finds them.

use super::{Explorer, GaveUp, Marking, Merges};
use crate::guard;
use crate::image::{CubeCell, WORDS_MAX};
use crate::script::Tokens;

/// Plain counts of tokens.
pub(super) struct Counted<'w, 'n, 'f> {
    pub(super) explorer: &'w mut Explorer<'n>,
    pub(super) marking: Marking,
    pub(super) merges: &'w mut Merges<'f>,
    pub(super) gave_up: bool,
    /// What conditions of joins are told, a bit each, and how many were asked.
    pub(super) answers: u32,
    pub(super) asked: u32,
}

impl Tokens for Counted<'_, '_, '_> {
    fn tokens(&self, place: u16) -> u8 {
        self.marking[usize::from(place)]
    }

    fn add(&mut self, place: u16, count: u8) -> bool {
        let cell = &mut self.marking[usize::from(place)];
        let Some(sum) = cell.checked_add(count) else { return false };
        *cell = sum;
        if let Merges::Ask(found) = self.merges {
            let most = &mut found.most[usize::from(place)];
            *most = sum.max(*most);
        }
        true
    }

    fn take(&mut self, place: u16, count: u8) {
        self.marking[usize::from(place)] -= count;
    }

    fn clear(&mut self, place: u16) {
        self.marking[usize::from(place)] = 0;
    }

    fn is_settled(&mut self, merge: u16, is_full: bool) -> bool {
        if let Merges::Cubes(cubes) = self.merges {
            let words = words(&self.marking);
            let fits = |cube: &CubeCell| {
                cube.merge == u32::from(merge)
                    && (0..WORDS_MAX).all(|word| words[word] & cube.care[word] == cube.want[word])
            };
            return is_full || cubes.iter().any(fits);
        }
        if let Some(region) = &self.explorer.waits_for[usize::from(merge)] {
            return region.iter().all(|&place| self.marking[usize::from(place)] == 0);
        }
        let inputs = &self.explorer.inputs[usize::from(merge)];
        if !inputs.iter().any(|&place| self.explorer.matters[usize::from(place)]) {
            // What it passes on does not matter either.
            return false;
        }
        match self.merges {
            Merges::Hold | Merges::Cubes(_) => false,
            Merges::Only { merge: only, has_fired } => {
                let fires = *only == merge && !*has_fired;
                *has_fired |= fires;
                fires
            }
            Merges::Ask(found) => {
                let mut marking = self.marking.clone();
                self.explorer.simplify(&mut marking);
                match self.explorer.must_wait(merge, &marking) {
                    Ok(waits) => {
                        if self.explorer.merge == Some(merge) {
                            found.asked.insert(marking, waits);
                        }
                        !waits
                    }
                    Err(GaveUp) => {
                        self.gave_up = true;
                        false
                    }
                }
            }
        }
    }

    fn create(&mut self, task: u16, _: u16) -> bool {
        self.add(task, 1)
    }

    /// Whatever holds, the choices that say the branches are walked too: here nothing does, which is the default branch.
    fn holds(&mut self, _: u16) -> Result<bool, guard::Fault> {
        Ok(false)
    }

    fn is_enough(&mut self, _: u16, _: [u16; 4]) -> Result<bool, guard::Fault> {
        self.asked += 1;
        Ok(self.answers.checked_shr(self.asked - 1).is_some_and(|answers| answers & 1 == 1))
    }

    fn counts_rounds(&self) -> bool {
        self.explorer.counts_rounds
    }

    fn count(&mut self, _: u16) -> Result<u16, guard::Fault> {
        Ok(1)
    }
}

/// The marking as bits.
fn words(marking: &[u8]) -> [u64; WORDS_MAX] {
    let mut words = [0; WORDS_MAX];
    for (place, _) in marking.iter().enumerate().filter(|&(_, &tokens)| tokens > 0) {
        words[place / 64] |= 1 << (place % 64);
    }
    words
}
