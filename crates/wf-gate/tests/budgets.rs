//! Budgets files: what is accepted, and where every mistake is said to stand.

use wf_gate::budgets::Budgets;

const RULE: &str = "\
[[rule]]
id      = \"x.a\"
subject = \"x.a\"
metric  = \"allocs_per_op\"
kind    = \"exact\"
max     = 0
tier    = \"ci\"
why     = \"it is promised\"
";

/// The first error in `text` as `line:column: message`, or `ok`.
fn first_error(text: &str) -> String {
    match Budgets::parse("b.toml", text) {
        Ok(_) => "ok".into(),
        Err(errors) => errors[0].to_string().trim_start_matches("b.toml:").to_owned(),
    }
}

#[test]
fn a_good_file_is_read() {
    let text = format!("schema = 1\n[policy]\nalpha = 0.02\nlooks = [6, 12]\nseed = 7\n{RULE}");
    let budgets = Budgets::parse("b.toml", &text).expect("it holds together");
    assert_eq!(budgets.rules.len(), 1);
    assert_eq!((budgets.policy.seed, budgets.policy.looks), (7, vec![6, 12]));
    assert_eq!((budgets.rules[0].place.line, budgets.rules[0].place.column), (7, 11));
}

#[test]
fn every_mistake_has_its_place() {
    let with = |from: &str, to: &str| format!("schema = 1\n{}", RULE.replace(from, to));
    for (text, expected) in [
        ("schema = 1\nfoo = 2\n".to_owned(), "2:1: unknown field `foo`"),
        ("schema = 2\n".to_owned(), "1:10: schema 2 is not known"),
        (RULE.to_owned(), "1:1: missing field `schema`"),
        ("schema = 1\n[policy]\nalpa = 3\n".to_owned(), "3:1: unknown field `alpa`"),
        ("schema = 1\n[policy]\nalpha = 3.0\n".to_owned(), "3:9: alpha 3 is not between"),
        ("schema = 1\n[policy]\nlooks = [5, 5]\n".to_owned(), "3:9: looks must rise"),
        ("schema = 1\n[policy]\nlooks = []\n".to_owned(), "3:9: looks must rise"),
        (
            "schema = 1\n[policy]\ninconclusive = 'maybe'\n".to_owned(),
            "3:16: inconclusive \"maybe\" is not known",
        ),
        ("schema = 1\n[policy]\nsample_ms = 0\n".to_owned(), "3:13: sample_ms 0"),
        ("schema = 1\n[[rule]]\nid = \n".to_owned(), "3:6:"),
        (with("max ", "maxx"), "7:1: unknown field `maxx`"),
        (with("why     = \"it is promised\"\n", ""), "2:1: missing field `why`"),
        (with("it is promised", " "), "9:11: why is empty"),
        (with("\"x.a\"\nsubject", "\"X\"\nsubject"), "3:11: id \"X\" is not of the form"),
        (with("allocs_per_op", "alocs"), "5:11: metric \"alocs\" is not known"),
        (with("\"exact\"", "\"about\""), "6:11: kind \"about\" is not known"),
        (with("\"ci\"", "\"daily\""), "8:11: tier \"daily\" is not known"),
        (with("max     = 0", "max     = -1"), "7:11: max must be a number that is not negative"),
        (with("max     = 0", "max     = nan"), "7:11: max must be a number that is not negative"),
        (with("max     = 0", ""), "6:11: the bound is missing: max or min or equal"),
        (with("max     = 0", "max = 0\nmin = 0"), "6:11: one bound only"),
        (with("max     = 0", "max = 0\ntolerance = 1.5"), "8:13: tolerance 1.5 is not between"),
        (with("max     = 0", "max = 0\nneeds = ['cpu:avx9']"), "8:10: need \"cpu:avx9\" is not known"),
        (with("\"exact\"", "\"ceiling\""), "6:11: the metric allocs_per_op takes the kind exact or ratchet"),
        (with("\"exact\"", "\"ratchet\""), "7:11: the kind ratchet takes no max"),
        (with("allocs_per_op", "time"), "5:11: time is only gated as a ratio"),
        (with("max     = 0", "max = 0\nversus = 'x.b'"), "8:10: the metric allocs_per_op is not compared"),
        (with("\"x.a\"\nmetric", "\"x.*\"\nmetric"), "4:11: a pattern of subjects is for rules against git"),
        (
            with("allocs_per_op", "cycles_per_op").replace("\"exact\"", "\"ceiling\""),
            "5:11: cycles need a mode: throughput or latency",
        ),
        (format!("schema = 1\n{RULE}{RULE}"), "11:11: rule x.a is already there, in line 3"),
        (format!("schema = 1\n# é\n{RULE}").replace("\"ci\"", "\"é\""), "9:11: tier \"é\" is not known"),
    ] {
        let error = first_error(&text);
        assert!(error.starts_with(expected), "expected {expected}, got {error}\nin\n{text}");
    }
}

#[test]
fn waivers_and_baselines_belong_to_rules() {
    let waiver = |rest: &str| {
        format!(
            "schema = 1\n{RULE}[[waiver]]\nrule='x.a'\nmeasured=2.0\nratchet=3.0\nreason='not yet'\nuntil='2030-01-31'\n{rest}"
        )
    };
    assert_eq!(first_error(&waiver("")), "ok");
    for (from, to, expected) in [
        ("rule='x.a'", "rule='x.b'", "11:6: no rule is called x.b"),
        ("measured=2.0", "measured=4.0", "13:9: what was measured would already fail this ratchet"),
        ("measured=2.0", "measured=0.0", "13:9: the waiver's numbers meet the bound"),
        ("measured=2.0", "measured=nan", "12:10: measured must be a number that is not negative"),
        ("ratchet=3.0", "ratchet=nan", "13:9: ratchet must be a number that is not negative"),
        ("ratchet=3.0", "ratchet=inf", "13:9: ratchet must be a number that is not negative"),
        ("ratchet=3.0", "ratchet=-3.0", "13:9: ratchet must be a number that is not negative"),
        ("2030-01-31", "2030-02-30", "15:7: \"2030-02-30\" is no day"),
        ("2030-01-31", "tomorrow", "15:7: \"tomorrow\" is no day"),
        ("not yet", "", "14:8: reason is empty"),
        ("reason", "because", "14:1: unknown field `because`"),
    ] {
        let error = first_error(&waiver("").replace(from, to));
        assert!(error.starts_with(expected), "expected {expected}, got {error}");
    }
    let row =
        "[[baseline]]\nrule='x.a'\nvalue=1\nrustc='1'\ntarget='t'\nisa='avx2'\ncpu='c'\nreason='first'\n";
    let error = first_error(&format!("schema = 1\n{RULE}{row}"));
    assert!(error.starts_with("11:6: x.a is no ratchet"), "{error}");
    let ratchet = RULE.replace("\"exact\"\nmax     = 0", "\"ratchet\"");
    assert_eq!(first_error(&format!("schema = 1\n{ratchet}{row}")), "ok");
    for value in ["nan", "inf", "-1"] {
        let error = first_error(&format!(
            "schema = 1\n{ratchet}{}",
            row.replace("value=1", &format!("value={value}"))
        ));
        assert!(error.starts_with("11:7: value must be a number that is not negative"), "{error}");
    }
    let other_kind = row.replace("avx2", "sse2").replace("value=1", "value=2");
    assert_eq!(first_error(&format!("schema = 1\n{ratchet}{row}{other_kind}")), "ok");
    let again = row.replace("value=1", "value=2");
    let error = first_error(&format!("schema = 1\n{ratchet}{row}{again}"));
    assert!(
        error.ends_with("baseline of x.a for this kind of machine is already there, in line 9"),
        "{error}"
    );
}

#[test]
fn what_a_rule_needs_of_another_is_checked() {
    let probe = RULE.replace("x.a\"\nsubject", "x.probe\"\nsubject");
    let with = |needs: &str| RULE.replace("max     = 0", &format!("max = 0\nneeds = [{needs}]"));
    assert_eq!(first_error(&format!("schema = 1\n{probe}{}", with("'rule:x.probe'"))), "ok");
    let error = first_error(&format!("schema = 1\n{}", with("'rule:x.probe'")));
    assert!(error.starts_with("8:10: no rule is called x.probe"), "{error}");
    let itself = first_error(&format!("schema = 1\n{}", with("'rule:x.a'")));
    assert!(itself.starts_with("8:10: x.a needs a rule itself"), "{itself}");
    let recorded = probe.replace("\"exact\"\nmax     = 0", "\"ratchet\"");
    let error = first_error(&format!("schema = 1\n{recorded}{}", with("'rule:x.probe'")));
    assert!(error.contains("x.probe tells of the program"), "{error}");
    let waiver =
        "[[waiver]]\nrule='x.probe'\nmeasured=2.0\nratchet=3.0\nreason='not yet'\nuntil='2030-01-31'\n";
    let error = first_error(&format!("schema = 1\n{probe}{}{waiver}", with("'rule:x.probe'")));
    assert!(error.contains("x.probe is needed by a rule and skipped where it does not hold"), "{error}");
}

#[test]
fn a_promise_has_a_rule_that_exists() {
    let promise =
        "[[promise]]\ntext='no heap'\nsource='the document'\nrules=['x.a']\nelsewhere=['arena:y.b']\n";
    let text = format!("schema = 1\n{RULE}{promise}");
    assert_eq!(first_error(&text), "ok");
    for (from, to, expected) in [
        ("rules=['x.a']\nelsewhere=['arena:y.b']", "", "11:6: a promise without a rule"),
        ("['x.a']", "['x.a', 'x.b']", "13:15: no rule is called x.b"),
        ("arena:y.b", "y.b", "14:12: \"y.b\" is not of the form FOLDER:RULE"),
        ("no heap", " ", "11:6: text is empty"),
        ("source=", "by=", "12:1: unknown field `by`"),
    ] {
        let error = first_error(&text.replace(from, to));
        assert!(error.starts_with(expected), "expected {expected}, got {error}");
    }
}

#[test]
fn every_error_is_told_at_once() {
    let text =
        format!("schema = 1\n{}", RULE.replace("\"ci\"", "\"daily\"").replace("allocs_per_op", "alocs"));
    let errors = Budgets::parse("b.toml", &text).expect_err("two mistakes");
    assert_eq!(errors.len(), 2, "{errors:?}");
}

#[test]
fn a_rule_without_its_subject_is_an_error_with_a_hint() {
    let budgets = Budgets::parse("b.toml", &format!("schema = 1\n{RULE}")).expect("it holds together");
    assert!(budgets.check_subjects(&["x.a".into()]).is_ok());
    let errors = budgets.check_subjects(&["x.ab".into()]).expect_err("no such subject");
    assert_eq!(errors[0].to_string(), "b.toml:3:11: rule x.a: no subject is called x.a; did you mean x.ab?");
}

#[test]
fn foreign_bytes_never_panic() {
    // Every prefix of a good file, and every file with one byte changed: an error or a file, never a panic.
    let text = format!("schema = 1\n{RULE}");
    for end in 0..text.len() {
        let _either = Budgets::parse("b.toml", &text[..end]);
        let mut bytes = text.clone().into_bytes();
        bytes[end] = b'"';
        if let Ok(changed) = String::from_utf8(bytes) {
            let _either = Budgets::parse("b.toml", &changed);
        }
    }
}
