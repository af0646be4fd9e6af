//! What holds for every input, whatever its bytes: shared by the fuzz target and by `cargo test`.

use wf_bpmn::{ParseOptions, parse};
use wf_net::{CompileOptions, compile};

/// Reads bytes, whoever decides, and looks at everything that comes out.
pub(crate) fn holds_for(bytes: &[u8]) {
    let mut options = ParseOptions::default();
    holds_with(bytes, &options);
    options.external_decisions = true;
    holds_with(bytes, &options);
    match wf_bpmn::diagram::read(bytes, &options) {
        Ok(diagram) => assert!(!diagram.planes.is_empty()),
        Err(errors) => assert!(!errors.is_empty(), "refused without a reason"),
    }
}

fn holds_with(bytes: &[u8], options: &ParseOptions) {
    match parse(bytes, options) {
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a reason");
            assert!(errors.is_sorted_by_key(|error| error.position), "reasons in the order of the text");
            for error in errors {
                assert!(error.position.line > 0 && error.position.column > 0);
                assert!(error.in_file("a").to_string().starts_with(&format!("a:{}: ", error.position)));
            }
        }
        Ok(document) => {
            assert!(!document.processes.is_empty(), "nothing to run");
            for process in &document.processes {
                assert_eq!(process.net.name(), process.id);
                for node in process.net.node_ids() {
                    // The element's own id, or what stands for a part or a copy of it.
                    let own = &process.element_of(wf_net::Subject::Node(node)).id;
                    let rest = process.net.node(node).id().strip_prefix(own.as_str());
                    assert!(
                        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '#'])),
                        "{own}"
                    );
                }
                if let Err(problems) = compile(&process.net, &CompileOptions::default()) {
                    problems.iter().for_each(|problem| drop(process.locate(problem).to_string()));
                }
            }
        }
    }
}
