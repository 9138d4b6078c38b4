//! Which Jira answers. Cloud is one for everybody; of Data Center there are versions, and some lack what cm-bot relies on.

use reqwest::Method;

use super::JiraClient;
use super::dialect::Dialect;
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::http::Peer;

/// The first version with personal access tokens and with the paged form of new tickets
/// (<https://confluence.atlassian.com/enterprise/using-personal-access-tokens-1026032365.html>).
const OLDEST: [u32; 2] = [8, 14];

/// The first version that can sign webhooks
/// (<https://confluence.atlassian.com/adminjiraserver/managing-webhooks-938846912.html>).
const SIGNS_SINCE: [u32; 2] = [10, 0];

/// A Jira Data Center that cm-bot can work with.
#[derive(Debug)]
pub(super) struct Server {
    version: String,
    numbers: [u32; 2],
}

/// Whether a Jira can sign its webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signing {
    /// It can.
    Can,
    /// It is too old for that. This is its version.
    TooOld(String),
}

impl JiraClient {
    /// Whether Jira can sign webhooks.
    ///
    /// # Errors
    /// When Jira does not answer, or is not the one of the settings.
    pub async fn signing(&self) -> Result<Signing, SourceError> {
        Ok(match self.dialect {
            Dialect::Cloud => Signing::Can,
            Dialect::DataCenter => self.data_center().await?.signing(),
        })
    }

    /// Checks that Jira is the one of the settings, and new enough.
    ///
    /// # Errors
    /// With what is not so.
    pub(super) async fn check_server(&self) -> Result<(), SourceError> {
        match self.dialect {
            // Its answers have another form than those of Data Center, so the first one that is read would tell.
            Dialect::Cloud => Ok(()),
            Dialect::DataCenter => self.data_center().await.map(|_| ()),
        }
    }

    async fn data_center(&self) -> Result<&Server, SourceError> {
        let ask = || async {
            let request = self.request(Method::GET, "serverInfo");
            Server::new(Peer::Jira.read(request).await?.json()?)
        };
        self.server.get_or_try_init(ask).await
    }
}

impl Server {
    fn new(info: wire::ServerInfo) -> Result<Server, SourceError> {
        let refused = |message: String| Err(SourceError::Refused { status: 200, message });
        if info.deployment_type.as_deref() == Some("Cloud") {
            return refused("this is a Jira Cloud: set jira.deployment to \"cloud\"".into());
        }
        let [major, minor, ..] = info.version_numbers[..] else {
            return Err(SourceError::Unreadable("a version without numbers".into()));
        };
        if [major, minor] < OLDEST {
            return refused(format!(
                "Jira {} has no personal access tokens, which came with 8.14: cm-bot cannot work with it",
                info.version
            ));
        }
        Ok(Server { version: info.version, numbers: [major, minor] })
    }

    fn signing(&self) -> Signing {
        if self.numbers < SIGNS_SINCE { Signing::TooOld(self.version.clone()) } else { Signing::Can }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(kind: Option<&str>, numbers: &[u32]) -> Result<Server, SourceError> {
        let version = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        let deployment_type = kind.map(str::to_owned);
        Server::new(wire::ServerInfo { deployment_type, version, version_numbers: numbers.to_vec() })
    }

    #[test]
    fn a_jira_that_lacks_what_is_needed_is_refused_by_name() {
        let said = |kind, numbers: &[u32]| server(kind, numbers).map(|_| ()).unwrap_err().to_string();
        assert!(said(Some("Cloud"), &[1001, 0, 0]).contains("set jira.deployment to \"cloud\""));
        assert!(said(Some("Server"), &[8, 13, 9]).contains("Jira 8.13.9 has no personal access tokens"));
        assert!(said(Some("Server"), &[8]).contains("a version without numbers"));
        assert!(server(None, &[8, 14, 0]).is_ok());
    }

    #[test]
    fn webhooks_are_signed_since_jira_10() {
        let signing = |numbers: &[u32]| server(Some("Server"), numbers).map(|server| server.signing());
        assert_eq!(signing(&[9, 17, 5]), Ok(Signing::TooOld("9.17.5".into())));
        assert_eq!(signing(&[10, 0, 0]), Ok(Signing::Can));
        assert_eq!(signing(&[11, 3, 1]), Ok(Signing::Can));
    }
}
