//! What GitHub says of the deliveries of its webhooks.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::present;

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct ListedDelivery {
    pub id: u64,
    pub guid: String,
    pub event: String,
    pub delivered_at: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct Delivery {
    pub id: u64,
    pub guid: String,
    pub event: String,
    pub request: DeliveryRequest,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct DeliveryRequest {
    #[serde(deserialize_with = "present")]
    pub payload: Option<Box<RawValue>>,
}
