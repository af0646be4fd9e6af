//! Messages: what a step sends, and who waits for what.

use std::collections::BTreeSet;

use wf_net::image::TASK_PERSISTENT;
use wf_net::script::SENT_MAX;
use wf_registry::{Frozen, Registry};

use crate::advance::Batch;
use crate::changes::Sent;
use crate::error::EngineError;
use crate::items::Items;
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
    /// The messages of all programs, those of a program by their numbers there.
    numbers: Box<[MessageId]>,
    catches: Box<[Catch]>,
    /// For each program where its messages and its catches end.
    ends: Box<[(u32, u32)]>,
}

/// Messages of one program after another, as they stand in the store.
#[derive(Debug, Default)]
pub(crate) struct MessagesDraft<'s> {
    texts: Vec<&'s str>,
    catches: Vec<wf_net::Catch>,
    ends: Vec<(u32, u32)>,
}

impl<'s> MessagesDraft<'s> {
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self { ends: Vec::with_capacity(count), ..Self::default() }
    }

    /// Those of the next program.
    pub(crate) fn push(&mut self, texts: &[&'s str], catches: &[wf_net::Catch]) {
        self.texts.extend_from_slice(texts);
        self.catches.extend_from_slice(catches);
        self.ends.push((self.texts.len() as u32, self.catches.len() as u32));
    }

    pub(crate) fn finish(self) -> Result<Messages, EngineError> {
        if u32::try_from(self.texts.len().max(self.catches.len())).is_err() {
            return Err(EngineError::TooManyPrograms);
        }
        let all: BTreeSet<&str> = self.texts.iter().copied().collect();
        let mut names = Registry::new();
        for name in all {
            names.register(name, ()).map_err(|_| EngineError::TooManyPrograms)?;
        }
        let names = names.freeze();
        let id = |name: &&str| {
            MessageId(names.id(name).unwrap_or_else(|| unreachable!("every name was registered")))
        };
        let numbers: Box<[MessageId]> = self.texts.iter().map(id).collect();
        let mut catches = Vec::with_capacity(self.catches.len());
        let (mut first, mut done) = (0, 0);
        for &(texts_end, catches_end) in &self.ends {
            let own = &numbers[first..texts_end as usize];
            let known = self.catches[done..catches_end as usize].iter();
            catches.extend(
                known.map(|catch| Catch { message: own[usize::from(catch.message)], route: catch.route }),
            );
            (first, done) = (texts_end as usize, catches_end as usize);
        }
        Ok(Messages { names, numbers, catches: catches.into(), ends: self.ends.into() })
    }
}

impl Messages {
    /// Where a program's messages and catches begin and end.
    fn ends(&self, program: u32) -> Option<((u32, u32), (u32, u32))> {
        let end = *self.ends.get(program as usize)?;
        let begin = program.checked_sub(1).map_or((0, 0), |before| self.ends[before as usize]);
        Some((begin, end))
    }

    /// The messages of a program by their numbers there.
    fn of_program(&self, program: u32) -> Option<&[MessageId]> {
        let ((from, _), (to, _)) = self.ends(program)?;
        Some(&self.numbers[from as usize..to as usize])
    }

    fn routes(&self, program: u32, message: MessageId) -> impl Iterator<Item = u16> + '_ {
        let own = self
            .ends(program)
            .map_or(&[][..], |((_, from), (_, to))| &self.catches[from as usize..to as usize]);
        own.iter().filter(move |catch| catch.message == message).map(|catch| catch.route)
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
        (0..self.programs.len()).flat_map(move |program| {
            let routes = self.programs.messages.routes(program, message);
            // Only one that waits for the message is looked at, and so checked.
            routes.filter_map(move |route| {
                let row = self.programs.row(program)?;
                let start = route.checked_sub(row.tasks).filter(|&start| start < row.starts)?;
                Some((ProgramId(program), start))
            })
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
            let Some(row) = self.programs.row(program) else { continue };
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
            open.extend(self.called_slots(slot));
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
        let Some(ids) = programs.messages.of_program(program) else { return };
        for at in 0..usize::from(sent.len) {
            let Some(&message) = ids.get(usize::from(sent.messages[at])) else { continue };
            for _ in 0..sent.counts[at] {
                self.out.send(Sent { case, root, message });
            }
        }
    }
}
