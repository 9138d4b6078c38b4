//! Cuts a JSON object that comes in pieces into its members, and those of its lists that matter into items.
//!
//! Only what is asked for is kept, so a plan of any size takes little memory. What is not asked for is held to its brackets and
//! strings and no more: nothing is concluded from it.

use std::collections::BTreeSet;

use memchr::memchr2;

use super::risk::PlanError;

/// Deeper documents are refused, as `serde_json` refuses them.
const DEEPEST: usize = 120;

/// The longest name of a member.
const LONGEST_NAME: usize = 1_000;

/// What to do with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Give it as a whole, if it is no longer than this.
    Whole(usize),
    /// Give its items one by one, those that are no longer than this.
    Items(usize),
    /// Leave it out.
    Nothing,
}

/// Who gets what was cut out.
pub(super) trait Taker {
    /// A member begins. Says what to do with it.
    fn member(&mut self, name: &str) -> Result<Wish, PlanError>;
    /// The member whose items were wished for is a list indeed.
    fn list(&mut self, name: &str);
    /// The value of a member, or an item of its list.
    fn value(&mut self, name: &str, text: &[u8]) -> Result<(), PlanError>;
    /// The same, but too long to be kept.
    fn too_long(&mut self, name: &str) -> Result<(), PlanError>;
}

/// Where in the document we are, between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    FirstName,
    Name,
    Colon,
    Value,
    AfterValue,
    FirstItem,
    Item,
    AfterItem,
    End,
}

/// A value whose end has not come yet.
#[derive(Debug)]
struct Piece {
    kind: Kind,
    /// The brackets that must close.
    open: Vec<u8>,
    is_in_string: bool,
    is_escaped: bool,
    most: usize,
    is_too_long: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Name,
    String,
    Brackets,
    /// A number, `true`, `false` or `null`.
    Word,
}

/// The cutter.
#[derive(Debug)]
pub(super) struct Splitter {
    at: At,
    piece: Option<Piece>,
    text: Vec<u8>,
    name: String,
    names: BTreeSet<String>,
    wish: Wish,
}

impl Splitter {
    pub fn new() -> Splitter {
        let (text, name, names) = (Vec::new(), String::new(), BTreeSet::new());
        Splitter { at: At::Start, piece: None, text, name, names, wish: Wish::Nothing }
    }

    /// Goes on with the next bytes.
    pub fn push(&mut self, mut bytes: &[u8], taker: &mut impl Taker) -> Result<(), PlanError> {
        while let Some(first) = bytes.first() {
            let used = match &mut self.piece {
                Some(piece) => {
                    let (used, is_over) = piece.scan(bytes)?;
                    piece.keep(&mut self.text, bytes.get(..used).unwrap_or_default());
                    if is_over {
                        self.end_piece(taker)?;
                    }
                    used
                }
                None if first.is_ascii_whitespace() => 1,
                None => self.step(*first, taker)?,
            };
            bytes = bytes.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    /// There is no more.
    pub fn finish(&self) -> Result<(), PlanError> {
        if self.at == At::End {
            return Ok(());
        }
        Err(not_json(if self.at == At::Start { "it is empty" } else { "it ends in the middle" }))
    }

    /// One byte between values; how many are used up.
    fn step(&mut self, byte: u8, taker: &mut impl Taker) -> Result<usize, PlanError> {
        match (self.at, byte) {
            (At::Start, b'{') => self.at = At::FirstName,
            (At::FirstName | At::AfterValue, b'}') => self.at = At::End,
            (At::FirstName | At::Name, b'"') => {
                self.piece = Some(Piece::new(Kind::Name, LONGEST_NAME));
                self.text.clear();
                return Ok(0);
            }
            (At::Colon, b':') => self.at = At::Value,
            (At::AfterValue, b',') => self.at = At::Name,
            (At::AfterItem, b',') => self.at = At::Item,
            (At::FirstItem | At::AfterItem, b']') => self.at = At::AfterValue,
            (At::Value, b'[') if matches!(self.wish, Wish::Items(_)) => {
                taker.list(&self.name);
                self.at = At::FirstItem;
            }
            (At::Value | At::FirstItem | At::Item, byte) => {
                self.piece = Some(Piece::new(Kind::of(byte)?, self.wish.most()));
                self.text.clear();
                return Ok(0);
            }
            (At::Start, _) => return Err(not_json("it is no JSON object")),
            (At::End, _) => return Err(not_json("something follows its end")),
            (At::FirstName | At::Name | At::Colon | At::AfterValue | At::AfterItem, _) => {
                return Err(not_json("something stands where it must not"));
            }
        }
        Ok(1)
    }

    fn end_piece(&mut self, taker: &mut impl Taker) -> Result<(), PlanError> {
        let Some(piece) = self.piece.take() else { return Ok(()) };
        if piece.kind == Kind::Name {
            if piece.is_too_long {
                return Err(not_json("a name in it is endless"));
            }
            self.name = serde_json::from_slice(&self.text).map_err(|error| not_json(&error.to_string()))?;
            if !self.names.insert(self.name.clone()) {
                return Err(PlanError::Ambiguous(format!("the key `{}` stands twice", self.name)));
            }
            self.wish = taker.member(&self.name)?;
            self.at = At::Colon;
            return Ok(());
        }
        if self.wish != Wish::Nothing {
            if piece.is_too_long {
                taker.too_long(&self.name)?;
            } else {
                taker.value(&self.name, &self.text)?;
            }
        }
        self.at = match self.at {
            At::FirstItem | At::Item => At::AfterItem,
            At::Start | At::FirstName | At::Name | At::Colon | At::Value | At::AfterValue | At::AfterItem | At::End => {
                At::AfterValue
            }
        };
        Ok(())
    }
}

impl Wish {
    fn most(self) -> usize {
        match self {
            Wish::Whole(most) | Wish::Items(most) => most,
            Wish::Nothing => 0,
        }
    }
}

impl Kind {
    fn of(first: u8) -> Result<Kind, PlanError> {
        match first {
            b'"' => Ok(Kind::String),
            b'{' | b'[' => Ok(Kind::Brackets),
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => Ok(Kind::Word),
            _ => Err(not_json("something stands where a value must")),
        }
    }
}

impl Piece {
    fn new(kind: Kind, most: usize) -> Piece {
        Piece { kind, open: Vec::new(), is_in_string: false, is_escaped: false, most, is_too_long: false }
    }

    fn keep(&mut self, text: &mut Vec<u8>, bytes: &[u8]) {
        if self.is_too_long || text.len() + bytes.len() > self.most {
            self.is_too_long = true;
            text.clear();
            return;
        }
        text.extend_from_slice(bytes);
    }

    /// How many of these bytes belong to the value, and whether it ends with them.
    fn scan(&mut self, bytes: &[u8]) -> Result<(usize, bool), PlanError> {
        if self.kind == Kind::Word {
            let end = bytes.iter().position(|byte| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace());
            return Ok((end.unwrap_or(bytes.len()), end.is_some()));
        }
        let mut place = 0;
        while let Some(rest) = bytes.get(place..).filter(|rest| !rest.is_empty()) {
            if self.is_in_string {
                place += self.string(rest);
            } else {
                place += self.outside(rest)?;
            }
            if !self.is_in_string && self.open.is_empty() {
                return Ok((place, true));
            }
        }
        Ok((place, false))
    }

    /// Goes on to the end of a string, or as far as there are bytes.
    fn string(&mut self, bytes: &[u8]) -> usize {
        if self.is_escaped {
            self.is_escaped = false;
            return 1;
        }
        match memchr2(b'"', b'\\', bytes) {
            Some(place) => {
                self.is_in_string = bytes.get(place) == Some(&b'\\');
                self.is_escaped = self.is_in_string;
                place + 1
            }
            None => bytes.len(),
        }
    }

    /// Goes on to the next string or bracket.
    fn outside(&mut self, bytes: &[u8]) -> Result<usize, PlanError> {
        let Some(place) = bytes.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']')) else {
            return Ok(bytes.len());
        };
        match bytes.get(place) {
            Some(b'"') => self.is_in_string = true,
            Some(b'{') => self.open.push(b'}'),
            Some(b'[') => self.open.push(b']'),
            closing => {
                if self.open.pop().as_ref() != closing {
                    return Err(not_json("its brackets do not match"));
                }
            }
        }
        if self.open.len() > DEEPEST {
            return Err(not_json("it is nested too deeply"));
        }
        Ok(place + 1)
    }
}

fn not_json(why: &str) -> PlanError {
    PlanError::NotJson(why.to_owned())
}
