//! The text of a file with its places rewritten. Places stand within each other as expressions do.

use std::ops::Range;

/// A part of the file that is written anew: words, and parts of itself that keep their place.
pub struct Place {
    pub range: Range<usize>,
    pub parts: Vec<Part>,
}

pub enum Part {
    New(String),
    Kept(Range<usize>),
}

pub struct Woven<'a> {
    source: &'a str,
    /// In the order in which they begin; of those that begin together the widest first.
    places: Vec<Place>,
}

impl<'a> Woven<'a> {
    pub fn new(source: &'a str, mut places: Vec<Place>) -> Self {
        places.sort_by_key(|place| (place.range.start, std::cmp::Reverse(place.range.end)));
        Woven { source, places }
    }

    pub fn whole(&self) -> String {
        self.render(0..self.source.len(), 0)
    }

    /// A range, with every place in it rewritten. `from`: the first place that may be in it; those before are around it.
    fn render(&self, range: Range<usize>, from: usize) -> String {
        let mut text = String::new();
        let mut at = range.start;
        for (index, place) in self.places.iter().enumerate().skip(from) {
            if place.range.start >= range.end {
                break;
            }
            if place.range.start < at || place.range.end > range.end {
                continue;
            }
            text.push_str(&self.source[at..place.range.start]);
            for part in &place.parts {
                match part {
                    Part::New(words) => text.push_str(words),
                    Part::Kept(kept) => text.push_str(&self.render(kept.clone(), index + 1)),
                }
            }
            at = place.range.end;
        }
        text.push_str(&self.source[at..range.end]);
        text
    }
}
