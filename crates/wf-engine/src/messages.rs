//! Messages: what a step sends, and who waits for what.

use std::collections::BTreeSet;

use wf_net::Names;
use wf_net::image::{TASK_CALL, TASK_PERSISTENT};
use wf_net::script::SENT_MAX;
use wf_registry::{Frozen, Registry};

use crate::advance::{Batch, bits};
use crate::changes::Sent;
use crate::error::EngineError;
use crate::items::{Call, Called, Items};
use crate::line::Line;
use crate::programs::ProgramId;
use crate::{CaseId, Engine, Event, Shard};

/// Number of a message in its engine: programs that name the same message mean the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u32);

/// The messages that a step has sent, by their numbers in the program, each with how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outbox {
    messages: [u16; SENT_MAX],
    counts: [u8; SENT_MAX],
    len: u8,
}

impl Outbox {
    pub(crate) const EMPTY: Self = Self { messages: [0; SENT_MAX], counts: [0; SENT_MAX], len: 0 };

    /// `false` if there is no room: a compiled program never needs more.
    pub(crate) fn push(&mut self, message: u16, count: u8) -> bool {
        let len = usize::from(self.len);
        let at = self.messages[..len].iter().position(|&other| other == message).unwrap_or(len);
        let (Some(slot), Some(total)) = (self.messages.get_mut(at), self.counts.get_mut(at)) else {
            return false;
        };
        let Some(sum) = total.checked_add(count) else { return false };
        (*slot, *total) = (message, sum);
        self.len = self.len.max(at as u8 + 1);
        true
    }
}

/// What a program does with a message from outside.
#[derive(Clone, Copy, Debug)]
struct Catch {
    message: MessageId,
    route: u16,
}

/// Names of all messages, and what each program does with them.
#[derive(Debug)]
pub(crate) struct Messages {
    names: Frozen<()>,
    /// For each program its messages by their numbers there.
    of_program: Vec<Vec<MessageId>>,
    catches: Vec<Vec<Catch>>,
}

impl Messages {
    /// Of all programs, in order.
    pub(crate) fn new<'n>(programs: impl Iterator<Item = &'n Names> + Clone) -> Result<Self, EngineError> {
        let all: BTreeSet<&String> = programs.clone().flat_map(|names| &names.messages).collect();
        let mut names = Registry::new();
        for name in all {
            names.register(name, ()).map_err(|_| EngineError::TooManyPrograms)?;
        }
        let names = names.freeze();
        let id = |name: &String| {
            MessageId(names.id(name).unwrap_or_else(|| unreachable!("every name was registered")))
        };
        let (mut of_program, mut catches) = (Vec::new(), Vec::new());
        for program in programs {
            let ids: Vec<MessageId> = program.messages.iter().map(id).collect();
            let catch = |catch: &wf_net::Catch| Catch {
                message: ids[usize::from(catch.message)],
                route: catch.route,
            };
            catches.push(program.catches.iter().map(catch).collect());
            of_program.push(ids);
        }
        Ok(Self { names, of_program, catches })
    }

    fn routes(&self, program: u32, message: MessageId) -> impl Iterator<Item = u16> + '_ {
        let catches = self.catches.get(program as usize).into_iter().flatten();
        catches.filter(move |catch| catch.message == message).map(|catch| catch.route)
    }
}

impl Engine {
    /// The number of a message by its name.
    #[must_use]
    pub fn message(&self, name: &str) -> Option<MessageId> {
        self.programs.messages.names.id(name).map(MessageId)
    }

    /// All messages with their names.
    pub fn messages(&self) -> impl Iterator<Item = (MessageId, &str)> {
        let names = &self.programs.messages.names;
        (0..names.len() as u32).filter_map(|id| Some((MessageId(id), names.name(id)?)))
    }

    /// The name of a message.
    #[must_use]
    pub fn message_name(&self, message: MessageId) -> Option<&str> {
        self.programs.messages.names.name(message.0)
    }

    /// Programs of which cases begin with a message, and the numbers of the start nodes.
    pub(crate) fn started_by(&self, message: MessageId) -> impl Iterator<Item = (ProgramId, u16)> + '_ {
        let programs = self.programs().filter_map(|(id, _)| Some((id, self.programs.rows.get(id.0)?)));
        programs.flat_map(move |(id, row)| {
            let routes = self.programs.messages.routes(id.0, message);
            let starts = routes.filter_map(move |route| route.checked_sub(row.tasks));
            starts.filter(move |&start| start < row.starts).map(move |start| (id, start))
        })
    }
}

impl Shard {
    /// The event by which a case, or one that it has called, gets a message: the trigger of a task that waits for it; else the
    /// interrupt that it is; else the trigger of a task that keeps it until it comes to wait (WCP-24).
    ///
    /// `None` if the case does not live here, or nothing of it takes such a message now.
    #[must_use]
    pub fn catch(&self, case: CaseId, message: MessageId) -> Option<Event> {
        self.case(case)?;
        let (mut interrupt, mut kept) = (None, None);
        // A list instead of recursion: a chain of calls of any length takes no stack.
        let mut open = vec![case.slot()];
        while let Some(slot) = open.pop() {
            let occupied = self.slab.line(slot).and_then(|line| Some((line, line.occupant()?)));
            let Some((line, (program, generation))) = occupied else { continue };
            let Some(row) = self.programs.rows.get(program) else { continue };
            let case = CaseId::new(self.id, slot, generation);
            let (cells, marking) = (self.programs.cells(), line.marking());
            let (items, tasks) = (Items::new(line, row, cells), cells.tasks(row));
            for route in self.programs.messages.routes(program, message) {
                let event = Event::trigger(case, route);
                let Some(behind) = route.checked_sub(row.tasks) else {
                    if items.waiting(usize::from(route)) > 0 {
                        return Some(event);
                    }
                    if tasks[usize::from(route)].kind == TASK_PERSISTENT {
                        kept.get_or_insert(event);
                    }
                    continue;
                };
                let Some(number) = behind.checked_sub(row.starts) else { continue };
                let region = &tasks[usize::from(row.tasks + number)].need;
                if region.iter().zip(marking).any(|(need, marked)| need & marked != 0) {
                    interrupt.get_or_insert(event);
                }
            }
            let called = |task: usize| {
                // Only of a call is a record one of a call.
                let call = (tasks[task].kind == TASK_CALL).then(|| Call::of(&tasks[task]).read(line));
                if let Some(Called::Runs(slot)) = call { Some(slot) } else { None }
            };
            if row.is_general {
                open.extend(bits(line.word() & row.enabled).filter_map(called));
            }
        }
        interrupt.or(kept)
    }
}

impl Batch<'_, '_> {
    /// Tells what a step has sent.
    #[inline]
    pub(crate) fn send(&mut self, case: CaseId, sent: Outbox) {
        if sent.len > 0 {
            self.send_all(case, sent);
        }
    }

    #[cold]
    fn send_all(&mut self, case: CaseId, sent: Outbox) {
        let mut root = case;
        while let Some(line) = self.slab.line(root.slot())
            && let Some((slot, _)) = line.caller()
            && let Some((_, generation)) = self.slab.line(slot).and_then(Line::occupant)
        {
            root = CaseId::new(self.shard, slot, generation);
        }
        let program = self.slab.line(case.slot()).and_then(Line::occupant).map_or(0, |(program, _)| program);
        let programs = self.programs;
        let Some(ids) = programs.messages.of_program.get(program as usize) else { return };
        for at in 0..usize::from(sent.len) {
            let Some(&message) = ids.get(usize::from(sent.messages[at])) else { continue };
            for _ in 0..sent.counts[at] {
                self.out.send(Sent { case, root, message });
            }
        }
    }
}
