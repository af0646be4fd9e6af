//! How a document is read: its limits, and who decides.

/// How much of a document is read before it is refused, and what is left to whoever runs its cases.
///
/// The limits are far above any drawing of a process and far below what hurts.
///
/// # Examples
/// ```
/// let mut options = wf_bpmn::ParseOptions::default();
/// options.document_bytes_max = 1 << 20;
/// assert!(wf_bpmn::parse(&vec![b' '; (1 << 20) + 1], &options).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseOptions {
    /// The largest document, in bytes as they stand in the file. Default: 64 MiB.
    pub document_bytes_max: usize,
    /// The deepest nesting of XML elements. Default: 256.
    pub depth_max: usize,
    /// The most XML elements in a document, those that are skipped included. Default: 1,000,000.
    pub elements_max: usize,
    /// The most attributes of one XML element. Default: 1,024.
    pub attributes_max: usize,
    /// The longest value of an attribute, in bytes of UTF-8. Default: 1 MiB.
    pub attribute_bytes_max: usize,
    /// Whether a decision whose conditions cannot be evaluated is left to whoever runs the cases; else its model is
    /// refused. Default: false.
    pub external_decisions: bool,
    /// The most problems reported for a document; one more says how many were left out. Default: 100.
    pub errors_max: usize,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self {
            document_bytes_max: 64 << 20,
            depth_max: 256,
            elements_max: 1_000_000,
            attributes_max: 1_024,
            attribute_bytes_max: 1 << 20,
            external_decisions: false,
            errors_max: 100,
        }
    }
}
