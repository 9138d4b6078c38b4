//! How much work it is to compare two texts line by line, found out with no more work than that.
//!
//! The library that merges knows no limit, and texts of a megabyte that have nothing in common would keep a processor busy for
//! minutes, at every look.

use std::collections::HashMap;

/// Most steps of one comparison, a second at most. Some ten thousand lines that differ take as many.
const MOST_STEPS: usize = 50_000_000;

/// Whether two texts can be compared within the limit. It is Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its
/// Variations", 1986), of which only the number of steps is kept.
pub(super) fn is_bearable(one: &str, other: &str) -> bool {
    is_bearable_in(MOST_STEPS, one, other)
}

fn is_bearable_in(most: usize, one: &str, other: &str) -> bool {
    let mut numbers = HashMap::new();
    let (one, other) = (numbered(one, &mut numbers), numbered(other, &mut numbers));
    // So many edits take more steps than there may be.
    let most_edits = (one.len() + other.len()).min(2 * most.isqrt());
    // The furthest place in `one` that each diagonal reaches; a diagonal is a place in `one` less a place in `other`.
    let (mut furthest, middle) = (vec![0_usize; 2 * most_edits + 3], most_edits + 1);
    let mut steps = 0;
    for edits in 0..=most_edits {
        for diagonal in (middle - edits..=middle + edits).step_by(2) {
            let is_down = diagonal == middle - edits
                || (diagonal != middle + edits && furthest[diagonal - 1] < furthest[diagonal + 1]);
            let mut place = if is_down { furthest[diagonal + 1] } else { furthest[diagonal - 1] + 1 };
            let beside = |place: usize| (place + middle).checked_sub(diagonal);
            let same = |place: usize| {
                let (line, beside) = (one.get(place), beside(place).and_then(|beside| other.get(beside)));
                line.is_some() && line == beside
            };
            while same(place) {
                place += 1;
                steps += 1;
            }
            furthest[diagonal] = place;
            steps += 1;
            if steps > most {
                return false;
            }
            if place >= one.len() && beside(place).is_some_and(|beside| beside >= other.len()) {
                return true;
            }
        }
    }
    false
}

/// Lines as numbers: the same line, the same number.
fn numbered<'a>(text: &'a str, numbers: &mut HashMap<&'a str, usize>) -> Vec<usize> {
    let number = |line: &'a str| {
        let next = numbers.len();
        *numbers.entry(line).or_insert(next)
    };
    text.split_inclusive('\n').map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(numbers: impl Iterator<Item = usize>) -> String {
        numbers.map(|number| format!("{number}\n")).collect()
    }

    #[test]
    fn the_steps_are_as_many_as_lines_stay_and_edits_need() {
        let text = lines(0..100);
        for (other, steps, back) in [
            (text.clone(), 101, 101),
            (String::new(), 5_151, 5_051),
            (lines(0..99), 102, 101),
            (lines(100..200), 20_201, 20_201),
            (lines((0..50).chain(60..110)), 311, 311),
        ] {
            for (one, other, steps) in [(&text, &other, steps), (&other, &text, back)] {
                assert!(is_bearable_in(steps, one, other), "{steps}");
                assert!(!is_bearable_in(steps - 1, one, other), "{steps}");
            }
        }
    }

    #[test]
    fn a_lock_file_is_bearable_and_texts_with_nothing_in_common_are_not() {
        let lock = lines(0..40_000);
        let changed = lines((0..40_000).map(|number| if number % 100 == 0 { number + 1_000_000 } else { number }));
        assert!(is_bearable(&lock, &changed));
        assert!(!is_bearable(&lock, &lines(40_000..80_000)));
    }
}
