//! Where the ops of a program stand, so that one multiplication finds each and few cells are empty.
//!
//! The op of (route, outcome) has the number `route + outcome * stride`. Every route has an outcome 0, so these stand in a row; the
//! others go before it or behind it, with a stride at which no two meet. Which route has several outcomes is the model's choice,
//! and one stride is better for it than another: all are tried.

/// Whether ops begin before the row of outcome 0, and how far apart outcomes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spread {
    /// How many ops further that of the next outcome stands.
    pub(crate) stride: i16,
    /// Ops that have room before that of route 0 and outcome 0.
    pub(crate) before: usize,
    /// Ops that have room in all.
    pub(crate) count: usize,
}

impl Spread {
    /// All that give each op, by route and outcome, a place of its own: those with the least room first, at last one in which every
    /// outcome of `shift` bits has a place.
    pub(crate) fn all(routes: usize, shift: u8, ops: &[(u16, u8)]) -> Vec<Self> {
        let whole = Self { stride: routes as i16, before: 0, count: routes << shift };
        if shift == 0 {
            return vec![whole];
        }
        let others: Vec<_> = ops.iter().copied().filter(|&(_, outcome)| outcome > 0).collect();
        let ahead = (1..=routes as i16).flat_map(|stride| [stride, -stride]);
        let mut all: Vec<Self> = ahead.filter_map(|stride| Self::with(routes, stride, &others)).collect();
        all.sort_by_key(|spread| spread.count);
        all.push(whole);
        all
    }

    /// That of a stride, unless two ops meet.
    fn with(routes: usize, stride: i16, others: &[(u16, u8)]) -> Option<Self> {
        let number =
            |&(route, outcome): &(u16, u8)| i32::from(route) + i32::from(outcome) * i32::from(stride);
        let mut numbers: Vec<i32> = others.iter().map(number).collect();
        numbers.sort_unstable();
        let row = 0..routes as i32;
        if numbers.iter().any(|number| row.contains(number)) || !numbers.is_sorted_by(|one, two| one < two) {
            return None;
        }
        let first = numbers.first().map_or(0, |&number| number.min(0));
        let end = numbers.last().map_or(row.end, |&number| (number + 1).max(row.end));
        Some(Self { stride, before: -first as usize, count: (end - first) as usize })
    }

    /// Where an op stands among those that have room.
    pub(crate) fn place(&self, route: u16, outcome: u8) -> usize {
        let number = i32::from(route) + i32::from(outcome) * i32::from(self.stride);
        self.before.wrapping_add_signed(number as isize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(routes: usize, shift: u8, ops: &[(u16, u8)], best: usize) {
        let all = Spread::all(routes, shift, ops);
        for spread in &all {
            let mut places: Vec<usize> = ops.iter().map(|&(r, o)| spread.place(r, o)).collect();
            places.sort_unstable();
            assert!(places.is_sorted_by(|one, two| one < two), "{spread:?}: two ops meet");
            assert!(places.iter().all(|&place| place < spread.count), "{spread:?}: no room");
        }
        assert_eq!(all[0].count, best, "{:?}", all[0]);
    }

    #[test]
    fn no_two_ops_meet_and_few_places_are_empty() {
        let row = |routes: u16| (0..routes).map(|route| (route, 0));
        let with = |routes: u16, others: &[(u16, u8)]| -> Vec<(u16, u8)> {
            row(routes).chain(others.iter().copied()).collect()
        };
        check(5, 0, &with(5, &[]), 5);
        // One route of several outcomes at an end of the row: no place is empty.
        check(5, 2, &with(5, &[(4, 1), (4, 2), (4, 3)]), 8);
        check(5, 2, &with(5, &[(0, 1), (0, 2), (0, 3)]), 8);
        check(4, 2, &with(4, &[(2, 1), (3, 1), (2, 2), (3, 2)]), 8);
        // All have several: the whole table.
        let all: Vec<(u16, u8)> = (0..6).flat_map(|route| (0..4).map(move |o| (route, o))).collect();
        check(6, 2, &all, 24);
        check(13, 2, &with(13, &[(0, 1), (0, 2), (2, 1), (2, 2)]), 19);
    }
}
