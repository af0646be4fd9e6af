//! What holds for every text as a condition: shared by the fuzz target and by `cargo test`.

use wf_bpmn::expression::{Dialect, Fault, parse_feel, parse_juel, to_juel};

/// Reads a text in all notations, and what is printed again.
pub(crate) fn holds_for(text: &str) {
    let check = |fault: &Fault| {
        assert!(text.is_char_boundary(fault.offset), "{fault:?} lies in the text");
        assert!(!fault.to_string().is_empty());
    };
    match parse_feel(text) {
        Ok(expr) => {
            assert_eq!(parse_feel(&expr.to_string()).as_ref(), Ok(&expr), "{expr}");
            if let Some(juel) = to_juel(&expr) {
                assert_eq!(parse_juel(&juel).as_ref(), Ok(&expr), "{juel}");
            }
        }
        Err(fault) => check(&fault),
    }
    match parse_juel(text) {
        Ok(expr) => {
            let juel = to_juel(&expr).expect("JUEL has words for what it can say");
            assert_eq!(parse_juel(&juel).as_ref(), Ok(&expr), "{juel}");
        }
        Err(fault) => check(&fault),
    }
    if let Err(fault) = Dialect::of(text, None, None).and_then(|dialect| dialect.parse(text)) {
        check(&fault);
    }
}
