//! Who signs in, for how long, and everything that signs nobody in.

use std::time::Duration;

use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use url::Url;

use super::{again, block, browser, count, happens, home, open, opens, says, with_everybody};
use crate::support::{scene, start, start_with};
use cm_bot::cli::demo::play::Played;

fn http() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

/// A sign-in step by step: the cookie of the attempt, and the address with which the provider sends somebody back.
async fn attempt(played: &Played, name: &str) -> (String, Url) {
    let answer = http().get(home(played).join("/sign-in?to=/changes").unwrap()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let cookie = answer.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let at_provider = answer.headers()[LOCATION].to_str().unwrap();
    let picked = http().get(format!("{at_provider}&as={name}")).send().await.unwrap();
    (cookie, Url::parse(picked.headers()[LOCATION].to_str().unwrap()).unwrap())
}

/// What comes of coming back: the status, the words of the page, and the cookies.
async fn come_back(cookie: Option<&str>, back: &Url) -> (StatusCode, String, Vec<String>) {
    let request = http().get(back.clone());
    let request = match cookie {
        Some(cookie) => request.header("cookie", cookie),
        None => request,
    };
    let answer = request.send().await.unwrap();
    let set = answer.headers().get_all(SET_COOKIE).iter().map(|one| one.to_str().unwrap().to_owned()).collect();
    (answer.status(), answer.text().await.unwrap(), set)
}

fn with_state(back: &Url, state: &str) -> Url {
    let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
    let mut other = back.clone();
    other.set_query(None);
    for (name, value) in pairs {
        other.query_pairs_mut().append_pair(&name, if name == "state" { state } else { &value });
    }
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_is_who_the_people_file_says() {
    let played = open(&with_everybody("first-deployment"), |_| {}).await;
    let page = opens(&played, "priya", "/changes/PRODCM-412").await;
    assert_eq!(page.url.path(), "/changes/PRODCM-412", "back to where somebody wanted to go");
    says(&page, StatusCode::OK, "Priya Nair Viewer, Approver");
    assert_eq!(count(&played, "signed_in").await, 1);
    opens(&played, "priya", "/").await;
    assert_eq!(count(&played, "signed_in").await, 1, "the session lasts");
    let page = opens(&played, "max", "/").await;
    says(&page, StatusCode::FORBIDDEN, "Nobody in the people file has your account. Its subject is acme|max;");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_for_this_service_alone_and_no_script_reads_it() {
    let played = open(&with_everybody("first-deployment"), |_| {}).await;
    let (cookie, back) = attempt(&played, "dana").await;
    let (status, _, set) = come_back(Some(&cookie), &back).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let session = set.iter().find(|one| one.starts_with("cm-bot-session=")).unwrap();
    assert!(session.ends_with("; Path=/; Max-Age=36000; HttpOnly; SameSite=Lax"), "{session}");
    assert!(set.iter().any(|one| one.starts_with("cm-bot-sign-in=; ") && one.contains("Max-Age=0")), "{set:?}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_comes_back_once_in_time_and_to_its_own_browser() {
    let played = open(&with_everybody("first-deployment"), |_| {}).await;
    let pass = |seconds| played.world.simulator.shared.clock.pass(Duration::from_secs(seconds));
    let refused = |answer: (StatusCode, String, Vec<String>), why: &str| {
        assert_eq!(answer.0, StatusCode::BAD_REQUEST, "{}", answer.1);
        assert!(answer.1.contains(why), "{why}\n{}", answer.1);
        assert!(!answer.2.iter().any(|one| one.starts_with("cm-bot-session=")), "{:?}", answer.2);
    };
    let (cookie, back) = attempt(&played, "dana").await;
    let forged = with_state(&back, "a-state-that-somebody-has-made-up-themselves");
    refused(come_back(Some(&cookie), &forged).await, "It was begun in another window, or somewhere else.");
    refused(come_back(None, &back).await, "It was begun in another browser, or was finished already.");
    let (of_another, _) = attempt(&played, "priya").await;
    refused(come_back(Some(&of_another), &back).await, "It was begun in another window, or somewhere else.");
    let two = format!("{cookie}; {cookie}");
    refused(come_back(Some(&two), &back).await, "It was begun in another browser, or was finished already.");
    pass(50);
    assert_eq!(come_back(Some(&cookie), &back).await.0, StatusCode::SEE_OTHER, "the twin");
    let replayed = come_back(Some(&cookie), &back).await;
    assert_eq!(replayed.0, StatusCode::FORBIDDEN, "{}", replayed.1);
    assert!(replayed.1.contains("the provider does not know the code, or not any more"), "{}", replayed.1);
    let (cookie, back) = attempt(&played, "dana").await;
    pass(600);
    refused(come_back(Some(&cookie), &back).await, "It took longer than ten minutes.");
    assert_eq!(count(&played, "signed_in").await, 1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_elsewhere() {
    let played = open(&with_everybody("first-deployment"), |_| {}).await;
    for (to, path) in
        [("/changes", "/changes"), ("//evil.example/", "/"), ("https://evil.example", "/"), ("/\\evil.example", "/")]
    {
        let browser = cm_bot::simulator::browser::Browser::new();
        let to: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
        let picker = browser.open(&format!("{}sign-in?to={to}", home(&played))).await.unwrap();
        let page = browser.follow(&picker, "Dana Reyes").await.unwrap();
        assert_eq!((page.url.host_str(), page.url.path()), (Some("127.0.0.1"), path), "{to}");
    }
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_it_is_not_used_when_it_is_old_and_when_somebody_signs_out() {
    let played = open(&with_everybody("first-deployment"), |_| {}).await;
    let pass = |minutes: u64| played.world.simulator.shared.clock.pass(Duration::from_secs(minutes * 60));
    let lasts = async |name: &str| {
        let page = browser(&played, name).open(&format!("{}changes", home(&played))).await.unwrap();
        page.url.path() == "/changes"
    };
    opens(&played, "dana", "/").await;
    for _ in 0..10 {
        pass(59);
        assert!(lasts("dana").await, "it is in use");
    }
    pass(15);
    assert!(!lasts("dana").await, "ten hours are over");
    opens(&played, "priya", "/").await;
    pass(61);
    assert!(!lasts("priya").await, "nobody used it");
    let page = opens(&played, "sam", "/").await;
    let cookies = browser(&played, "sam").cookies_of(&page.url);
    says(&browser(&played, "sam").send(&page, "Sign out", &[]).await.unwrap(), StatusCode::OK, "You are signed out");
    browser(&played, "sam").set_cookie(&page.url, "cm-bot-session", &cookies["cm-bot-session"]);
    assert!(!lasts("sam").await, "not even for whoever has kept the cookie");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_the_people_file_or_loses_a_role_loses_it_in_the_session_that_lasts() {
    let played = open(&with_everybody("first-deployment"), |_| {}).await;
    says(&opens(&played, "olga", "/health").await, StatusCode::OK, "Criteria in force");
    let played =
        again(played, "people.toml", |people| block(people, "Olga Berg")["roles"] = toml::Value::Array(Vec::new()))
            .await;
    says(&opens(&played, "olga", "/health").await, StatusCode::FORBIDDEN, "It is for operators.");
    says(&opens(&played, "olga", "/changes").await, StatusCode::OK, "PRODCM-412");
    let played = again(played, "people.toml", |people| {
        people["people"].as_array_mut().unwrap().retain(|one| one["name"].as_str() != Some("Olga Berg"));
    })
    .await;
    says(&opens(&played, "olga", "/changes").await, StatusCode::FORBIDDEN, "You are not in the people file");
    assert_eq!(count(&played, "signed_in").await, 1, "all in one session");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_counts_where_the_settings_say_so_and_the_provider_vouches_for_it() {
    let known_by = |by: &'static str| {
        move |settings: &mut toml::Table| {
            settings["pages"].as_table_mut().unwrap().insert("known_by".into(), by.into());
        }
    };
    for (by, expected) in [("subject", StatusCode::FORBIDDEN), ("email", StatusCode::OK)] {
        let played = open(&with_everybody("first-deployment"), known_by(by)).await;
        let played = again(played, "people.toml", |people| {
            let dana = block(people, "Dana Reyes").as_table_mut().unwrap();
            dana.remove("openid");
            dana.insert("email".into(), "dana@acme.example".into());
        })
        .await;
        assert_eq!(opens(&played, "dana", "/").await.status, expected, "{by}");
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_changes_its_keys_still_signs_people_in() {
    let played = open(&with_everybody("first-deployment"), |_| {}).await;
    opens(&played, "dana", "/").await;
    played.world.simulator.openid.change_key();
    happens(&played, "pass = \"1m\"").await;
    says(&opens(&played, "priya", "/").await, StatusCode::OK, "Priya Nair");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_the_pages_are_for_this_machine_and_only_to_read() {
    let played = start("no provider", scene("first-deployment").parsed()).await;
    crate::support::play_all(&played).await;
    let get = |path: &str| http().get(home(&played).join(path).unwrap());
    let read = async |request: reqwest::RequestBuilder| {
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    let (status, page) = read(get("/changes/PRODCM-412")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!page.contains("<form method=\"post\""), "{page}");
    for (name, value) in [
        ("host", "cm.acme.example"),
        ("x-forwarded-for", "10.1.1.1"),
        ("via", "1.1 proxy"),
        ("forwarded", "for=10.1.1.1"),
    ] {
        let (status, page) = read(get("/changes/PRODCM-412").header(name, value)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{name}");
        assert!(page.contains("Nobody signs in here yet") && page.contains("pages.issuer"), "{page}");
        assert!(!page.contains("billing-api"), "{page}");
    }
    let (status, page) = read(http().post(home(&played).join("/changes/PRODCM-412/approve").unwrap()).body("")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(page.contains("Nothing was recorded."), "{page}");
    assert_eq!(read(get("/sign-in")).await.0, StatusCode::FORBIDDEN);
    for open in ["/style.css", "/audit/checkpoint"] {
        let status = read(get(open).header("host", "cm.acme.example")).await.0;
        assert_ne!(status, StatusCode::FORBIDDEN, "{open} shows nothing of a change");
    }
    played.stop().await;
}

/// A proxy that adds nothing and asks by our own name cannot be told from somebody at the machine. Whoever has given the service
/// an address for others has a proxy.
#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_that_says_nothing_of_itself_nobody_is_at_this_machine() {
    for (public, expected) in [
        ("https://cm.acme.example", StatusCode::FORBIDDEN),
        ("http://10.1.2.3:8080", StatusCode::FORBIDDEN),
        ("http://localhost.acme.example", StatusCode::FORBIDDEN),
        ("http://localhost:8080", StatusCode::OK),
        ("http://[::1]:8080", StatusCode::OK),
        ("http://127.0.0.1", StatusCode::OK),
    ] {
        let played = start_with(scene("first-deployment").parsed(), |settings| {
            settings["server"].as_table_mut().unwrap().insert("public_url".into(), public.into());
        })
        .await;
        crate::support::play_all(&played).await;
        // What nginx sends with `proxy_pass` alone: our own name, and none of the headers by which a proxy is known.
        for path in ["/", "/changes", "/changes/PRODCM-412", "/evidence", "/health"] {
            let answer = http().get(home(&played).join(path).unwrap()).send().await.unwrap();
            let (status, page) = (answer.status(), answer.text().await.unwrap());
            assert_eq!(status, expected, "{public}: {path}");
            if status == StatusCode::FORBIDDEN {
                let said = "Where others reach cm-bot, nobody could tell who sits at the machine.";
                assert!(page.contains("Nobody signs in here yet") && page.contains("pages.issuer"), "{page}");
                assert!(page.contains(said) && page.contains("cm-bot explain TICKET"), "{page}");
                assert!(!page.contains("billing-api"), "{page}");
            }
        }
        for open in ["/healthz", "/readyz", "/metrics", "/audit/checkpoint"] {
            let status = http().get(home(&played).join(open).unwrap()).send().await.unwrap().status();
            assert_ne!(status, StatusCode::FORBIDDEN, "{open} is for whoever runs it");
        }
        played.stop().await;
    }
}
