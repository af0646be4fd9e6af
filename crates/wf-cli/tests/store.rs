//! `wf inspect` of stores whose records are no workflows, and of compressed ones.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::Path;
use std::process::{Command, Output};

use wf_engine::store::{Key, Options, StoreBuilder};

fn build(path: &Path, options: Options) {
    let mut builder = StoreBuilder::create(path, options).unwrap();
    for n in 0..500 {
        builder.add(Key::U64(n), format!("the record of number {n}, ").repeat(9).as_bytes()).unwrap();
    }
    builder.finish().unwrap();
}

fn inspect(path: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wf")).arg("inspect").arg(path).args(arguments).output().unwrap()
}

fn document(path: &Path) -> serde_json::Value {
    let output = inspect(path, &["--json"]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn inspect_shows_a_store_of_any_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers.wfs");
    build(&path, Options::new());
    let output = inspect(&path, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for part in ["500 records, no workflows", "boundary of 64 bytes"] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    assert!(!text.contains("compressed"));
    let document = document(&path);
    assert_eq!((&document["records"], &document["align_bytes"]), (&500.into(), &64.into()));
    assert!(document["compression"].is_null());
    // There is no workflow to show.
    assert_eq!(inspect(&path, &["--workflow", "x"]).status.code(), Some(3));
    // What is no whole store stays an error.
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(inspect(&path, &[]).status.code(), Some(3));
}

#[cfg(feature = "zstd")]
#[test]
fn inspect_shows_what_compression_gains_and_costs() {
    use wf_engine::store::Compression;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("packed.wfs");
    let small = Compression { sample_bytes: 50_000, dictionary_bytes_max: 4_096, ..Compression::default() };
    build(&path, Options::new().compress(small));
    let text = String::from_utf8(inspect(&path, &[]).stdout).unwrap();
    for part in ["500 records", "compressed: zstd", "ratio: ", "verify and decode a record (500 decoded)"] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    let compression = &document(&path)["compression"];
    assert!(compression["ratio"].as_f64().unwrap() > 2.0, "{compression}");
    assert!(compression["decode_us"].as_f64().unwrap() > 0.0);
    assert_eq!(compression["records_decoded"], 500);
    // A flipped byte of the first payload is an error that says where.
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4_096 + 72] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let output = inspect(&path, &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8(output.stderr).unwrap().contains("damaged record"));
}
