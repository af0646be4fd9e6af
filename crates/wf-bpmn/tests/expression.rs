//! Conditions in FEEL and JUEL: what they mean, where they are refused, and that what is printed reads as the same.

use std::path::Path;

use wf_bpmn::expression::{DEPTH_MAX, Dialect, Fault, SIZE_MAX, parse_feel, parse_juel, to_juel};
use wf_net::guard::{Binary, Comparison, Expr, Literal, Unary};

#[path = "../fuzz/expression_property.rs"]
mod expression_property;

const SEED: u64 = 0x5EED_0E89;

#[test]
fn feel_means_what_it_prints() {
    for (text, printed) in [
        ("=approved", "approved"),
        ("true", "true"),
        ("= amount > 1000 and status = \"new\"", "((amount > 1000) and (status = \"new\"))"),
        ("a or b and not(c)", "(a or (b and not(c)))"),
        ("COUNT <25 and COUNT >= 21", "((COUNT < 25) and (COUNT >= 21))"),
        ("Vacation  Approval = \"Approved\"", "(Vacation Approval = \"Approved\")"),
        ("order . ship to.city != \"Rome\"", "(order.ship to.city != \"Rome\")"),
        ("a - -1 * b / 2.5 > -c", "((a - ((-1 * b) / 2.5)) > (-c))"),
        ("-(3) < -(-x)", "(-3 < (-(-x)))"),
        ("1e3 <= x", "(1000.0 <= x)"),
        (".5 <= x", "(0.5 <= x)"),
        ("x in [1..5]", "((x >= 1) and (x <= 5))"),
        ("x in (1..5)", "((x > 1) and (x < 5))"),
        ("x in ]1..5[", "((x > 1) and (x < 5))"),
        ("x in [a+1..5)", "((x >= (a + 1)) and (x < 5))"),
        ("x in (1, 2, 3)", "((x = 1) or ((x = 2) or (x = 3)))"),
        ("x in [\"a\", \"b\"]", "((x = \"a\") or (x = \"b\"))"),
        ("x in (> 5, [1..2], 9)", "(((x > 5) or ((x >= 1) and (x <= 2))) or (x = 9))"),
        ("x in < 5 and y", "((x < 5) and y)"),
        ("x between 1 and 5 and y", "(((x >= 1) and (x <= 5)) and y)"),
        ("a = null or null != b.c", "((a = null) or not((b.c = null)))"),
        ("count(list) = 0", "(count(list) = 0)"),
        ("abs(a - b) > 0.01", "(abs((a - b)) > 0.01)"),
        ("x % 2 = 1", "((x % 2) = 1)"),
        ("if a then b else c", "((a and b) or (not(a) and c))"),
        ("a = true", "(a = true)"),
        ("a = \"\\\"\\\\\\n\\u00e9\"", "(a = \"\\\"\\\\\né\")"),
        ("a and b and c and d", "((a and b) and (c and d))"),
        ("x = -9223372036854775808", "(x = -9223372036854775808)"),
        ("(a = b) = c", "((a = b) = c)"),
    ] {
        let expr = parse_feel(text).unwrap_or_else(|fault| panic!("{text}: {} at {}", fault, fault.offset));
        assert_eq!(expr.to_string(), printed, "{text}");
        expression_property::holds_for(text);
    }
}

#[test]
fn juel_means_what_it_prints_in_feel() {
    for (text, printed) in [
        ("${approved}", "approved"),
        ("#{!approved}", "not(approved)"),
        ("${input == 1 || input eq 3}", "((input = 1) or (input = 3))"),
        ("${not a and b or c}", "((not(a) and b) or c)"),
        ("${a ne 'x' && b != \"y\"}", "((a != \"x\") and (b != \"y\"))"),
        ("${a lt 1 and b le 2 and c gt 3 and d ge 4}", "(((a < 1) and (b <= 2)) and ((c > 3) and (d >= 4)))"),
        ("${a + 1 - 2 * 3 / 4 > b div 2 % 3 mod 4}", "(((a + 1) - ((2 * 3) / 4)) > (((b / 2) % 3) % 4))"),
        ("${order.price > 100 && order.price < 250}", "((order.price > 100) and (order.price < 250))"),
        ("${a == b == true}", "((a = b) = true)"),
        ("${x != null}", "not((x = null))"),
        ("${empty list}", "((list = null) or (count(list) = 0))"),
        ("${!empty list}", "not(((list = null) or (count(list) = 0)))"),
        ("${list.size() > 2}", "(count(list) > 2)"),
        ("${order.items.isEmpty()}", "(count(order.items) = 0)"),
        ("${fn:length(list) == 3}", "(count(list) = 3)"),
        ("${vip ? a > 1 : b}", "((vip and (a > 1)) or (not(vip) and b))"),
        ("${var:equals(input,1)}", "(not((input = null)) and (input = 1))"),
        ("${vars:notEquals('input', 'x')}", "((input = null) or (input != \"x\"))"),
        ("${variables:lowerThanOrEquals(a, 10)}", "(not((a = null)) and (a <= 10))"),
        ("${var:exists(a)}", "not((a = null))"),
        ("${var:get(a) > 1}", "(a > 1)"),
        ("${var == 'toEnd'}", "(var = \"toEnd\")"),
        ("a == 'it\\'s'", "(a = \"it's\")"),
        (" ${ true } ", "true"),
    ] {
        let expr = parse_juel(text).unwrap_or_else(|fault| panic!("{text}: {} at {}", fault, fault.offset));
        assert_eq!(expr.to_string(), printed, "{text}");
        expression_property::holds_for(text);
    }
}

/// Faults of texts whose place is marked by `|`, which no condition here has otherwise.
fn check_faults(parse: fn(&str) -> Result<Expr, Fault>, cases: &[(&str, &str)]) {
    for (marked, reason) in cases {
        let offset = marked.find('|').expect("a mark");
        let text = marked.replacen('|', "", 1);
        let fault = parse(&text).err().unwrap_or_else(|| panic!("{text} can be read"));
        assert_eq!((fault.offset, fault.to_string().as_str()), (offset, *reason), "{text}");
    }
}

#[test]
fn what_is_beyond_feel_is_named_with_its_place() {
    check_faults(
        parse_feel,
        &[
            ("|", "there is no condition"),
            ("= |", "there is no condition"),
            ("=|some r in receipts satisfies r.missing", "`some` looks at each item of a list"),
            ("= a and |every r in b satisfies r", "`every` looks at each item of a list"),
            ("a = |string length(b)", "`string length(...)` is a function that is not known"),
            ("Service Level |== 'Premium'", "`==` is not FEEL, which compares with `=`"),
            ("a |# 1", "'#' begins nothing that a condition could have"),
            ("a = |\"x", "a text without a closing quote"),
            ("a = \"|\\q\"", "a backslash before something that needs none"),
            ("a = |9223372036854775808", "a number too large for 64 bits"),
            ("a = |1e999", "a number too large for 64 bits"),
            ("(a = 1|", "the text ends where `)` is needed"),
            ("a = |", "the text ends where a value is needed"),
            ("a = 1 |= 2", "`=` stands where an operator or the end is needed"),
            ("a in |list", "a list that is a variable"),
            ("a|[1] = 2", "an item or a filter of a list"),
            ("a = |[1]", "a list or a range, which stands only behind `in`"),
            ("a = |@\"2020-01-01\"", "a date or a time"),
            ("a = |{b: 1}", "a context"),
            ("|\"a\" + 1 > 2", "a number is needed, this is a text"),
            ("a < |\"b\"", "a number is needed, this is a text"),
            ("|a + 1", "a truth value is needed, this is a number"),
            ("a and |\"b\"", "a truth value is needed, this is a text"),
            ("1 = |true", "a number is needed, this is a truth value"),
            ("|1 = null", "only a variable can be compared with null"),
            ("a + |null = 1", "a number is needed, this is null"),
            ("count(|1) = 1", "a list is needed, this is a number"),
            ("a in [1..|\"b\"]", "a number is needed, this is a text"),
            ("not(|bpmn:getDataObject('a'))", "a name with a prefix, as XPath has"),
            ("a |** 2 = 4", "a power"),
            ("a |instance of number", "a test of a type"),
        ],
    );
}

#[test]
fn what_is_beyond_juel_is_named_with_its_place() {
    check_faults(
        parse_juel,
        &[
            ("${|}", "there is no condition"),
            ("${|order.isStandard()}", "`order.isStandard(...)` is a method call"),
            ("${|execution.getVariable('var1') != null }", "`execution.getVariable(...)` is a method call"),
            ("${a && |orders[1].price <= 100}", "`orders[...]` is an item of a list"),
            ("${|check(a)}", "`check(...)` is a function that is not known"),
            ("${|fn:contains(a, 'b')}", "`fn:contains(...)` is a function that is not known"),
            ("${|var:containsAny(a, 'b')}", "`var:containsAny(...)` is a function that is not known"),
            ("${a |= 1}", "`=` is not JUEL, which compares with `==`"),
            ("${a} |and ${b}", "a text beside `${...}`: a condition is one expression"),
            ("${a|", "the text ends where an operator or the end is needed"),
            ("${a |~ b}", "'~' begins nothing that a condition could have"),
            ("${vip ? |1 : 2}", "a truth value is needed, this is a number"),
            ("${(a ? b : c) == |3}", "a truth value is needed, this is a number"),
            ("a |instanceof b", "a test of a type"),
            ("${a > |'5'}", "a number is needed, this is a text"),
        ],
    );
}

#[test]
fn the_notation_is_told_by_prefix_then_language_then_both_are_tried() {
    let read = |text, language, of_document| {
        Dialect::of(text, language, of_document).and_then(|dialect: Dialect| dialect.parse(text))
    };
    let feel = Some("https://www.omg.org/spec/DMN/20191111/FEEL/");
    let is_equal = parse_feel("a = 1");
    assert_eq!(read("${a == 1}", feel, None), is_equal);
    assert_eq!(read("= a = 1", Some("groovy"), None), is_equal);
    assert_eq!(read("a = 1", feel, Some("juel")), is_equal);
    assert_eq!(read("a == 1", None, Some("juel")), is_equal);
    assert_eq!(read("a == 1", None, None), is_equal);
    assert_eq!(read("a = 1", None, Some("http://www.w3.org/1999/XPath")), is_equal);
    assert!(read("a == 1", feel, None).is_err_and(|fault| fault.offset == 2));
    let groovy = read("a == 1", None, Some("http://groovy.codehaus.org/"));
    assert!(groovy.is_err_and(|fault| fault.to_string().contains("groovy")));
    // The reader that came further tells why.
    assert!(read("a + b = 'x'", None, None).is_err_and(|fault| fault.offset == 8));
}

#[test]
fn nothing_is_nested_or_repeated_without_a_limit() {
    let deep =
        |open: &str, count: usize, close: &str| format!("{}a{}", open.repeat(count), close.repeat(count));
    for (open, close) in [("(", ")"), ("not(", ")"), ("-", ""), ("count(", ")"), ("if ", " then b else c")] {
        assert!(parse_feel(&deep(open, 100_000, close)).is_err(), "{open}");
    }
    for (open, close) in [("(", ")"), ("!", ""), ("empty ", ""), ("a ? b : ", ""), ("-", "")] {
        assert!(parse_juel(&deep(open, 100_000, close)).is_err(), "{open}");
    }
    assert!(parse_feel(&deep("not(", DEPTH_MAX - 1, ")")).is_ok());
    let too_deep = parse_feel(&deep("not(", DEPTH_MAX, ")")).expect_err("too deep");
    assert_eq!(too_deep.to_string(), "nested more than 64 deep");
    // A long chain is not deep.
    let chain = vec!["a = 1"; SIZE_MAX / 4].join(" or ");
    assert!(parse_feel(&chain).is_ok());
    let longer = vec!["a = 1"; SIZE_MAX].join(" or ");
    assert_eq!(parse_feel(&longer).expect_err("too large").to_string(), "more than 1024 parts");
    // What doubles at each level stops early.
    let doubled = format!("{}x{}", "(".repeat(60), " in (true, false))".repeat(60));
    assert_eq!(parse_feel(&doubled).expect_err("too large").to_string(), "more than 1024 parts");
}

#[test]
fn the_fuzz_corpus_and_random_texts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/expression");
    let mut seeds: Vec<String> = std::fs::read_dir(&folder)
        .expect("the corpus is part of the crate")
        .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a text"))
        .collect();
    seeds.sort();
    assert!(seeds.len() >= 25, "only {} seeds", seeds.len());
    let full = std::env::var("WF_TEST_SCALE").is_ok_and(|scale| scale == "full");
    let mut random = Random(SEED);
    for seed in &seeds {
        expression_property::holds_for(seed);
        for _ in 0..if full { 20_000 } else { 500 } {
            let mut bytes = seed.as_bytes().to_vec();
            for _ in 0..=random.below(3) {
                damage(&mut bytes, &mut random);
            }
            check_kept(&String::from_utf8_lossy(&bytes));
        }
    }
    for _ in 0..if full { 500_000 } else { 5_000 } {
        let text: String = (0..random.below(24)).map(|_| WORDS[random.below(WORDS.len())]).collect();
        check_kept(&text);
    }
}

/// Checks a text, and says which if it fails.
fn check_kept(text: &str) {
    if let Err(panic) = std::panic::catch_unwind(|| expression_property::holds_for(text)) {
        eprintln!("seed {SEED:#x}: {text:?}");
        std::panic::resume_unwind(panic);
    }
}

const WORDS: [&str; 48] = [
    "a",
    "b.c",
    " in ",
    " and ",
    " or ",
    "not(",
    "(",
    ")",
    "[",
    "]",
    "..",
    ",",
    " = ",
    " == ",
    "!=",
    " < ",
    "1",
    "-",
    "2.5",
    "\"x\"",
    "'y'",
    "null",
    "true",
    " ",
    "count(",
    "abs(",
    " between ",
    "${",
    "}",
    "!",
    "&&",
    "||",
    "empty ",
    " ? ",
    " : ",
    "var:equals(",
    "fn:length(",
    ".size()",
    "if ",
    " then ",
    " else ",
    "+",
    "*",
    "/",
    "%",
    "ß",
    "\\",
    "9223372036854775808",
];

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    let end = at + random.below(20).min(bytes.len() - at);
    match random.below(4) {
        0 => bytes[at] = random.next() as u8,
        1 => drop(bytes.drain(at..end)),
        2 => drop(bytes.splice(at..at, WORDS[random.below(WORDS.len())].bytes()).collect::<Vec<_>>()),
        _ => {
            let piece = bytes[at..end].to_vec();
            drop(bytes.splice(at..at, piece).collect::<Vec<_>>());
        }
    }
}

#[test]
fn what_is_printed_reads_as_the_same() {
    let rounds =
        if std::env::var("WF_TEST_SCALE").is_ok_and(|scale| scale == "full") { 200_000 } else { 4_000 };
    let mut random = Random(SEED);
    for round in 0..rounds {
        let expr = truth(&mut random, 6);
        let feel = expr.to_string();
        assert_eq!(parse_feel(&feel).as_ref(), Ok(&expr), "seed {SEED:#x}, round {round}: {feel}");
        if let Some(juel) = to_juel(&expr) {
            assert_eq!(parse_juel(&juel).as_ref(), Ok(&expr), "seed {SEED:#x}, round {round}: {juel}");
        }
    }
}

/// A random condition.
fn truth(random: &mut Random, depth: usize) -> Expr {
    let next = depth.saturating_sub(1);
    match random.below(if depth == 0 { 3 } else { 9 }) {
        0 => Expr::Literal(Literal::Boolean(random.below(2) == 0)),
        1 => Expr::variable(name(random)),
        2 => Expr::IsNull(name(random).to_owned()),
        3 => truth(random, next).negated(),
        4 => truth(random, next).and(truth(random, next)),
        5 => truth(random, next).or(truth(random, next)),
        6 => text(random).compare([Comparison::Equal, Comparison::NotEqual][random.below(2)], text(random)),
        _ => {
            let all = [
                Comparison::Equal,
                Comparison::NotEqual,
                Comparison::Less,
                Comparison::LessOrEqual,
                Comparison::Greater,
                Comparison::GreaterOrEqual,
            ];
            number(random, next).compare(all[random.below(6)], number(random, next))
        }
    }
}

fn number(random: &mut Random, depth: usize) -> Expr {
    let next = depth.saturating_sub(1);
    match random.below(if depth == 0 { 4 } else { 8 }) {
        0 => Expr::integer([0, 7, -7, i64::MAX, i64::MIN, random.next() as i64][random.below(6)]),
        1 => {
            let decimal = f64::from_bits(random.next() << 16 | random.next());
            Expr::Literal(Literal::Decimal(if decimal.is_finite() { decimal } else { -0.5 }))
        }
        2 => Expr::variable(name(random)),
        3 => Expr::Unary(Unary::Length, Box::new(Expr::variable(name(random)))),
        4 => Expr::Unary(Unary::Absolute, Box::new(number(random, next))),
        5 => match number(random, next) {
            // A constant below zero is a constant.
            constant @ Expr::Literal(_) => constant,
            other => Expr::Unary(Unary::Negate, Box::new(other)),
        },
        _ => {
            let all = [Binary::Add, Binary::Subtract, Binary::Multiply, Binary::Divide, Binary::Remainder];
            let operation = all[random.below(5)];
            Expr::Binary(operation, Box::new(number(random, next)), Box::new(number(random, next)))
        }
    }
}

fn text(random: &mut Random) -> Expr {
    match random.below(3) {
        0 => Expr::variable(name(random)),
        _ => Expr::text(["", "new", "a \"b\" 'c'", "\\", "\n\t", "größe 📦", "${x}"][random.below(7)]),
    }
}

fn name(random: &mut Random) -> &'static str {
    ["a", "order.total", "_x1", "Vacation Approval", "größe", "count", "var", "a.in", "eq"][random.below(9)]
}

/// xorshift64*: the same texts on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
