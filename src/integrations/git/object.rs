//! Folders and files, as proofs look at them.

use crate::model::{Content, Mode, ObjectId, ObjectKind, Tree, TreeEntry};

/// Bytes of a name in a folder.
const NAME: usize = 20;

/// The largest file that is looked into, in bytes.
const MOST_BYTES: usize = 1_000_000;

/// What has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A folder.
    Tree(Tree),
    /// A file.
    Content(Content),
    /// Something that no proof can look into: no folder and no file, or a folder with names that are no text.
    Other,
}

impl Object {
    /// Reads the object that has this name by its content.
    pub(super) fn read(name: &ObjectId, kind: ObjectKind, body: &[u8]) -> Object {
        match kind {
            ObjectKind::Tree => tree(name, body).map_or(Object::Other, Object::Tree),
            ObjectKind::Blob => Object::Content(content(body)),
            ObjectKind::Commit | ObjectKind::Tag => Object::Other,
        }
    }
}

fn content(body: &[u8]) -> Content {
    let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= MOST_BYTES && !text.contains('\0'));
    text.map_or(Content::Opaque, |text| Content::Text(text.to_owned()))
}

/// A folder that can be written again as it was. One with an entry twice, or with a mode that Git writes in another way, cannot.
/// One whose entries lead elsewhere is none.
pub(super) fn tree(name: &ObjectId, mut body: &[u8]) -> Option<Tree> {
    let mut tree = Tree::default();
    while !body.is_empty() {
        let end = memchr::memchr(0, body)?;
        let (mode, entry) = std::str::from_utf8(&body[..end]).ok()?.split_once(' ')?;
        if matches!(entry, "" | "." | "..") || entry.contains('/') {
            return None;
        }
        let id = body.get(end + 1..end + 1 + NAME)?;
        let entry_of =
            TreeEntry { mode: Mode(u32::from_str_radix(mode, 8).ok()?), id: ObjectId::parse(&hex::encode(id)).ok()? };
        tree.entries.insert(entry.to_owned(), entry_of);
        body = body.get(end + 1 + NAME..)?;
    }
    (tree.id() == *name).then_some(tree)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{blob_id, object_id};

    fn read(kind: ObjectKind, body: &[u8]) -> Object {
        Object::read(&object_id(kind, body), kind, body)
    }

    fn entry(mode: &str, name: &[u8]) -> Vec<u8> {
        let id = hex::decode(blob_id(b"hello\n").as_str()).unwrap();
        [mode.as_bytes(), b" ", name, b"\0", &id].concat()
    }

    #[test]
    fn an_entry_that_leads_elsewhere_makes_no_folder() {
        for name in [&b""[..], b".", b"..", b".github/workflows", b"/etc"] {
            assert_eq!(read(ObjectKind::Tree, &entry("100644", name)), Object::Other, "{name:?}");
        }
        assert!(matches!(read(ObjectKind::Tree, &entry("100644", b"...")), Object::Tree(_)));
    }

    #[test]
    fn a_folder_is_read_as_a_whole() {
        let body = [entry("100644", b"a"), entry("40000", b"b"), entry("100755", "ü".as_bytes())].concat();
        let Object::Tree(tree) = read(ObjectKind::Tree, &body) else { panic!() };
        let names: Vec<&str> = tree.entries.keys().map(String::as_str).collect();
        assert_eq!(names, ["a", "b", "ü"]);
        assert_eq!(tree.entries["a"], TreeEntry { mode: Mode::FILE, id: blob_id(b"hello\n") });
        assert!(tree.entries["b"].is_folder());
        assert_eq!(read(ObjectKind::Tree, b""), Object::Tree(Tree::default()));
    }

    #[test]
    fn a_folder_that_hides_something_is_none() {
        for (why, body) in [
            ("a name that is no text", entry("100644", b"\xff")),
            ("a name twice", entry("100644", b"a").repeat(2)),
            ("a mode written otherwise", entry("040000", b"a")),
            ("no mode", entry("x", b"a")),
            ("out of order", [entry("100644", b"b"), entry("100644", b"a")].concat()),
            ("cut off", entry("100644", b"a")[..20].to_vec()),
        ] {
            assert_eq!(read(ObjectKind::Tree, &body), Object::Other, "{why}");
        }
    }

    #[test]
    fn a_file_is_text_or_is_not_looked_into() {
        let read = |body: &[u8]| read(ObjectKind::Blob, body);
        assert_eq!(read(b"hello\n"), Object::Content(Content::Text("hello\n".into())));
        for body in [&b"\xff"[..], b"a\0b", &vec![b'x'; MOST_BYTES + 1]] {
            assert_eq!(read(body), Object::Content(Content::Opaque));
        }
    }
}
