use super::git::Oid;
use super::tests::{READY, played, try_play};
use super::{Github, scene::SceneError};

fn oid(github: &Github, name: &str) -> Oid {
    Oid::parse(&github.sha(name).unwrap()).unwrap()
}

/// The content of a file in a commit.
fn file(github: &Github, name: &str, path: &str) -> Option<String> {
    let commit = oid(github, name);
    let git = &github.locked().repos[0].git;
    let entry = *git.files(git.commit(commit).unwrap().tree).get(path)?;
    Some(String::from_utf8(git.blob(entry.blob).unwrap().to_vec()).unwrap())
}

fn reviewed(step: &str) -> Github {
    played(&format!("{READY} {{ review = {{ pull_request = 7, by = 'sam' }} }}, {step} ]"))
}

#[test]
fn the_update_button_makes_a_signed_merge_and_takes_approvals_along() {
    let update = "{ update_branch = { pull_request = 7, by = 'dana', commit = 'updated' } }";
    let github = reviewed(update);
    let world = github.locked();
    let pull = &world.repos[0].pulls[&7];
    assert_eq!((pull.head, pull.reviews[0].commit), (world.names["updated"], world.names["updated"]));
    assert_ne!(pull.reviews[0].submitted, pull.updated, "the time of the review stays");
    let merge = world.repos[0].git.commit(pull.head).unwrap();
    assert_eq!(merge.parents, [world.names["work2"], world.names["main2"]]);
    assert_eq!((merge.message.as_str(), merge.committer.name.as_str()), ("Merge branch 'main' into work", "GitHub"));
    assert!(merge.signature.is_some());
    drop(world);
    let github = reviewed(&update.replace("commit =", "reanchor = false, commit ="));
    let world = github.locked();
    assert_eq!(world.repos[0].pulls[&7].reviews[0].commit, world.names["work2"]);
}

#[test]
fn the_editor_on_the_web_may_settle_a_conflict() {
    let scene = READY.replace(
        "'main2', parents = ['root'], author = 'sam', files = { ",
        "'main2', parents = ['root'], author = 'sam', files = { 'c.txt' = 'other', ",
    );
    let update = "{ update_branch = { pull_request = 7, by = 'dana', commit = 'updated', files = {} } } ]";
    let error = try_play(&format!("{scene}{update}")).unwrap_err().to_string();
    assert_eq!(error, "this merge is in conflict over c.txt");
    let github = played(&format!("{scene}{}", update.replace("{}", "{ 'c.txt' = 'both', evil = 'x' }")));
    assert_eq!(file(&github, "updated", "c.txt").as_deref(), Some("both"));
    assert_eq!(file(&github, "updated", "evil").as_deref(), Some("x"));
}

#[test]
fn a_merge_may_carry_and_drop_things_with_every_button() {
    for method in ["merge", "squash", "rebase"] {
        let merge = format!(
            "{{ push = {{ branch = 'main', commit = 'fix' }} }},
             {{ merge = {{ pull_request = 7, by = 'lee', method = '{method}', commit = 'result',
                carries = {{ evil = 'x' }}, drops = ['a.txt', 'c.txt'] }} }}, ]"
        );
        let fix = "commits = [ { id = 'fix', parents = ['main2'], author = 'sam', files = { 'a.txt' = 'fixed' } },";
        let github = played(&format!("{}{merge}", READY.replace("commits = [", fix)));
        assert_eq!(file(&github, "result", "evil").as_deref(), Some("x"));
        assert_eq!(file(&github, "result", "a.txt").as_deref(), Some("one"), "the fix on main is gone");
        assert_eq!(file(&github, "result", "c.txt"), None, "so is the file that the pull request adds");
    }
}

#[test]
fn a_commit_of_a_fork_is_there_and_on_no_branch() {
    let scene = READY.replace("commits = [", "commits = [ { id = 'ghost', parents = ['main2'], author = 'lee' },");
    let github = played(&format!("{scene} {{ push = {{ branch = 'main', commit = 'ghost', fork = true }} }}, ]"));
    let world = github.locked();
    let repo = &world.repos[0];
    assert_eq!(repo.resolve(&world.names["ghost"].to_string()), Some(world.names["ghost"]));
    assert!(repo.branches.values().all(|tip| !repo.git.is_ancestor(world.names["ghost"], *tip)));
    assert!(repo.suites.iter().all(|suite| suite.commit != world.names["ghost"]));
}

#[test]
fn an_evil_merge_may_start_from_one_side_alone() {
    let merge = |keys: &str| {
        let commit = format!("commits = [ {{ id = 'm', parents = ['main2', 'work2'], author = 'lee' {keys} }},");
        let push = "{ push = { branch = 'main', commit = 'm' } }, ]";
        played(&format!("{}{push}", READY.replace("commits = [", &commit)))
    };
    assert!(file(&merge(", combine = true"), "m", "c.txt").is_some());
    assert_eq!(file(&merge(", combine = false"), "m", "c.txt"), None);
}

#[test]
fn a_branch_takes_its_open_pull_requests_along() {
    let github = played(&format!("{READY} {{ delete_branch = {{ branch = 'work', by = 'dana' }} }}, ]"));
    let world = github.locked();
    assert!(!world.repos[0].pulls[&7].is_open() && !world.repos[0].branches.contains_key("work"));
    assert_eq!(world.news.len(), 0, "news are handed on");
}

#[test]
fn what_is_impossible_is_said() {
    let error = |step: &str| -> SceneError { try_play(&format!("{READY} {step} ]")).unwrap_err() };
    let text = error("{ delete_branch = { branch = 'main', by = 'dana' } },").to_string();
    assert_eq!(text, "`main` is the default branch and stays");
    let text = error("{ rename_account = { who = 'dana', login = 'LEE' } },").to_string();
    assert_eq!(text, "the login `LEE` is taken");
    let text =
        error("{ delete_account = { who = 'sam' } }, { review = { pull_request = 7, by = 'sam' } },").to_string();
    assert_eq!(text, "the account of `sam` was deleted");
    let close = "{ close_pull_request = { pull_request = 7, by = 'dana' } },";
    let text = error(&format!("{close} {{ merge = {{ pull_request = 7, by = 'lee', commit = 'm' }} }},")).to_string();
    assert_eq!(text, "pull request 7 is closed already");
}

#[test]
fn webhooks_say_what_changed() {
    let github = played(&format!("{READY} {{ push = {{ branch = 'release', commit = 'work1' }} }}, ]"));
    let play = |step: &str| {
        let scene = format!("title = ''\nabout = ''\nexpect = []\ntimeline = [ {step} ]");
        let scene = super::scene::Scene::parse(&scene).unwrap();
        let mut world = github.locked();
        world.play(scene.timeline[0].moment().unwrap()).unwrap().unwrap();
        std::mem::take(&mut world.news)
    };
    let sha = |name: &str| github.sha(name).unwrap();
    let news = play("{ update_branch = { pull_request = 7, by = 'lee', commit = 'updated' } }");
    let moved = &news.iter().find(|news| news.event == "pull_request").unwrap().body;
    assert_eq!((&moved["action"], &moved["sender"]["id"]), (&"synchronize".into(), &1002.into()));
    assert_eq!((&moved["before"], &moved["after"]), (&sha("work2").into(), &sha("updated").into()));
    assert_eq!(moved["pull_request"]["head"]["sha"], sha("updated"));
    let news = play("{ change_base = { pull_request = 7, into = 'release', by = 'lee' } }");
    assert_eq!(news[0].body["changes"]["base"]["ref"]["from"], "main");
    let news = play("{ review = { pull_request = 7, by = 'sam', text = 'No.', state = 'request_changes' } }");
    let review = &news[0].body["review"];
    assert_eq!((&review["state"], &review["commit_id"]), (&"changes_requested".into(), &sha("updated").into()));
    assert!(review["id"].is_u64() && review["node_id"].is_string() && review["submitted_at"].is_string());
    assert_eq!((&review["user"]["id"], &review["body"]), (&1004.into(), &"No.".into()));
    let news = play("{ dismiss_review = { pull_request = 7, review_by = 'sam', by = 'dana' } }");
    assert_eq!((&news[0].body["action"], &news[0].body["review"]["state"]), (&"dismissed".into(), &"dismissed".into()));
    let news = play("{ close_pull_request = { pull_request = 7, by = 'dana' } }");
    assert_eq!((&news[0].body["action"], &news[0].body["pull_request"]["merged"]), (&"closed".into(), &false.into()));
    let news = play("{ delete_branch = { branch = 'work', by = 'dana' } }");
    assert_eq!((&news[0].body["deleted"], &news[0].body["after"]), (&true.into(), &"0".repeat(40).into()));
}
