//! What the compiler emits, refuses and proves; one `check` per behaviour.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use wf_net::image::{FLAG_MERGES, Header, KIND_PLAIN, KIND_SCRIPT, build_id};
use wf_net::{
    CompileOptions, Image, ImageError, Instances, Needed, NetBuilder, NodeId, NodeKind, Problem, ProblemKind,
    Program, Quantity, Subject, Synchronizing, compile,
};

/// Builds a net from lines like `a -> b c`: a name's first letter says its kind (s start, e end, x exclusive,
/// p parallel, o inclusive, else task); nodes are numbered in the order in which they are first named.
fn net(text: &str) -> NetBuilder {
    let mut net = NetBuilder::new("t");
    let mut known: std::collections::HashMap<&str, NodeId> = std::collections::HashMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (from, targets) = line.split_once("->").unwrap();
        let names: Vec<&str> = std::iter::once(from.trim()).chain(targets.split_whitespace()).collect();
        let nodes: Vec<NodeId> = names.iter().map(|name| node(&mut net, &mut known, name)).collect();
        for &to in &nodes[1..] {
            net.flow(nodes[0], to);
        }
    }
    net
}

fn node<'t>(
    net: &mut NetBuilder,
    known: &mut std::collections::HashMap<&'t str, NodeId>,
    name: &'t str,
) -> NodeId {
    let kind = match name.as_bytes()[0] {
        b's' => NodeKind::Start,
        b'e' => NodeKind::End,
        b'x' => NodeKind::Exclusive,
        b'p' => NodeKind::Parallel,
        b'o' => NodeKind::Inclusive(Synchronizing::General),
        _ => NodeKind::Task,
    };
    *known.entry(name).or_insert_with(|| net.node(name, kind))
}

fn image(text: &str) -> Image {
    compile(&net(text).build().unwrap(), &CompileOptions::default()).unwrap()
}

fn problems(text: &str) -> Vec<Problem> {
    compile(&net(text).build().unwrap(), &CompileOptions::default()).unwrap_err()
}

#[test]
fn a_sequence_is_one_mask_each() {
    let image = image("s -> a \n a -> b \n b -> e");
    let program = Program::parse(image.as_bytes()).unwrap();
    let op = program.op(0, 0);
    assert_eq!((op.want[0], !op.keep[0], op.put[0], !op.join_keep[0]), (0b01, 0b0101, 0b10, 0));
    // The start puts the first work item and needs nothing.
    let start = program.op(2, 0);
    assert_eq!((start.want[0], !start.keep[0], start.put[0]), (0, 0, 0b01));
    assert_eq!(program.task(1).kind, wf_net::image::TASK_PLAIN);
    assert_eq!(program.header().counters, 0);
}

#[test]
fn a_synchronization_is_folded_into_the_completions_that_feed_it() {
    let image = image("s -> p1 \n p1 -> a b \n a -> p2 \n b -> p2 \n p2 -> c \n c -> e");
    let program = Program::parse(image.as_bytes()).unwrap();
    // Bits: tasks a b c 0-2, running 3-5, inputs of p2 6-7.
    let op = program.op(0, 0);
    assert_eq!(op.meta.kind(), KIND_PLAIN);
    assert_eq!((op.put[0], !op.join_keep[0], op.join_put[0]), (1 << 6, 0b11 << 6, 1 << 2));
    assert_eq!(program.fanout_max(), 2);
}

#[test]
fn a_merge_is_a_part_of_the_completions_that_it_may_wait_for() {
    let image =
        image("s -> t \n t -> o1 \n o1 -> a b \n a -> x1 \n x1 -> o2 e \n b -> o2 \n o2 -> c \n c -> e");
    let program = Program::parse(image.as_bytes()).unwrap();
    assert_eq!((program.header().flags, program.header().words), (FLAG_MERGES, 1));
    // Bits: tasks t a b c 0-3, running 4-7, inputs of o2 8-9.
    let inputs = 0b11 << 8;
    let (a, b) = (0b10, 0b100);
    // What a and b leave at the merge goes on unless the other is still to come; so it does if a ends elsewhere.
    for (task, outcome, put) in [(1, 0, 1 << 8), (2, 0, 1 << 9), (1, 1, 0)] {
        let op = program.op(task, outcome);
        assert_eq!((op.meta.kind(), op.put[0], op.want[0]), (KIND_PLAIN, put, 1 << task));
        assert_eq!(
            (!op.join_keep[0], op.join_put[0], op.threat[0]),
            (inputs, 1 << 3, a | b),
            "{task} {outcome}"
        );
    }
    // The split is a mask for each set of branches; the empty one is left to a script, which refuses it.
    assert_eq!([1, 2, 3].map(|outcome| program.op(0, outcome).put[0]), [a, b, a | b]);
    assert_eq!(program.op(0, 0).meta.kind(), KIND_SCRIPT);
}

#[test]
fn decisions_are_digits_of_the_outcome() {
    let image =
        image("s -> a \n a -> x1 \n x1 -> b x2 \n x2 -> c d f \n b -> e \n c -> e \n d -> e \n f -> e");
    let program = Program::parse(image.as_bytes()).unwrap();
    let names = program.names().unwrap();
    assert_eq!(names.route_decisions[0], [0, 1]);
    assert_eq!(program.op(0, 0).meta.outcomes, 6);
    // Digit of x1 first (base 2), then of x2 (base 3): outcome 1 + 2 * 2 is x1's branch 1, x2's branch 2.
    let task = |bit: u32| names.tasks[bit as usize].id.as_str();
    let reached: Vec<&str> = (0..6).map(|o| task(program.op(0, o).put[0].trailing_zeros())).collect();
    assert_eq!(reached, ["b", "c", "b", "d", "b", "f"]);
}

#[test]
fn only_places_that_can_hold_several_tokens_have_counters() {
    let check = |text: &str, counters: u16| {
        let image = image(text);
        assert_eq!(Program::parse(image.as_bytes()).unwrap().header().counters, counters, "{text}");
    };
    // WCP-3: sound, so no counters; also inside a loop.
    check(
        "s -> x1 \n x1 -> p1 \n p1 -> a b \n a -> p2 \n b -> p2 \n p2 -> x2 \n x2 -> x1b e \n x1b -> x1c \n x1c -> f \n f -> x1",
        0,
    );
    // WCP-8: the merge hands on each of two tokens, so the task behind it can wait twice (and run twice).
    check("s -> p1 \n p1 -> a b \n a -> x1 \n b -> x1 \n x1 -> c \n c -> e", 2);
    // Two tokens meet at one input of a synchronization within a step.
    check("s -> x1 x1 p2 \n x1 -> p2 e1 \n p2 -> a \n a -> e2", 1);
    // A task that starts itself twice piles up without a bound.
    check("s -> a \n a -> a a", 2);
    // Twenty branches: far more markings than are walked through, proved by components.
    let branches: Vec<String> = (0..20).map(|i| format!("t{i}")).collect();
    let wide = branches.iter().fold(format!("s -> p1 \n p1 -> {}\n", branches.join(" ")), |text, b| {
        text + &format!("{b} -> p2 \n")
    });
    check(&(wide + "p2 -> e"), 0);
}

#[test]
fn what_masks_cannot_say_is_a_script() {
    let check = |text: &str, route: usize, kind: u8| {
        let image = image(text);
        assert_eq!(Program::parse(image.as_bytes()).unwrap().op(route, 0).meta.kind(), kind, "{text}");
    };
    // Two synchronizations in a row behind one completion.
    let nested = "s -> p1 \n p1 -> a p2 \n p2 -> b c \n b -> p3 \n c -> p3 \n p3 -> p4 \n a -> p4 \n p4 -> e";
    check(nested, 0, KIND_PLAIN);
    check(nested, 1, KIND_SCRIPT);
    // More outcomes than a task has ops.
    let many: String = (0..20).map(|i| format!("x1 -> t{i} \n t{i} -> e \n")).collect();
    check(&format!("s -> a \n a -> x1 \n {many}"), 0, KIND_SCRIPT);
}

#[test]
fn nets_without_a_program_are_refused_with_the_reason() {
    let check = |text: &str, expected: &[(Subject, ProblemKind)]| {
        let found: Vec<_> =
            problems(text).into_iter().map(|problem| (problem.subject, problem.kind)).collect();
        assert_eq!(found, expected, "{text}");
    };
    let of = |ids: &[u32]| ProblemKind::LoopWithoutTask(ids.iter().copied().map(NodeId).collect());
    check("s -> x1 \n x1 -> x2 a \n x2 -> x1 \n a -> e", &[(Subject::Node(NodeId(1)), of(&[1, 2]))]);
    // Two loops are two problems; what merely leads from one to the other is in neither.
    check(
        "s -> x1 \n x1 -> x1 x2 \n x2 -> x3 \n x3 -> x3 e",
        &[(Subject::Node(NodeId(1)), of(&[1])), (Subject::Node(NodeId(3)), of(&[3]))],
    );
    let tasks: String = (0..65).map(|i| format!("t{i} -> t{} \n", i + 1)).collect();
    let too_wide = problems(&format!("s -> t0 \n {tasks} t65 -> e"));
    assert_eq!(too_wide[0].kind, ProblemKind::TooManyTasks { tasks: 66, tasks_max: 64 });
    assert_eq!(too_wide[1].kind, ProblemKind::TooManyPlaces { places: 132, places_max: 128 });
    let piles: String = (0..14).map(|i| format!("p1 -> t{i} t{i} \n t{i} -> e \n")).collect();
    check(
        &format!("s -> p1 \n {piles}"),
        &[(Subject::Net, ProblemKind::TooManyCounters { counters: 28, counters_max: 26 })],
    );
    let choices: String = (0..64).map(|i| format!("p1 -> x{i} \n x{i} -> a e \n")).collect();
    let found = problems(&format!("s -> b \n b -> p1 \n {choices} a -> e"));
    assert_eq!(found, [Problem { subject: Subject::Node(NodeId(1)), kind: ProblemKind::TooManyDecisions }]);
}

#[test]
fn hostile_sizes_take_time_in_proportion() {
    let begun = std::time::Instant::now();
    // A chain of gateways behind a loop; a gateway of very many branches; very many tasks; a ladder of synchronizations.
    let chain: String = (2..30_000).map(|i| format!("x{i} -> x{} \n", i + 1)).collect();
    assert_eq!(problems(&format!("s -> x1 \n x1 -> x1 x2 \n {chain} x30000 -> e")).len(), 1);
    let branches: String = (0..50_000).map(|_| " x2".to_owned()).collect();
    let found = problems(&format!("s -> x1 \n x1 ->{branches} \n x2 -> a \n a -> e"));
    assert_eq!(found[0].kind, ProblemKind::RoutingTooLong);
    let tasks: String = (0..20_000).map(|i| format!("s -> x{i} \n x{i} -> t{i} \n t{i} -> e \n")).collect();
    assert_eq!(problems(&tasks).len(), 2);
    let ladder: String = (0..60).map(|i| format!("p{i} -> p{0} p{0} \n", i + 1)).collect();
    let found =
        compile(&net(&format!("s -> p0 \n {ladder} p60 -> e")).build().unwrap(), &CompileOptions::default());
    assert!(found.is_ok());
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn the_same_net_gives_the_same_bytes() {
    let text = "s -> p1 \n p1 -> a b \n a -> x1 \n b -> x1 \n x1 -> c x2 \n x2 -> e d \n c -> e \n d -> e";
    assert_eq!(image(text), image(text));
    assert_ne!(image(text), image(&text.replace("x2 -> e d", "x2 -> d e")));
}

/// Rewrites the identity after a change, so that the checks behind it are reached.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let at = std::mem::offset_of!(Header, build_id);
    let id = build_id(&bytes);
    bytes[at..at + 8].copy_from_slice(&id.to_le_bytes());
    bytes
}

/// A copy on a 64-byte boundary, `shift` bytes further.
fn aligned(bytes: &[u8], shift: usize) -> (Vec<u8>, usize) {
    let mut buffer = vec![0; bytes.len() + 128];
    let at = buffer.as_ptr().align_offset(64) + shift;
    buffer[at..at + bytes.len()].copy_from_slice(bytes);
    (buffer, at)
}

fn parsed(bytes: &[u8]) -> Result<(), ImageError> {
    let (buffer, at) = aligned(bytes, 0);
    Program::parse(&buffer[at..at + bytes.len()]).map(|program| {
        // Everything that an engine follows can be read without a panic.
        for route in 0..program.routes() {
            for outcome in 0..1 << program.header().shift {
                let _ = program.op(route, outcome);
            }
        }
        assert!(program.names().is_ok());
    })
}

#[test]
fn every_flipped_byte_and_every_length_is_noticed() {
    let whole = image("s -> p1 \n p1 -> a b \n a -> x1 \n b -> x1 \n x1 -> c e").as_bytes().to_vec();
    assert_eq!(parsed(&whole), Ok(()));
    for index in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[index] ^= 0x10;
        assert!(parsed(&bytes).is_err(), "byte {index}");
    }
    for length in 0..whole.len() {
        assert!(parsed(&whole[..length]).is_err(), "length {length}");
    }
    let (buffer, at) = aligned(&whole, 8);
    assert_eq!(Program::parse(&buffer[at..at + whole.len()]).unwrap_err(), ImageError::Misaligned);
}

#[test]
fn a_hostile_image_is_refused_or_harmless() {
    let whole = image("s -> p1 \n p1 -> a b \n a -> x1 \n b -> x1 \n x1 -> c e \n c -> x2 \n x2 -> c e")
        .as_bytes()
        .to_vec();
    let (mut refused, mut harmless) = (0, 0);
    for index in 0..whole.len() {
        for value in [0, 1, 0x7F, 0x80, 0xFF, whole[index].wrapping_add(1)] {
            let mut bytes = whole.clone();
            bytes[index] = value;
            match parsed(&sealed(bytes)) {
                Ok(()) => harmless += 1,
                Err(_) => refused += 1,
            }
        }
    }
    println!("{refused} refused, {harmless} harmless");
    // Masks of valid places and letters of names can change; offsets, counts and codes cannot.
    assert!(harmless > 0 && refused > harmless);
}

#[test]
fn a_completion_does_not_wait_for_instances_that_run_on() {
    let built = |cancels_rest: bool| {
        let mut net = NetBuilder::new("t");
        let several = Instances {
            count: Quantity::Fixed(2),
            most: 2,
            needed: Needed::AtLeast(1),
            cancels_rest,
            is_dynamic: false,
            is_sequential: false,
        };
        let (s, task, end) = (net.start("s"), net.instances("several", several), net.end("e"));
        let done = net.completion("done", &[task]);
        net.chain(&[s, task, done, end]);
        net.build().map(drop)
    };
    assert_eq!(built(true), Ok(()));
    let problems = built(false).unwrap_err();
    assert!(problems[0].to_string().contains("instances that run on"), "{problems:?}");
}
