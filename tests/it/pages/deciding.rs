//! People decide on the page of a change, where the settings let them: it counts as a comment in Jira does, for exactly what they
//! saw, and whatever is not theirs, not new or not from our own page is not recorded.

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::browser::Shown;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};

use super::{
    KEY, again, block, browser, count, deciding_in, happens, home, open, opens, says, verdict, with_everybody,
};

const APPROVE: &str = "Approve PRODCM-412";
const DECLINE: &str = "Decline PRODCM-412";

async fn waiting() -> Played {
    deciding_in(&with_everybody("first-deployment")).await
}

async fn shows(played: &Played, by: &str) -> Shown {
    opens(played, by, "/changes/PRODCM-412").await
}

async fn sends(played: &Played, by: &str, page: &Shown, (button, values): (&str, &[(&str, &str)])) -> Shown {
    let shown = browser(played, by).send(page, button, values).await.unwrap();
    settle(played).await.unwrap();
    shown
}

async fn approves(played: &Played, by: &str) -> Shown {
    let page = shows(played, by).await;
    sends(played, by, &page, (APPROVE, &[])).await
}

async fn comments(played: &Played, by: &str, text: &str) {
    happens(played, &format!("comment = {{ ticket = \"{KEY}\", by = \"{by}\", text = \"{text}\" }}")).await;
}

async fn is_approved_once(played: &Played) {
    let outcome = Outcome::of(played, KEY).await.unwrap();
    let status = &outcome.ticket.as_ref().unwrap().status;
    assert_eq!((status.as_str(), outcome.transitions.as_slice()), ("Approved", &["Approve".to_owned()][..]));
    assert_eq!(count(played, "approved_by_human").await, 1);
}

/// Nothing came of it, and whoever tried is told why.
async fn is_refused(played: &Played, page: &Shown, why: &str) {
    says(page, StatusCode::CONFLICT, &format!("Nothing was recorded. {why}"));
    assert_eq!((count(played, "approval_act").await, count(played, "refused_on_page").await), (0, 1));
    assert_eq!(verdict(played).await, "Waiting for 2 of 2 approvals");
}

/// The form of a page with its button, sent with other headers than a browser would.
async fn posted(
    played: &Played,
    by: &str,
    page: &Shown,
    change: impl FnOnce(RequestBuilder, String) -> RequestBuilder,
) -> (StatusCode, String) {
    let form = page.form(APPROVE).unwrap();
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
    let cookie = browser(played, by).cookies_of(&page.url)["cm-bot-session"].clone();
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    let request = http.post(page.url.join(&form.action).unwrap()).header("cookie", format!("cm-bot-session={cookie}"));
    let answer = change(request, body).send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    settle(played).await.unwrap();
    (status, text)
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test(flavor = "multi_thread")]
async fn the_form_shows_as_whom_somebody_decides_and_the_word_counts_as_a_comment_does() {
    let played = waiting().await;
    let page = shows(&played, "priya").await;
    for words in [
        "You decide as Priya Nair, Security Lead.",
        "What you approve: billing-api to prod-us, build 1871 of commit",
        "Another build, or an edit of the ticket, needs a new approval.",
    ] {
        says(&page, StatusCode::OK, words);
    }
    let answer = sends(&played, "priya", &page, (APPROVE, &[("note", "Checked the rollback plan.")])).await;
    says(&answer, StatusCode::OK, "Your approval is recorded");
    let outcome = Outcome::of(&played, KEY).await.unwrap();
    assert_eq!(outcome.verdict_words(), "Waiting for 1 of 2 approvals");
    let said = outcome.comment_text();
    assert!(
        said.contains("Security Lead | Priya Nair, 2026-11-02 ") && said.contains(" UTC on cm-bot's page"),
        "{said}"
    );
    let page = shows(&played, "lee").await;
    says(&page, StatusCode::OK, "on cm-bot's page Checked the rollback plan.");
    comments(&played, "sam", "/cm approve").await;
    is_approved_once(&played).await;
    assert_eq!(verdict(&played).await, "Approved by Priya Nair (Security Lead) and Sam Okafor (Engineering Lead)");
    assert!(shows(&played, "zoe").await.form(APPROVE).is_none(), "nobody decides about a ticket that is decided");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_people_decide_in_jira_and_a_form_of_before_decides_nothing() {
    let played = waiting().await;
    let page = shows(&played, "priya").await;
    let played = again(played, "cm-bot.toml", |settings| settings["pages"]["decisions"] = "link".into()).await;
    let answer = sends(&played, "priya", &page, (APPROVE, &[])).await;
    is_refused(&played, &answer, "People decide in Jira here, not on cm-bot's page.").await;
    assert!(shows(&played, "priya").await.form(APPROVE).is_none());
    played.stop().await;
    let link = open(&with_everybody("first-deployment"), |_| {}).await;
    let page = shows(&link, "priya").await;
    assert!(page.form(APPROVE).is_none());
    says(&page, StatusCode::OK, "People approve and decline in Jira");
    link.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_on_the_page_counts_no_more_when_people_decide_in_jira_alone() {
    for (decisions, counts) in [("link", false), ("interactive", true)] {
        let played = waiting().await;
        approves(&played, "priya").await;
        let played = again(played, "cm-bot.toml", |settings| settings["pages"]["decisions"] = decisions.into()).await;
        comments(&played, "sam", "/cm approve").await;
        if counts {
            is_approved_once(&played).await;
        } else {
            assert_eq!(verdict(&played).await, "Waiting for 1 of 2 approvals");
            let why = "Somebody decided on cm-bot's page, and by now people decide in Jira alone.";
            assert!(Outcome::of(&played, KEY).await.unwrap().comment_text().contains(why));
        }
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_lets_nothing_through_that_rests_on_a_page_where_nobody_decides_any_more() {
    for (decisions, answer) in [("link", "approvals_missing"), ("interactive", "allow")] {
        let played = waiting().await;
        let run = "run = { build = \"1871\" }";
        happens(&played, &format!("gate_request = {{ {run}, commit = \"merged\", artifact = \"billing-api:1871\" }}"))
            .await;
        approves(&played, "priya").await;
        approves(&played, "sam").await;
        is_approved_once(&played).await;
        let played = again(played, "cm-bot.toml", |settings| settings["pages"]["decisions"] = decisions.into()).await;
        happens(&played, &format!("gate_consume = {{ {run}, answer = \"{answer}\" }}")).await;
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_not_from_our_own_page_and_this_session_records_nothing() {
    let played = waiting().await;
    let (page, other) = (shows(&played, "priya").await, shows(&played, "zoe").await);
    let own = home(&played).origin().ascii_serialization();
    let key = page.form(APPROVE).unwrap().fields.iter().find(|(name, _)| name == "form_key").unwrap().1.clone();
    let of_zoe = other.form(APPROVE).unwrap().fields.iter().find(|(name, _)| name == "form_key").unwrap().1.clone();
    assert_ne!(key, of_zoe);
    type Change<'a> = Box<dyn FnOnce(RequestBuilder, String) -> RequestBuilder + 'a>;
    let with = |origin: Option<&'static str>, body: fn(String, &str, &str) -> String| -> Change<'_> {
        let (own, key, of_zoe) = (own.clone(), key.clone(), of_zoe.clone());
        Box::new(move |request, text| {
            let request = request.header(FORM.0, FORM.1).body(body(text, &key, &of_zoe));
            match origin {
                Some("own") => request.header("origin", own),
                Some(other) => request.header("origin", other),
                None => request,
            }
        })
    };
    let same = |text: String, _: &str, _: &str| text;
    let tries: Vec<(&str, Change<'_>)> = vec![
        ("no key", with(Some("own"), |text, key, _| text.replace(&format!("form_key={key}"), "x=y"))),
        ("the key of another session", with(Some("own"), |text, key, other| text.replace(key, other))),
        ("another origin", with(Some("https://evil.example"), same)),
        ("an origin that nobody may know", with(Some("null"), same)),
        ("no origin", with(None, same)),
    ];
    for (what, change) in tries {
        let (status, text) = posted(&played, "priya", &page, change).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{what}: {text}");
        assert!(text.contains("Nothing was recorded."), "{what}: {text}");
    }
    let plain = posted(&played, "priya", &page, |request, text| {
        request.header("origin", &own).header("content-type", "text/plain").body(text)
    })
    .await;
    assert_eq!(plain.0, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{}", plain.1);
    let twice = with(Some("own"), |text, _, _| format!("{text}&decision=x"));
    assert_eq!(posted(&played, "priya", &page, twice).await.0, StatusCode::BAD_REQUEST);
    let stranger = Client::builder().redirect(Policy::none()).build().unwrap();
    let stranger = stranger
        .post(page.url.join("/changes/PRODCM-412/approve").unwrap())
        .header("origin", &own)
        .header(FORM.0, FORM.1);
    assert_eq!(stranger.body("").send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "nobody has signed in");
    assert_eq!(
        (count(&played, "approval_act").await, verdict(&played).await.as_str()),
        (0, "Waiting for 2 of 2 approvals")
    );
    let (status, text) = posted(&played, "priya", &page, with(Some("own"), same)).await;
    assert_eq!(status, StatusCode::OK, "the twin: {text}");
    assert_eq!(verdict(&played).await, "Waiting for 1 of 2 approvals");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_old_page_nothing_is_recorded() {
    let played = waiting().await;
    let page = shows(&played, "priya").await;
    happens(
        &played,
        &format!("edit_ticket = {{ ticket = \"{KEY}\", by = \"dana\", fields = {{ build_number = \"1872\" }} }}"),
    )
    .await;
    let answer = sends(&played, "priya", &page, (APPROVE, &[])).await;
    is_refused(&played, &answer, "This was for build 1871 of commit ").await;
    says(&answer, StatusCode::CONFLICT, "(evaluation 1); build 1872 of commit ");
    says(&answer, StatusCode::CONFLICT, "Please read the page of the ticket as it is now.");
    happens(&played, "pass = \"1m\"").await;
    approves(&played, "priya").await;
    approves(&played, "sam").await;
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_after_the_word_voids_it() {
    let played = waiting().await;
    approves(&played, "priya").await;
    happens(
        &played,
        &format!("edit_ticket = {{ ticket = \"{KEY}\", by = \"dana\", fields = {{ build_number = \"1872\" }} }}"),
    )
    .await;
    // Our clock and Jira's may be apart, so that a word counts from a moment after an edit on.
    happens(&played, "pass = \"1m\"").await;
    approves(&played, "sam").await;
    assert_eq!(verdict(&played).await, "Waiting for 1 of 2 approvals");
    says(&shows(&played, "lee").await, StatusCode::OK, "Priya Nair approved before somebody edited the build number.");
    approves(&played, "priya").await;
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_approve_gets_no_form_and_another_ones_form_does_not_help() {
    let requester_leads = with_everybody("first-deployment")
        .with("full_name = \"Dana Reyes\"", "full_name = \"Dana Reyes\"\nroles = [\"security-lead\"]");
    for (scene, by, why) in [
        (requester_leads, "dana", "Dana Reyes requested this change, so somebody else has to approve it."),
        (with_everybody("first-deployment"), "ines", ""),
    ] {
        let played = deciding_in(&scene).await;
        let page = shows(&played, by).await;
        assert!(page.form(APPROVE).is_none(), "{by}");
        // Somebody else's form, with the key of one's own session.
        let mut form = shows(&played, "zoe").await.form(APPROVE).unwrap();
        let own = opens(&played, by, "/").await.form("Sign out").unwrap().fields[0].1.clone();
        form.fields.iter_mut().filter(|(name, _)| name == "form_key").for_each(|(_, value)| value.clone_from(&own));
        let fields: Vec<(&str, &str)> =
            form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let body = page.body.replace("action=\"/sign-out\"", &format!("action=\"{}\"", form.action));
        let forged = Shown { body, ..page.clone() };
        let answer = sends(&played, by, &forged, ("Sign out", &fields)).await;
        if why.is_empty() {
            says(&answer, StatusCode::FORBIDDEN, "It is for those who may approve changes.");
            assert_eq!(count(&played, "approval_act").await, 0);
        } else {
            says(&page, StatusCode::OK, &format!("You cannot approve it: {why}"));
            is_refused(&played, &answer, why).await;
            says(
                &answer,
                StatusCode::CONFLICT,
                "Who can approve: Priya Nair or Zoe Hart (Security Lead) and Sam Okafor (Engineering Lead).",
            );
        }
        approves(&played, "priya").await;
        approves(&played, "sam").await;
        is_approved_once(&played).await;
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_counts_once_and_one_person_is_one() {
    let played = waiting().await;
    let page = shows(&played, "priya").await;
    for _ in 0..2 {
        says(&sends(&played, "priya", &page, (APPROVE, &[])).await, StatusCode::OK, "Your approval is recorded");
    }
    assert_eq!(
        (count(&played, "approval_act").await, verdict(&played).await.as_str()),
        (1, "Waiting for 1 of 2 approvals")
    );
    approves(&played, "priya").await;
    comments(&played, "priya", "/cm approve").await;
    assert_eq!(verdict(&played).await, "Waiting for 1 of 2 approvals", "three words of one person");
    approves(&played, "zoe").await;
    assert_eq!(verdict(&played).await, "Waiting for 1 of 2 approvals", "two of one role");
    approves(&played, "sam").await;
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_approvers_in_the_same_second_are_two() {
    let played = waiting().await;
    let (one, other) = (shows(&played, "priya").await, shows(&played, "sam").await);
    let (priya, sam) = (browser(&played, "priya"), browser(&played, "sam"));
    let (one, other) = tokio::join!(priya.send(&one, APPROVE, &[]), sam.send(&other, APPROVE, &[]));
    one.and(other).unwrap();
    settle(&played).await.unwrap();
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_needs_a_reason_and_ends_the_ticket() {
    let played = waiting().await;
    let page = shows(&played, "priya").await;
    let short = sends(&played, "priya", &page, (DECLINE, &[("reason", "no")])).await;
    says(&short, StatusCode::CONFLICT, "Nothing was recorded. A decline needs a reason of at least 10 characters.");
    assert_eq!(count(&played, "approval_act").await, 0);
    let said = sends(&played, "priya", &page, (DECLINE, &[("reason", "I have not read the <b>plan</b> yet.")])).await;
    says(&said, StatusCode::OK, "Your decline is recorded");
    let outcome = Outcome::of(&played, KEY).await.unwrap();
    assert_eq!(outcome.ticket.as_ref().unwrap().status, "Declined");
    assert!(outcome.comment_text().contains("Declined by Priya Nair: I have not read the <b>plan</b> yet."));
    assert_eq!(count(&played, "declined_by_human").await, 1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_account_in_jira_is_not_in_use_decides_nothing() {
    let gone = with_everybody("first-deployment")
        .with("full_name = \"Priya Nair\"", "full_name = \"Priya Nair\"\njira = \"deactivated\"");
    let played = deciding_in(&gone).await;
    let answer = approves(&played, "priya").await;
    is_refused(&played, &answer, "The Jira account of Priya Nair is deactivated.").await;
    approves(&played, "zoe").await;
    approves(&played, "sam").await;
    is_approved_once(&played).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j08_who_has_lost_the_role_since_does_not_count() {
    let played = waiting().await;
    approves(&played, "priya").await;
    let played =
        again(played, "people.toml", |people| block(people, "Priya Nair")["roles"] = toml::Value::Array(Vec::new()))
            .await;
    approves(&played, "sam").await;
    assert_eq!(verdict(&played).await, "Waiting for 1 of 2 approvals");
    says(&shows(&played, "lee").await, StatusCode::OK, "Priya Nair has none of the roles that may approve");
    approves(&played, "zoe").await;
    is_approved_once(&played).await;
    played.stop().await;
}
