//! An arena in a request loop: each request's scratch and answer live in it, and nothing of it outlives the request.
//!
//! After the first requests of a size nothing is asked of the heap; after a large one the memory is given back.
#![allow(clippy::print_stdout, reason = "an example prints what it did")]

use wf_arena::{Arena, Scope};

/// A request: words to be counted. The answer borrows from the scope, so it cannot be kept past the request.
fn answer<'s>(request: &str, scope: &Scope<'s>) -> &'s [(&'s str, u32)] {
    let mut counts = scope.vec::<(&'s str, u32)>(8);
    // Scratch of the request's size, which the words of the answer point into.
    let text: &'s str = scope.alloc_str(request);
    for word in text.split_whitespace() {
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => counts.push((word, 1)),
        }
    }
    counts.into_slice()
}

fn main() {
    let usual = "the quick brown fox jumps over the lazy dog and the cat ";
    let large = usual.repeat(20_000);
    let mut arena = Arena::new();
    let mut held = Vec::new();
    for request in 0..300 {
        // One request in the middle is twenty thousand times the usual.
        let text = if request == 100 { large.as_str() } else { usual };
        let scope = arena.scope();
        let counts = answer(text, &scope);
        assert_eq!(counts.first(), Some(&("the", if request == 100 { 60_000 } else { 3 })));
        held.push(arena.stats().bytes_held);
    }
    let stats = arena.stats();
    let largest = held.iter().max().copied().unwrap_or(0);
    println!("requests           {}", held.len());
    println!("bytes held, usual  {}", held[99]);
    println!("bytes held, most   {largest}");
    println!("bytes held, end    {}", stats.bytes_held);
    println!("asked of the heap  {} chunks, {} changes of size", stats.chunk_requests, stats.resizes);
    assert!(stats.bytes_held < largest, "the spike is given back");
}
