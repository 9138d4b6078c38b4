use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::*;
use crate::model::blob_id;

const LIMITS: Limits = Limits { objects: 10, object_bytes: 2_000, all_bytes: 5_000, chain: 3 };

const BASE: &[u8] = b"line one\nline two\n";

/// Makes the end of [`BASE`] another one.
const ENDS_OTHERWISE: &[u8] = &[18, 13, 0b1001_0000, 9, 4, b'e', b'n', b'd', b'\n'];

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut writer = ZlibEncoder::new(Vec::new(), Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// An entry that says that it has so many bytes. What stands between is the place or the name of its base.
fn says(kind: u8, size: usize, between: &[u8], data: &[u8]) -> Vec<u8> {
    let mut entry = vec![kind << 4 | u8::try_from(size & 15).unwrap()];
    let mut rest = size >> 4;
    while rest > 0 {
        *entry.last_mut().unwrap() |= 0x80;
        entry.push(u8::try_from(rest & 0x7f).unwrap());
        rest >>= 7;
    }
    [entry, between.to_vec(), deflated(data)].concat()
}

fn entry(kind: u8, between: &[u8], data: &[u8]) -> Vec<u8> {
    says(kind, data.len(), between, data)
}

fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let checksum = Sha1::digest(&body);
    body.extend(checksum);
    body
}

fn pack(entries: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(entries.len()).unwrap().to_be_bytes();
    sealed([b"PACK\0\0\0\x02".to_vec(), count.to_vec(), entries.concat()].concat())
}

fn read(bytes: &[u8]) -> Result<Pack, SourceError> {
    Pack::read(bytes, LIMITS)
}

fn holds(pack: &Pack, body: &[u8]) -> bool {
    pack.object(&blob_id(body)) == Some((ObjectKind::Blob, body))
}

fn name(of: &[u8]) -> Vec<u8> {
    hex::decode(blob_id(of).as_str()).unwrap()
}

#[test]
fn objects_are_known_by_what_they_hold() {
    let pack = read(&pack(&[entry(3, b"", BASE), entry(2, b"", b""), entry(3, b"", b"")])).unwrap();
    assert!(holds(&pack, BASE) && holds(&pack, b""));
    let empty = ObjectId::parse("4b825dc642cb6eb9a060e54bf8d69288fbee4904").unwrap();
    assert_eq!(pack.object(&empty), Some((ObjectKind::Tree, &b""[..])));
    assert_eq!(pack.objects().count(), 3);
    assert!(!holds(&pack, b"something else"));
}

#[test]
fn changes_of_earlier_and_of_later_objects() {
    let base = entry(3, b"", BASE);
    let back = [u8::try_from(base.len()).unwrap()];
    let before = pack(&[base.clone(), entry(6, &back, ENDS_OTHERWISE)]);
    let after = pack(&[entry(7, &name(BASE), ENDS_OTHERWISE), base]);
    for bytes in [before, after] {
        assert!(holds(&read(&bytes).unwrap(), b"line one\nend\n"));
    }
}

#[test]
fn a_place_more_than_a_hundred_and_twenty_seven_bytes_back() {
    let noise: Vec<u8> = (0..400_usize).map(|number| u8::try_from(number * number * 7 % 251).unwrap()).collect();
    let (base, between) = (entry(3, b"", BASE), entry(3, b"", &noise));
    let back = base.len() + between.len();
    assert!(back > 127, "{back}");
    let place = [u8::try_from((back >> 7) - 1).unwrap() | 0x80, u8::try_from(back & 0x7f).unwrap()];
    let pack = read(&pack(&[base, between, entry(6, &place, ENDS_OTHERWISE)])).unwrap();
    assert!(holds(&pack, b"line one\nend\n"));
}

#[test]
fn a_pack_that_was_changed_on_the_way_is_refused_wherever_it_was() {
    let whole = pack(&[entry(3, b"", BASE), entry(7, &name(BASE), ENDS_OTHERWISE)]);
    assert!(read(&whole).is_ok());
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        assert!(read(&changed).is_err(), "byte {place}");
        assert!(read(&whole[..place]).is_err(), "cut off before byte {place}");
    }
}

/// Whoever changes a pack can also write another checksum: then it is a pack with another object, which nobody asked for.
#[test]
fn a_pack_that_was_changed_with_care_does_not_hold_what_was_asked_for() {
    let mut changed = BASE.to_vec();
    changed[0] ^= 1;
    let pack = read(&pack(&[entry(3, b"", &changed)])).unwrap();
    assert!(pack.object(&blob_id(BASE)).is_none());
}

#[test]
fn a_change_of_something_that_is_not_there_is_incomplete() {
    let is_incomplete = |bytes: &[u8]| matches!(read(bytes), Err(SourceError::Incomplete(_)));
    assert!(is_incomplete(&pack(&[entry(7, &name(b"elsewhere"), ENDS_OTHERWISE)])));
    assert!(is_incomplete(&pack(&[entry(3, b"", BASE), entry(6, &[3], ENDS_OTHERWISE)])), "in the middle of another");
    assert!(matches!(read(&pack(&[entry(6, &[0], ENDS_OTHERWISE)])), Err(SourceError::Unreadable(_))), "of itself");
    assert!(matches!(read(&pack(&[entry(6, &[100], ENDS_OTHERWISE)])), Err(SourceError::Unreadable(_))), "before all");
}

#[test]
fn limits_hold() {
    let too_much = |bytes: &[u8]| matches!(read(bytes), Err(SourceError::TooMuch(_)));
    let blob = |size: usize| entry(3, b"", &vec![7; size]);
    assert!(!too_much(&pack(&vec![blob(1); 10])));
    assert!(too_much(&pack(&vec![blob(1); 11])), "too many");
    assert!(!too_much(&pack(&[blob(2_000)])));
    assert!(too_much(&pack(&[blob(2_001)])), "too large");
    assert!(too_much(&pack(&[blob(2_000), blob(1_999), blob(1_998)])), "too large together");
    assert!(too_much(&pack(&[says(3, 1 << 40, b"", b"")])), "by its own account");
    let claims = sealed(b"PACK\0\0\0\x02\xff\xff\xff\xff".to_vec());
    assert!(too_much(&claims), "too many by its own account");
}

#[test]
fn what_changes_make_counts_as_well() {
    // Copies the same 2000 bytes over and over: 20 bytes become 2000 each time.
    let base = vec![7; 100];
    let bomb = [&[100, 0xd0, 0x0f][..], &[0b1001_0000, 100].repeat(20)].concat();
    let once = pack(&[entry(3, b"", &base), entry(7, &name(&base), &bomb)]);
    assert!(holds(&read(&once).unwrap(), &[7; 2_000]));
    let twice = [[100, 0xd0, 0x0f].as_slice(), &[0b1001_0000, 100].repeat(19), &[100], &[9; 100]].concat();
    let thrice = [[100, 0xd0, 0x0f].as_slice(), &[0b1001_0000, 100].repeat(19), &[100], &[8; 100]].concat();
    let all = [&bomb, &twice, &thrice].map(|bomb| entry(7, &name(&base), bomb));
    assert!(matches!(read(&pack(&[&[entry(3, b"", &base)], &all[..]].concat())), Err(SourceError::TooMuch(_))));
}

#[test]
fn a_chain_of_changes_has_an_end() {
    let chain = |links: u8| {
        let mut entries = vec![entry(3, b"", b"x")];
        for link in 0..links {
            let back = [u8::try_from(entries.last().unwrap().len()).unwrap()];
            // One byte more each time.
            let delta = [link + 1, link + 2, 0b1001_0000, link + 1, 1, b'x'];
            entries.push(entry(6, &back, &delta));
        }
        pack(&entries)
    };
    assert!(holds(&read(&chain(3)).unwrap(), b"xxxx"));
    assert!(matches!(read(&chain(4)), Err(SourceError::TooMuch(_))));
}

#[test]
fn what_is_no_pack_is_none() {
    let with = |change: fn(&mut Vec<u8>)| {
        let mut body = pack(&[entry(3, b"", BASE)]);
        body.truncate(body.len() - 20);
        change(&mut body);
        read(&sealed(body)).map(drop)
    };
    assert!(with(|_| ()).is_ok());
    assert!(with(|body| body[7] = 3).is_ok(), "version 3 reads the same");
    assert!(with(|body| body[7] = 4).is_err(), "version 4 does not");
    assert!(with(|body| body[0] = b'p').is_err());
    assert!(with(|body| body[11] = 2).is_err(), "fewer than it says");
    assert!(with(|body| body[11] = 0).is_err(), "more than it says");
    assert!(with(|body| body[12] = 0x50 | body[12] & 0x8f).is_err(), "a kind that is none");
    assert!(with(|body| body.truncate(11)).is_err());
}
