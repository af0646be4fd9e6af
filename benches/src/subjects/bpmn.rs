//! The front end: a model of a hundred elements, read and compiled.

use std::fmt::Write as _;
use std::hint::black_box;

use wf_gate::{Batch, Subject};
use wf_net::{CompileOptions, compile};

/// Elements of the model: two events, tasks, and pairs of exclusive gateways around every second of them.
const ELEMENTS: usize = 100;

/// The subjects of wf-bpmn.
#[must_use]
pub fn subjects() -> Vec<Subject> {
    vec![Subject { id: "bpmn.compile_100", ops: 1, make: || Box::new(Compile::new()) }]
}

/// Parses and compiles the same bytes again and again.
struct Compile {
    model: String,
    image_bytes: u64,
}

impl Compile {
    fn new() -> Self {
        let model = model();
        let mut compile = Self { model, image_bytes: 0 };
        compile.image_bytes = compile.run();
        compile
    }
}

impl Batch for Compile {
    fn run(&mut self) -> u64 {
        let bytes = black_box(self.model.as_bytes());
        let document = wf_bpmn::parse(bytes, &Default::default()).expect("our own model");
        let image = compile(&document.processes[0].net, &CompileOptions::default()).expect("our own model");
        image.as_bytes().len() as u64
    }

    fn expected(&mut self) -> Option<u64> {
        // The same input gives the same bytes.
        Some(self.image_bytes)
    }
}

/// Blocks of a task, a choice of two tasks and a merge, one after another between a start and an end.
fn model() -> String {
    let mut elements = String::from("<startEvent id=\"start\"/>");
    let mut flows = String::new();
    let mut flow = |from: &str, to: &str| {
        let number = flows.matches("<sequenceFlow").count();
        let _infallible =
            write!(flows, "<sequenceFlow id=\"f{number}\" sourceRef=\"{from}\" targetRef=\"{to}\"/>");
    };
    let mut last = String::from("start");
    let mut count = 2;
    for block in 0.. {
        if count + 5 > ELEMENTS {
            break;
        }
        let name = |kind: &str| format!("{kind}{block}");
        let (task, split, left, right, join) =
            (name("task"), name("split"), name("left"), name("right"), name("join"));
        for task in [&task, &left, &right] {
            let _infallible = write!(elements, "<task id=\"{task}\"/>");
        }
        for gateway in [&split, &join] {
            let _infallible = write!(elements, "<exclusiveGateway id=\"{gateway}\"/>");
        }
        for (from, to) in [
            (&last, &task),
            (&task, &split),
            (&split, &left),
            (&split, &right),
            (&left, &join),
            (&right, &join),
        ] {
            flow(from, to);
        }
        last = join;
        count += 5;
    }
    while count < ELEMENTS {
        let task = format!("tail{count}");
        let _infallible = write!(elements, "<task id=\"{task}\"/>");
        flow(&last, &task);
        last = task;
        count += 1;
    }
    flow(&last, "end");
    format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\"><process id=\"hundred\">{elements}\
         <endEvent id=\"end\"/>{flows}</process></definitions>"
    )
}
