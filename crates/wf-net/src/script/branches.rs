//! Splits that take some of several branches: by the choice, or by the data of the case.

use super::{Codes, Fault, NONE, Tokens, Walk};

impl<T: Tokens> Walk<'_, T> {
    /// WCP-6: the digit is a mask of branches; an empty one means the default branch.
    pub(super) fn branches(&mut self, codes: &mut Codes<'_>) -> Result<(), Fault> {
        let count = self.take_slot(codes.next());
        let default = codes.next();
        let targets = codes.list();
        let mask = self.digit(1 << targets.len());
        if count == 0 {
            return Ok(());
        }
        self.put_chosen(count, mask, default, targets, Fault::Choice)
    }

    /// WCP-4 by data: the first branch whose condition holds.
    pub(super) fn decide(&mut self, codes: &mut Codes<'_>) -> Result<(), Fault> {
        let count = self.take_slot(codes.next());
        let default = codes.next();
        let (guards, targets) = (codes.list(), codes.list());
        let digit = self.digit(targets.len() as u64 + 1) as usize;
        if count == 0 {
            return Ok(());
        }
        if let Some(branch) = digit.checked_sub(1) {
            return self.put(targets[branch], count);
        }
        for (&guard, &target) in guards.iter().zip(targets) {
            if guard != NONE && self.tokens.holds(guard).map_err(Fault::Guard)? {
                return self.put(target, count);
            }
        }
        let target = targets.get(usize::from(default)).ok_or(Fault::NoBranch)?;
        self.put(*target, count)
    }

    /// WCP-6 by data: every branch whose condition holds.
    pub(super) fn decide_each(&mut self, codes: &mut Codes<'_>) -> Result<(), Fault> {
        let count = self.take_slot(codes.next());
        let default = codes.next();
        let (guards, targets) = (codes.list(), codes.list());
        let mut mask = self.digit(1 << targets.len());
        if count == 0 {
            return Ok(());
        }
        if mask == 0 {
            for (branch, &guard) in guards.iter().enumerate() {
                let holds = guard != NONE && self.tokens.holds(guard).map_err(Fault::Guard)?;
                mask |= u64::from(holds) << branch;
            }
        }
        self.put_chosen(count, mask, default, targets, Fault::NoBranch)
    }

    /// Puts tokens on the branches of a mask; on the default branch if it is empty.
    fn put_chosen(
        &mut self,
        count: u8,
        mask: u64,
        default: u16,
        targets: &[u16],
        nothing: Fault,
    ) -> Result<(), Fault> {
        if mask == 0 {
            let target = targets.get(usize::from(default)).ok_or(nothing)?;
            return self.put(*target, count);
        }
        let chosen = targets.iter().enumerate().filter(|(branch, _)| mask >> branch & 1 == 1);
        chosen.map(|(_, &target)| target).try_for_each(|target| self.put(target, count))
    }
}
