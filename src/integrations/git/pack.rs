//! Packs: many objects in one stream (<https://git-scm.com/docs/gitformat-pack>).
//!
//! A pack is read within [`Limits`], so whoever sends a huge or a hostile one costs no more memory than they say. Its checksum
//! tells of a broken line and no more; what an object is follows from the name that is computed here.

use std::collections::HashMap;

use sha1::{Digest, Sha1};

use super::delta;
use super::inflate::inflate;
use crate::integrations::SourceError;
use crate::model::{ObjectId, ObjectKind, object_id};

/// `PACK`, the version, the number of objects.
const HEADER: usize = 12;

/// The checksum at the end.
const CHECKSUM: usize = 20;

/// How much of a pack is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most objects.
    pub objects: usize,
    /// The largest object, in bytes.
    pub object_bytes: usize,
    /// Most bytes of all objects together, what they are made of included.
    pub all_bytes: usize,
    /// The longest chain of objects that are told as changes of each other. Git itself makes none of more than 50.
    pub chain: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { objects: 200_000, object_bytes: 32 << 20, all_bytes: 192 << 20, chain: 250 }
    }
}

/// The objects of a pack, each under the name that was computed from what it holds.
#[derive(Debug, Default)]
pub struct Pack {
    objects: HashMap<ObjectId, Stored>,
}

/// An object.
#[derive(Debug)]
struct Stored {
    kind: ObjectKind,
    body: Vec<u8>,
    /// How many changes led to it.
    chain: usize,
}

impl Pack {
    /// Reads a pack.
    ///
    /// # Errors
    /// When it is none, was changed on the way, lacks something that it is made of, or is more than the limits allow.
    pub fn read(bytes: &[u8], limits: Limits) -> Result<Pack, SourceError> {
        let body = checked(bytes)?;
        let count = count(body, limits.objects)?;
        let mut reader = Reader { body, place: HEADER, budget: Budget { left: limits.all_bytes, limits } };
        let entries = (0..count).map(|_| reader.entry()).collect::<Result<Vec<Entry>, SourceError>>()?;
        if reader.place != body.len() {
            return Err(odd("something after the last object"));
        }
        let mut made = Made { pack: Pack::default(), at: HashMap::new(), budget: reader.budget };
        made.all(entries)?;
        Ok(made.pack)
    }

    /// What kind of object has this name, and what it holds.
    #[must_use]
    pub fn object(&self, name: &ObjectId) -> Option<(ObjectKind, &[u8])> {
        self.objects.get(name).map(|stored| (stored.kind, stored.body.as_slice()))
    }

    /// All objects.
    pub fn objects(&self) -> impl Iterator<Item = (&ObjectId, ObjectKind, &[u8])> {
        self.objects.iter().map(|(name, stored)| (name, stored.kind, stored.body.as_slice()))
    }
}

/// A pack without its checksum, which fits.
fn checked(bytes: &[u8]) -> Result<&[u8], SourceError> {
    let length = bytes.len().checked_sub(CHECKSUM).ok_or_else(|| SourceError::Incomplete("half a pack".into()))?;
    let (body, checksum) = bytes.split_at(length);
    if Sha1::digest(body).as_slice() == checksum {
        return Ok(body);
    }
    Err(SourceError::Incomplete("a pack that was cut off or changed on the way".into()))
}

/// How many objects there are. The number is the sender's, so nothing is made ready for so many.
fn count(body: &[u8], most: usize) -> Result<usize, SourceError> {
    let (Some(b"PACK"), Some(version), Some(count)) = (body.get(..4), number(body, 4), number(body, 8)) else {
        return Err(odd("no pack"));
    };
    if !matches!(version, 2 | 3) {
        return Err(odd("a pack of another version"));
    }
    if count > most {
        return Err(SourceError::TooMuch(format!("{count} objects")));
    }
    Ok(count)
}

fn number(body: &[u8], at: usize) -> Option<usize> {
    let bytes = body.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}

/// What may still be kept.
#[derive(Debug)]
struct Budget {
    left: usize,
    limits: Limits,
}

impl Budget {
    fn take(&mut self, size: usize) -> Result<(), SourceError> {
        if size > self.limits.object_bytes {
            return Err(SourceError::TooMuch(format!("an object of {size} bytes")));
        }
        let left = self.left.checked_sub(size);
        self.left = left.ok_or_else(|| SourceError::TooMuch(format!("{} bytes", self.limits.all_bytes)))?;
        Ok(())
    }
}

/// One entry as it stands there.
#[derive(Debug)]
struct Entry {
    offset: usize,
    form: Form,
    data: Vec<u8>,
}

#[derive(Debug)]
enum Form {
    Whole(ObjectKind),
    /// A change of the entry that begins at this byte.
    OfEntry(usize),
    /// A change of the object with this name.
    OfObject(ObjectId),
}

struct Reader<'a> {
    body: &'a [u8],
    place: usize,
    budget: Budget,
}

impl Reader<'_> {
    fn entry(&mut self) -> Result<Entry, SourceError> {
        let offset = self.place;
        let (kind, size) = self.head()?;
        self.budget.take(size)?;
        let form = match kind {
            1 => Form::Whole(ObjectKind::Commit),
            2 => Form::Whole(ObjectKind::Tree),
            3 => Form::Whole(ObjectKind::Blob),
            4 => Form::Whole(ObjectKind::Tag),
            6 => Form::OfEntry(self.earlier(offset)?),
            7 => Form::OfObject(self.name()?),
            _ => return Err(odd("an object of no known kind")),
        };
        let (data, read) = inflate(self.body.get(self.place..).unwrap_or_default(), size)?;
        self.place += read;
        Ok(Entry { offset, form, data })
    }

    fn byte(&mut self) -> Result<usize, SourceError> {
        let byte = self.body.get(self.place).ok_or_else(|| odd("fewer objects than it says"))?;
        self.place += 1;
        Ok(usize::from(*byte))
    }

    /// Three bits of kind and four of size, then seven of size a byte, the lowest first.
    fn head(&mut self) -> Result<(usize, usize), SourceError> {
        let mut byte = self.byte()?;
        let (kind, mut size, mut shift) = (byte >> 4 & 7, byte & 15, 4);
        while byte & 0x80 != 0 {
            if shift > 46 {
                return Err(odd("a size without an end"));
            }
            byte = self.byte()?;
            size |= (byte & 0x7f) << shift;
            shift += 7;
        }
        Ok((kind, size))
    }

    /// The place of an earlier entry: how far back it is, seven bits a byte, the highest first, each but the last one more than
    /// it says.
    fn earlier(&mut self, from: usize) -> Result<usize, SourceError> {
        let mut byte = self.byte()?;
        let mut back = byte & 0x7f;
        while byte & 0x80 != 0 {
            byte = self.byte()?;
            if back > self.body.len() {
                return Err(odd("a change of something before the pack"));
            }
            back = (back + 1) << 7 | byte & 0x7f;
        }
        from.checked_sub(back).filter(|place| *place < from).ok_or_else(|| odd("a change of something before the pack"))
    }

    fn name(&mut self) -> Result<ObjectId, SourceError> {
        let end = self.place + CHECKSUM;
        let name = self.body.get(self.place..end).ok_or_else(|| odd("fewer objects than it says"))?;
        self.place = end;
        ObjectId::parse(&hex::encode(name)).map_err(|error| odd(&error.to_string()))
    }
}

/// Objects that are made, entry by entry.
struct Made {
    pack: Pack,
    /// The object that an entry became, by the byte at which it begins.
    at: HashMap<usize, ObjectId>,
    budget: Budget,
}

impl Made {
    /// Goes over what is left until nothing is left. A change of something later waits for the next time, so there are no more
    /// times than the longest chain has parts.
    fn all(&mut self, mut waiting: Vec<Entry>) -> Result<(), SourceError> {
        while !waiting.is_empty() {
            let (before, mut later) = (waiting.len(), Vec::new());
            for entry in waiting {
                later.extend(self.one(entry)?);
            }
            if later.len() == before {
                return Err(SourceError::Incomplete("a change of an object that is not there".into()));
            }
            waiting = later;
        }
        Ok(())
    }

    /// Makes one object, or gives the entry back when what it is a change of is not made yet.
    fn one(&mut self, entry: Entry) -> Result<Option<Entry>, SourceError> {
        let base = match &entry.form {
            Form::Whole(kind) => {
                self.keep(entry.offset, Stored { kind: *kind, body: entry.data, chain: 0 });
                return Ok(None);
            }
            Form::OfEntry(offset) => self.at.get(offset),
            Form::OfObject(name) => Some(name),
        };
        let Some(base) = base.and_then(|name| self.pack.objects.get(name)) else { return Ok(Some(entry)) };
        let (kind, chain) = (base.kind, base.chain + 1);
        let limits = self.budget.limits;
        if chain > limits.chain {
            return Err(SourceError::TooMuch(format!("a chain of {chain} changes")));
        }
        let body = delta::apply(&base.body, &entry.data, limits.object_bytes.min(self.budget.left))?;
        self.budget.take(body.len())?;
        self.keep(entry.offset, Stored { kind, body, chain });
        Ok(None)
    }

    fn keep(&mut self, offset: usize, stored: Stored) {
        let name = object_id(stored.kind, &stored.body);
        self.at.insert(offset, name.clone());
        self.pack.objects.entry(name).or_insert(stored);
    }
}

fn odd(what: &str) -> SourceError {
    SourceError::Unreadable(what.into())
}

#[cfg(test)]
mod tests;
