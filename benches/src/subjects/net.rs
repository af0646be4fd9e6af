//! Conditions of wf-net over the data of many cases.

use wf_gate::{Batch, Subject};
use wf_net::guard::{Comparison, Expr, Guards, Value, Variables};
use wf_net::{CompileOptions, Image, NetBuilder, Program, compile};

const CASES: usize = 1_024;

/// The subjects of wf-net.
#[must_use]
pub fn subjects() -> Vec<Subject> {
    vec![Subject { id: "net.guard", ops: CASES as u32, make: || Box::new(Guarding::new()) }]
}

/// `amount > 1000 and kind = "x"` over cases of random data.
struct Guarding {
    guards: Guards<'static>,
    cases: Vec<Variables>,
    expected: u64,
}

impl Guarding {
    fn new() -> Self {
        let mut net = NetBuilder::new("guard");
        let (start, task, choice, end) = (net.start("s"), net.task("t"), net.exclusive("x"), net.end("e"));
        net.chain(&[start, task, choice]);
        let (yes, no) = (net.flow(choice, end), net.flow(choice, end));
        let large = Expr::variable("amount").compare(Comparison::Greater, Expr::integer(1000));
        net.guard(yes, large.and(Expr::variable("kind").compare(Comparison::Equal, Expr::text("x"))));
        net.default_flow(no);
        let net = net.build().expect("a sound net");
        let image = compile(&net, &CompileOptions::default()).expect("a small net");
        let (mut state, mut expected) = (7u64, 0);
        let mut below = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % n
        };
        let cases = (0..CASES).map(|_| {
            let (amount, text) = (below(2001), ["x", "y"][below(2) as usize]);
            expected += u64::from(amount > 1000 && text == "x");
            let mut variables = Variables::EMPTY;
            variables.set(0, Value::Integer(amount as i64));
            variables.set(1, Value::text(text));
            variables
        });
        let cases = cases.collect();
        // A subject lives as long as its process.
        let image: &'static Image = Box::leak(Box::new(image));
        let guards = Program::parse(image.as_bytes()).expect("just compiled").guards();
        Self { guards, cases, expected }
    }
}

impl Batch for Guarding {
    fn run(&mut self) -> u64 {
        self.cases.iter().filter(|variables| self.guards.holds(0, variables) == Ok(true)).count() as u64
    }

    fn expected(&mut self) -> Option<u64> {
        Some(self.expected)
    }
}
