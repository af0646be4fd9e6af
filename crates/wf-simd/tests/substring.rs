//! Byte patterns: every place is found, against a search of every window.
#![cfg(feature = "substring")]

mod random;

use random::Random;
use wf_simd::{Pattern, find_bytes};

fn naive(haystack: &[u8], pattern: &[u8]) -> Option<usize> {
    (0..=haystack.len().checked_sub(pattern.len())?).find(|at| haystack[*at..].starts_with(pattern))
}

#[test]
fn patterns_of_every_length_are_found_where_they_are() {
    let mut random = Random::new(1);
    for len in 0..=200 {
        // Two letters, so that there are many beginnings and few matches.
        let haystack: Vec<u8> = (0..len).map(|_| b'a' + random.below(2) as u8).collect();
        for long in (0..=12).chain([31, 32, 33, 200]) {
            let absent: Vec<u8> = (0..long).map(|_| b'a' + random.below(2) as u8).collect();
            let from = random.below(len as u64 + 1) as usize;
            let present = &haystack[from..(from + long).min(haystack.len())];
            for pattern in [&absent[..], present] {
                let expected = naive(&haystack, pattern);
                assert_eq!(find_bytes(&haystack, pattern), expected, "{pattern:?} in {haystack:?}");
                assert_eq!(Pattern::new(pattern).find(&haystack), expected, "{pattern:?} in {haystack:?}");
            }
        }
    }
}

#[test]
fn all_places_are_those_without_overlaps() {
    let mut random = Random::new(2);
    for len in 0..=300 {
        let haystack: Vec<u8> = (0..len).map(|_| b'a' + random.below(2) as u8).collect();
        for pattern in [&b"a"[..], b"ab", b"aba", b"bb", b"abab"] {
            let (mut expected, mut from) = (Vec::new(), 0);
            while let Some(at) = naive(&haystack[from..], pattern) {
                expected.push(from + at);
                from += at + pattern.len();
            }
            let found: Vec<usize> = Pattern::new(pattern).find_all(&haystack).collect();
            assert_eq!(found, expected, "{pattern:?} in {haystack:?}");
        }
    }
}
