//! The rule of each synchronizing merge as masks: found by walking, written in the smallest exact form.
//!
//! A form is a list of *cubes*, bits that matter and what they must be: the merge need not wait iff one of them fits.
//! Three are tried: one cube that names the places from which a token can still come; one such cube for each set of
//! inputs that have a token; and as many as it takes to tell the markings apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::explore::Marking;
use crate::image::WORDS_MAX;

/// Most cubes of one merge.
const CUBES_MAX: usize = 64;

/// Bits of a marking.
pub(crate) type Bits = u128;

const _: () = assert!(Bits::BITS as usize == 64 * WORDS_MAX);

/// `marking & care == want`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cube {
    pub(crate) care: Bits,
    pub(crate) want: Bits,
}

impl Cube {
    fn fits(self, bits: Bits) -> bool {
        bits & self.care == self.want
    }
}

fn bits(marking: &Marking) -> Bits {
    marking.iter().enumerate().fold(0, |bits, (place, &tokens)| bits | Bits::from(tokens > 0) << place)
}

/// The cubes of a merge; `None` if bits cannot tell its markings apart, or only with too many cubes.
pub(crate) fn cubes(asked: &BTreeMap<Marking, bool>, inputs: &[u16]) -> Option<Vec<Cube>> {
    let of = |waits: bool| -> BTreeSet<Bits> {
        asked.iter().filter(|(_, w)| **w == waits).map(|(marking, _)| bits(marking)).collect()
    };
    let (waits, fires) = (of(true), of(false));
    if !waits.is_disjoint(&fires) {
        return None;
    }
    let whole = |waits: &BTreeSet<Bits>, fires: &BTreeSet<Bits>, inputs: Bits, pattern: Bits| {
        let fired = fires.iter().fold(0, |all, bits| all | bits);
        let threat = waits.iter().fold(0, |all, bits| all | bits) & !fired & !inputs;
        waits.iter().all(|bits| bits & threat != 0).then_some(Cube { care: threat | inputs, want: pattern })
    };
    if let Some(cube) = whole(&waits, &fires, 0, 0) {
        return Some(vec![cube]);
    }
    let inputs = inputs.iter().fold(0, |all, &place| all | 1 << place);
    let patterns: BTreeSet<Bits> = fires.iter().map(|bits| bits & inputs).collect();
    let by_pattern: Option<Vec<Cube>> = patterns
        .iter()
        .map(|&pattern| {
            let having =
                |all: &BTreeSet<Bits>| all.iter().copied().filter(|b| b & inputs == pattern).collect();
            whole(&having(&waits), &having(&fires), inputs, pattern)
        })
        .collect();
    by_pattern.filter(|cubes| cubes.len() <= CUBES_MAX).or_else(|| grown(&waits, &fires))
}

/// Cubes that are grown one after another, each from a marking that none covers yet, as far as no waiting one fits.
fn grown(waits: &BTreeSet<Bits>, fires: &BTreeSet<Bits>) -> Option<Vec<Cube>> {
    let used = waits.iter().chain(fires).fold(0, |all, bits| all | bits);
    let mut cubes: Vec<Cube> = Vec::new();
    for &fire in fires {
        if cubes.iter().any(|cube| cube.fits(fire)) {
            continue;
        }
        let mut cube = Cube { care: used, want: fire };
        for place in 0..Bits::BITS {
            let less = Cube { care: cube.care & !(1 << place), want: cube.want & !(1 << place) };
            if less.care != cube.care && !waits.iter().any(|&bits| less.fits(bits)) {
                cube = less;
            }
        }
        cubes.push(cube);
        if cubes.len() > CUBES_MAX {
            return None;
        }
    }
    Some(cubes)
}
