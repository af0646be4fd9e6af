//! Which notation a condition is written in.

use wf_net::guard::Expr;

use super::{Fault, FaultKind, parse_feel, parse_juel};

/// The notation of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// The Friendly Enough Expression Language of DMN.
    Feel,
    /// The expression language of Java, as the engines of its world use it.
    Juel,
    /// Nothing says which: what can be read as FEEL is FEEL, else JUEL.
    Either,
}

impl Dialect {
    /// The notation of a text: by how it begins, else by the language of the expression, else by that of its document.
    ///
    /// `=` begins FEEL, `${` and `#{` begin JUEL. XPath, which is what a document says that says nothing, counts as that.
    ///
    /// # Errors
    /// The language is neither of the two.
    ///
    /// # Examples
    /// ```
    /// use wf_bpmn::expression::Dialect;
    ///
    /// assert_eq!(Dialect::of("= a > 1", None, None), Ok(Dialect::Feel));
    /// assert_eq!(Dialect::of("${a > 1}", Some("FEEL"), None), Ok(Dialect::Juel));
    /// assert_eq!(Dialect::of("a > 1", None, Some("http://www.w3.org/1999/XPath")), Ok(Dialect::Either));
    /// assert!(Dialect::of("a > 1", Some("groovy"), None).is_err());
    /// ```
    pub fn of(text: &str, language: Option<&str>, of_document: Option<&str>) -> Result<Self, Fault> {
        let begins = |with| text.trim_start().starts_with(with);
        if begins("=") {
            return Ok(Self::Feel);
        }
        if begins("${") || begins("#{") {
            return Ok(Self::Juel);
        }
        let Some(language) = language.or(of_document).map(str::trim).filter(|name| !name.is_empty()) else {
            return Ok(Self::Either);
        };
        let name = language.to_ascii_lowercase();
        match name.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default() {
            "feel" => Ok(Self::Feel),
            "juel" | "uel" | "el" => Ok(Self::Juel),
            "xpath" => Ok(Self::Either),
            _ if name.contains("/feel/") => Ok(Self::Feel),
            _ => Err(Fault::new(0, FaultKind::Language(crate::xml::shorten(language)))),
        }
    }

    /// Reads a text in this notation.
    ///
    /// # Errors
    /// As [`parse_feel`] and [`parse_juel`]; of [`Either`](Self::Either), what kept the one from reading on that came
    /// further.
    pub fn parse(self, text: &str) -> Result<Expr, Fault> {
        match self {
            Self::Feel => parse_feel(text),
            Self::Juel => parse_juel(text),
            Self::Either => parse_feel(text).or_else(|feel| {
                parse_juel(text).map_err(|juel| if juel.offset > feel.offset { juel } else { feel })
            }),
        }
    }
}
