//! Packs of Git, as a server sends them.

use std::io::Write as _;

use cm_bot::integrations::git::pack::{Limits, Pack};
use cm_bot::model::object_id;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use sha1::{Digest, Sha1};

use super::bears;

/// A pack of commits, folders, files and changes of files, without its checksum.
fn pack() -> Vec<u8> {
    let base = b"line one\nline two\nline three\n";
    let mut pack = b"PACK\0\0\0\x02\0\0\0\x06".to_vec();
    let mut place = 0;
    for (kind, between, data) in [
        (1, vec![], &b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"[..]),
        (2, vec![], b"100644 a\0aaaaaaaaaaaaaaaaaaaa"),
        (3, vec![], base),
        (6, vec![0], &[29, 13, 0b1001_0000, 9, 4, b'e', b'n', b'd', b'\n']),
        (6, vec![0], &[13, 5, 0b1001_0001, 8, 5]),
        (7, Sha1::digest([b"blob 29\0", &base[..]].concat()).to_vec(), &[29, 1, 0b1001_0000, 1]),
    ] {
        let begun = pack.len();
        pack.push(kind << 4 | 0x80 | u8::try_from(data.len() & 15).unwrap());
        pack.push(u8::try_from(data.len() >> 4).unwrap());
        pack.extend(if kind == 6 { vec![u8::try_from(begun - place).unwrap()] } else { between });
        let mut writer = ZlibEncoder::new(pack, Compression::default());
        writer.write_all(data).unwrap();
        pack = writer.finish().unwrap();
        place = begun;
    }
    pack
}

/// The checksum is made anew after every change, as an attacker would.
fn sealed(body: &[u8]) -> Vec<u8> {
    [body, &Sha1::digest(body)].concat()
}

#[test]
fn packs() {
    let limits = Limits { objects: 100, object_bytes: 10_000, all_bytes: 50_000, chain: 5 };
    let whole = pack();
    assert_eq!(Pack::read(&sealed(&whole), limits).unwrap().objects().count(), 6);
    bears(std::slice::from_ref(&whole), |input| {
        assert!(*input == *whole || Pack::read(input, limits).is_err(), "without a checksum");
        let Ok(pack) = Pack::read(&sealed(input), limits) else { return };
        let mut bytes = 0;
        for (name, kind, body) in pack.objects() {
            assert_eq!(object_id(kind, body), *name);
            assert!(body.len() <= limits.object_bytes);
            bytes += body.len();
        }
        assert!(pack.objects().count() <= limits.objects && bytes <= limits.all_bytes);
    });
}
