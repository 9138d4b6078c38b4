//! Answers with an `ETag`: asked for again under a condition, an unchanged one costs nothing of the rate limit.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::ETAG;

use crate::integrations::http::Answer;

/// Most answers, and most bytes of all together and of one.
const MOST: usize = 400;
const MOST_BYTES: usize = 8 * 1024 * 1024;
const MOST_BYTES_OF_ONE: usize = 512 * 1024;

/// Paths below a repository whose answers never change: asking for them twice is the mistake, not that they are sent twice.
const IMMUTABLE: [&str; 4] = ["/compare/", "/git/trees/", "/git/blobs/", "/git/commits/"];

/// What was asked: the path below the API and the kind of answer.
pub(super) type Question = (String, Option<&'static str>);

/// The answers of one session. GitHub's tags depend on who asks.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<Question, Arc<Answer>>,
    /// Oldest first.
    order: VecDeque<Question>,
    bytes: usize,
}

impl Memory {
    /// The answer that is kept to a question.
    pub(super) fn recall(&self, question: &Question) -> Option<Arc<Answer>> {
        self.locked().answers.get(question).map(Arc::clone)
    }

    /// Keeps a success if it has a tag and may change; the oldest make room.
    pub(super) fn keep(&self, question: Question, answer: &Answer) {
        let is_small = answer.body.len() <= MOST_BYTES_OF_ONE;
        if answer.headers.contains_key(ETAG) && is_small && !is_immutable(&question.0) {
            self.locked().insert(question, Arc::new(answer.clone()));
        }
    }

    fn locked(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn insert(&mut self, question: Question, answer: Arc<Answer>) {
        self.remove(&question);
        self.bytes += answer.body.len();
        self.order.push_back(question.clone());
        self.answers.insert(question, answer);
        while self.answers.len() > MOST || self.bytes > MOST_BYTES {
            let Some(oldest) = self.order.front().cloned() else { return };
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, question: &Question) {
        if let Some(answer) = self.answers.remove(question) {
            self.bytes -= answer.body.len();
            self.order.retain(|kept| kept != question);
        }
    }
}

/// Whether a path `/repos/OWNER/NAME/…` leads to something that its name fixes for ever.
fn is_immutable(route: &str) -> bool {
    let below = route.splitn(5, '/').nth(4).unwrap_or_default();
    IMMUTABLE.iter().any(|start| below.starts_with(start.trim_start_matches('/')))
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;

    fn answer(bytes: usize) -> Answer {
        let headers = [(ETAG, HeaderValue::from_static("\"1\""))].into_iter().collect();
        Answer { status: http::StatusCode::OK, headers, body: vec![0; bytes] }
    }

    fn question(path: &str) -> Question {
        (format!("/repos/acme/a{path}"), None)
    }

    #[test]
    fn what_may_change_is_kept_with_its_tag() {
        let memory = Memory::default();
        memory.keep(question("/git/ref/heads/main"), &answer(3));
        assert!(memory.recall(&question("/git/ref/heads/main")).is_some());
        assert_eq!(memory.recall(&question("/git/ref/heads/main")).unwrap().body.len(), 3);
        assert!(memory.recall(&(question("/git/ref/heads/main").0, Some("application/json"))).is_none());
        for fixed in ["/compare/1...2", "/git/trees/1", "/git/blobs/1"] {
            memory.keep(question(fixed), &answer(3));
            assert!(memory.recall(&question(fixed)).is_none(), "{fixed}");
        }
        memory.keep(question(""), &answer(3));
        assert!(memory.recall(&question("")).is_some(), "the repository itself");
        let without_tag = Answer { headers: http::HeaderMap::new(), ..answer(3) };
        memory.keep(question("/x"), &without_tag);
        assert!(memory.recall(&question("/x")).is_none());
    }

    #[test]
    fn the_oldest_make_room() {
        let memory = Memory::default();
        for number in 0..=MOST {
            memory.keep(question(&format!("/{number}")), &answer(1));
        }
        assert!(memory.recall(&question("/0")).is_none());
        assert!(memory.recall(&question("/1")).is_some());
        memory.keep(question("/large"), &answer(MOST_BYTES_OF_ONE + 1));
        assert!(memory.recall(&question("/large")).is_none());
        for number in 0..20 {
            memory.keep(question(&format!("/many/{number}")), &answer(MOST_BYTES_OF_ONE));
        }
        let kept = memory.locked();
        assert!(kept.bytes <= MOST_BYTES);
        assert_eq!(kept.bytes, kept.answers.values().map(|answer| answer.body.len()).sum::<usize>());
        assert_eq!(kept.order.len(), kept.answers.len());
    }

    #[test]
    fn a_newer_answer_takes_the_place_of_the_one_before() {
        let memory = Memory::default();
        memory.keep(question("/x"), &answer(5));
        memory.keep(question("/x"), &answer(2));
        let kept = memory.locked();
        assert_eq!((kept.bytes, kept.order.len()), (2, 1));
    }
}
