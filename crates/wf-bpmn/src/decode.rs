//! Bytes to text: byte order marks, the encoding that an XML declaration names, and what is not text at all.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::xml::shorten;
use crate::{Error, Position, XmlFault};

/// The text of a document, without a byte order mark, holding only characters that XML allows.
///
/// A byte order mark decides; without one, the XML declaration; without that, UTF-8. Text that is UTF-8 already is
/// borrowed.
///
/// # Errors
/// An encoding that is not known or cannot be the right one, bytes that are no text in it, and characters that XML
/// does not allow.
///
/// # Sources
/// XML 1.0, section 4.3.3 and appendix F. Labels are those of the Encoding Standard.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    let text = match Encoding::for_bom(bytes) {
        // The mark of UTF-32LE begins as the one of UTF-16LE does.
        Some(_) if bytes.starts_with(b"\xFF\xFE\0\0") => return Err(unknown("UTF-32", Position::START)),
        Some((encoding, mark_bytes)) => decode_as(encoding, &bytes[mark_bytes..])?,
        None if bytes.starts_with(b"\0\0\xFE\xFF") => return Err(unknown("UTF-32", Position::START)),
        None if bytes.starts_with(b"<\0") => decode_as(UTF_16LE, bytes)?,
        None if bytes.starts_with(b"\0<") => decode_as(UTF_16BE, bytes)?,
        None => decode_as(declared(bytes)?, bytes)?,
    };
    // What is not allowed begins with one of these bytes, and few documents have any of them.
    let is_suspect = |&byte: &u8| byte == 0xEF || (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r'));
    if !text.as_bytes().iter().any(is_suspect) {
        return Ok(text);
    }
    match text.char_indices().find(|&(_, c)| !is_xml_char(c)) {
        None => Ok(text),
        Some((offset, c)) => {
            let fault = XmlFault::ForbiddenCharacter { code_point: c.into() };
            Err(Error::at(Position::of(&text, offset), fault))
        }
    }
}

/// Whether XML 1.0 allows a character (production `Char`).
pub(crate) const fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

fn unknown(label: &str, position: Position) -> Error {
    Error::at(position, XmlFault::UnknownEncoding { label: label.to_owned() })
}

/// The encoding that the XML declaration names, in bytes that are not UTF-16.
fn declared(bytes: &[u8]) -> Result<&'static Encoding, Error> {
    let Some((start, label)) = declared_label(bytes) else { return Ok(UTF_8) };
    let position = Position { line: 1, column: start as u32 + 1 };
    let text = shorten(&String::from_utf8_lossy(label));
    let encoding = Encoding::for_label_no_replacement(label).ok_or_else(|| unknown(&text, position))?;
    if encoding == UTF_16LE || encoding == UTF_16BE {
        // The declaration was just read byte by byte, which UTF-16 does not allow.
        return Err(Error::at(position, XmlFault::EncodingMismatch { label: text }));
    }
    Ok(encoding)
}

/// Offset and bytes of the encoding's name in `<?xml version="1.0" encoding="..."?>`.
fn declared_label(bytes: &[u8]) -> Option<(usize, &[u8])> {
    /// No declaration is longer than this; one that is has no name that could be known.
    const DECLARATION_BYTES_MAX: usize = 1_024;
    let head = &bytes[..bytes.len().min(DECLARATION_BYTES_MAX)];
    head.strip_prefix(b"<?xml").filter(|rest| rest.first().is_some_and(u8::is_ascii_whitespace))?;
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let head = &head[..end];
    let name = head.windows(8).position(|word| word == b"encoding")?;
    let skip_space = |at: usize| (at..end).find(|&i| !head[i].is_ascii_whitespace());
    let equals = skip_space(name + 8).filter(|&i| head[i] == b'=')?;
    let open = skip_space(equals + 1).filter(|&i| matches!(head[i], b'"' | b'\''))?;
    let length = head[open + 1..].iter().position(|&byte| byte == head[open])?;
    Some((open + 1, &head[open + 1..open + 1 + length]))
}

fn decode_as<'b>(encoding: &'static Encoding, bytes: &'b [u8]) -> Result<Cow<'b, str>, Error> {
    let invalid = |text: &str| {
        let fault = XmlFault::InvalidBytes { encoding: encoding.name() };
        Error::at(Position::of(text, text.len()), fault)
    };
    if encoding == UTF_8 {
        return core::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
            invalid(core::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default())
        });
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(usize::MAX);
    let mut text = String::with_capacity(room);
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(Cow::Owned(text)),
        (DecoderResult::Malformed(..), _) => Err(invalid(&text)),
        (DecoderResult::OutputFull, _) => {
            unreachable!("the text was given the room that the decoder asked for")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Result<&str, &str>) {
        let found = decode(bytes).map_err(|error| error.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{bytes:?}");
    }

    fn utf_16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn marks_and_declarations_are_honoured() {
        check(b"", Ok(""));
        check(b"<a/>", Ok("<a/>"));
        check("\u{FEFF}<ä/>".as_bytes(), Ok("<ä/>"));
        check(&utf_16("\u{FEFF}<ä\u{1F4E6}/>", u16::to_le_bytes), Ok("<ä\u{1F4E6}/>"));
        check(&utf_16("\u{FEFF}<ä\u{1F4E6}/>", u16::to_be_bytes), Ok("<ä\u{1F4E6}/>"));
        check(&utf_16("<ä/>", u16::to_le_bytes), Ok("<ä/>"));
        check(&utf_16("<ä/>", u16::to_be_bytes), Ok("<ä/>"));
        check(
            b"<?xml version='1.0' encoding='ISO-8859-1'?><\xE4/>",
            Ok("<?xml version='1.0' encoding='ISO-8859-1'?><ä/>"),
        );
        check(
            b"<?xml version=\"1.0\" encoding = \"Shift_JIS\"?>\x83e",
            Ok("<?xml version=\"1.0\" encoding = \"Shift_JIS\"?>テ"),
        );
        check(b"<?xml version='1.0'?><\xC3\xA4/>", Ok("<?xml version='1.0'?><ä/>"));
        // The mark is right where the two disagree: it was written by who wrote the bytes.
        check(
            b"\xEF\xBB\xBF<?xml version='1.0' encoding='UTF-16'?>",
            Ok("<?xml version='1.0' encoding='UTF-16'?>"),
        );
    }

    #[test]
    fn what_is_no_text_is_located() {
        check(
            b"<?xml version='1.0' encoding='EBCDIC-37'?>",
            Err("1:31: the document declares the encoding `EBCDIC-37`, which is not known; save it as UTF-8"),
        );
        check(
            b"<?xml version='1.0' encoding='utf-16'?>",
            Err(
                "1:31: the document declares the encoding `utf-16`, but its bytes are of another one; save it as UTF-8",
            ),
        );
        check(
            b"\xFF\xFE\0\0<\0\0\0",
            Err("1:1: the document declares the encoding `UTF-32`, which is not known; save it as UTF-8"),
        );
        check(
            b"<a>\n \xC3\xA4\xFF</a>",
            Err("2:3: the bytes here are not text in the document's encoding, UTF-8"),
        );
        check(
            b"<\0a\0\x00\xD8>\0",
            Err("1:3: the bytes here are not text in the document's encoding, UTF-16LE"),
        );
        check(b"<a\0/>", Err("1:3: the character U+0000 is not allowed in XML"));
        check("<a>\u{FFFD}\u{FFFE}</a>".as_bytes(), Err("1:5: the character U+FFFE is not allowed in XML"));
        check(b"<a>\n\x0B</a>", Err("2:1: the character U+000B is not allowed in XML"));
    }
}
