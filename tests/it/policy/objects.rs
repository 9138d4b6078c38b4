//! What was read of a repository, and what is still wanted of it.

use std::collections::BTreeSet;

use cm_bot::model::{Content, Relation, Tree};
use cm_bot::policy::facts::{Gap, GapReason, Objects, Source, Wanted};

use crate::support::facts::{put, sha, tree_name};

#[test]
fn folders_and_contents_are_counted() {
    let mut objects = Objects::default();
    assert_eq!(objects.count(), 0);
    put(&mut objects, &[("src/a.js", "1"), ("src/b.js", "2"), ("src/c.js", "3")]);
    assert_eq!(objects.count(), 5, "the top, src, and three contents");
}

/// One of each kind.
fn one_of_each() -> Wanted {
    Wanted {
        trees: BTreeSet::from([tree_name('a')]),
        contents: BTreeSet::from([tree_name('b')]),
        tree_of: BTreeSet::from([sha('d')]),
        relations: BTreeSet::from([(sha('e'), sha('f'))]),
        whole: BTreeSet::from([tree_name('a')]),
    }
}

#[test]
fn what_is_here_is_not_wanted_any_more() {
    assert_eq!(one_of_each().without(&Objects::default()), one_of_each());
    let mut here = Objects::default();
    here.trees.insert(tree_name('a'), Tree::default());
    let (trees, whole) = (BTreeSet::new(), BTreeSet::new());
    assert_eq!(one_of_each().without(&here), Wanted { trees, whole, ..one_of_each() });
    here.contents.insert(tree_name('b'), Content::Opaque);
    here.tree_of.insert(sha('d'), tree_name('d'));
    let left = Wanted { relations: one_of_each().relations, ..Wanted::default() };
    assert_eq!(one_of_each().without(&here), left);
    here.relations.insert(Objects::pair(&sha('e'), &sha('f')), Relation::Ahead);
    assert!(one_of_each().without(&here).is_empty());
}

#[test]
fn what_was_asked_for_in_vain_is_not_asked_for_again() {
    let gap = Gap { what: "it".into(), source: Source::Github, reason: GapReason::Missing };
    let names = [
        tree_name('a').as_str().to_owned(),
        tree_name('b').as_str().to_owned(),
        sha('d').to_string(),
        Objects::pair(&sha('e'), &sha('f')),
    ];
    let mut objects =
        Objects { gaps: names.into_iter().map(|name| (name, gap.clone())).collect(), ..Objects::default() };
    assert!(one_of_each().without(&objects).is_empty());
    objects.gaps.remove(&Objects::pair(&sha('e'), &sha('f')));
    assert_eq!(one_of_each().without(&objects).relations, one_of_each().relations);
}
