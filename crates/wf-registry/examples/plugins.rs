//! A registry of plug-ins: registered by name at the start, called by dense id ever after.
#![allow(clippy::print_stdout, reason = "an example prints what it did")]

use wf_registry::{Error, GlobalResourceRegistry, Registry, Resource};

/// What a plug-in is here: a function over a text.
type Plugin = fn(&str) -> String;

/// Settings that plug-ins share, read from the environment on first use, exactly once.
static LIMIT: Resource<usize, std::num::ParseIntError> =
    Resource::fallible(|| std::env::var("EXAMPLE_LIMIT").unwrap_or_else(|_| "12".into()).parse());

/// Everything that must be there before the first request, in this order.
static RESOURCES: GlobalResourceRegistry = GlobalResourceRegistry::new(&[("limit", &LIMIT)]);

fn upper(text: &str) -> String {
    text.to_uppercase()
}

fn short(text: &str) -> String {
    // Initialised by `main`: from there on a look is one load.
    text.chars().take(*LIMIT.peek().unwrap_or(&0)).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A mistake in a setting ends the program here, by name, and not in the middle of a request.
    RESOURCES.initialise()?;

    let mut registry: Registry<Plugin> = Registry::new();
    registry.register("upper", upper as Plugin)?;
    registry.register("short", short)?;
    // Two of one name: an error that names both, instead of one that wins silently.
    assert!(matches!(registry.register("short", upper), Err(Error::DuplicateName { .. })));
    let plugins = registry.freeze();

    // A request names its steps; the names become ids when the request is set up, not when it runs.
    let steps = ["upper", "short"].map(|name| plugins.id(name));
    let mut text = "a text that is rather long".to_owned();
    for id in steps.into_iter().flatten() {
        if let Some(plugin) = plugins.get(id) {
            text = plugin(&text);
        }
    }
    println!("{text}");
    assert_eq!(text, "A TEXT THAT ");
    assert_eq!(plugins.id("missing"), None);
    Ok(())
}
