//! The switches of the changes that `tests/mutants/weave` wrote into this build. Not a part of cm-bot.
//!
//! `WOVEN_ON` is the number of the change that is on. `WOVEN_REACHED` is a folder: each test writes there which changes it came
//! by. A service that a test starts does not get its environment, so both are looked for in the processes above, too.

use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// More than there are changes.
const MOST: usize = 10_000;

struct Switches {
    on: usize,
    reached: Option<PathBuf>,
}

static SWITCHES: OnceLock<Switches> = OnceLock::new();
static SEEN: [AtomicBool; MOST] = [const { AtomicBool::new(false) }; MOST];

pub fn is(number: usize) -> bool {
    let switches = SWITCHES.get_or_init(Switches::of_this_test);
    if let Some(file) = &switches.reached
        && !SEEN[number].swap(true, Ordering::Relaxed)
    {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
        file.write_all(format!("{number}\n").as_bytes()).unwrap();
    }
    switches.on == number
}

impl Switches {
    /// As the nearest process at or above this one says that was told.
    fn of_this_test() -> Switches {
        let mut process = std::process::id();
        let mut test = String::from("unknown");
        while process > 1 {
            let command = words(process, "cmdline");
            if let Some(name) = command.iter().skip_while(|word| *word != "--exact").find(|word| !word.starts_with("--")) {
                test = name.clone();
            }
            let environment = words(process, "environ");
            let said = |name: &str| environment.iter().find_map(|word| word.strip_prefix(name).map(str::to_owned));
            let on = said("WOVEN_ON=").and_then(|number| number.parse().ok());
            let reached = said("WOVEN_REACHED=");
            if on.is_some() || (reached.is_some() && test != "unknown") {
                let reached = reached.map(|folder| PathBuf::from(folder).join(test.replace("::", "+")));
                return Switches { on: on.unwrap_or(usize::MAX), reached };
            }
            process = parent(process);
        }
        Switches { on: usize::MAX, reached: None }
    }
}

/// What the system tells of a process, word by word.
fn words(process: u32, file: &str) -> Vec<String> {
    let read = std::fs::read(format!("/proc/{process}/{file}")).unwrap_or_default();
    read.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// The fourth word of `stat`; the second, the program's name, stands in parentheses and may contain anything.
fn parent(process: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    rest.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}
