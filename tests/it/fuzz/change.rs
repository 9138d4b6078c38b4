//! Changes an input at random: its bytes, and when it is JSON also its parts.

use serde_json::{Map, Value, json};

/// Pieces that somewhere mean something.
const PIECES: [&str; 26] = [
    "\0",
    "\n",
    "\r\n",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{202e}",
    "<",
    ">",
    "&",
    "`",
    "|",
    "{",
    "}",
    "[",
    "]",
    "/../",
    "%2e%2e",
    "=",
    "sha256=",
    "v0=",
    "null",
    "-1",
    "99999999999999999999",
];

/// Numbers that look random, and are the same for the same start.
pub struct Random(u64);

impl Random {
    /// <https://prng.di.unimi.it/splitmix64.c>
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another one, which is not zero.
    pub fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(most).unwrap()).unwrap()
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Input number n: one of the inputs, as it is or changed in one to eight ways.
pub fn changed(inputs: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut random = Random(number);
    let mut input = random.of(inputs).clone();
    for _ in 0..random.below(9) {
        let json = serde_json::from_slice::<Value>(&input).ok().filter(|_| random.below(3) > 0);
        match json {
            Some(mut json) => {
                change_part(&mut json, &mut random);
                input = json.to_string().into_bytes();
            }
            None => change_bytes(&mut input, inputs, &mut random),
        }
        input.truncate(1 << 20);
    }
    input
}

fn change_bytes(input: &mut Vec<u8>, inputs: &[Vec<u8>], random: &mut Random) {
    let place = random.below(input.len() + 1);
    let end = (place + random.below(40)).min(input.len());
    match random.below(7) {
        0 if place < input.len() => input[place] ^= 1 << random.below(8),
        1 => drop(input.drain(place..end)),
        2 => drop(input.splice(place..place, random.of(&PIECES).bytes())),
        3 => {
            let again = input[place..end].repeat(1 + random.below(50));
            drop(input.splice(place..place, again));
        }
        4 => input.truncate(place),
        5 => {
            let other = random.of(inputs);
            let from = random.below(other.len() + 1);
            drop(input.splice(place..end, other[from..].iter().copied()));
        }
        _ => input.insert(place, u8::try_from(random.below(256)).unwrap()),
    }
}

/// Goes down a random way and changes what is there.
fn change_part(json: &mut Value, random: &mut Random) {
    let children = match json {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    if children > 0 && random.below(6) > 0 {
        let place = random.below(children);
        match json {
            Value::Array(items) => change_part(&mut items[place], random),
            Value::Object(fields) => change_part(fields.values_mut().nth(place).unwrap(), random),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        return;
    }
    match random.below(4) {
        0 => *json = another(random),
        1 => *json = Value::Array(vec![json.clone(); random.below(20)]),
        2 => remove(json, random),
        _ => add(json, random),
    }
}

fn another(random: &mut Random) -> Value {
    match random.below(8) {
        0 => Value::Null,
        1 => json!(random.below(2) == 0),
        2 => json!(random.next()),
        3 => json!(-1),
        4 => json!(1e308),
        5 => json!({}),
        6 => (0..random.below(200)).fold(json!([]), |inner, _| json!([inner])),
        _ => json!(random.of(&PIECES).repeat(1 + random.below(30))),
    }
}

fn remove(json: &mut Value, random: &mut Random) {
    match json {
        Value::Array(items) if !items.is_empty() => drop(items.remove(random.below(items.len()))),
        Value::Object(fields) if !fields.is_empty() => {
            let name = fields.keys().nth(random.below(fields.len())).unwrap().clone();
            fields.remove(&name);
        }
        other => *other = Value::Null,
    }
}

fn add(json: &mut Value, random: &mut Random) {
    let value = another(random);
    match json {
        Value::Array(items) => items.push(value),
        Value::Object(fields) => drop(fields.insert((*random.of(&PIECES)).to_owned(), value)),
        Value::String(text) => text.push_str(PIECES[random.below(PIECES.len())]),
        other => *other = Map::from_iter([("0".to_owned(), value)]).into(),
    }
}
