//! Workflow nets: nodes and flows, static checks, and compilation to a flat program image.
//!
//! A [`Net`] is built with a [`NetBuilder`], which checks its structure. [`compile`] folds its gateways into the
//! completions that set them off, proves which places hold at most one token, walks through the markings where a merge
//! has to look at the whole case, and writes an [`Image`]: ops made of
//! bit masks, in 64-byte cells, used in place. [`Program::parse`] checks an image before an engine follows it.
//!
//! [`patterns`] has a net of each of the 43 control-flow patterns.
//!
//! # When not to use it
//! To run cases: that is `wf-engine`. To read models: that is `wf-bpmn`.
//!
//! # Cost
//! | what | costs | rule in `budgets.toml` |
//! |---|---|---|
//! | compiling a net | in proportion to the net times its tasks and starts, and to the proof of safety, whose searches have stated limits | `bpmn.compile_100.ticks`, with reading it |
//! | a condition over a case | no heap call; its codes one after another | `net.guard.ticks` |
//! | a step | nothing here: an engine reads the cells of the image | `engine.complete.ticks`, `engine.merge.ratio` |
//!
//! # Example
//! ```
//! use wf_net::{CompileOptions, NetBuilder, Program, compile};
//!
//! let mut net = NetBuilder::new("pack and bill");
//! let (start, split, join, done) = (net.start("s"), net.parallel("fork"), net.parallel("join"), net.end("e"));
//! let (pack, bill) = (net.task("pack"), net.task("bill"));
//! for (from, to) in [(start, split), (split, pack), (split, bill), (pack, join), (bill, join), (join, done)] {
//!     net.flow(from, to);
//! }
//! let image = compile(&net.build().unwrap(), &CompileOptions::default()).unwrap();
//! let program = Program::parse(image.as_bytes()).unwrap();
//! assert_eq!(program.names().unwrap().tasks[1].id, "bill");
//! // Two work items, two running bits, two inputs of the synchronization: one word.
//! assert_eq!((program.header().places, program.words()), (6, 1));
//! ```
//!
//! # Sources
//! N. Russell, A. ter Hofstede, W. van der Aalst, N. Mulyar: *Workflow Control-Flow Patterns: A Revised View*
//! (BPM-06-22, 2006); each module names its own.
#![forbid(unsafe_code)]

#[cfg(target_endian = "big")]
compile_error!("program images are little-endian and used in place");

mod builder;
mod classify;
mod compile;
mod conditions;
mod explore;
pub mod guard;
mod id;
pub mod image;
mod layout;
mod merges;
mod net;
pub mod patterns;
mod problem;
mod program;
mod quiet;
mod routing;
mod rules;
mod safety;
pub mod script;
mod soundness;
mod spread;
mod tail;

pub use builder::NetBuilder;
pub use compile::{CompileOptions, compile};
pub use id::{FlowId, NodeId};
pub use image::Image;
pub use net::{
    ANY_ERROR, Flow, Instances, Needed, Net, Node, NodeKind, Quantity, Retention, Surplus, Synchronizing,
    Timer,
};
pub use problem::{Problem, ProblemKind, Subject};
pub use program::{ImageError, Outline, Program};
pub use soundness::{CheckOptions, Checked, Finding, FindingKind, Move, check};
pub use tail::{Branch, Catch, Decision, DecisionKind, JoinInput, Label, Names, TimerLabel};
