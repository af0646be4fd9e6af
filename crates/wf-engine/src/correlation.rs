//! Who gets a message: cases by their business key, beside the main path.

use core::hash::Hash;
use std::collections::HashMap;

use crate::messages::MessageId;
use crate::programs::ProgramId;
use crate::shard::Start;
use crate::{CaseId, Engine, Event, Sent};

/// What to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// To be given to the shard of its case.
    Event(Event),
    /// A case of this program begins with it, to be [inserted](Correlation::insert) under the same key.
    Start(ProgramId, Start),
}

/// Cases by business key, of all shards of an engine: an order number, an address, whatever the partners of a conversation
/// share.
///
/// Costs nothing where it is not used: shards know nothing of it. Messages are looked up here, their events go into the
/// next batch of the shard that has the case. A message goes to one receiver; who means all of a key asks for
/// [`cases`](Self::cases).
///
/// # Examples
/// ```
/// # fn example(engine: &wf_engine::Engine, shard: &mut wf_engine::Shard, arena: &mut wf_engine::Arena) -> Option<()> {
/// use wf_engine::{Correlation, Delivery, Start};
///
/// let mut orders: Correlation<u64> = Correlation::new(engine);
/// let program = engine.program("order")?;
/// let started = shard.start_batch(program, &[Start::default()], &arena.scope());
/// orders.insert(started.cases[0], 4711);
/// // From outside: the payment of order 4711 has come.
/// let paid = engine.message("paid")?;
/// if let Some(Delivery::Event(event)) = orders.deliver(paid, &4711, |case, paid| shard.catch(case, paid)) {
///     let changes = shard.advance(&[event], &arena.scope());
///     changes.ended.iter().for_each(|ended| orders.remove(ended.case));
/// }
/// # Some(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Correlation<K> {
    /// By message: where cases begin with it.
    starts: Vec<Vec<(ProgramId, Start)>>,
    keys: HashMap<CaseId, K>,
    cases: HashMap<K, Vec<CaseId>>,
}

impl<K: Clone + Eq + Hash> Correlation<K> {
    /// An empty map over the messages of an engine.
    #[must_use]
    pub fn new(engine: &Engine) -> Self {
        let begins = |message| {
            let starts = engine.started_by(message);
            starts.map(|(program, node)| (program, Start { node, ..Start::default() })).collect()
        };
        let starts = engine.messages().map(|(message, _)| begins(message)).collect();
        Self { starts, keys: HashMap::new(), cases: HashMap::new() }
    }

    /// Gives a case its key, in place of another one that it had.
    ///
    /// Of cases that others have called only the outermost is known by a key.
    pub fn insert(&mut self, case: CaseId, key: K) {
        self.remove(case);
        self.cases.entry(key.clone()).or_default().push(case);
        self.keys.insert(case, key);
    }

    /// Forgets a case, as when it has ended; after what it has sent in the same batch was delivered.
    pub fn remove(&mut self, case: CaseId) {
        let Some(key) = self.keys.remove(&case) else { return };
        if let Some(cases) = self.cases.get_mut(&key) {
            cases.retain(|&other| other != case);
            if cases.is_empty() {
                self.cases.remove(&key);
            }
        }
    }

    /// The key of a case.
    #[must_use]
    pub fn key(&self, case: CaseId) -> Option<&K> {
        self.keys.get(&case)
    }

    /// Cases of a key, in the order in which they came.
    pub fn cases(&self, key: &K) -> impl Iterator<Item = CaseId> + '_ {
        self.cases.get(key).into_iter().flatten().copied()
    }

    /// Cases that have a key.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no case has a key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Who gets a message of this key: the first case that takes it now, else a case that begins with it; `None` if nobody
    /// does, and the message is lost unless the caller keeps it.
    ///
    /// `catch` asks the shard of a case: [`Shard::catch`](crate::Shard::catch).
    pub fn deliver(
        &self,
        message: MessageId,
        key: &K,
        catch: impl FnMut(CaseId, MessageId) -> Option<Event>,
    ) -> Option<Delivery> {
        self.deliver_from(None, message, key, catch)
    }

    /// As [`deliver`](Self::deliver), for what a case has sent: under the key of its root, and not to itself.
    ///
    /// `None` also if that case has no key.
    pub fn deliver_sent(
        &self,
        sent: &Sent,
        catch: impl FnMut(CaseId, MessageId) -> Option<Event>,
    ) -> Option<Delivery> {
        let key = self.key(sent.root)?;
        self.deliver_from(Some(sent.root), sent.message, key, catch)
    }

    fn deliver_from(
        &self,
        sender: Option<CaseId>,
        message: MessageId,
        key: &K,
        mut catch: impl FnMut(CaseId, MessageId) -> Option<Event>,
    ) -> Option<Delivery> {
        let at = message.0 as usize;
        let mut others = self.cases(key).filter(|&case| Some(case) != sender);
        let event = others.find_map(|case| catch(case, message));
        event.map(Delivery::Event).or_else(|| {
            let &(program, start) = self.starts.get(at)?.first()?;
            Some(Delivery::Start(program, start))
        })
    }
}
