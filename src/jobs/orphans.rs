//! Looks for deployments behind the gate's back, wherever the settings say that deployments show.

use tokio_util::sync::CancellationToken;

use crate::handlers::{Context, sighting};
use crate::signals::Wake;

/// Whoever looks.
#[derive(Debug, Clone)]
pub struct Orphans {
    /// What handlers work with.
    pub context: Context,
    /// Wakes the workers.
    pub wake: Wake,
}

impl Orphans {
    /// Looks at once and then every now and then, until it is told to stop. Without a place to look at, never.
    pub async fn run(self, stop: CancellationToken) {
        if self.context.gates.iter().all(|gate| gate.watch.is_empty()) {
            return;
        }
        while !stop.is_cancelled() {
            self.once().await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.context.intervals.reconcile) => {}
            }
        }
    }

    /// Looks everywhere; says how many deployments nothing had let through. A place that cannot be read does not hide the
    /// others, and is looked at again.
    pub async fn once(&self) -> usize {
        let mut orphans = 0;
        for gate in self.context.gates.iter() {
            let Some(service) = self.context.sources.services.iter().find(|service| service.name == gate.service)
            else {
                continue;
            };
            for watched in &gate.watch {
                match sighting::look(&self.context, service, watched).await {
                    Ok(number) => orphans += number,
                    Err(error) => {
                        let (service, environment) = (&service.name, &watched.environment);
                        metrics::counter!("cm_bot_unwatched_total").increment(1);
                        tracing::warn!(
                            %error,
                            "Whether {service} went to {environment} past the gate cannot be seen: {error}"
                        );
                    }
                }
            }
        }
        if orphans > 0 {
            self.wake.all();
        }
        orphans
    }
}
