//! The rule of each synchronizing merge as masks: found by walking, written in the smallest exact form.
//!
//! A form is a list of *cubes*, bits that matter and what they must be: the merge need not wait iff one of them fits.
//! Three are tried: one cube that names the places from which a token can still come; one such cube for each set of
//! inputs that have a token; and as many as it takes to tell the markings apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::NodeId;
use crate::compile::{Mask, mask, meets, or};
use crate::conditions::Condition;
use crate::explore::{Explorer, MARKINGS_MAX, Marking, chains};
use crate::image::{CubeCell, WORDS_MAX};
use crate::net::{Net, NodeKind};
use crate::problem::{Problem, ProblemKind, Subject};
use crate::routing::Routing;

/// Most cubes of one merge.
const CUBES_MAX: usize = 64;

/// Bits of a marking.
pub(crate) type Bits = u128;

const _: () = assert!(Bits::BITS as usize == 64 * WORDS_MAX);

/// When each synchronizing merge need not wait.
pub(crate) fn merge_cubes(
    net: &Net,
    routing: &Routing,
    conditions: &[Condition],
    problems: &mut Vec<Problem>,
) -> Vec<CubeCell> {
    let mut cells = Vec::new();
    for (index, &merge) in routing.merges.iter().enumerate() {
        let words = |bits: u128| [bits as u64, (bits >> 64) as u64];
        if net.node(merge).kind() == NodeKind::Completion {
            let care = routing.region(net, merge).iter().fold(0, |care, &place| care | 1u128 << place);
            let reserved = [0; 7];
            cells.push(CubeCell { care: words(care), want: [0; 2], merge: index as u32, reserved });
            continue;
        }
        let Some(cubes) = cubes_of(net, routing, conditions, index) else {
            let kind = ProblemKind::MergeUndecided { states: MARKINGS_MAX };
            problems.push(Problem::new(Subject::Node(merge), kind));
            continue;
        };
        cells.extend(cubes.iter().map(|cube| CubeCell {
            care: words(cube.care),
            want: words(cube.want),
            merge: index as u32,
            reserved: [0; 7],
        }));
    }
    cells
}

/// What a synchronizing merge looks at.
#[derive(Clone, Copy)]
pub(crate) struct Waits {
    pub(crate) inputs: Mask,
    /// All other bits that matter.
    pub(crate) others: Mask,
    /// Of these, bits that a cube asks to be set.
    pub(crate) wants: Mask,
    /// Whether one mask says when it need not wait.
    pub(crate) is_one_mask: bool,
    /// What keeps it from firing unless it has all inputs, if so: without a cube its inputs themselves.
    pub(crate) threat: Mask,
}

/// What each merge looks at, as far as masks can say it.
pub(crate) fn waits(net: &Net, routing: &Routing, cubes: &[CubeCell]) -> Vec<Waits> {
    let of_merge = |(index, &merge): (usize, &NodeId)| {
        let inputs = mask(&routing.places_of(net, merge));
        let own: Vec<&CubeCell> = cubes.iter().filter(|cube| cube.merge as usize == index).collect();
        let care = own.iter().fold([0; WORDS_MAX], |care, cube| or(care, cube.care));
        let others = core::array::from_fn(|word| care[word] & !inputs[word]);
        let wants = own.iter().fold([0; WORDS_MAX], |want, cube| or(want, cube.want));
        let wants = core::array::from_fn(|word| wants[word] & !inputs[word]);
        let is_one_mask = match own[..] {
            [] => true,
            [cube] => cube.want == [0; WORDS_MAX] && !meets(cube.care, inputs),
            _ => false,
        };
        Waits { inputs, others, wants, is_one_mask, threat: if own.is_empty() { inputs } else { others } }
    };
    routing.merges.iter().enumerate().map(of_merge).collect()
}

/// The cubes of a merge; `None` if the walk passed a limit, or bits cannot tell the markings apart.
fn cubes_of(net: &Net, routing: &Routing, conditions: &[Condition], merge: usize) -> Option<Vec<Cube>> {
    let inputs: Vec<u16> = routing.places_of(net, routing.merges[merge]);
    let walk = |by_chains| Explorer::new(net, routing, conditions, Some(merge), by_chains)?.walk().ok();
    let by_chains = cubes(&walk(true)?.asked, &inputs);
    let stands_for = chains(net, routing);
    // A token that must not be at the end of a chain must not be in it; one that must be there cannot be said by bits.
    let spread = |cubes: Vec<Cube>| {
        let members = (0u16..).zip(&stands_for).filter(|&(place, &end)| place != end);
        let members: Vec<(u16, u16)> = members.map(|(place, &end)| (place, end)).collect();
        let wanted = |cube: &Cube| members.iter().any(|&(_, end)| cube.want >> end & 1 == 1);
        if cubes.iter().any(wanted) {
            return None;
        }
        let wider = |cube: Cube| {
            let more = members.iter().filter(|&&(_, end)| cube.care >> end & 1 == 1);
            Cube { care: more.fold(cube.care, |care, &(place, _)| care | 1 << place), ..cube }
        };
        Some(cubes.into_iter().map(wider).collect())
    };
    by_chains.and_then(spread).or_else(|| cubes(&walk(false)?.asked, &inputs))
}

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
