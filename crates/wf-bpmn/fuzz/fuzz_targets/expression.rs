//! Any text: a condition that prints and reads again as the same, or a fault with its place.

#![no_main]

#[path = "../expression_property.rs"]
mod expression_property;

libfuzzer_sys::fuzz_target!(|text: &str| expression_property::holds_for(text));
