//! O07: what each role sees, and what it does not.

use std::collections::BTreeSet;

use cm_bot::policy::access::{PageRole, Right, may};
use reqwest::StatusCode;

use super::{deciding_in, opens, with_everybody};

#[tokio::test(flavor = "multi_thread")]
async fn o07_each_role_sees_its_own_pages_and_no_other() {
    let played = deciding_in(&with_everybody("first-deployment")).await;
    let pages = [
        ("/", "Needs you"),
        ("/changes", "Changes"),
        ("/emergencies", "Emergencies"),
        ("/inspection", "Inspection"),
        ("/evidence", "Evidence"),
        ("/health", "Health"),
    ];
    for (name, sees) in [
        ("lee", &["/", "/changes", "/emergencies"][..]),
        ("priya", &["/", "/changes", "/emergencies"]),
        ("ines", &["/", "/changes", "/emergencies", "/inspection", "/evidence"]),
        ("aldo", &["/", "/changes", "/emergencies", "/inspection", "/evidence"]),
        ("olga", &["/", "/changes", "/emergencies", "/health"]),
    ] {
        let front = opens(&played, name, "/").await;
        for (path, title) in pages {
            let page = opens(&played, name, path).await;
            let expected = if sees.contains(&path) { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(page.status, expected, "{name} at {path}: {}", page.text());
            let leads_there = front.links().iter().any(|(to, words)| to == path && words == title);
            assert_eq!(leads_there, sees.contains(&path), "{name}: nobody is led to what they may not see ({path})");
        }
        let change = opens(&played, name, "/changes/PRODCM-412").await;
        assert_eq!(change.form("Approve PRODCM-412").is_some(), name == "priya", "{name}");
    }
    played.stop().await;
}

/// Whoever administers cm-bot neither inspects it nor reads the evidence as an auditor, and the other way round.
#[test]
fn o07_who_administers_does_not_audit() {
    let rights = |role| {
        let all = [
            Right::SeeChanges,
            Right::Decide,
            Right::SeeInspections,
            Right::Inspect,
            Right::SeeEvidence,
            Right::SeeHealth,
        ];
        let roles = BTreeSet::from([role]);
        all.into_iter().filter(|right| may(&roles, *right)).collect::<Vec<_>>()
    };
    assert_eq!(rights(PageRole::Operator), [Right::SeeChanges, Right::SeeHealth]);
    assert_eq!(rights(PageRole::Auditor), [Right::SeeChanges, Right::SeeInspections, Right::SeeEvidence]);
    assert_eq!(rights(PageRole::Approver), [Right::SeeChanges, Right::Decide]);
    assert_eq!(rights(PageRole::Viewer), [Right::SeeChanges]);
    assert!(rights(PageRole::Inspector).contains(&Right::Inspect));
}
