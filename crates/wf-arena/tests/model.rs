//! Random use of every kind of scope beside `Vec` twins: nothing handed out ever changes behind its owner's back.

use std::mem::MaybeUninit;

use wf_arena::{Arena, Bump, Policy, Region, RegionScope};

/// xorshift64: enough to vary, and the seed is printed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

fn rounds(quick: usize) -> usize {
    if std::env::var("WF_TEST_SCALE").is_ok_and(|scale| scale == "full") { quick * 50 } else { quick }
}

/// A value in the arena, and what it has to be.
enum Pair<'s> {
    Word(&'s mut u64, u64),
    Bytes(&'s mut [u8], Vec<u8>),
    Words(&'s mut [u64], Vec<u64>),
    Text(&'s mut str, String),
    Wide(&'s mut Wide, [u8; 64]),
}

#[repr(align(64))]
struct Wide([u8; 64]);

impl Pair<'_> {
    fn check(&self) {
        match self {
            Pair::Word(value, twin) => assert_eq!(**value, *twin),
            Pair::Bytes(value, twin) => assert_eq!(**value, **twin),
            Pair::Words(value, twin) => assert_eq!(**value, **twin),
            Pair::Text(value, twin) => assert_eq!(**value, **twin),
            Pair::Wide(value, twin) => {
                assert_eq!((&raw const value.0).addr() % 64, 0);
                assert_eq!(value.0, *twin);
            }
        }
    }

    fn change(&mut self, random: &mut Random) {
        match self {
            Pair::Word(value, twin) => {
                *twin = random.next();
                **value = *twin;
            }
            Pair::Bytes(value, twin) => {
                if let Some(index) = value.len().checked_sub(1) {
                    twin[index] = random.next() as u8;
                    value[index] = twin[index];
                }
            }
            Pair::Words(value, twin) => {
                value.reverse();
                twin.reverse();
            }
            Pair::Text(value, twin) => {
                value.make_ascii_uppercase();
                twin.make_ascii_uppercase();
            }
            Pair::Wide(value, twin) => {
                value.0.rotate_left(1);
                twin.rotate_left(1);
            }
        }
    }
}

/// Allocates one thing of a random kind. Refusals are part of the game and change nothing.
fn allocate<'s, B: Bump<'s>>(scope: &B, random: &mut Random) -> Option<Pair<'s>> {
    let len = random.below(64);
    match random.below(7) {
        0 => {
            let twin = random.next();
            Some(Pair::Word(scope.try_alloc(twin).ok()?, twin))
        }
        1 => {
            let twin: Vec<u8> = (0..len).map(|_| random.next() as u8).collect();
            Some(Pair::Bytes(scope.try_alloc_slice_copy(&twin).ok()?, twin))
        }
        2 => {
            let twin = vec![random.next(); len];
            Some(Pair::Words(scope.try_alloc_slice_fill(len, twin.first().copied()?).ok()?, twin))
        }
        3 => {
            let twin = "läufig ".repeat(len / 8);
            Some(Pair::Text(scope.try_alloc_str(&twin).ok()?, twin))
        }
        4 => {
            let twin = [random.next() as u8; 64];
            Some(Pair::Wide(scope.try_alloc(Wide(twin)).ok()?, twin))
        }
        5 => {
            let mut vec = scope.try_vec_in::<u64>(random.below(4)).ok()?;
            let mut twin = Vec::new();
            for _ in 0..len {
                match random.below(9) {
                    0 => assert_eq!(vec.pop(), twin.pop()),
                    1 => {
                        let keep = random.below(vec.len() + 2);
                        vec.truncate(keep);
                        twin.truncate(keep);
                    }
                    2 => {
                        let more = [random.next(); 5];
                        if vec.try_extend_from_slice(&more).is_ok() {
                            twin.extend_from_slice(&more);
                        }
                    }
                    3 => {
                        let (index, value) = (random.below(twin.len() + 1), random.next());
                        if vec.try_insert(index, value).is_ok() {
                            twin.insert(index, value);
                        }
                    }
                    4 => {
                        let index = random.below(twin.len() + 1);
                        let expected = (index < twin.len()).then(|| twin.remove(index));
                        assert_eq!(vec.remove(index), expected);
                    }
                    5 => {
                        let index = random.below(twin.len() + 1);
                        let expected = (index < twin.len()).then(|| twin.swap_remove(index));
                        assert_eq!(vec.swap_remove(index), expected);
                    }
                    6 => {
                        let bit = 1 << random.below(8);
                        vec.retain(|value| *value & bit == 0 || *value & 0x700 == 0);
                        twin.retain(|value| *value & bit == 0 || *value & 0x700 == 0);
                    }
                    _ => {
                        let value = random.next();
                        if vec.try_push(value).is_ok() {
                            twin.push(value);
                        }
                    }
                }
                assert_eq!(*vec, *twin);
            }
            Some(Pair::Words(vec.into_slice(), twin))
        }
        _ => {
            let mut text = scope.try_string_in(0).ok()?;
            let mut twin = String::new();
            for _ in 0..len {
                let part = ["a", "ß", "€uro", ""][random.below(4)];
                if text.try_push_str(part).is_ok() {
                    twin.push_str(part);
                }
            }
            Some(Pair::Text(text.into_str(), twin))
        }
    }
}

fn play<'s, B: Bump<'s>>(scope: &B, random: &mut Random, steps: usize) {
    let mut pairs = Vec::new();
    for _ in 0..steps {
        pairs.extend(allocate(scope, random));
        if !pairs.is_empty() {
            let index = random.below(pairs.len());
            pairs[index].change(random);
        }
    }
    pairs.iter().for_each(Pair::check);
}

/// Like `play`, and now and then opens a checkpoint, within which the same goes on.
fn play_nested(scope: &mut RegionScope<'_>, random: &mut Random, depth: usize) {
    let mut pairs = Vec::new();
    for _ in 0..random.below(20) {
        pairs.extend(allocate(&&*scope, random));
        if depth > 0 && random.below(4) == 0 {
            let before = scope.used_bytes();
            {
                let mut checkpoint = scope.checkpoint();
                for _ in 0..random.below(3) {
                    play_nested(&mut checkpoint.scope(), random, depth - 1);
                }
            }
            assert_eq!(scope.used_bytes(), before);
        }
        pairs.iter().for_each(Pair::check);
    }
}

#[test]
fn arenas_agree_with_their_twins() {
    let seed = 0x5EED;
    println!("seed {seed:#x}");
    let mut random = Random(seed);
    for limit_bytes in [None, Some(20_000), Some(3_000)] {
        let mut arena =
            Arena::with_policy(Policy { first_chunk_bytes: 1000, limit_bytes, ..Policy::DEFAULT });
        for _ in 0..rounds(200) {
            let steps = random.below(100);
            play(&arena.scope(), &mut random, steps);
            assert!(limit_bytes.is_none_or(|limit| arena.stats().bytes_held <= limit));
        }
    }
}

#[test]
fn regions_agree_with_their_twins() {
    let seed = 0xBEEF;
    println!("seed {seed:#x}");
    let mut random = Random(seed);
    let mut memory = vec![MaybeUninit::uninit(); 20_000];
    for round in 0..rounds(200) {
        let (from, to) = (random.below(9), 10_000 + random.below(10_000));
        let memory = &mut memory[from..to];
        let mut region =
            if round % 2 == 0 { Region::new(memory) } else { Region::with_spill(memory, Arena::new()) };
        for _ in 0..5 {
            play_nested(&mut region.scope(), &mut random, 3);
        }
    }
}
