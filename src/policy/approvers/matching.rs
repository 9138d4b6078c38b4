//! Who fills which seat: one person fills one seat, and nobody stays out whom some other order would let in.
//!
//! A person with two roles may fill either seat. Taking whatever is free first could leave a seat empty that the next one
//! cannot fill, so those who sit move over when that makes room (a matching in a bipartite graph, by augmenting paths).

use std::collections::BTreeSet;

/// For each seat the person who fills it. `fits` says for each person, first come first, which seats they could fill. Who
/// has a seat keeps one when others come.
#[must_use]
pub fn assign(seats: usize, fits: &[Vec<usize>]) -> Vec<Option<usize>> {
    let mut taken = vec![None; seats];
    for person in 0..fits.len() {
        seat(person, fits, &mut taken, &mut BTreeSet::new());
    }
    taken
}

/// Seats a person, if need be after others have moved over.
fn seat(person: usize, fits: &[Vec<usize>], taken: &mut [Option<usize>], tried: &mut BTreeSet<usize>) -> bool {
    for &place in fits.get(person).into_iter().flatten() {
        if place >= taken.len() || !tried.insert(place) {
            continue;
        }
        let sits = taken[place];
        if sits.is_none_or(|other| seat(other, fits, taken, tried)) {
            taken[place] = Some(person);
            return true;
        }
    }
    false
}

/// The empty seats that somebody new could bring to be filled, by sitting there or by letting others move over.
#[must_use]
pub fn openings(newcomer: &[usize], fits: &[Vec<usize>], taken: &[Option<usize>]) -> BTreeSet<usize> {
    let mut ahead: Vec<usize> = newcomer.iter().copied().filter(|place| *place < taken.len()).collect();
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    let mut open = BTreeSet::new();
    while let Some(place) = ahead.pop() {
        if !seen.insert(place) {
            continue;
        }
        match taken[place] {
            None => {
                open.insert(place);
            }
            Some(sits) => {
                ahead.extend(fits.get(sits).into_iter().flatten().copied().filter(|next| *next < taken.len()))
            }
        }
    }
    open
}
