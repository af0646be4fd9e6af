//! Arbitrary bytes as a store.

#![no_main]

mod attack;

libfuzzer_sys::fuzz_target!(|data: &[u8]| attack::attack(data));
