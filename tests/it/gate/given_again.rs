//! An approval that was voided and given again: the gate judges the one that was given last, by whoever gave it.

use cm_bot::cli::demo::world::World;

use super::Pipeline;

const BACK: &str = "move_ticket = { ticket = \"PRODCM-412\", by = \"sam\", to = \"Awaiting approval\" }";

/// What cm-bot approved was taken back, and then people approved it.
async fn approved_by_people() -> Pipeline {
    let pipeline = Pipeline::approved().await;
    pipeline.happens(BACK).await;
    for who in ["sam", "priya"] {
        let says = format!("comment = {{ ticket = \"PRODCM-412\", by = \"{who}\", text = \"/cm approve\" }}");
        pipeline.happens(&says).await;
    }
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Approved");
    pipeline
}

/// The service starts again with other people, whom the officer has signed.
async fn with_people(pipeline: Pipeline, change: impl FnOnce(&mut toml::Table)) -> Pipeline {
    pipeline
        .starts_again(|world| {
            change_people(world, change);
            world.sign().unwrap();
        })
        .await
}

/// Changes the people file of a world.
pub(super) fn change_people(world: &World, change: impl FnOnce(&mut toml::Table)) {
    let file = world.settings_file().with_file_name("people.toml");
    let mut table: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
    change(&mut table);
    std::fs::write(&file, toml::to_string(&table).unwrap()).unwrap();
}

/// The block of a person.
pub(super) fn block<'a>(people: &'a mut toml::Table, name: &str) -> &'a mut toml::Table {
    let blocks = people["people"].as_array_mut().unwrap();
    blocks.iter_mut().find(|one| one["name"].as_str() == Some(name)).unwrap().as_table_mut().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_approved_after_cm_bot_did_outlives_the_criteria_of_its_decision() {
    let pipeline = with_people(approved_by_people().await, |people| {
        block(people, "Lee Wong").insert("roles".into(), toml::Value::Array(vec!["security-lead".into()]));
    })
    .await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j08_who_approved_after_cm_bot_did_must_still_have_the_role() {
    let pipeline = with_people(approved_by_people().await, |people| {
        block(people, "Priya Nair").insert("roles".into(), toml::Value::Array(Vec::new()));
        block(people, "Lee Wong").insert("roles".into(), toml::Value::Array(vec!["security-lead".into()]));
    })
    .await;
    let id = pipeline.request(&pipeline.asked()).await;
    let problem = pipeline.is_denied(&id, "approver_role_lapsed").await;
    assert_eq!(problem["detail"], "Whoever approved the ticket may not approve any more.");
    pipeline.stop().await;
}

/// cm-bot approved it, other criteria came, and it was checked and approved under those.
#[tokio::test(flavor = "multi_thread")]
async fn what_cm_bot_approved_anew_under_the_criteria_of_today_is_let_through() {
    let roles = |people: &mut toml::Table| {
        block(people, "Lee Wong").insert("roles".into(), toml::Value::Array(vec!["security-lead".into()]));
    };
    let pipeline = with_people(Pipeline::approved().await, roles).await;
    let first = pipeline.request(&pipeline.asked()).await;
    pipeline.is_denied(&first, "criteria_changed").await;
    let edit = "edit_ticket = { ticket = \"PRODCM-412\", by = \"dana\", fields = { justification = \"Invoices are off by fractions of a cent.\" } }";
    pipeline.happens(edit).await;
    pipeline.happens("pass = \"15m\"").await;
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Approved");
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}
