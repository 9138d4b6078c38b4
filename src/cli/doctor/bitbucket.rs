//! Bitbucket: what cm-bot may read of each repository; its clock; and what it does not tell.

use super::{Findings, github};
use crate::app::App;
use crate::integrations::advice::{advice, forge_advice};
use crate::integrations::forge::Denied;
use crate::model::{Forge, Service};

/// Says how Bitbucket is, where a service is there.
pub(super) async fn examine(app: &App, findings: &mut Findings) {
    let sources = &app.context.sources;
    let here: Vec<&Service> = sources.services.iter().filter(|service| service.forge == Forge::Bitbucket).collect();
    let Some(bitbucket) = sources.others.bitbucket.as_deref().filter(|_| !here.is_empty()) else { return };
    eprintln!("Asking Bitbucket");
    let mut is_reached = false;
    for service in here {
        let repository = &service.repository;
        match bitbucket.check_rights(service).await {
            Ok(()) => {
                is_reached = true;
                let told = "Bitbucket does not tell who pushed a commit, so its changes wait for people";
                findings.ok("bitbucket", format!("{repository} can be read; {told}"));
            }
            Err(Denied { what, error }) => {
                let todo = advice("Bitbucket", &error, forge_advice(Forge::Bitbucket));
                findings.fail("bitbucket", format!("{repository}: {what} cannot be read ({error})"), todo);
            }
        }
    }
    if is_reached {
        github::clock((Forge::Bitbucket, bitbucket.clock_ahead_ms()), findings);
    } else {
        findings.skip("clock", "needs Bitbucket");
    }
}
