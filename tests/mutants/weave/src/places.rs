//! Finds the place of each change, and says what is to stand there: what stood there, unless the switch of the change is on.

use std::ops::Range;

use proc_macro2::LineColumn;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, Pat, ReturnType, UnOp};

use crate::text::{Part, Place};
use crate::{Change, Changes};

pub struct Finder<'a> {
    source: &'a str,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
    changes: Changes,
    /// How many functions around here are `const`, where nothing can be switched.
    constant: usize,
    pub places: Vec<Place>,
    woven: Vec<usize>,
}

impl<'a> Finder<'a> {
    pub fn new(source: &'a str, changes: Changes) -> Self {
        let lines = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Finder { source, lines, changes, constant: 0, places: Vec::new(), woven: Vec::new() }
    }

    pub fn numbers(&self) -> Vec<usize> {
        self.woven.clone()
    }

    /// In bytes. Columns are counted in characters.
    fn offset(&self, at: LineColumn) -> usize {
        let line = self.lines[at.line - 1];
        let rest = &self.source[line..];
        line + rest.char_indices().nth(at.column).map_or(rest.len(), |(offset, _)| offset)
    }

    fn range(&self, of: &impl Spanned) -> Range<usize> {
        let span = of.span();
        self.offset(span.start())..self.offset(span.end())
    }

    /// The changes that are asked for at a place, once.
    fn take(&mut self, genre: &'static str, at: LineColumn) -> Vec<Change> {
        if self.constant > 0 {
            return Vec::new();
        }
        self.changes.remove(&(at.line, at.column + 1, genre)).unwrap_or_default()
    }

    fn put(&mut self, range: Range<usize>, changes: &[Change], parts: Vec<Part>) {
        if changes.is_empty() {
            return;
        }
        self.woven.extend(changes.iter().map(|change| change.number));
        self.places.push(Place { range, parts });
    }

    fn guard(&mut self, guard: &Expr) {
        let changes = self.take("guard", guard.span().start());
        let range = self.range(guard);
        let switches =
            |replacement| changes.iter().filter(move |change: &&Change| change.replacement == replacement).map(on);
        let yes: String = switches("true").map(|switch| format!("{switch} || ")).collect();
        let no: String = switches("false").map(|switch| format!(" && !{switch}")).collect();
        let parts = vec![words(&format!("({yes}(")), Part::Kept(range.clone()), words(&format!(")){no}"))];
        self.put(range, &changes, parts);
    }

    /// An arm that is left out is one that never matches.
    fn arm(&mut self, arm: &syn::Arm) {
        let changes = self.take("arm", arm.span().start());
        let at = self.range(&arm.pat).end;
        let guard = changes.iter().map(|change| format!(" if !{}", on(change))).collect();
        self.put(at..at, &changes, vec![Part::New(guard)]);
    }

    fn body(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let Some(first) = block.stmts.first() else { return };
        if matches!(&signature.output, ReturnType::Type(_, returned) if self.source[self.range(returned)].contains("impl "))
        {
            return;
        }
        let changes = self.take("body", first.span().start());
        let at = self.offset(block.brace_token.span.open().end());
        let returns =
            changes.iter().map(|change| format!("\nif {} {{ return {}; }}\n", on(change), change.replacement));
        let returns = returns.collect();
        self.put(at..at, &changes, vec![Part::New(returns)]);
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.constant += usize::from(function.sig.constness.is_some());
        self.body(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
        self.constant -= usize::from(function.sig.constness.is_some());
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.constant += usize::from(function.sig.constness.is_some());
        self.body(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
        self.constant -= usize::from(function.sig.constness.is_some());
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.body(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.constant += 1;
        visit::visit_item_const(self, item);
        self.constant -= 1;
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.constant += 1;
        visit::visit_impl_item_const(self, item);
        self.constant -= 1;
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.constant += 1;
        visit::visit_item_static(self, item);
        self.constant -= 1;
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if !is_let(&binary.left) && !is_let(&binary.right) {
            let changes = self.take("binary", binary.op.span().start());
            let (left, right) = (self.range(&binary.left), self.range(&binary.right));
            let parts = match binary.op {
                BinOp::And(_) | BinOp::Or(_) => logical(&changes, &self.source[self.range(&binary.op)], (left, right)),
                _ => other(&changes, &self.source[self.range(&binary.op)], (left, right)),
            };
            self.put(self.range(binary), &changes, parts);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast syn::ExprUnary) {
        let changes = self.take("unary", unary.op.span().start());
        let (whole, inner) = (self.range(unary), self.range(&unary.expr));
        let parts = match (&unary.op, changes.first()) {
            (_, None) => Vec::new(),
            (UnOp::Not(_), Some(change)) => {
                vec![words(&format!("({} ^ !(", on(change))), Part::Kept(inner), words("))")]
            }
            (_, Some(change)) => {
                let kept = Part::Kept(inner.clone());
                vec![
                    words(&format!("(if {} {{ ", on(change))),
                    kept,
                    words(" } else { -("),
                    Part::Kept(inner),
                    words(") })"),
                ]
            }
        };
        self.put(whole, &changes, parts);
        visit::visit_expr_unary(self, unary);
    }

    fn visit_expr_match(&mut self, of: &'ast syn::ExprMatch) {
        // Where the last arm has a guard of its own, no other can be left out.
        let catches_all = of.arms.iter().any(|arm| matches!(arm.pat, Pat::Wild(_)) && arm.guard.is_none());
        for arm in &of.arms {
            match &arm.guard {
                Some((_, guard)) => self.guard(guard),
                None if catches_all && !matches!(arm.pat, Pat::Wild(_)) => self.arm(arm),
                None => {}
            }
        }
        visit::visit_expr_match(self, of);
    }

    /// A literal without one of its fields, which then comes from the base.
    fn visit_expr_struct(&mut self, literal: &'ast syn::ExprStruct) {
        for pair in literal.fields.pairs().filter(|_| literal.rest.is_some()) {
            let field = pair.value();
            let changes = self.take("field", field.span().start());
            let (Some(change), Some(rest)) = (changes.first(), &literal.rest) else { continue };
            let (value, base) = (self.range(&field.expr), self.source[self.range(rest)].to_owned());
            let name = &self.source[self.range(&field.member)];
            let colon = if field.colon_token.is_some() { "" } else { &format!("{name}: ") };
            let before = format!("{colon}(if {} {{ ({base}).{name} }} else {{ ", on(change));
            self.put(value.clone(), &changes, vec![words(&before), Part::Kept(value), words(" })")]);
        }
        visit::visit_expr_struct(self, literal);
    }
}

fn on(change: &Change) -> String {
    format!("crate::woven::is({})", change.number)
}

fn words(words: &str) -> Part {
    Part::New(words.to_owned())
}

/// Whether this is part of a chain of `if let`, where `||` cannot stand.
fn is_let(expression: &Expr) -> bool {
    match expression {
        Expr::Let(_) => true,
        Expr::Binary(binary) => matches!(binary.op, BinOp::And(_)) && (is_let(&binary.left) || is_let(&binary.right)),
        _ => false,
    }
}

/// `a && b` is `!(!a || !b)`: with the switch on, both sides and the whole turn round, and neither side is written twice.
fn logical(changes: &[Change], operator: &str, (left, right): (Range<usize>, Range<usize>)) -> Vec<Part> {
    let Some(switch) = changes.first().map(on) else { return Vec::new() };
    let before = format!("({switch} ^ (({switch} ^ (");
    let between = format!(")) {operator} ({switch} ^ (");
    vec![words(&before), Part::Kept(left), words(&between), Part::Kept(right), words("))))")]
}

/// Any other operator: both are written, and one of them runs.
fn other(changes: &[Change], operator: &str, (left, right): (Range<usize>, Range<usize>)) -> Vec<Part> {
    let mut parts = vec![words("(")];
    for change in changes {
        parts.push(words(&format!("if {} {{ ", on(change))));
        // The number stands before the operator, so that the compiler's complaint says which one it is about.
        let operator = format!("/*{}*/ {}", change.number, change.replacement);
        parts.extend(applied(&operator, (left.clone(), right.clone())));
        parts.push(words(" } else "));
    }
    parts.push(words("{ "));
    parts.extend(applied(operator, (left, right)));
    parts.push(words(" })"));
    parts
}

/// A side that is assigned to must not stand in parentheses; what is compared or added must.
fn applied(operator: &str, (left, right): (Range<usize>, Range<usize>)) -> [Part; 5] {
    let assigns =
        operator.ends_with('=') && !["==", "!=", "<=", ">="].iter().any(|compares| operator.ends_with(compares));
    let (open, close) = if assigns { ("", "") } else { ("(", ")") };
    [words(open), Part::Kept(left), words(&format!("{close} {operator} (")), Part::Kept(right), words(")")]
}
