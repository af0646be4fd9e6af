//! How often an activity is performed: once, in a loop, or in several instances.

use crate::model::Model;
use crate::tree::Index;

/// How often an activity is performed each time it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    Once,
    /// bpmn:standardLoopCharacteristics, or instances one after another: whoever completes one says whether another follows.
    Loop {
        /// Whether it may be passed without being performed.
        is_tested_before: bool,
        condition: Option<String>,
        /// Words that say how often, for people.
        how_often: String,
    },
    /// bpmn:multiInstanceLoopCharacteristics, all at once.
    Instances {
        /// How many; otherwise the completion before says so.
        count: Option<u32>,
        /// Whether a completion may say that the others are not needed.
        is_conditional: bool,
    },
}

impl Repeat {
    /// Reads bpmn:standardLoopCharacteristics.
    pub(crate) fn of_loop(model: &Model<'_, '_>, index: Index) -> Self {
        let tree = model.tree;
        let maximum = tree.value(index, "loopMaximum");
        Self::Loop {
            is_tested_before: matches!(tree.value(index, "testBefore"), Some("true" | "1")),
            condition: child_text(model, index, "loopCondition"),
            how_often: maximum.map_or_else(String::new, |maximum| format!("at most {maximum} times")),
        }
    }

    /// Reads bpmn:multiInstanceLoopCharacteristics.
    pub(crate) fn of_instances(model: &Model<'_, '_>, index: Index) -> Self {
        let cardinality = child_text(model, index, "loopCardinality");
        let count = cardinality.as_deref().and_then(constant);
        let completion = child_text(model, index, "completionCondition");
        if !matches!(model.tree.value(index, "isSequential"), Some("true" | "1")) {
            return Self::Instances { count, is_conditional: completion.is_some() };
        }
        match count {
            Some(1) => Self::Once,
            _ => Self::Loop {
                is_tested_before: count.is_none_or(|count| count == 0),
                condition: None,
                how_often: cardinality
                    .map_or_else(|| "one for each".to_owned(), |text| format!("{text} times")),
            },
        }
    }
}

/// The text of a child, if it has any.
pub(crate) fn child_text(model: &Model<'_, '_>, index: Index, name: &str) -> Option<String> {
    let tree = model.tree;
    let child = tree.children(index).find(|&child| tree.name(child) == name)?;
    let text = tree.text(child).trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A whole number, written plainly or as an expression of FEEL (`= 3`) or JUEL (`${3}`).
pub(crate) fn constant(text: &str) -> Option<u32> {
    let text = text.trim();
    let inner = text.strip_prefix("${").or_else(|| text.strip_prefix("#{")).and_then(|t| t.strip_suffix('}'));
    inner.or_else(|| text.strip_prefix('=')).unwrap_or(text).trim().parse().ok()
}

/// How many arrivals an activation condition of a bpmn:complexGateway asks for, where it is a bound on their count.
pub(crate) fn arrivals(condition: &str) -> Option<u32> {
    let text: String = condition.chars().filter(|c| !c.is_whitespace()).collect();
    let text = text.strip_prefix("${").and_then(|t| t.strip_suffix('}')).unwrap_or(&text);
    let text = text.strip_prefix('=').unwrap_or(text);
    let at = text.find(['<', '>', '='])?;
    let (left, rest) = text.split_at(at);
    let end = rest.find(|c| !matches!(c, '<' | '>' | '=')).unwrap_or(rest.len());
    let (sign, right) = rest.split_at(end);
    let is_count = |name: &str| name.to_ascii_lowercase().contains("activationcount");
    match (sign, is_count(left), is_count(right)) {
        (">=" | "=" | "==", true, false) => right.parse().ok(),
        (">", true, false) => right.parse::<u32>().ok()?.checked_add(1),
        ("<=" | "=" | "==", false, true) => left.parse().ok(),
        ("<", false, true) => left.parse::<u32>().ok()?.checked_add(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_and_bounds_are_understood() {
        for (text, expected) in [
            ("3", Some(3)),
            (" ${ 4 } ", Some(4)),
            ("= 5", Some(5)),
            ("n", None),
            ("${n}", None),
            ("-1", None),
        ] {
            assert_eq!(constant(text), expected, "{text}");
        }
        for (text, expected) in [
            ("activationCount >= 2", Some(2)),
            ("${activationCount > 2}", Some(3)),
            ("=activationCount = 1", Some(1)),
            ("3 <= getActivationCount()", Some(3)),
            ("2 < activationCount", Some(3)),
            ("amount > 3", None),
            ("activationCount < 3", None),
            ("activationCount >= n", None),
        ] {
            assert_eq!(arrivals(text), expected, "{text}");
        }
    }
}
