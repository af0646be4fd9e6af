//! Choosing an allocator by this crate costs nothing: the same number of instructions as the bare allocator's own
//! methods, counted by callgrind. Counting, which does cost, is the control.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test program without the test harness")]

use std::alloc::Layout;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

/// What a program's own global allocator becomes: one function for each method, over a static.
struct Heap {
    name: &'static str,
    alloc: fn(Layout) -> *mut u8,
    alloc_zeroed: fn(Layout) -> *mut u8,
    realloc: fn(*mut u8, Layout, usize) -> *mut u8,
    dealloc: fn(*mut u8, Layout),
}

/// Functions as the compiler makes them for `#[global_allocator] static HEAP: $type = $value;`.
macro_rules! heap {
    ($name:literal, $type:ty, $value:expr) => {{
        use std::alloc::GlobalAlloc as _;
        static HEAP: $type = $value;
        fn alloc(layout: Layout) -> *mut u8 {
            // SAFETY: `work` passes layouts that have a size.
            unsafe { HEAP.alloc(layout) }
        }
        fn alloc_zeroed(layout: Layout) -> *mut u8 {
            // SAFETY: `work` passes layouts that have a size.
            unsafe { HEAP.alloc_zeroed(layout) }
        }
        fn realloc(block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
            // SAFETY: `work` passes blocks of this heap with their layouts, and sizes that are not zero.
            unsafe { HEAP.realloc(block, layout, bytes) }
        }
        fn dealloc(block: *mut u8, layout: Layout) {
            // SAFETY: `work` passes blocks of this heap with their layouts, each once.
            unsafe { HEAP.dealloc(block, layout) }
        }
        Heap { name: $name, alloc, alloc_zeroed, realloc, dealloc }
    }};
}

/// For each allocator: bare, by this crate's name, and counted.
fn heaps() -> Vec<[Heap; 3]> {
    vec![
        [
            heap!("system", std::alloc::System, std::alloc::System),
            heap!("wf_alloc::System", wf_alloc::System, wf_alloc::System),
            heap!(
                "counted system",
                wf_alloc::Counting<wf_alloc::System>,
                wf_alloc::Counting::new(wf_alloc::System)
            ),
        ],
        #[cfg(feature = "jemalloc")]
        [
            heap!("jemalloc", tikv_jemallocator::Jemalloc, tikv_jemallocator::Jemalloc),
            heap!("wf_alloc::Jemalloc", wf_alloc::Jemalloc, wf_alloc::Jemalloc),
            heap!(
                "counted jemalloc",
                wf_alloc::Counting<wf_alloc::Jemalloc>,
                wf_alloc::Counting::new(wf_alloc::Jemalloc)
            ),
        ],
        #[cfg(feature = "mimalloc")]
        [
            heap!("mimalloc", mimalloc::MiMalloc, mimalloc::MiMalloc),
            heap!("wf_alloc::Mimalloc", wf_alloc::Mimalloc, wf_alloc::Mimalloc),
            heap!(
                "counted mimalloc",
                wf_alloc::Counting<wf_alloc::Mimalloc>,
                wf_alloc::Counting::new(wf_alloc::Mimalloc)
            ),
        ],
        // The allocator that the features choose, by its alias.
        [
            #[cfg(feature = "jemalloc")]
            heap!("jemalloc, chosen", tikv_jemallocator::Jemalloc, tikv_jemallocator::Jemalloc),
            #[cfg(all(feature = "mimalloc", not(feature = "jemalloc")))]
            heap!("mimalloc, chosen", mimalloc::MiMalloc, mimalloc::MiMalloc),
            #[cfg(not(any(feature = "jemalloc", feature = "mimalloc")))]
            heap!("system, chosen", std::alloc::System, std::alloc::System),
            heap!("wf_alloc::Allocator", wf_alloc::Allocator, wf_alloc::ALLOCATOR),
            heap!(
                "counted chosen",
                wf_alloc::Counting<wf_alloc::Allocator>,
                wf_alloc::Counting::new(wf_alloc::ALLOCATOR)
            ),
        ],
    ]
}

/// How often the work calls each method.
const ROUNDS: u64 = 100;

fn work(heap: &Heap) {
    let layout = Layout::new::<[u64; 4]>();
    let grown = Layout::new::<[u64; 16]>();
    for _ in 0..ROUNDS {
        let plain = black_box((heap.alloc)(layout));
        let zeroed = black_box((heap.alloc_zeroed)(layout));
        let plain = black_box((heap.realloc)(plain, layout, grown.size()));
        assert!(!plain.is_null() && !zeroed.is_null());
        (heap.dealloc)(plain, grown);
        (heap.dealloc)(zeroed, layout);
    }
}

/// Callgrind switches its collection on here and off at the return.
#[inline(never)]
fn wf_alloc_collected_work(heap: &Heap) {
    work(black_box(heap));
}

/// Names the heap that a child process is to use.
const HEAP: &str = "WF_ALLOC_TEST_HEAP";

fn main() {
    if let Ok(name) = std::env::var(HEAP) {
        let all = heaps();
        let heap = all.iter().flatten().find(|heap| heap.name == name).expect("a heap of this name");
        // What happens once, such as taking the first pages, is no part of a call's cost.
        work(heap);
        return wf_alloc_collected_work(heap);
    }
    // The harness's own way to ask what tests there are.
    if std::env::args().any(|argument| argument == "--list") {
        println!("switching_costs_no_instruction: test");
        return;
    }
    for [bare, named, counted] in heaps() {
        let counts = [&bare, &named, &counted].map(instructions);
        let [Some(bare_count), Some(named_count), Some(counted_count)] = counts else {
            let reason = "callgrind is not installed or cannot run this program";
            eprintln!("SKIPPED: switching_costs_no_instruction: {reason}");
            return;
        };
        assert_eq!(named_count, bare_count, "{} and {}", named.name, bare.name);
        // Five calls a round, each counted by more than one instruction.
        assert!(counted_count > bare_count + 5 * ROUNDS, "{}: {counted_count}", counted.name);
        println!("{}: {bare_count} instructions, {}: {named_count}", bare.name, named.name);
    }
    println!("test switching_costs_no_instruction ... ok");
}

/// The instructions of the collected work, counted in a child process.
fn instructions(heap: &Heap) -> Option<u64> {
    let name = format!("switching.{}.{}", std::process::id(), heap.name.replace([' ', ':', ','], "_"));
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--toggle-collect=*wf_alloc_collected_work*"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(std::env::current_exe().ok()?)
        .env(HEAP, heap.name)
        .status()
        .ok()?;
    let text = std::fs::read_to_string(&file);
    // It is in the way of nobody if this fails: its name holds the process id.
    let _removed = std::fs::remove_file(&file);
    if !status.success() {
        return None;
    }
    let total = text.ok()?.lines().find_map(|line| line.strip_prefix("summary:")?.trim().parse().ok())?;
    assert!(total > 5 * ROUNDS, "callgrind collected nothing");
    Some(total)
}
