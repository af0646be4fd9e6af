//! A document: the processes in it.

use crate::lower::{Sort, lower};
use crate::model::Model;
use crate::tree::{Index, Tree, Vocabulary};
use crate::vocabulary::{Parent, Role};
use crate::{Element, Error, Limit, ModelFault, ParseOptions, Position, Process, decode, xml};

/// What a BPMN document says about what runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Document {
    /// The processes with flow nodes, in the order of the document; never empty.
    pub processes: Vec<Process>,
    /// The processes without flow nodes, which are skipped: pools whose inside is not shown.
    pub black_boxes: Vec<Element>,
}

/// Reads a BPMN 2.0 document.
///
/// The bytes may be UTF-8, UTF-16, or any encoding of the Encoding Standard that the XML declaration names. BPMN may
/// use any namespace prefix or none. Nothing outside of the bytes is looked at, whatever the document refers to.
///
/// # Errors
/// All problems of the document in the order of its text, as many as the options allow. A document that is no
/// well-formed XML has one problem, the first.
pub fn parse(bytes: &[u8], options: &ParseOptions) -> Result<Document, Vec<Error>> {
    let (bytes_count, bytes_max) = (bytes.len(), options.document_bytes_max);
    if bytes_count > bytes_max {
        let limit = Limit::DocumentBytes { bytes: bytes_count, bytes_max };
        return Err(vec![Error::at(Position::START, limit)]);
    }
    let text = decode::decode(bytes).map_err(|error| vec![error])?;
    let tree = xml::read(&text, options).map_err(|error| vec![error])?;
    understand(&tree, options)
}

fn understand(tree: &Tree<'_>, options: &ParseOptions) -> Result<Document, Vec<Error>> {
    let root = tree.element(Index::ROOT);
    if tree.vocabulary(Index::ROOT) == Vocabulary::Foreign || root.kind != "definitions" {
        let fault = ModelFault::WrongRoot { found: root.kind, namespace: tree.root_namespace.clone() };
        return Err(vec![Error::at(root.position, fault)]);
    }
    let mut model = Model::new(tree, options);
    let (mut processes, mut black_boxes) = (Vec::new(), Vec::new());
    for (child, role) in model.children(Index::ROOT, Parent::Definitions) {
        match role {
            Role::Process => match lower(&mut model, child) {
                Sort::Runs(process) => processes.push(*process),
                Sort::BlackBox => black_boxes.push(tree.element(child)),
                Sort::Refused => {}
            },
            // Reading its children notes what does not belong there.
            Role::Collaboration => drop(model.children(child, Parent::Collaboration)),
            _ => {}
        }
    }
    if processes.is_empty() && model.problem_count() == 0 {
        model.report(Error::at(root.position, ModelFault::NoProcess { black_boxes: black_boxes.len() }));
    }
    model.finish().map(|()| Document { processes, black_boxes })
}
