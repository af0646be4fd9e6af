//! Documents made to hurt: each is refused at a limit, quickly and in bounded memory.

use std::time::{Duration, Instant};

use wf_bpmn::{ParseOptions, parse};

const ROOT: &str = "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'>";

/// Longer than any of these takes, far shorter than an accidental quadratic search would.
const TIME_MAX: Duration = Duration::from_secs(5);

fn check(bytes: &[u8], options: &ParseOptions, expected: &[&str]) {
    let begin = Instant::now();
    let found = parse(bytes, options).expect_err("refused");
    let (found, seconds) = (found.iter().map(ToString::to_string).collect::<Vec<_>>(), begin.elapsed());
    assert_eq!(found, expected);
    assert!(seconds < TIME_MAX, "{expected:?} took {seconds:?}");
}

#[test]
fn nesting() {
    let options = ParseOptions::default();
    let deep = format!("{ROOT}{}", "<a>".repeat(1_000_000));
    check(deep.as_bytes(), &options, &["1:831: elements are nested too deep; the limit is 256"]);
    // Inside of what is skipped, too.
    let deep = format!("{ROOT}\n<extensionElements>{}", "<a>".repeat(1_000_000));
    check(deep.as_bytes(), &options, &["2:782: elements are nested too deep; the limit is 256"]);
    let just = format!("{ROOT}{}{}</definitions>", "<a>".repeat(255), "</a>".repeat(255));
    check(
        just.as_bytes(),
        &options,
        &["1:66: a: not supported: an element of this kind inside a definitions element"],
    );
}

#[test]
fn sizes() {
    let options = ParseOptions::default();
    check(
        &vec![b' '; (64 << 20) + 1],
        &options,
        &["1:1: the document has more than 67108864 bytes, the limit"],
    );
    let long = format!("{ROOT}\n<process name='{}'/></definitions>", "x".repeat(10_000_000));
    check(
        long.as_bytes(),
        &options,
        &["2:1: the value of attribute `name` has 10000000 bytes; the limit is 1048576"],
    );
    let many = format!("{ROOT}{}</definitions>", "<a/>".repeat(1_000_000));
    check(
        many.as_bytes(),
        &options,
        &["1:4000062: the document has too many elements; the limit is 1000000"],
    );
    let attributes: String = (0..100_000).map(|i| format!(" a{i}=''")).collect();
    check(
        format!("{ROOT}\n<process{attributes}/></definitions>").as_bytes(),
        &options,
        &["2:1: the element has too many attributes; the limit is 1024"],
    );
    let prefixes: String = (0..100_000).map(|i| format!(" xmlns:a{i}='u'")).collect();
    let found = parse(format!("{ROOT}\n<process{prefixes}/></definitions>").as_bytes(), &options);
    assert!(found.is_err(), "as many namespaces are refused");
}

#[test]
fn problems_beyond_the_limit_are_counted() {
    let mut options = ParseOptions::default();
    options.errors_max = 2;
    let many = format!("{ROOT}{}</definitions>", "\n<what/>".repeat(900_000));
    check(
        many.as_bytes(),
        &options,
        &[
            "2:1: what: not supported: an element of this kind inside a definitions element",
            "3:1: what: not supported: an element of this kind inside a definitions element",
            "3:1: 899998 more problems are not listed",
        ],
    );
}

#[test]
fn a_large_process_takes_linear_time() {
    // One line, one process, every flow at fault in the way that needs the most looking up.
    let mut xml = format!("{ROOT}<process id='P'><startEvent id='s'/>");
    for i in 0..200_000 {
        xml += &format!("<sequenceFlow id='f{i}' sourceRef='x:t' targetRef='gone{i}'/>");
    }
    xml += "</process><process id='Q'><startEvent id='t'/></process></definitions>";
    let begin = Instant::now();
    let errors = parse(xml.as_bytes(), &ParseOptions::default()).expect_err("refused");
    assert_eq!(errors.len(), 101);
    assert!(begin.elapsed() < TIME_MAX, "it took {:?}", begin.elapsed());
}

#[test]
fn a_long_cdata_or_comment_or_text_is_no_problem() {
    let filler = "x".repeat(8 << 20);
    for text in [
        format!("<![CDATA[{filler}]]>"),
        format!("<!--{filler}-->"),
        format!("<documentation>{filler}</documentation>"),
    ] {
        check(
            format!("{ROOT}{text}</definitions>").as_bytes(),
            &ParseOptions::default(),
            &["1:1: the document has no process"],
        );
    }
}
