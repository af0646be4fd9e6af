//! The control-flow patterns by number and by name.

use wf_net::patterns::{PATTERNS, Pattern};
use wf_registry::{Frozen, Registry};

/// The 43 control-flow patterns; the id of WCP-*n* is *n* - 1.
pub type PatternRegistry = Frozen<Pattern>;

/// All patterns, by their names in the revised view.
#[must_use]
pub fn pattern_registry() -> PatternRegistry {
    let mut registry = Registry::new();
    for pattern in PATTERNS {
        registry
            .register(pattern.name, pattern)
            .unwrap_or_else(|error| unreachable!("43 different names: {error}"));
    }
    registry.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_found_by_number_and_by_name() {
        let patterns = pattern_registry();
        assert_eq!(patterns.len(), 43);
        assert_eq!(patterns.id("Milestone"), Some(17));
        assert_eq!(patterns.get(17).map(|pattern| pattern.number), Some(18));
    }
}
