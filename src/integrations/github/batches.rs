//! Which nodes to ask for next. A question that was too large is cut in half, and later ones start smaller.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use super::carrier::Failure;
use crate::integrations::SourceError;

/// What is still to be asked.
#[derive(Debug)]
pub(super) struct Plan {
    size: usize,
    waiting: VecDeque<Batch>,
}

/// Nodes to ask for at once, by their places in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Batch {
    /// For the first time.
    First(Range<usize>),
    /// A single one with which something was wrong among others.
    Alone(usize),
}

/// One answer: for each node the node, or what is wrong with it.
pub(super) type Found<T> = Vec<Result<T, SourceError>>;

impl Plan {
    /// Everything in one list, in as few questions of at most `size` nodes as there can be, none much larger than another:
    /// they are under way at the same time, and the largest answer takes longest.
    pub(super) fn new(nodes: usize, size: usize) -> Plan {
        let all = (nodes > 0).then_some(Batch::First(0..nodes));
        let questions = nodes.div_ceil(size.max(1)).max(1);
        Plan { size: nodes.div_ceil(questions).max(1), waiting: all.into_iter().collect() }
    }

    /// The next question.
    pub(super) fn next(&mut self) -> Option<Batch> {
        let next = self.waiting.pop_front()?;
        match next {
            Batch::First(places) if places.len() > self.size => {
                let middle = places.start + self.size;
                self.waiting.push_front(Batch::First(middle..places.end));
                Some(Batch::First(places.start..middle))
            }
            Batch::First(_) | Batch::Alone(_) => Some(next),
        }
    }

    /// A question failed. If it was too large, it is asked again in halves; gives back the size from now on.
    ///
    /// # Errors
    /// When a smaller question would not help.
    pub(super) fn failed(&mut self, batch: Batch, failure: Failure) -> Result<usize, SourceError> {
        let nodes = batch.places().len();
        match failure {
            Failure::TooHeavy(_) if nodes > 1 => {
                self.size = self.size.min(nodes / 2);
                self.waiting.push_front(batch);
                Ok(self.size)
            }
            Failure::TooHeavy(error) | Failure::Other(error) => Err(error),
        }
    }

    /// A question was answered. Nodes that something is wrong with are asked for once more, each alone.
    ///
    /// # Errors
    /// When one was alone already.
    pub(super) fn answered<T>(
        &mut self,
        batch: &Batch,
        nodes: Found<T>,
        found: &mut BTreeMap<usize, T>,
    ) -> Result<(), SourceError> {
        for (place, node) in batch.places().zip(nodes) {
            match (node, batch) {
                (Ok(node), _) => drop(found.insert(place, node)),
                (Err(_), Batch::First(_)) => self.waiting.push_back(Batch::Alone(place)),
                (Err(error), Batch::Alone(_)) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Batch {
    /// The places of its nodes.
    pub(super) fn places(&self) -> Range<usize> {
        match self {
            Batch::First(places) => places.clone(),
            Batch::Alone(place) => *place..place + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow() -> Failure {
        Failure::TooHeavy(SourceError::Unreachable("502".into()))
    }

    #[test]
    fn everything_is_asked_for_once() {
        let mut plan = Plan::new(25, 10);
        let asked: Vec<_> = std::iter::from_fn(|| plan.next()).collect();
        assert_eq!(asked, [Batch::First(0..9), Batch::First(9..18), Batch::First(18..25)]);
        assert_eq!(Plan::new(0, 10).next(), None);
    }

    #[test]
    fn what_is_too_large_is_halved_and_later_questions_start_smaller() {
        let mut plan = Plan::new(20, 10);
        let (first, second) = (plan.next().unwrap(), plan.next().unwrap());
        assert_eq!(plan.failed(first, slow()), Ok(5));
        assert_eq!(plan.failed(second, slow()), Ok(5), "it was under way at the larger size");
        let asked: Vec<_> = std::iter::from_fn(|| plan.next()).collect();
        assert_eq!(asked.iter().map(|batch| batch.places().len()).collect::<Vec<_>>(), [5, 5, 5, 5]);
    }

    #[test]
    fn at_one_there_is_nothing_left_to_halve() {
        let mut plan = Plan::new(3, 3);
        let batch = plan.next().unwrap();
        assert_eq!(plan.failed(batch, slow()), Ok(1));
        let batch = plan.next().unwrap();
        assert_eq!(plan.failed(batch, slow()), Err(SourceError::Unreachable("502".into())));
        let refused = Failure::Other(SourceError::NotFound);
        assert_eq!(
            plan.failed(Batch::First(0..9), refused),
            Err(SourceError::NotFound),
            "half of it would be refused too"
        );
    }

    #[test]
    fn a_node_that_something_is_wrong_with_gets_one_more_chance() {
        let mut plan = Plan::new(3, 3);
        let batch = plan.next().unwrap();
        let mut found = BTreeMap::new();
        plan.answered(&batch, vec![Ok('a'), Err(SourceError::NotFound), Ok('c')], &mut found).unwrap();
        let alone = plan.next().unwrap();
        assert_eq!((&alone, plan.next()), (&Batch::Alone(1), None));
        let again = plan.answered(&alone, vec![Err(SourceError::NotFound)], &mut found);
        assert_eq!(again, Err(SourceError::NotFound));
        plan.answered(&alone, vec![Ok('b')], &mut found).unwrap();
        assert_eq!(found.into_values().collect::<String>(), "abc");
    }
}
