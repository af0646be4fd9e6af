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

/// What says how many instances there are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Number {
    /// Nothing does: one at least, as whoever completes what stands before says.
    Unsaid,
    Constant(u32),
    /// An expression.
    Data {
        condition: Condition,
        /// Whether it is a list, whose items are counted.
        is_list: bool,
    },
}

impl Number {
    pub(crate) fn constant(&self) -> Option<u32> {
        if let Self::Constant(count) = self { Some(*count) } else { None }
    }

    /// The number, as the data of the case says it.
    pub(crate) fn guard(&self) -> Option<&Expr> {
        if let Self::Data { condition, .. } = self { condition.guard.as_ref() } else { None }
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
        /// The most rounds, where the case counts them as long as the condition holds.
        most: Option<u8>,
        /// Whether rounds would have to be counted, which nobody here does: the choice is not the data's.
        is_counted: bool,
        /// Words that say how often, for people.
        how_often: String,
    },
    /// bpmn:multiInstanceLoopCharacteristics.
    Instances {
        number: Number,
        /// Words that say how many, of instances one after another.
        in_turn: Option<String>,
        /// When the others are not needed any more; without a guard, a completion says so.
        completion: Option<Condition>,
    },
    /// Instances one after another, of which a case counts those that are done.
    Turns {
        /// How many there are at most.
        most: u8,
        /// How many there are, where the data of the case says it.
        number: Option<Expr>,
        /// When no other is needed any more.
        enough: Option<Expr>,
        /// When the first one is needed, where that is asked.
        begins: Option<Expr>,
    },
}

impl Repeat {
    /// Reads bpmn:standardLoopCharacteristics.
    pub(crate) fn of_loop(model: &Model<'_, '_>, index: Index) -> Self {
        let tree = model.tree;
        let maximum = tree.value(index, "loopMaximum");
        let condition = Condition::of(model, index, "loopCondition");
        // Without a condition nothing says when it ends before.
        let most = maximum.and_then(|most| most.parse().ok()).filter(|&most| most > 0 && condition.is_some());
        Self::Loop {
            is_tested_before: matches!(tree.value(index, "testBefore"), Some("true" | "1")),
            condition,
            most,
            is_counted: maximum.is_some() && most.is_none(),
            how_often: maximum.map_or_else(String::new, |maximum| format!("at most {maximum} times")),
        }
    }

    /// Reads bpmn:multiInstanceLoopCharacteristics.
    pub(crate) fn of_instances(model: &Model<'_, '_>, index: Index) -> Self {
        let cardinality = Condition::of(model, index, "loopCardinality");
        let words = cardinality.as_ref().map(|cardinality| format!("{} times", cardinality.text));
        let number = match cardinality {
            Some(cardinality) => match constant(&cardinality.text) {
                Some(count) => Number::Constant(count),
                None => Number::Data { condition: cardinality, is_list: false },
            },
            None => collection(model, index)
                .map_or(Number::Unsaid, |condition| Number::Data { condition, is_list: true }),
        };
        let completion = Condition::of(model, index, "completionCondition");
        if !matches!(model.tree.value(index, "isSequential"), Some("true" | "1")) {
            return Self::Instances { number, in_turn: None, completion };
        }
        match number {
            Number::Constant(1) => Self::Once,
            number => {
                let in_turn = Some(words.unwrap_or_else(|| "one for each".to_owned()));
                Self::Instances { number, in_turn, completion }
            }
        }
    }

    /// Bytes of a case for the instances of a task one after another; `None` if they are not that, or without bound.
    pub(crate) fn bytes_in_turn(&self) -> Option<usize> {
        match self {
            Self::Instances { number: Number::Constant(count @ 1..=64), in_turn: Some(_), .. } => {
                Some(2 + 2 * (*count as usize).div_ceil(8))
            }
            // As few as eight.
            Self::Instances { number, in_turn: Some(_), .. } => number.guard().map(|_| 4),
            _ => None,
        }
    }

    /// Instances one after another as a loop that whoever completes one goes on with.
    pub(crate) fn uncounted(&mut self) {
        if let Self::Loop { condition, most: Some(_), is_counted, .. } = self {
            (*condition, *is_counted) = (None, true);
        }
        if let Self::Instances { number, in_turn: Some(how_often), .. } = self {
            *self = Self::Loop {
                is_tested_before: matches!(number, Number::Data { .. } | Number::Constant(0)),
                condition: None,
                most: None,
                is_counted: true,
                how_often: core::mem::take(how_often),
            };
        }
    }
}

/// The list for whose items the instances are, as an expression: of BPMN itself, or as engines have it.
fn collection(model: &Model<'_, '_>, index: Index) -> Option<Condition> {
    let tree = model.tree;
    let condition = |text: &str, index| Condition { index, text: text.to_owned(), guard: None };
    if let Some(reference) = child(model, index, "loopDataInputRef") {
        let id = tree.text(reference).trim();
        // The name of the data, where the id is that of an element.
        let named = model.ids.find(id).and_then(|data| tree.value(data, "name"));
        return (!id.is_empty()).then(|| condition(named.unwrap_or(id), reference));
    }
    if let Some(text) = tree.value(index, "collection") {
        return Some(condition(text, index));
    }
    let extensions = child(model, index, "extensionElements")?;
    let list = tree.children(extensions).find_map(|inner| tree.value(inner, "inputCollection"))?;
    Some(condition(list, index))
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
