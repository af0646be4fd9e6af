//! Reads a BPMN file and says what runs, or why it does not: `cargo run -p wf-bpmn --example explain -- FILE`.

#![allow(clippy::print_stdout, reason = "an example program answers on its standard output")]

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: explain FILE");
        return ExitCode::from(2);
    };
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(3);
        }
    };
    match explain(&path, &bytes) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(text) => {
            eprint!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn explain(path: &str, bytes: &[u8]) -> Result<String, String> {
    let in_file = |errors: Vec<wf_bpmn::Error>| {
        errors.iter().map(|error| format!("{}\n", error.in_file(path))).collect::<String>()
    };
    let document = wf_bpmn::parse(bytes, &wf_bpmn::ParseOptions::default()).map_err(in_file)?;
    let mut text = String::new();
    for process in &document.processes {
        let image = wf_net::compile(&process.net, &wf_net::CompileOptions::default())
            .map_err(|problems| in_file(problems.iter().map(|problem| process.locate(problem)).collect()))?;
        let (nodes, flows) = (process.net.nodes().len(), process.net.flows().len());
        let bytes = image.as_bytes().len();
        text +=
            &format!("{} \"{}\": {nodes} nodes, {flows} flows, {bytes} bytes\n", process.id, process.name);
        for id in process.net.node_ids() {
            let element = process.element_of(wf_net::Subject::Node(id));
            text += &format!("  {} {element}\n", element.position);
        }
    }
    for black_box in &document.black_boxes {
        text += &format!("{black_box}: no flow nodes, skipped\n");
    }
    Ok(text)
}
