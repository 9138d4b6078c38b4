//! The inspection of each month, by itself: fixed, published, drawn, told, reminded of and concluded, each step once, also with
//! two processes at the turn of the month.

use std::process::Command;
use std::time::Duration;

use cm_bot::app::App;
use cm_bot::audit::checkpoint::{Signer, new_keys};
use cm_bot::cli::demo::play::{Played, settle, start_in};
use cm_bot::model::Month;
use cm_bot::settings::{Environment, load};
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::{Step, Variant};
use cm_bot::simulator::slack::plain_text;
use cm_bot::store::RecordedDraw;

use crate::support::database::{Other, is_postgres};
use crate::support::process::program;
use crate::support::{TestScene, database_of, play_all, restarted, scene, start_with, verified, world};

/// The month in which scenes are played.
const MONTH: &str = "2026-11";

async fn after(scene: TestScene) -> Played {
    let played = start_with(scene.parsed().variant(Variant::Scene), |_| ()).await;
    played.app.schedule().once().await.unwrap();
    play_all(&played).await;
    played
}

async fn pass(played: &Played, time: &str) {
    let step: Step = toml::from_str(&format!("pass = \"{time}\"")).unwrap();
    played.world.simulator.play(&step).await.unwrap();
    looks(played).await;
}

/// What the clock of the service does every minute, until nothing is left to do.
async fn looks(played: &Played) {
    for _ in 0..5 {
        played.app.schedule().once().await.unwrap();
        settle(played).await.unwrap();
    }
}

fn said(played: &Played) -> Vec<String> {
    let all = played.world.simulator.slack.messages();
    let about = all.iter().filter(|message| message.text.starts_with("Monthly inspection"));
    about.map(|message| plain_text(message, &played.world.scene)).collect()
}

fn cm_bot(played: &Played, arguments: &[&str]) -> (i32, String) {
    let settings = played.world.settings_file();
    let output = Command::new(program()).args(arguments).arg("--config").arg(settings).output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), text)
}

/// Somebody brings dice. The program itself would note the time of this machine, which is not the scene's.
async fn draw(played: &Played) {
    let (store, now) = (&played.app.context.sources.store, played.app.context.clock.now());
    let month = Month::parse(MONTH).unwrap();
    let draw = store.population(month).await.unwrap().unwrap().draw("4 2 6 6 1", 25);
    let recorded = RecordedDraw {
        number: 1,
        entropy: "4 2 6 6 1".into(),
        brought_by: "Priya Nair".into(),
        reason: None,
        size: 25,
        tickets: draw.drawn.iter().map(|one| one.ticket.clone()).collect(),
    };
    assert!(store.record_draw((month, &recorded), (&draw, None), now).await.unwrap());
}

fn record(played: &Played, ticket: &str, result: &str) -> (i32, String) {
    let arguments = ["inspection", "record", MONTH, ticket, result, "--note", "read all of it", "--by", "Alex Silva"];
    cm_bot(played, &arguments)
}

async fn entries(played: &Played, event: &str) -> usize {
    let trail = verified(&played.app.context.sources.store).await;
    trail.iter().filter(|(_, body, _)| body.contains(&format!("\"event\":\"{event}\""))).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_fixed_asked_dice_for_told_and_concluded_once_each() {
    let played = after(scene("clean-change")).await;
    pass(&played, "672h").await; // the thirtieth of November
    assert_eq!(entries(&played, "population_closed").await, 0, "the month is not over");
    pass(&played, "24h").await;
    let [dice] = said(&played).try_into().unwrap_or_else(|all| panic!("{all:?}"));
    assert!(dice.starts_with("🔍 Monthly inspection · November 2026 · 2 changes and root "), "{dice}");
    assert!(dice.contains("@alex Do this: roll a die twenty times"), "{dice}");
    assert!(dice.contains("cm-bot inspection draw 2026-11 --entropy"), "{dice}");
    let played = restarted(played, Duration::from_secs(60)).await;
    looks(&played).await;
    assert_eq!((entries(&played, "population_closed").await, said(&played).len()), (1, 1));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_reminded_of_what_is_done() {
    let played = after(scene("clean-change")).await;
    pass(&played, "720h").await;
    draw(&played).await;
    looks(&played).await;
    let all = said(&played);
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[1].contains("1 of 2 changes were drawn, and 1 out of the ordinary is inspected anyway"), "{}", all[1]);
    assert!(all[1].contains("• PRODCM-412 · evidence · drawn"), "{}", all[1]);
    assert_eq!(record(&played, "PRODCM-412", "sound").0, 0);
    looks(&played).await;
    assert_eq!(said(&played).len(), 2, "one is still to inspect");
    assert_eq!(record(&played, "PRODCM-398", "sound").0, 0);
    looks(&played).await;
    let all = said(&played);
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all[2].starts_with("🔍 Monthly inspection · November 2026 · 2 changes inspected, all sound"), "{}", all[2]);
    assert!(all[2].contains("In 1 drawn at random no deviation was found: with 90 % confidence at most 90.0 %"));
    for _ in 0..20 {
        pass(&played, "24h").await;
    }
    assert_eq!(said(&played).len(), 3, "nobody hears of November again");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_requested_or_approved_a_change_does_not_inspect_it() {
    let played = after(scene("version-bump")).await;
    pass(&played, "720h").await;
    let inspect = |by: &str| {
        let arguments = ["inspection", "record", MONTH, "PRODCM-412", "sound", "--note", "read it", "--by", by];
        cm_bot(&played, &arguments)
    };
    let (code, told) = inspect("Dana Reyes");
    assert!(code == 1 && told.contains("Dana Reyes requested PRODCM-412: somebody else inspects it"), "{told}");
    assert_eq!(inspect("Alex Silva").0, 0);
    played.stop().await;
}

/// Two processes see the month turn at the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_at_the_turn_of_the_month_do_everything_once() {
    let played = after(scene("clean-change")).await;
    let settings = load(Some(&played.world.settings_file()), &Environment::new()).unwrap();
    let other = App::build(settings, played.app.context.clock.clone()).await.unwrap();
    let step: Step = toml::from_str("pass = \"720h\"").unwrap();
    played.world.simulator.play(&step).await.unwrap();
    for _ in 0..6 {
        let (one, two) = (played.app.schedule(), other.schedule());
        let (one, two) = tokio::join!(one.once(), two.once());
        one.and(two).unwrap();
        settle(&played).await.unwrap();
    }
    assert_eq!((entries(&played, "population_closed").await, said(&played).len()), (1, 1));
    played.stop().await;
}

/// A month of which nobody knows when it began is not inspected, nor is anything when it is switched off.
#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_switched_off() {
    let off = |settings: &mut toml::Table| {
        settings.insert("inspection".into(), toml::Value::Table(toml::toml! { mode = "off" }));
    };
    let played = start_with(scene("clean-change").parsed().variant(Variant::Scene), off).await;
    play_all(&played).await;
    looks(&played).await;
    pass(&played, "720h").await;
    assert_eq!((entries(&played, "population_closed").await, said(&played).len()), (0, 0));
    played.stop().await;
}

/// A company whose trail is signed, and whose inspections a public beacon draws.
async fn with_beacon() -> Played {
    let clock = Clock::scripted();
    let world = world(scene("clean-change").parsed().variant(Variant::Scene), clock.clone()).await;
    let beacon = world.simulator.beacon.listen().await.unwrap();
    let mut settings: toml::Table = std::fs::read_to_string(world.settings_file()).unwrap().parse().unwrap();
    let chain = world.simulator.beacon.chain();
    let inspection: toml::Table =
        format!("beacon_chain = \"{chain}\"\nbeacon_urls = [\"http://{beacon}\", \"http://{beacon}\"]\n")
            .parse()
            .unwrap();
    settings.insert("inspection".into(), inspection.into());
    std::fs::write(world.settings_file(), toml::to_string(&settings).unwrap()).unwrap();
    let played = start_in("a beacon", world, &clock).await.unwrap();
    played.app.schedule().once().await.unwrap();
    play_all(&played).await;
    played
}

async fn checkpoint(played: &Played) {
    let (private, _) = new_keys("cm-bot.example");
    let (store, clock) = (&played.app.context.sources.store, &played.app.context.clock);
    store.checkpoint(&Signer::parse(&private).unwrap(), clock.now()).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_beacon_draws_after_the_list_was_published() {
    let played = with_beacon().await;
    checkpoint(&played).await;
    pass(&played, "720h").await;
    assert_eq!((entries(&played, "population_closed").await, entries(&played, "inspection_drawn").await), (1, 0));
    pass(&played, "1h").await;
    assert_eq!(entries(&played, "inspection_drawn").await, 0, "nothing has published the list yet");
    let dice = ["inspection", "draw", MONTH, "--entropy", "4 2 6 6 1", "--by", "Priya Nair"];
    let (code, told) = cm_bot(&played, &dice);
    assert!(code == 1 && told.contains("the list of November 2026 is not published yet"), "{told}");
    checkpoint(&played).await;
    looks(&played).await;
    assert_eq!(entries(&played, "inspection_drawn").await, 0, "the round after it is not made yet");
    pass(&played, "1m").await;
    assert_eq!(entries(&played, "inspection_drawn").await, 1);
    let trail = verified(&played.app.context.sources.store).await;
    let drawn = trail.iter().find(|(_, body, _)| body.contains("\"inspection_drawn\"")).unwrap();
    let chain = played.world.simulator.beacon.chain();
    assert!(
        drawn.1.contains(&format!("\"entropy\":\"drand {chain} round "))
            && drawn.1.contains("\"brought_by\":\"drand\"")
    );
    assert!(said(&played)[0].contains("1 of 2 changes were drawn"), "{:?}", said(&played));
    let (code, told) = cm_bot(&played, &["inspection", "verify", MONTH]);
    assert!(code == 0 && told.contains("1 draw made again"), "{told}");
    played.stop().await;
}

/// Whoever could bring dice beside the beacon could roll them until the sample is to their liking.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_the_first_draw_by_hand_where_a_beacon_draws() {
    let played = with_beacon().await;
    pass(&played, "720h").await;
    played.world.simulator.beacon.lie();
    pass(&played, "1h").await;
    let draw = ["inspection", "draw", MONTH, "--entropy", "1 1 1 1 1", "--by", "Priya Nair"];
    let (code, told) = cm_bot(&played, &draw);
    let chain = played.world.simulator.beacon.chain();
    let words =
        format!("the first draw of November 2026 is made by the beacon {chain}, and by nobody who brings dice.");
    assert!(code == 1 && told.contains(&words), "{told}");
    assert!(told.contains("If it has failed for good, empty inspection.beacon_urls and start cm-bot again"), "{told}");
    assert_eq!(entries(&played, "inspection_drawn").await, 0);
    // Settings of one's own do not help: the service was started with the beacon.
    without_beacon(&played);
    let (code, told) = cm_bot(&played, &draw);
    assert!(code == 1 && told.contains(&words), "{told}");
    // The way out, which the trail shows.
    let played = restarted(played, Duration::from_secs(60)).await;
    assert_eq!(entries(&played, "drawing_changed").await, 2, "the beacon came and went");
    let (code, told) = cm_bot(&played, &draw);
    assert_eq!(code, 0, "{told}");
    let (code, told) = cm_bot(&played, &["inspection", "verify", MONTH]);
    assert!(code == 0 && told.contains("1 draw made again"), "{told}");
    played.stop().await;
}

/// What the table says of a draw is held against the trail.
#[tokio::test(flavor = "multi_thread")]
async fn a_draw_that_was_changed_past_its_trigger_is_found() {
    let played = with_beacon().await;
    pass(&played, "720h").await;
    pass(&played, "1h").await;
    pass(&played, "1m").await;
    let verify = ["inspection", "verify", MONTH];
    assert_eq!(cm_bot(&played, &verify).0, 0, "the twin");
    let mut other = Other::connect(&database_of(&played.world)).await;
    let trigger = if is_postgres() {
        "DROP TRIGGER inspection_draws_are_not_changed ON inspection_draws"
    } else {
        "DROP TRIGGER inspection_draws_are_not_updated"
    };
    other.run(trigger).await.unwrap();
    other.run("UPDATE inspection_draws SET brought_by = 'Priya Nair'").await.unwrap();
    let (code, told) = cm_bot(&played, &verify);
    let words = "bad: the draws of November 2026 are not those in the audit trail";
    assert!(code == 1 && told.contains(words), "{told}");
    played.stop().await;
}

/// Takes the beacon out of the settings.
fn without_beacon(played: &Played) {
    let mut settings: toml::Table = std::fs::read_to_string(played.world.settings_file()).unwrap().parse().unwrap();
    settings.remove("inspection");
    std::fs::write(played.world.settings_file(), toml::to_string(&settings).unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beacon_whose_value_is_not_that_of_its_signature_draws_nothing() {
    let played = with_beacon().await;
    played.world.simulator.beacon.lie();
    pass(&played, "720h").await;
    pass(&played, "1h").await;
    assert_eq!((entries(&played, "population_closed").await, entries(&played, "inspection_drawn").await), (1, 0));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inspectors_are_reminded_before_the_end_and_the_officer_after_it() {
    let played = after(scene("clean-change")).await;
    pass(&played, "720h").await;
    draw(&played).await;
    let said_of_november = |played: &Played| {
        let all = said(played).into_iter().filter(|text| text.contains("November 2026")).skip(1);
        all.map(|text| {
            text.lines().next().unwrap().trim_start_matches("🔍 Monthly inspection · November 2026 · ").to_owned()
        })
    };
    let mut told = Vec::new();
    for day in 1..=30 {
        pass(&played, "24h").await;
        let now: Vec<String> = said_of_november(&played).collect();
        told.extend(
            now[told.len()..].iter().map(|text| (day, text.split(',').next().unwrap().to_owned())).collect::<Vec<_>>(),
        );
    }
    let words = |day: i32, text: &str| (day, text.to_owned());
    let due = told.iter().filter(|(_, text)| text.contains("overdue since ")).map(|(day, _)| *day).collect::<Vec<_>>();
    assert_eq!(told[0], words(1, "1 of 2 changes were drawn"), "{told:#?}");
    assert_eq!(
        told[1..3],
        [words(7, "2 changes still to inspect"), words(13, "2 changes still to inspect")],
        "{told:#?}"
    );
    assert_eq!(due, [14, 21, 28], "{told:#?}");
    let all = said(&played);
    let officer = all.iter().filter(|text| text.contains("overdue since "));
    assert!(officer.clone().all(|text| text.contains("@alex Do this: see that they are inspected")), "{all:#?}");
    for ticket in ["PRODCM-412", "PRODCM-398"] {
        assert_eq!(record(&played, ticket, "finding").0, 0);
    }
    looks(&played).await;
    assert!(said(&played).iter().any(|text| text.contains("2 changes inspected, 2 findings")), "{:#?}", said(&played));
    played.stop().await;
}
