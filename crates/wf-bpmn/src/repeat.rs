//! How often an activity is performed: once, in a loop, or in several instances.

use wf_net::guard::Expr;

use crate::model::Model;
use crate::tree::Index;

/// A condition on going on, in an element of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    /// The element.
    pub(crate) index: Index,
    /// Its text, without space around it.
    pub(crate) text: String,
    /// The condition as the data of a case decides it, where that does.
    pub(crate) guard: Option<Expr>,
}

impl Condition {
    fn of(model: &Model<'_, '_>, index: Index, name: &str) -> Option<Self> {
        let index = child(model, index, name)?;
        let text = model.tree.text(index).trim();
        (!text.is_empty()).then(|| Self { index, text: text.to_owned(), guard: None })
    }
}

/// How often an activity is performed each time it is reached.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Repeat {
    Once,
    /// bpmn:standardLoopCharacteristics, or instances one after another: its condition says whether another follows, or
    /// whoever completes one.
    Loop {
        /// Whether it may be passed without being performed.
        is_tested_before: bool,
        condition: Option<Condition>,
        /// Whether rounds would have to be counted, which nobody here does: the choice is not the data's.
        is_counted: bool,
        /// Words that say how often, for people.
        how_often: String,
    },
    /// bpmn:multiInstanceLoopCharacteristics, all at once.
    Instances {
        /// How many; otherwise the completion before says so.
        count: Option<u32>,
        /// Whether anything says how many; else there is one at least.
        is_said: bool,
        /// Words that say how many, of instances one after another.
        in_turn: Option<String>,
        /// When the others are not needed any more; without a guard, a completion says so.
        completion: Option<Condition>,
    },
}

impl Repeat {
    /// Reads bpmn:standardLoopCharacteristics.
    pub(crate) fn of_loop(model: &Model<'_, '_>, index: Index) -> Self {
        let tree = model.tree;
        let maximum = tree.value(index, "loopMaximum");
        Self::Loop {
            is_tested_before: matches!(tree.value(index, "testBefore"), Some("true" | "1")),
            condition: Condition::of(model, index, "loopCondition"),
            is_counted: maximum.is_some(),
            how_often: maximum.map_or_else(String::new, |maximum| format!("at most {maximum} times")),
        }
    }

    /// Reads bpmn:multiInstanceLoopCharacteristics.
    pub(crate) fn of_instances(model: &Model<'_, '_>, index: Index) -> Self {
        let cardinality = child_text(model, index, "loopCardinality");
        let count = cardinality.as_deref().and_then(constant);
        let completion = Condition::of(model, index, "completionCondition");
        let is_said = cardinality.is_some() || has_collection(model, index);
        if !matches!(model.tree.value(index, "isSequential"), Some("true" | "1")) {
            return Self::Instances { count, is_said, in_turn: None, completion };
        }
        match count {
            Some(1) => Self::Once,
            _ => {
                let words = cardinality.map(|text| format!("{text} times"));
                let in_turn = Some(words.unwrap_or_else(|| "one for each".to_owned()));
                Self::Instances { count, is_said, in_turn, completion }
            }
        }
    }

    /// Bytes of a case for the instances of a task one after another; `None` if they are not that, or without bound.
    pub(crate) fn bytes_in_turn(&self) -> Option<usize> {
        match self {
            Self::Instances { count: Some(count @ 1..=64), in_turn: Some(_), .. } => {
                Some(2 + 2 * (*count as usize).div_ceil(8))
            }
            _ => None,
        }
    }

    /// Instances one after another as a loop that whoever completes one goes on with.
    pub(crate) fn uncounted(&mut self) {
        if let Self::Instances { count, is_said, in_turn: Some(how_often), .. } = self {
            *self = Self::Loop {
                is_tested_before: count.map_or(*is_said, |count| count == 0),
                condition: None,
                is_counted: true,
                how_often: core::mem::take(how_often),
            };
        }
    }
}

/// The text of a child, if it has any.
pub(crate) fn child_text(model: &Model<'_, '_>, index: Index, name: &str) -> Option<String> {
    let text = model.tree.text(child(model, index, name)?).trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Whether the instances are one for each item of a list.
fn has_collection(model: &Model<'_, '_>, index: Index) -> bool {
    let tree = model.tree;
    tree.value(index, "collection").is_some() || child_text(model, index, "loopDataInputRef").is_some()
}

fn child(model: &Model<'_, '_>, index: Index, name: &str) -> Option<Index> {
    model.tree.children(index).find(|&child| model.tree.name(child) == name)
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
