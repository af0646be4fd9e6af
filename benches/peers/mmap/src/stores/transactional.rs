//! Stores with transactions, one read transaction for all look-ups: LMDB, redb.

use std::path::Path;

use super::Peer;
use crate::data::{Data, key};

/// Records in order of key, which both take fastest.
fn sorted(data: Data, mut add: impl FnMut(&[u8; 16], &[u8])) {
    let mut keys: Vec<_> = (0..data.count).map(|n| (key(n), n)).collect();
    keys.sort_unstable();
    let mut value = Vec::new();
    for (key, n) in keys {
        data.value(n, &mut value);
        add(&key, &value);
    }
}

/// LMDB, by heed.
#[derive(Debug)]
pub struct Lmdb;

type Records = heed::Database<'static, heed::types::Bytes, heed::types::Bytes>;

fn environment(path: &Path) -> (heed::Env, Records) {
    let mut options = heed::EnvOpenOptions::new();
    options.map_size(16 << 30);
    // SAFETY: only this program uses the folder, and a process opens it once.
    let env = unsafe { options.open(path) }.expect("a folder of a store");
    let commit = heed::CommitOrAbort::<_, ()>::Commit;
    let made = env.create_databases_and_commit(env.write_txn().expect("no other writer"), |opener, txn| {
        opener.create_database(txn, None).map(commit)
    });
    let records = made.expect("a database").unwrap_commit();
    (env, records)
}

impl Peer for Lmdb {
    const NAME: &'static str = "_lmdb";
    const PLACE: &'static str = "lmdb";

    fn build(data: Data) {
        let path = data.folder().join(Self::PLACE);
        std::fs::create_dir_all(&path).expect("a folder to write to");
        let (env, records) = environment(&path);
        let mut txn = env.write_txn().expect("no other writer");
        let append = heed::PutFlags::APPEND;
        sorted(data, |key, value| {
            records.put_with_flags(&mut txn, append, key, value).expect("room for a store");
        });
        txn.commit().expect("room for a store");
    }

    fn open(data: Data) -> impl Fn(&[u8; 16]) -> Option<u8> + 'static {
        let (env, records) = environment(&data.folder().join(Self::PLACE));
        let txn = env.static_read_txn().expect("a reader's place");
        move |key| records.get(&txn, key).expect("a whole store").map(|value| value[0])
    }
}

/// redb.
#[derive(Debug)]
pub struct Redb;

const TABLE: redb::TableDefinition<'static, [u8; 16], &[u8]> = redb::TableDefinition::new("records");

impl Peer for Redb {
    const NAME: &'static str = "_redb";
    const PLACE: &'static str = "redb";

    fn build(data: Data) {
        let db = redb::Database::create(data.folder().join(Self::PLACE)).expect("a folder to write to");
        let txn = db.begin_write().expect("no other writer");
        {
            let mut table = txn.open_table(TABLE).expect("a new table");
            sorted(data, |key, value| {
                table.insert(key, value).expect("room for a store");
            });
        }
        txn.commit().expect("room for a store");
    }

    fn open(data: Data) -> impl Fn(&[u8; 16]) -> Option<u8> + 'static {
        use redb::ReadableDatabase;
        let db =
            redb::ReadOnlyDatabase::open(data.folder().join(Self::PLACE)).expect("a store that was built");
        let txn = db.begin_read().expect("a whole store");
        let table = txn.open_table(TABLE).expect("the table that was built");
        move |key| {
            let _open = &db;
            table.get(key).expect("a whole store").map(|value| value.value()[0])
        }
    }
}
