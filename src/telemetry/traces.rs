//! Traces for OpenTelemetry (<https://opentelemetry.io/docs/specs/otlp/>): the spans of the log, with the time that each took.
//!
//! They hold what the log holds, and nothing else: no body, no token, no e-mail address. Each look at a ticket and each
//! action is a trace of its own; `ticket.id` is on all of them.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

/// How long the end may wait for a collector.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends traces to a collector, in the background. What it does not take is lost; nothing waits for it.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// To the collector at this address, which takes OTLP over HTTP.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn to(collector: &Url) -> Result<Traces, ExporterBuildError> {
        let address = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
        let exporter = SpanExporter::builder().with_http().with_endpoint(address).with_timeout(PATIENCE).build()?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name("cm-bot").with_attribute(version).build();
        Ok(Traces(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
    }

    /// What takes the spans of cm-bot up. Those of the libraries that it uses may hold addresses, and stay out.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let ours = Targets::new().with_target("cm_bot", Level::INFO);
        let layer = tracing_opentelemetry::layer().with_tracer(self.0.tracer("cm-bot"));
        layer.with_location(false).with_threads(false).with_filter(ours)
    }

    /// Sends what is left.
    pub fn end(&self) {
        if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
            tracing::warn!("The last traces did not reach the collector: {error}");
        }
    }
}
