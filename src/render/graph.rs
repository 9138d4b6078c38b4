//! A picture of the commits of a change, newest on top: which came from which, and whether each may go to production.
//!
//! The sign of a commit has a shape of its own beside its colour, and every word of the picture is text.

use std::collections::HashMap;

use maud::{Markup, html};

use crate::model::{Commit, CommitSha, plural, shortened};
use crate::policy::decision::{CommitVerdict, Outcome};

/// At most this many commits are drawn: a larger picture shows nothing.
const MOST: usize = 60;

/// Height of a row and width of a lane, in pixels.
const ROW: usize = 34;
const LANE: usize = 18;

/// Width of the words beside the lanes.
const WORDS: usize = 660;

/// A commit with its place in the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Dot<'a> {
    commit: &'a Commit,
    lane: usize,
}

/// The picture; nothing when there is no commit. `commits` are oldest first.
#[must_use]
pub fn picture(commits: &[Commit], verdicts: &[CommitVerdict]) -> Option<Markup> {
    let newest: Vec<&Commit> = commits.iter().rev().take(MOST).collect();
    if newest.is_empty() {
        return None;
    }
    let dots = laid_out(&newest);
    let lanes = dots.iter().map(|dot| dot.lane + 1).max().unwrap_or(1);
    let (width, height) = (lanes * LANE + WORDS, newest.len() * ROW);
    let title = format!("{} of the change and how each was judged", plural(commits.len(), "commit"));
    Some(html! {
        figure class="graph" {
            div class="scrolls" tabindex="0" role="group" aria-label="Picture of the commits" {
                svg width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) role="img" aria-labelledby="graph-title" {
                    title id="graph-title" { (title) ". The table of commits says the same in words." }
                    g class="edges" { @for (row, dot) in dots.iter().enumerate() { (edges(row, dot, &dots)) } }
                    @for (row, dot) in dots.iter().enumerate() { (mark(row, dot, (lanes, verdict_of(dot, verdicts)))) }
                }
            }
            figcaption {
                "Newest on top. A circle has passed, a square has not, a diamond is not known."
                @if commits.len() > MOST { " The newest " (MOST) " of " (commits.len()) " are drawn." }
            }
        }
    })
}

fn verdict_of<'a>(dot: &Dot<'_>, verdicts: &'a [CommitVerdict]) -> Option<&'a CommitVerdict> {
    verdicts.iter().find(|one| one.sha == dot.commit.sha)
}

/// Gives each commit a lane: its first child's, if that child's first parent it is, else a free one.
fn laid_out<'a>(newest: &[&'a Commit]) -> Vec<Dot<'a>> {
    let mut expected: Vec<Option<&CommitSha>> = Vec::new();
    let mut dots = Vec::new();
    for commit in newest {
        let own = expected.iter().position(|one| *one == Some(&commit.sha));
        let lane = own.unwrap_or_else(|| free(&mut expected));
        for place in &mut expected {
            if *place == Some(&commit.sha) {
                *place = None;
            }
        }
        expected[lane] = commit.parents.first();
        for parent in commit.parents.iter().skip(1) {
            if !expected.contains(&Some(parent)) {
                let lane = free(&mut expected);
                expected[lane] = Some(parent);
            }
        }
        dots.push(Dot { commit, lane });
    }
    dots
}

fn free(expected: &mut Vec<Option<&CommitSha>>) -> usize {
    let place = expected.iter().position(Option::is_none);
    place.unwrap_or_else(|| {
        expected.push(None);
        expected.len() - 1
    })
}

fn x(lane: usize) -> usize {
    lane * LANE + LANE / 2
}

fn y(row: usize) -> usize {
    row * ROW + ROW / 2
}

/// Lines to the parents; to one that is not drawn, a line that goes on below.
fn edges(row: usize, dot: &Dot<'_>, dots: &[Dot<'_>]) -> Markup {
    let rows: HashMap<&CommitSha, usize> = dots.iter().enumerate().map(|(row, dot)| (&dot.commit.sha, row)).collect();
    let path = |parent: &CommitSha| {
        let (from, start) = (x(dot.lane), y(row));
        match rows.get(parent) {
            Some(to) => {
                let (end, below) = (x(dots[*to].lane), y(*to));
                let bend = below.saturating_sub(ROW / 2).max(start);
                format!("M{from} {start} V{bend} Q{from} {below} {end} {below}")
            }
            None => format!("M{from} {start} v{}", ROW / 2),
        }
    };
    html! { @for parent in &dot.commit.parents { path d=(path(parent)) fill="none" {} } }
}

fn mark(row: usize, dot: &Dot<'_>, (lanes, verdict): (usize, Option<&CommitVerdict>)) -> Markup {
    let (at, middle, words) = (x(dot.lane), y(row), lanes * LANE + 8);
    let outcome = verdict.map_or(Outcome::Unknown, |verdict| verdict.outcome);
    let (class, said) = match outcome {
        Outcome::Met => ("good", "passed"),
        Outcome::NotMet => ("bad", "failed"),
        Outcome::NotApplicable => ("neutral", "not judged"),
        Outcome::Unknown => ("waiting", "unknown"),
    };
    let pull_request =
        verdict.and_then(|verdict| verdict.pull_request).map(|number| format!(" · pull request {number}"));
    html! {
        g class=(format!("dot {class}")) { (shape(outcome, (at, middle))) }
        text x=(words) y=(middle + 5) {
            tspan class="sha" { (dot.commit.sha.short()) } "  "
            tspan class="said" { (said) } "  "
            tspan { (shortened(&dot.commit.headline, 44)) }
            tspan class="soft-text" { (pull_request.unwrap_or_default()) }
        }
    }
}

fn shape(outcome: Outcome, (at, middle): (usize, usize)) -> Markup {
    match outcome {
        Outcome::Met => html! {
            circle cx=(at) cy=(middle) r="7" {}
            path class="sign" fill="none" d=(format!("M{} {} l2.5 2.5 l4 -5", at.saturating_sub(3), middle)) {}
        },
        Outcome::NotMet => html! {
            rect x=(at.saturating_sub(7)) y=(middle.saturating_sub(7)) width="14" height="14" rx="2" {}
            path class="sign" fill="none" d=(format!("M{} {} l6 6 m0 -6 l-6 6", at.saturating_sub(3), middle.saturating_sub(3))) {}
        },
        Outcome::NotApplicable | Outcome::Unknown => html! {
            path d=(format!("M{at} {} l8 8 l-8 8 l-8 -8 z", middle.saturating_sub(8))) {}
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GitActor, ObjectId, Signature};

    fn commit(name: char, parents: &str) -> Commit {
        let sha = |name: char| CommitSha::parse(&name.to_string().repeat(40)).unwrap();
        Commit {
            sha: sha(name),
            tree: ObjectId::parse(&"0".repeat(40)).unwrap(),
            parents: parents.chars().map(sha).collect(),
            authors: Vec::new(),
            committer: GitActor { name: "x".into(), account: None },
            signature: Signature::None,
            headline: "<script>alert(1)</script>".into(),
        }
    }

    #[test]
    fn a_merge_has_two_lanes_and_what_it_merged_comes_back() {
        let commits = [commit('a', "0"), commit('b', "a"), commit('c', "a"), commit('d', "bc")];
        let newest: Vec<&Commit> = commits.iter().rev().collect();
        let lanes: Vec<usize> = laid_out(&newest).iter().map(|dot| dot.lane).collect();
        assert_eq!(lanes, [0, 1, 0, 0], "merge, second line, first line, where they parted");
        let picture = picture(&commits, &[]).unwrap().into_string();
        assert_eq!(picture.matches("unknown").count(), 4, "who is not judged is not passed");
        assert!(!picture.contains("<script>"), "{picture}");
    }

    #[test]
    fn a_change_without_commits_has_no_picture() {
        assert!(picture(&[], &[]).is_none());
    }
}
