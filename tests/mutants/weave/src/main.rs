//! Writes the changes that cargo-mutants lists into the sources of a copy of the project, each behind a switch of its own:
//! `weave COPY MUTANTS SKIPPED`. One build then holds them all, and which one is on is decided when a test begins (`woven.rs`).
//!
//! `MUTANTS` is what `cargo mutants --list --json` says; a change's number is its place in it. `SKIPPED` is a file of numbers
//! that are left out, because with them it does not compile. The numbers that were woven in are printed.

mod places;
mod text;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// A change as cargo-mutants lists it.
#[derive(Deserialize)]
struct Mutant {
    file: String,
    genre: Genre,
    replacement: String,
    span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
}

#[derive(Deserialize)]
struct Span {
    start: Position,
}

/// Lines and columns begin with 1, as cargo-mutants counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
struct Position {
    line: usize,
    column: usize,
}

/// What is to become of one place, and the number of the change that asks for it.
struct Change {
    number: usize,
    replacement: String,
}

/// The changes of one file, by what is changed and where it begins.
type Changes = BTreeMap<(usize, usize, &'static str), Vec<Change>>;

impl Genre {
    fn name(self) -> &'static str {
        match self {
            Genre::FnValue => "body",
            Genre::BinaryOperator => "binary",
            Genre::UnaryOperator => "unary",
            Genre::MatchArm => "arm",
            Genre::MatchArmGuard => "guard",
            Genre::StructField => "field",
        }
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().context("weave COPY MUTANTS SKIPPED");
    let (copy, mutants, skipped) = (next()?, next()?, next()?);
    let mutants: Vec<Mutant> = serde_json::from_str(&std::fs::read_to_string(mutants)?)?;
    let skipped: HashSet<usize> =
        std::fs::read_to_string(skipped)?.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;

    let mut files: BTreeMap<String, Changes> = BTreeMap::new();
    for (number, mutant) in mutants.into_iter().enumerate().filter(|(number, _)| !skipped.contains(number)) {
        let Position { line, column } = mutant.span.start;
        let here = files.entry(mutant.file).or_default().entry((line, column, mutant.genre.name())).or_default();
        here.push(Change { number, replacement: mutant.replacement });
    }
    for (file, changes) in files {
        let path = Path::new(&copy).join(&file);
        let source = std::fs::read_to_string(&path).with_context(|| file.clone())?;
        let (woven, numbers) = weave(&source, changes).with_context(|| file.clone())?;
        std::fs::write(&path, woven)?;
        numbers.iter().for_each(|number| println!("{number}"));
    }
    Ok(())
}

fn weave(source: &str, changes: Changes) -> Result<(String, Vec<usize>)> {
    let parsed = syn::parse_file(source)?;
    let mut finder = places::Finder::new(source, changes);
    syn::visit::visit_file(&mut finder, &parsed);
    let numbers = finder.numbers();
    Ok((text::Woven::new(source, finder.places).whole(), numbers))
}
