//! From the written shape to rules that hold together, or to every problem with its place.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::raw;
use super::{
    Baseline, Bound, Budgets, Date, Kind, Metric, Mode, OnInconclusive, Place, Policy, Promise, Rule, Tier,
    Versus, Waiver,
};
use crate::error::BudgetError;
use crate::machine::Need;

/// How far beyond a bound an interval must lie to fail, where the rule does not say.
const TOLERANCE_DEFAULT: f64 = 0.02;

pub(super) fn check(path: &str, text: &str) -> Result<Budgets, Vec<BudgetError>> {
    let mut checker = Checker { path, text, errors: Vec::new() };
    let file: raw::File = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            checker.push(error.span().unwrap_or(0..0), error.message().to_owned());
            return Err(checker.errors);
        }
    };
    if *file.schema.get_ref() != 1 {
        checker.push(file.schema.span(), format!("schema {} is not known; 1 is", file.schema.get_ref()));
    }
    let policy = checker.policy(file.policy);
    let rules: Vec<Rule> = file.rule.iter().filter_map(|raw| checker.rule(raw)).collect();
    checker.unique(file.rule.iter().map(|r| &r.id), "rule");
    let by_id: BTreeMap<&str, &Rule> = rules.iter().map(|r| (r.id.as_str(), r)).collect();
    // A rule with an error of its own is not blamed a second time through its waiver.
    let written: Vec<&str> = file.rule.iter().map(|r| r.id.get_ref().as_str()).collect();
    checker.probes(&file.rule, &file.waiver, &by_id, &written);
    let waivers = file.waiver.iter().filter_map(|raw| checker.waiver(raw, &by_id, &written)).collect();
    checker.unique(file.waiver.iter().map(|w| &w.rule), "waiver of");
    let promises = file.promise.iter().filter_map(|raw| checker.promise(raw, &by_id, &written)).collect();
    let baselines: Vec<Baseline> =
        file.baseline.into_iter().filter_map(|raw| checker.baseline(raw, &by_id, &written)).collect();
    checker.one_row_of_a_kind(&baselines);
    if checker.errors.is_empty() {
        Ok(Budgets { path: path.into(), policy, rules, waivers, promises, baselines })
    } else {
        checker.errors.sort_by_key(|e| (e.line, e.column));
        Err(checker.errors)
    }
}

struct Checker<'t> {
    path: &'t str,
    text: &'t str,
    errors: Vec<BudgetError>,
}

impl Checker<'_> {
    fn place(&self, at: usize) -> Place {
        let before = &self.text[..at.min(self.text.len())];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }

    fn push(&mut self, span: Range<usize>, message: String) {
        let Place { line, column } = self.place(span.start);
        self.errors.push(BudgetError { path: self.path.into(), line, column, message });
    }

    /// Reports and gives `None`, so that a caller can return it.
    fn refuse<T>(&mut self, span: Range<usize>, message: String) -> Option<T> {
        self.push(span, message);
        None
    }

    /// One of several words.
    fn word<T: Copy>(&mut self, written: &Spanned<String>, what: &str, words: &[(T, &str)]) -> Option<T> {
        let found = words.iter().find(|(_, word)| word == written.get_ref());
        if found.is_none() {
            let all: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
            self.push(
                written.span(),
                format!("{what} \"{}\" is not known; one of {}", written.get_ref(), all.join(", ")),
            );
        }
        found.map(|(value, _)| *value)
    }

    fn unique<'s>(&mut self, names: impl Iterator<Item = &'s Spanned<String>>, what: &str) {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for name in names {
            if let Some(first) = seen.get(name.get_ref().as_str()) {
                let line = self.place(*first).line;
                self.push(name.span(), format!("{what} {} is already there, in line {line}", name.get_ref()));
            } else {
                seen.insert(name.get_ref(), name.span().start);
            }
        }
    }

    /// Two rows of a rule for the same kind of machine: only one of them would count.
    fn one_row_of_a_kind(&mut self, rows: &[Baseline]) {
        let mut seen: BTreeMap<[&str; 5], usize> = BTreeMap::new();
        for row in rows {
            let kind = [&row.rule, &row.rustc, &row.target, &row.isa, &row.cpu].map(String::as_str);
            if let Some(first) = seen.get(&kind) {
                let line = self.place(*first).line;
                let message = format!(
                    "baseline of {} for this kind of machine is already there, in line {line}",
                    row.rule
                );
                self.push(row.span.clone(), message);
            } else {
                seen.insert(kind, row.span.start);
            }
        }
    }

    fn sentence(&mut self, written: &Spanned<String>, what: &str) -> Option<String> {
        if written.get_ref().trim().is_empty() {
            return self.refuse(written.span(), format!("{what} is empty: say it in a sentence"));
        }
        Some(written.get_ref().clone())
    }

    fn in_range(&mut self, written: &Spanned<f64>, what: &str, range: Range<f64>) -> Option<f64> {
        let value = *written.get_ref();
        if !range.contains(&value) {
            let Range { start, end } = range;
            return self.refuse(written.span(), format!("{what} {value} is not between {start} and {end}"));
        }
        Some(value)
    }

    /// A number that others can be compared with: one that is not would gate nothing.
    fn number(&mut self, written: &Spanned<f64>, what: &str) -> Option<f64> {
        let value = *written.get_ref();
        if !value.is_finite() || value < 0.0 {
            return self.refuse(written.span(), format!("{what} must be a number that is not negative"));
        }
        Some(value)
    }

    fn policy(&mut self, raw: Option<raw::Policy>) -> Policy {
        let mut policy = Policy::default();
        let Some(raw) = raw else { return policy };
        if let Some(alpha) = &raw.alpha {
            policy.alpha = self.in_range(alpha, "alpha", 1e-9..0.5).unwrap_or(policy.alpha);
        }
        if let Some(limit) = &raw.noise_limit {
            policy.noise_limit = self.in_range(limit, "noise_limit", 1e-6..1.0).unwrap_or(policy.noise_limit);
        }
        if let Some(looks) = raw.looks {
            let rising = looks.get_ref().windows(2).all(|pair| pair[0] < pair[1]);
            if looks.get_ref().is_empty() || looks.get_ref()[0] < 3 || !rising {
                self.push(looks.span(), "looks must rise and begin with 3 or more processes".into());
            }
            policy.looks = looks.into_inner();
        }
        if let Some(word) = &raw.inconclusive {
            let words = [
                (OnInconclusive::Warn, "warn"),
                (OnInconclusive::Fail, "fail"),
                (OnInconclusive::Pass, "pass"),
            ];
            policy.inconclusive = self.word(word, "inconclusive", &words).unwrap_or(policy.inconclusive);
        }
        if let Some(ms) = raw.sample_ms {
            if !(1..=10_000).contains(ms.get_ref()) {
                self.push(ms.span(), format!("sample_ms {} is not between 1 and 10000", ms.get_ref()));
            }
            policy.sample_ms = ms.into_inner();
        }
        policy.seed = raw.seed.unwrap_or(policy.seed);
        policy
    }

    fn rule(&mut self, raw: &raw::Rule) -> Option<Rule> {
        let before = self.errors.len();
        let place = self.place(raw.id.span().start);
        self.id(&raw.id);
        let metric = self.word(&raw.metric, "metric", &Metric::ALL.map(|(m, name)| (m, name)));
        let kinds = [
            (Kind::Exact, "exact"),
            (Kind::Ratchet, "ratchet"),
            (Kind::Ceiling, "ceiling"),
            (Kind::Floor, "floor"),
            (Kind::Regression, "regression"),
        ];
        let kind = self.word(&raw.kind, "kind", &kinds);
        let tiers = [(Tier::Ci, "ci"), (Tier::Full, "full"), (Tier::Release, "release")];
        let tier = self.word(&raw.tier, "tier", &tiers);
        let why = self.sentence(&raw.why, "why");
        let modes = [(Mode::Throughput, "throughput"), (Mode::Latency, "latency")];
        let mode = raw.mode.as_ref().and_then(|m| self.word(m, "mode", &modes));
        for need in &raw.needs {
            if let Err(message) = Need::parse(need.get_ref()) {
                self.push(need.span(), message);
            }
        }
        let tolerance = match &raw.tolerance {
            Some(written) => self.in_range(written, "tolerance", 0.0..1.0).unwrap_or(TOLERANCE_DEFAULT),
            None => TOLERANCE_DEFAULT,
        };
        let versus = raw.versus.as_ref().map(|written| match written.get_ref().strip_prefix("git:") {
            Some(revision) => Versus::Git(revision.into()),
            None => Versus::Subject(written.get_ref().clone()),
        });
        let (metric, kind, tier, why) = (metric?, kind?, tier?, why?);
        self.goes_together(raw, metric, kind, versus.as_ref(), mode);
        let bound = self.bound(raw, kind)?;
        if self.errors.len() > before {
            return None;
        }
        Some(Rule {
            id: raw.id.get_ref().clone(),
            subject: raw.subject.get_ref().clone(),
            versus,
            metric,
            kind,
            bound,
            tolerance,
            mode,
            needs: raw.needs.iter().map(|n| n.get_ref().clone()).collect(),
            tier,
            why,
            place,
        })
    }

    fn id(&mut self, written: &Spanned<String>) {
        let id = written.get_ref();
        let part = |p: &str| {
            !p.is_empty() && p.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        if !id.contains('.') || !id.split('.').all(part) {
            self.push(
                written.span(),
                format!("id \"{id}\" is not of the form crate.name: lower case, digits and _ between dots"),
            );
        }
    }

    /// Metric, kind, counterpart and mode must make sense together.
    fn goes_together(
        &mut self,
        raw: &raw::Rule,
        metric: Metric,
        kind: Kind,
        versus: Option<&Versus>,
        mode: Option<Mode>,
    ) {
        let timed_kind = matches!(kind, Kind::Ceiling | Kind::Floor | Kind::Regression);
        if metric.is_timed() != timed_kind {
            let kinds = if metric.is_timed() { "ceiling, floor or regression" } else { "exact or ratchet" };
            self.push(raw.kind.span(), format!("the metric {} takes the kind {kinds}", metric.name()));
        }
        match (metric, kind, versus) {
            (Metric::Time, Kind::Regression, Some(_)) | (Metric::Time, _, Some(Versus::Subject(_))) => {}
            (Metric::Time, Kind::Regression, None) => {
                self.push(raw.metric.span(), "a regression needs versus: a subject or git:REVISION".into());
            }
            (Metric::Time, ..) => {
                self.push(
                    raw.metric.span(),
                    "time is only gated as a ratio: name a subject as versus".into(),
                );
            }
            (_, Kind::Regression, _) => {
                self.push(raw.metric.span(), "a regression is of the metric time".into());
            }
            (_, _, Some(_)) => {
                let span = raw.versus.as_ref().map_or(0..0, Spanned::span);
                self.push(span, format!("the metric {} is not compared with anything", metric.name()));
            }
            _ => {}
        }
        let pattern = raw.subject.get_ref().contains(['*', '?']);
        if pattern && !matches!(versus, Some(Versus::Git(_))) {
            self.push(raw.subject.span(), "a pattern of subjects is for rules against git:REVISION".into());
        }
        if metric == Metric::CyclesPerOp && mode.is_none() && raw.mode.is_none() {
            self.push(raw.metric.span(), "cycles need a mode: throughput or latency".into());
        }
    }

    fn bound(&mut self, raw: &raw::Rule, kind: Kind) -> Option<Bound> {
        let given = [("max", &raw.max), ("min", &raw.min), ("equal", &raw.equal)];
        let takes: &[&str] = match kind {
            Kind::Exact => &["max", "min", "equal"],
            Kind::Ceiling => &["max"],
            Kind::Floor => &["min"],
            Kind::Ratchet | Kind::Regression => &[],
        };
        let mut bounds = Vec::new();
        let before = self.errors.len();
        for (name, written) in given {
            let Some(written) = written else { continue };
            if !takes.contains(&name) {
                self.push(written.span(), format!("the kind {} takes no {name}", raw.kind.get_ref()));
                continue;
            }
            let Some(value) = self.number(written, name) else { continue };
            bounds.push(match name {
                "max" => Bound::AtMost(value),
                "min" => Bound::AtLeast(value),
                _ => Bound::Equal(value),
            });
        }
        match (kind, bounds.as_slice()) {
            (Kind::Ratchet, _) => Some(Bound::Recorded),
            (Kind::Regression, _) => Some(Bound::Tolerance),
            (_, [bound]) => Some(*bound),
            // One that was refused is not missing as well.
            (_, []) if self.errors.len() > before => None,
            (_, []) => self.refuse(raw.kind.span(), format!("the bound is missing: {}", takes.join(" or "))),
            _ => self.refuse(raw.kind.span(), "one bound only: make two rules of it".into()),
        }
    }

    fn known_rule<'r>(
        &mut self,
        name: &Spanned<String>,
        rules: &BTreeMap<&str, &'r Rule>,
        written: &[&str],
    ) -> Option<&'r Rule> {
        let found = rules.get(name.get_ref().as_str()).copied();
        if found.is_none() && !written.contains(&name.get_ref().as_str()) {
            self.push(name.span(), format!("no rule is called {}", name.get_ref()));
        }
        found
    }

    /// Rules that others need: they are there, need no rule themselves, and are not waived, since they cannot fail.
    fn probes(
        &mut self,
        needing: &[raw::Rule],
        waivers: &[raw::Waiver],
        rules: &BTreeMap<&str, &Rule>,
        written: &[&str],
    ) {
        for need in needing.iter().flat_map(|rule| &rule.needs) {
            let Some(name) = need.get_ref().strip_prefix("rule:") else { continue };
            let Some(probe) = rules.get(name) else {
                // One with an error of its own is not missing as well.
                if !name.is_empty() && !written.contains(&name) {
                    self.push(need.span(), format!("no rule is called {name}"));
                }
                continue;
            };
            if probe.probes().next().is_some() {
                self.push(need.span(), format!("{name} needs a rule itself: name that one"));
            }
            if matches!(probe.bound, Bound::Recorded) || matches!(probe.versus, Some(Versus::Git(_))) {
                self.push(
                    need.span(),
                    format!("{name} tells of the program: only a bound of its own tells of the machine"),
                );
            }
            if let Some(waiver) = waivers.iter().find(|waiver| waiver.rule.get_ref() == name) {
                let message = format!(
                    "{name} is needed by a rule and skipped where it does not hold: remove the waiver"
                );
                self.push(waiver.rule.span(), message);
            }
        }
    }

    fn waiver(
        &mut self,
        raw: &raw::Waiver,
        rules: &BTreeMap<&str, &Rule>,
        written: &[&str],
    ) -> Option<Waiver> {
        let reason = self.sentence(&raw.reason, "reason");
        let until = parse_date(raw.until.get_ref());
        if until.is_none() {
            self.push(
                raw.until.span(),
                format!("\"{}\" is no day of the form 2027-01-31", raw.until.get_ref()),
            );
        }
        let rule = self.known_rule(&raw.rule, rules, written)?;
        let numbers = [("measured", &raw.measured), ("ratchet", &raw.ratchet)];
        let [Some(measured), Some(ratchet)] = numbers.map(|(name, written)| self.number(written, name))
        else {
            return None;
        };
        let meets = |value: f64| match rule.bound {
            Bound::AtMost(max) => Some(value <= max),
            Bound::AtLeast(min) => Some(value >= min),
            _ => None,
        };
        let wrong_side = match rule.bound {
            Bound::AtMost(_) => measured > ratchet,
            _ => measured < ratchet,
        };
        match (meets(measured), meets(ratchet)) {
            (None, _) | (_, None) => {
                self.push(raw.rule.span(), "only a rule with a max or a min can be waived".into());
            }
            (Some(true), _) | (_, Some(true)) => {
                self.push(
                    raw.ratchet.span(),
                    "the waiver's numbers meet the bound: remove the waiver".into(),
                );
            }
            _ if wrong_side => {
                self.push(raw.ratchet.span(), "what was measured would already fail this ratchet".into());
            }
            _ => {}
        }
        Some(Waiver { rule: raw.rule.get_ref().clone(), measured, ratchet, reason: reason?, until: until? })
    }

    fn promise(
        &mut self,
        raw: &raw::Promise,
        rules: &BTreeMap<&str, &Rule>,
        written: &[&str],
    ) -> Option<Promise> {
        let (text, source) = (self.sentence(&raw.text, "text"), self.sentence(&raw.source, "source"));
        if raw.rules.is_empty() && raw.elsewhere.is_empty() {
            self.push(raw.text.span(), "a promise without a rule: name one in rules".into());
        }
        for name in &raw.rules {
            self.known_rule(name, rules, written);
        }
        for name in &raw.elsewhere {
            if name
                .get_ref()
                .split_once(':')
                .is_none_or(|(folder, rule)| folder.is_empty() || rule.is_empty())
            {
                self.push(name.span(), format!("\"{}\" is not of the form FOLDER:RULE", name.get_ref()));
            }
        }
        let names = |of: &[Spanned<String>]| of.iter().map(|name| name.get_ref().clone()).collect();
        Some(Promise {
            text: text?,
            source: source?,
            rules: names(&raw.rules),
            elsewhere: names(&raw.elsewhere),
        })
    }

    fn baseline(
        &mut self,
        raw: Spanned<raw::Baseline>,
        rules: &BTreeMap<&str, &Rule>,
        written: &[&str],
    ) -> Option<Baseline> {
        let span = raw.span();
        let raw = raw.into_inner();
        let reason = self.sentence(&raw.reason, "reason")?;
        let rule = self.known_rule(&raw.rule, rules, written)?;
        if rule.kind != Kind::Ratchet {
            return self.refuse(raw.rule.span(), format!("{} is no ratchet and records nothing", rule.id));
        }
        let value = self.number(&raw.value, "value")?;
        Some(Baseline {
            rule: rule.id.clone(),
            value,
            rustc: raw.rustc,
            target: raw.target,
            isa: raw.isa,
            cpu: raw.cpu,
            reason,
            span,
        })
    }
}

fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let date = Date { year: year.parse().ok()?, month: month.parse().ok()?, day: day.parse().ok()? };
    let leap =
        date.year.is_multiple_of(4) && (!date.year.is_multiple_of(100) || date.year.is_multiple_of(400));
    let days = match date.month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    (1..=days).contains(&date.day).then_some(date)
}
