//! Reports: valid by the schema in the repository, the same bytes when rendered again, and no text that breaks a format.

use serde_json::Value;
use wf_gate::report::{Report, github, html, junit, markdown, term};

/// A report with every verdict, a waiver, and names that try to break out of each format.
fn report() -> Report {
    let text = include_str!("report/sample.json");
    Report::from_json(text).unwrap_or_else(|message| panic!("the sample cannot be read: {message}"))
}

#[test]
fn the_sample_and_what_is_written_from_it_are_valid_by_the_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("../schema/report-1.json")).expect("the schema is JSON");
    for text in [include_str!("report/sample.json").to_owned(), report().to_json()] {
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let mut faults = Vec::new();
        validate(&schema, &schema, &value, "report", &mut faults);
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

#[test]
fn the_schema_refuses_what_is_not_a_report() {
    let schema: Value =
        serde_json::from_str(include_str!("../schema/report-1.json")).expect("the schema is JSON");
    let good: Value = serde_json::from_str(include_str!("report/sample.json")).expect("JSON");
    let changes: [fn(&mut Value); 6] = [
        |r| r["schema"] = "wf-gate-report/2".into(),
        |r| r["seed"] = "42".into(),
        |r| r["more"] = 1.into(),
        |r| r["rules"][0]["verdict"] = "perhaps".into(),
        |r| r["started"] = "yesterday".into(),
        |r| drop(r["machine"].as_object_mut().map(|machine| machine.remove("cpu"))),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut bad = good.clone();
        change(&mut bad);
        let mut faults = Vec::new();
        validate(&schema, &schema, &bad, "report", &mut faults);
        assert!(!faults.is_empty(), "change {index} was not noticed");
    }
}

#[test]
fn rendering_a_stored_report_again_gives_the_same_bytes() {
    let first = report();
    let again = Report::from_json(&first.to_json()).expect("own JSON");
    assert_eq!(first, again);
    for render in
        [markdown::render, html::render, junit::render, github::render, |r: &Report| term::render(r, true)]
    {
        assert_eq!(render(&first), render(&again));
    }
    assert_eq!(first.to_json(), again.to_json());
}

#[test]
fn a_stored_exit_code_is_what_its_rules_say() {
    let report = report();
    assert_eq!(report.exit, report.exit_code() as u8);
    assert_eq!(report.verdict, report.worst());
}

#[test]
fn another_schema_is_refused() {
    let text = include_str!("report/sample.json").replace("wf-gate-report/1", "wf-gate-report/9");
    assert!(Report::from_json(&text).expect_err("schema 9 is not known").contains("wf-gate-report/9"));
}

#[test]
fn every_rule_is_in_every_form_the_worst_first() {
    let report = report();
    for text in [term::render(&report, false), markdown::render(&report), html::render(&report)] {
        let failed = text.find("x.slow").expect("the failed rule");
        for rule in report.rules.iter().filter(|rule| rule.id != "x.slow") {
            let id = rule.id.replace('<', "&lt;").replace('>', "&gt;").replace('&', "&amp;");
            let at = text
                .find(&rule.id)
                .or_else(|| text.find(&id.replace("&amp;lt;", "&lt;").replace("&amp;gt;", "&gt;")));
            assert!(at.is_some_and(|at| at > failed), "{} after the failed one in\n{text}", rule.id);
        }
    }
}

#[test]
fn no_name_breaks_out_of_its_format() {
    let mut report = report();
    report.rules[0].why = "</div><script>alert(1)</script>|\n::error::x".into();
    report.rules[0].notes = vec!["a | b <b>\n]]> \"quoted\" & 100 %".into()];
    let page = html::render(&report);
    assert!(!page.contains("<script"), "no script, from nowhere");
    for fetched in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(fetched), "the page fetches {fetched}");
    }
    assert_eq!(page.matches("<div").count(), page.matches("</div>").count());
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    let xml = junit::render(&report);
    assert!(!xml.contains("]]> \"quoted\""), "{xml}");
    for line in markdown::render(&report).lines().filter(|line| line.starts_with("| fail")) {
        let bars = line.replace("\\|", "").matches('|').count();
        assert_eq!(bars, 7, "{line}");
    }
    for line in github::render(&report).lines() {
        assert!(line.starts_with("::error ") || line.starts_with("::warning "), "{line}");
    }
}

#[test]
fn junit_counts_what_it_lists() {
    let xml = junit::render(&report());
    let attribute = |name: &str| -> usize {
        let from = xml.find(&format!("{name}=\"")).expect("the attribute") + name.len() + 2;
        xml[from..].split('"').next().expect("a value").parse().expect("a number")
    };
    assert_eq!(attribute("tests"), xml.matches("<testcase ").count());
    assert_eq!(attribute("failures"), xml.matches("<failure ").count());
    assert_eq!(attribute("errors"), xml.matches("<error ").count());
    assert_eq!(attribute("skipped"), xml.matches("<skipped ").count());
}

/// The part of JSON Schema that our schema uses; a keyword that is not known here fails the test, so that nothing in the
/// schema goes unchecked.
fn validate(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let keywords = schema.as_object().expect("a schema is an object");
    for (keyword, wanted) in keywords {
        match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "properties" | "additionalProperties" => {}
            "$ref" => {
                let name =
                    wanted.as_str().and_then(|r| r.strip_prefix("#/$defs/")).expect("a local reference");
                validate(root, &root["$defs"][name], value, at, faults);
                return;
            }
            "type" => {
                let is = match wanted.as_str().expect("one type") {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "number" => value.is_number(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    other => panic!("type {other} is not known to this test"),
                };
                if !is {
                    faults.push(located(at, format!("{value} is no {wanted}")));
                    return;
                }
            }
            "const" if wanted != value => faults.push(located(at, format!("{value} is not {wanted}"))),
            "enum" if !wanted.as_array().expect("a list").contains(value) => {
                faults.push(located(at, format!("{value} is none of {wanted}")));
            }
            "const" | "enum" => {}
            "minimum" => {
                if value.as_f64() < wanted.as_f64() {
                    faults.push(located(at, format!("{value} is below {wanted}")));
                }
            }
            "pattern" => {
                if !value.as_str().is_some_and(|text| fits(wanted.as_str().expect("a pattern"), text)) {
                    faults.push(located(at, format!("{value} does not fit {wanted}")));
                }
            }
            "required" => {
                for name in wanted.as_array().expect("a list").iter().filter_map(Value::as_str) {
                    if value.get(name).is_none() {
                        faults.push(located(at, format!("{name} is missing")));
                    }
                }
            }
            "anyOf" => {
                let fits_one = wanted.as_array().expect("a list").iter().any(|option| {
                    let mut inner = Vec::new();
                    validate(root, option, value, at, &mut inner);
                    inner.is_empty()
                });
                if !fits_one {
                    faults.push(located(at, format!("{value} fits no option")));
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    validate(root, wanted, item, &format!("{at}[{index}]"), faults);
                }
            }
            other => panic!("the keyword {other} is not known to this test"),
        }
    }
    if let (Some(properties), Some(object)) =
        (schema.get("properties").and_then(Value::as_object), value.as_object())
    {
        for (name, inner) in object {
            match properties.get(name) {
                Some(schema) => validate(root, schema, inner, &format!("{at}.{name}"), faults),
                None => faults.push(format!("{at}: {name} is not known")),
            }
        }
    }
}

/// Patterns of the form `^[0-9]{4}-...$`: digits where a class stands, the character itself elsewhere.
fn fits(pattern: &str, text: &str) -> bool {
    let mut shape = String::new();
    let mut rest = pattern.trim_start_matches('^').trim_end_matches('$');
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("[0-9]{") {
            let (count, after) = after.split_once('}').expect("a closed count");
            shape.push_str(&"9".repeat(count.parse().expect("a count")));
            rest = after;
        } else {
            shape.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    text.len() == shape.len()
        && shape.chars().zip(text.chars()).all(|(s, t)| if s == '9' { t.is_ascii_digit() } else { s == t })
}

fn located(at: &str, text: String) -> String {
    format!("{at}: {text}")
}
