//! Commands in comments: what the words ask for. Whose word counts is asked elsewhere.

use crate::model::shortened;

/// How short a reason is too short to say anything.
const LEAST_REASON: usize = 10;

/// The longest note or reason that is kept.
const MOST_WORDS: usize = 1_000;

/// What a comment asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// To approve the ticket.
    Approve {
        /// In their own words; may be empty.
        note: String,
    },
    /// To decline the ticket.
    Decline {
        /// Why.
        reason: String,
    },
    /// To check the ticket again now.
    Check,
    /// To say what was found.
    Explain,
}

/// Reads the text of a comment that begins with `/cm`.
///
/// # Errors
/// With the sentence that says how it is written.
pub fn read(text: &str) -> Result<Command, String> {
    let rest = text.trim_start().get(3..).unwrap_or("").trim_start();
    let (verb, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let words = shortened(words.trim(), MOST_WORDS);
    match verb.to_lowercase().as_str() {
        "approve" => Ok(Command::Approve { note: words }),
        "decline" if words.chars().count() >= LEAST_REASON => Ok(Command::Decline { reason: words }),
        "decline" => {
            Err(format!("A decline needs a reason of at least {LEAST_REASON} characters: /cm decline and then why."))
        }
        "check" => Ok(Command::Check),
        "explain" => Ok(Command::Explain),
        _ => Err("The commands are /cm approve, /cm decline with a reason, /cm check and /cm explain.".into()),
    }
}
