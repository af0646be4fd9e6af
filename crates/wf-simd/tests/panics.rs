//! Wrong shapes are refused, at every level, before anything is written.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wf_simd::{Level, Transition};

fn refused(what: &str, expected: &str, mut run: impl FnMut(Level)) {
    for level in Level::available() {
        let panic = catch_unwind(AssertUnwindSafe(|| run(level))).expect_err(what);
        let message = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_default();
        assert!(message.contains(expected), "{what} at {level}: {message}");
    }
}

#[test]
fn outputs_that_are_too_short() {
    let x = [0_u64; 130];
    refused("bitmap", "2 words cannot hold 130 bits", |l| {
        let _ = l.match_bitmap(&x, 1, 1, &mut [0; 2]);
    });
    refused("indices", "130 elements need as many places, not 129", |l| {
        l.match_indices(&x, 1, 1, &mut [0; 129]);
    });
    refused("compact", "2 words cannot hold 130 bits", |l| {
        let _ = l.compact(&mut [0_u8; 130], &[0; 2]);
    });
    refused("enabled", "2 transitions x 3 words need 6 words, not 5", |l| {
        l.enabled(&x, &[Transition::default(); 2], &mut [0; 5]);
    });
    refused("bits_indices", "", |l| {
        let _ = l.bits_indices(&[u64::MAX; 2], &mut [0; 127]);
    });
}

#[test]
fn inputs_that_do_not_match() {
    refused("add", "different length", |l| l.add_wrapping(&mut [1_u8; 3], &[1; 4]));
    refused("saturating", "different length", |l| l.add_saturating(&mut [1_u8; 3], &[1; 2]));
    refused("and", "different length", |l| l.bits_and(&mut [1; 3], &[1; 4]));
    refused("any_and", "different length", |l| {
        let _ = l.bits_any_and(&[1; 3], &[1; 4]);
    });
    refused("count_and", "different length", |l| {
        let _ = l.bits_count_and(&[1; 3], &[1; 4]);
    });
    refused("word", "there is no word 8", |l| {
        let _ = l.count_masked_rows(&[[0; 8]; 3], 8, 0, 0);
    });
    refused("word", "there is no word 9", |l| l.enabled_rows(&[[0; 8]; 3], 9, &[], &mut []));
}
