//! Folders, files and commits by their names.

use cm_bot::integrations::SourceError;
use cm_bot::integrations::git::Object;
use cm_bot::integrations::git::pack::Limits;
use cm_bot::model::{Content, Mode};

use super::served::Served;
use super::{client, id, repository, sha};

/// Many lines, in which one is another.
fn text(changed: usize) -> String {
    (0..3_000)
        .map(|line| if line == changed { format!("changed {line}\n") } else { format!("line {line}\n") })
        .collect()
}

/// Files that Git stores as changes of each other, a binary one, and a large one.
async fn served() -> (Served, Vec<String>) {
    let served = Served::new().await;
    let mut commits: Vec<String> = Vec::new();
    for number in 0..20 {
        let parents: Vec<&str> = commits.last().map(String::as_str).into_iter().collect();
        let (file, binary) = (text(number * 100), [0, 255, u8::try_from(number).unwrap()]);
        let large = [b'x'; 1_200_000];
        let files: &[(&str, &[u8])] =
            &[("src/deep/file.txt", file.as_bytes()), ("binary", &binary), ("large.txt", &large)];
        let commit = served.commit(&parents, files);
        commits.push(commit);
    }
    served.set("main", commits.last().unwrap());
    served.git("gc --quiet --aggressive");
    let chains = served.git_with(&["verify-pack", "--verbose", &pack_of(&served)], b"");
    assert!(chains.lines().any(|line| line.starts_with("chain length = ")), "there are changes of changes");
    (served, commits)
}

fn pack_of(served: &Served) -> String {
    let folder = served.git("rev-parse --git-path objects/pack");
    let folder =
        std::path::PathBuf::from(served.git("rev-parse --absolute-git-dir")).join(folder.trim_start_matches("./"));
    let found = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut packs = found.filter(|path| path.extension().is_some_and(|extension| extension == "idx"));
    packs.next().unwrap().display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_folders_are_what_git_says() {
    let (served, commits) = served().await;
    let mut names = Vec::new();
    for commit in &commits {
        for path in ["", "src", "src/deep", "src/deep/file.txt", "binary", "large.txt"] {
            names.push(id(&served.git(&format!("rev-parse {commit}:{path}"))));
        }
    }
    let found = client(&served).objects(&repository(), &names).await.unwrap();
    assert_eq!(found.len(), 120);
    for (number, six) in found.chunks(6).enumerate() {
        let [Object::Tree(top), Object::Tree(_), Object::Tree(deep), file, binary, large] = six else { panic!() };
        assert_eq!(top.entries.keys().collect::<Vec<_>>(), ["binary", "large.txt", "src"]);
        assert_eq!(top.id(), names[number * 6]);
        assert_eq!(deep.entries["file.txt"].mode, Mode::FILE);
        assert_eq!(*file, Object::Content(Content::Text(text(number * 100))));
        assert_eq!([binary, large], [&Object::Content(Content::Opaque); 2]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_not_there_is_not_found() {
    let (served, commits) = served().await;
    let there = id(&served.git(&format!("rev-parse {}:binary", commits[0])));
    let names = [there.clone(), id(&"1".repeat(40))];
    let client = client(&served);
    assert_eq!(client.objects(&repository(), &names).await, Err(SourceError::NotFound));
    assert!(client.objects(&repository(), &[there]).await.is_ok());
    assert_eq!(client.objects(&repository(), &[]).await, Ok(Vec::new()), "and nothing asked for costs nothing");
}

/// A commit by the name of a folder would be no folder.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_folder_and_no_file() {
    let (served, commits) = served().await;
    let client = client(&served);
    let tag = served.git_with(
        &["mktag"],
        format!("object {}\ntype commit\ntag v1\ntagger dana <dana@acme.example> 1 +0000\n\nx\n", commits[0])
            .as_bytes(),
    );
    served.git(&format!("update-ref refs/tags/v1 {tag}"));
    assert_eq!(client.objects(&repository(), &[id(&tag)]).await, Ok(vec![Object::Other]));
    let folder = served.git(&format!("rev-parse {}:src", commits[0]));
    assert!(matches!(client.commits(&repository(), &[sha(&folder)]).await, Err(SourceError::Unreadable(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_alone() {
    let (served, commits) = served().await;
    let names = [3, 17, 3, 4, 5].map(|place: usize| sha(&commits[place]));
    let found = client(&served).commits(&repository(), &names).await.unwrap();
    assert_eq!(found.iter().map(|commit| commit.sha.clone()).collect::<Vec<_>>(), names);
    assert_eq!(found[0].tree.as_str(), served.git(&format!("rev-parse {}^{{tree}}", commits[3])));
    assert_eq!(found[0].parents, [sha(&commits[2])]);
    assert_eq!((found[0].headline.as_str(), found[0].author.name.as_str()), ("A change", "dana"));
}

/// Limits hold for one request; what is too much together comes in parts, what is too much alone does not come.
#[tokio::test(flavor = "multi_thread")]
async fn too_much_at_once_comes_in_parts() {
    let (served, commits) = served().await;
    let file = |commit: &String| id(&served.git(&format!("rev-parse {commit}:src/deep/file.txt")));
    let names: Vec<_> = commits.iter().map(file).collect();
    let size = text(0).len();
    let within = |all_bytes: usize| client(&served).within(Limits { all_bytes, ..Limits::default() });
    let found = within(3 * size).objects(&repository(), &names).await.unwrap();
    assert_eq!(found[7], Object::Content(Content::Text(text(700))));
    let found = within(size / 2).objects(&repository(), &names).await;
    assert!(matches!(found, Err(SourceError::TooMuch(_))), "{found:?}");
}
