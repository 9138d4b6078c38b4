//! The world of one scene, and the settings with which a service reaches it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use sha2::{Digest, Sha256};
use ssh_key::private::Ed25519Keypair;
use ssh_key::{HashAlg, LineEnding, PrivateKey};
use tempfile::TempDir;
use tokio::net::TcpSocket;

use crate::cli::policies::named;
use crate::policy::criteria::NAMESPACE;
use crate::simulator::clock::Clock;
use crate::simulator::pipelines::Gate;
use crate::simulator::scene::{Forge, JiraKind, Person, Repository, Scanner, Scene, Service};
use crate::simulator::{Addresses, Simulator, slack};

/// The criteria that a scene starts from.
const CRITERIA: &str = include_str!("../../../config/criteria.toml");

/// The role of whoever signs, and the name by which the allowed signers know that person.
const OFFICER: &str = "security-officer";
const PRINCIPAL: &str = "security-officer@acme.example";

/// A simulated world that listens, and a folder with settings for a service that is not running yet.
#[derive(Debug)]
pub struct World {
    /// The scene.
    pub scene: Scene,
    /// The three systems.
    pub simulator: Simulator,
    /// Where they listen.
    pub addresses: Addresses,
    /// Where Jenkins listens, in scenes that watch it.
    pub jenkins: Option<SocketAddr>,
    /// Where GitLab listens, in scenes with a project on it.
    pub gitlab: Option<SocketAddr>,
    /// Where Teams listens, in scenes that set something of it.
    pub teams: Option<SocketAddr>,
    /// Where people sign in, in scenes that set something of the pages.
    pub openid: Option<SocketAddr>,
    /// Where the service will listen.
    pub service: SocketAddr,
    /// With what the Security Officer of this world signs.
    pub officer: PrivateKey,
    /// What the scan tokens of this world are made of.
    scan_secret: String,
    port: Mutex<Option<TcpListener>>,
    /// Bound and never listening: nobody else is given the port while the service is away.
    _hold: TcpSocket,
    folder: Folder,
}

/// Where the files of the service are.
#[derive(Debug)]
enum Folder {
    /// They go with the world.
    Passing(TempDir),
    /// They stay.
    Lasting(PathBuf),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Folder::Passing(folder) => folder.path(),
            Folder::Lasting(path) => path,
        }
    }
}

impl World {
    /// Sets up a world before the timeline begins.
    ///
    /// # Errors
    /// When the scene contradicts itself or a port cannot be opened.
    pub async fn new(scene: Scene, clock: Clock) -> anyhow::Result<World> {
        World::set_up(scene, clock, Folder::Passing(tempfile::tempdir()?)).await
    }

    /// The same, with the files of the service in a new folder that stays. Only its owner may look into it: it holds secrets.
    ///
    /// # Errors
    /// As [`World::new`], and when the folder is there already.
    pub async fn written_to(scene: Scene, clock: Clock, folder: &Path) -> anyhow::Result<World> {
        let made = std::fs::DirBuilder::new().mode(0o700).create(folder);
        made.with_context(|| format!("cannot make the folder {}", folder.display()))?;
        World::set_up(scene, clock, Folder::Lasting(folder.canonicalize()?)).await
    }

    async fn set_up(scene: Scene, clock: Clock, folder: Folder) -> anyhow::Result<World> {
        let now_ms = clock.now_ms();
        let simulator = Simulator::new(scene.clone(), clock)?;
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let addresses = simulator.listen(Addresses { jira: any, github: any, slack: any }).await?;
        // Links are made of the address, so it has to be known, and kept, before the service starts.
        let hold = TcpSocket::new_v4()?;
        hold.set_reuseaddr(true)?;
        hold.bind(any)?;
        let service = hold.local_addr()?;
        let port = TcpListener::bind(service)?;
        let (port, scan_secret) = (Mutex::new(Some(port)), uuid::Uuid::new_v4().simple().to_string());
        let officer = PrivateKey::from(Ed25519Keypair::random(&mut rand_core::OsRng));
        let watches_jenkins =
            scene.services.iter().flat_map(|service| &service.watch).any(|one| one.contains_key("jenkins_job"));
        let jenkins = if watches_jenkins { Some(simulator.jenkins.listen().await?) } else { None };
        let on_gitlab = scene.repositories.iter().any(|one| one.forge == Forge::Gitlab);
        let gitlab = if on_gitlab { Some(simulator.listen_as_gitlab().await?) } else { None };
        let teams = if scene.teams.is_empty() { None } else { Some(simulator.listen_as_teams().await?) };
        let openid = if scene.pages.is_empty() { None } else { Some(simulator.openid.listen().await?) };
        let world = World {
            jenkins,
            gitlab,
            teams,
            openid,
            scene,
            simulator,
            addresses,
            service,
            officer,
            scan_secret,
            port,
            _hold: hold,
            folder,
        };
        world.write_files(now_ms)?;
        Ok(world)
    }

    /// The open port that is kept for the service; only the first time.
    pub fn take_port(&self) -> Option<TcpListener> {
        self.port.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The token with which the pipeline of a service sends scans.
    #[must_use]
    pub fn scan_token(&self, service: &str) -> String {
        format!("{}-{service}", self.scan_secret)
    }

    /// The token with which the job `{service}/release` asks the gate.
    #[must_use]
    pub fn gate_token(&self, service: &str) -> String {
        format!("{}-gate-{service}", self.scan_secret)
    }

    /// The settings file.
    #[must_use]
    pub fn settings_file(&self) -> PathBuf {
        self.folder.path().join("cm-bot.toml")
    }

    /// Signs criteria and people as they stand in the folder, as `ssh-keygen -Y sign` does.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn sign(&self) -> anyhow::Result<()> {
        for name in ["criteria.toml", "people.toml"] {
            let text = std::fs::read(self.folder.path().join(name))?;
            let signature = self.officer.sign(NAMESPACE, HashAlg::Sha512, &text)?.to_pem(LineEnding::LF)?;
            std::fs::write(self.folder.path().join(format!("{name}.sig")), signature)?;
        }
        Ok(())
    }

    /// Settings, criteria and people, as an operator would write them, with secrets made for this world.
    fn write_files(&self, now_ms: i64) -> anyhow::Result<()> {
        let folder = self.folder.path();
        let secrets = Secrets::new();
        std::fs::write(folder.join("criteria.toml"), criteria(&self.scene, now_ms)?)?;
        std::fs::write(folder.join("people.toml"), people(&self.scene)?)?;
        std::fs::write(folder.join("allowed_signers"), allowed_signers(&self.officer)?)?;
        self.sign()?;
        std::fs::write(self.settings_file(), self.settings(&secrets)?)?;
        let service = self.service;
        self.simulator.jira.send_webhooks_to(format!("http://{service}/webhooks/jira"), secrets.jira);
        self.simulator.slack.send_deeds_to(format!("http://{service}"), secrets.slack);
        self.simulator.github.send_webhooks_to(format!("http://{service}/webhooks/github"), secrets.github);
        let token = |service: &Service| (service.name.clone(), self.gate_token(&service.name));
        let tokens = self.scene.services.iter().map(token).collect();
        self.simulator.openid.send_people_back_to(format!("http://{service}/sign-in/callback"));
        self.simulator.people.visit(format!("http://{service}"));
        self.simulator.pipelines.ask(Gate { url: format!("http://{service}"), tokens });
        Ok(())
    }

    /// A service, where its repository is.
    fn service(&self, one: &Service) -> anyhow::Result<toml::Value> {
        let mut table = service(one, &self.scan_token(&one.name), &self.gate_token(&one.name))?;
        let is_it = |repository: &&Repository| repository.name == one.repository;
        if self.scene.repositories.iter().find(is_it).is_some_and(|repository| repository.forge == Forge::Gitlab) {
            table.insert("forge".into(), "gitlab".into());
        }
        Ok(toml::Value::Table(table))
    }

    fn settings(&self, secrets: &Secrets) -> anyhow::Result<String> {
        let (account, token) = self.simulator.jira.credentials();
        let login = match self.scene.jira {
            JiraKind::Cloud => format!("account = \"{account}\"\ntoken = \"{token}\""),
            JiraKind::DataCenter => format!("deployment = \"data-center\"\ntoken = \"{token}\""),
        };
        let Addresses { jira, github, slack: slack_at } = self.addresses;
        let path = |name: &str| toml::Value::String(self.folder.path().join(name).display().to_string());
        let mut text = format!(
            "[server]\nlisten = \"{service}\"\npublic_url = \"http://{service}\"\n\
             [database]\nurl = {database}\n\
             [jira]\napi_url = \"http://{jira}\"\n{login}\nwebhook_secrets = [\"{jira_secret}\"]\nsettle_seconds = 0\n\
             [jira.fields]\nresponsible = \"Responsible person\"\ntests = \"Tests\"\nsecurity_analysis = \"Security analysis\"\nend_date = \"End date\"\n\
             [github]\napi_url = \"http://{github}\"\ntoken = \"{github_token}\"\nwebhook_secrets = [\"{github_secret}\"]\n\
             [slack]\napi_url = \"http://{slack_at}/api\"\nbot_token = \"{slack_token}\"\nsigning_secret = \"{slack_secret}\"\n\
             [slack.channels]\nchanges = \"{changes}\"\nemergencies = \"{emergencies}\"\n\
             [criteria]\nfile = {criteria}\nallowed_signers_file = {signers}\n[people]\nfile = {people}\n",
            service = self.service,
            database = toml::Value::String(format!("sqlite:{}", self.folder.path().join("cm-bot.db").display())),
            jira_secret = secrets.jira,
            github_token = self.simulator.github.token(),
            github_secret = secrets.github,
            slack_token = self.simulator.slack.token(),
            slack_secret = secrets.slack,
            changes = slack::CHANGES,
            emergencies = slack::EMERGENCIES,
            criteria = path("criteria.toml"),
            signers = path("allowed_signers"),
            people = path("people.toml"),
        );
        if let Some(jenkins) = self.jenkins {
            let (user, token) = self.simulator.jenkins.credentials();
            text += &format!("[jenkins]\nurl = \"http://{jenkins}\"\nuser = \"{user}\"\ntoken = \"{token}\"\n");
        }
        if let Some(gitlab) = self.gitlab {
            let token = self.simulator.gitlab.token();
            text += &format!("[gitlab]\napi_url = \"http://{gitlab}/api/v4\"\ntoken = \"{token}\"\n");
        }
        if let Some(teams) = self.teams {
            let [changes, emergencies] = self.simulator.teams.addresses(&format!("http://{teams}"));
            text += &format!("[teams]\nwebhook_url = \"{changes}\"\nemergencies_webhook_url = \"{emergencies}\"\n");
        }
        if let Some(openid) = self.openid {
            let (client, secret) = self.simulator.openid.credentials();
            text += &format!(
                "[pages]\nissuer = \"http://{openid}\"\nclient_id = \"{client}\"\nclient_secret = \"{secret}\"\n"
            );
        }
        let services: Vec<toml::Value> =
            self.scene.services.iter().map(|one| self.service(one)).collect::<Result<_, _>>()?;
        let services = toml::Table::from_iter([("services".to_owned(), toml::Value::Array(services))]);
        text += &toml::to_string(&services)?;
        let mut all: toml::Table = text.parse()?;
        for (section, keys) in
            [("slack", &self.scene.slack), ("teams", &self.scene.teams), ("pages", &self.scene.pages)]
        {
            overlay(&mut all, &toml::Table::from_iter([(section.to_owned(), keys.clone().into())]));
        }
        Ok(toml::to_string(&all)?)
    }
}

/// Secrets of one play, made for it.
struct Secrets {
    jira: String,
    github: String,
    slack: String,
}

impl Secrets {
    fn new() -> Secrets {
        let secret = || uuid::Uuid::new_v4().simple().to_string();
        Secrets { jira: secret(), github: secret(), slack: secret() }
    }
}

/// The shipped criteria, signed today, with what the scene sets differently. They count longer than the machine that plays
/// the scene will be off the scene's clock.
fn criteria(scene: &Scene, now_ms: i64) -> anyhow::Result<String> {
    let base = scene.policy.as_deref().map_or(Ok(CRITERIA), |name| named(name).map(|policy| policy.criteria))?;
    let mut criteria: toml::Table = base.parse()?;
    let today = jiff::Timestamp::from_millisecond(now_ms)?.to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = |date: jiff::civil::Date| Ok::<_, anyhow::Error>(toml::Value::Datetime(date.to_string().parse()?));
    let signature = toml::Table::from_iter([
        ("role".to_owned(), OFFICER.into()),
        ("on".to_owned(), day(today)?),
        ("until".to_owned(), day(today.checked_add(jiff::Span::new().years(100))?)?),
    ]);
    criteria.insert("signature".to_owned(), signature.into());
    overlay(&mut criteria, &scene.criteria);
    Ok(toml::to_string(&criteria)?)
}

/// Who may sign in this world.
fn allowed_signers(officer: &PrivateKey) -> anyhow::Result<String> {
    Ok(format!("{PRINCIPAL} namespaces=\"{NAMESPACE}\" {}\n", officer.public_key().to_openssh()?))
}

fn overlay(base: &mut toml::Table, over: &toml::Table) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(more)) => overlay(inner, more),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

fn people(scene: &Scene) -> anyhow::Result<String> {
    let is_mapped = |person: &&Person| !person.bot && !person.unmapped && person.account_of.is_empty();
    let mapped: Vec<&Person> = scene.people.iter().filter(is_mapped).collect();
    let accounts = |person: &Person| {
        let all = scene.people.iter().filter(|one| one.name == person.name || one.account_of == person.name);
        all.map(|one| i64::try_from(one.github_id(scene)).map(toml::Value::from)).collect::<Result<Vec<_>, _>>()
    };
    let officer = mapped.iter().find(|person| person.roles.iter().any(|role| role == OFFICER));
    let signer = officer.map(|person| person.name.clone());
    let person = |person: &Person| {
        let mut table = toml::Table::new();
        table.insert("name".into(), person.full_name.clone().into());
        table.insert("jira".into(), person.jira_account().into());
        table.insert("github".into(), accounts(person)?.into());
        if scene.repositories.iter().any(|one| one.forge == Forge::Gitlab) {
            table.insert("gitlab".into(), vec![i64::try_from(person.gitlab_id(scene))?].into());
        }
        table.insert("slack".into(), person.slack_id().into());
        table.insert("roles".into(), person.roles.clone().into());
        table.insert("openid".into(), person.openid_subject().into());
        if signer.as_ref() == Some(&person.name) {
            table.insert("signs_as".into(), PRINCIPAL.into());
        }
        Ok::<_, anyhow::Error>(toml::Value::Table(table))
    };
    let mut list = mapped.iter().map(|one| person(one)).collect::<Result<Vec<_>, _>>()?;
    // A scene that names people of its own need not think of the one who signs.
    if signer.is_none() {
        list.push(toml::Value::Table(toml::Table::from_iter([
            ("name".to_owned(), "Alex Silva".into()),
            ("jira".to_owned(), "712020:security-officer".into()),
            ("github".to_owned(), toml::Value::Array(Vec::new())),
            ("roles".to_owned(), vec![OFFICER].into()),
            ("signs_as".to_owned(), PRINCIPAL.into()),
        ])));
    }
    Ok(toml::to_string(&toml::Table::from_iter([("people".to_owned(), toml::Value::Array(list))]))?)
}

fn service(service: &Service, scan_token: &str, gate_token: &str) -> anyhow::Result<toml::Table> {
    let scanners: Vec<toml::Value> = service.scanners.iter().map(scanner).collect::<Result<_, _>>()?;
    let environments: Vec<toml::Value> = service.environments.iter().map(|name| name.as_str().into()).collect();
    let mut table = toml::Table::new();
    table.insert("name".into(), service.name.as_str().into());
    table.insert("repository".into(), service.repository.as_str().into());
    table.insert("branch".into(), service.branch.as_str().into());
    table.insert("environments".into(), environments.into());
    table.insert("scanners".into(), scanners.into());
    if service.scanners.iter().any(|scanner| scanner.sarif.is_some()) {
        table.insert("scan_token_sha256".into(), hex::encode(Sha256::digest(scan_token)).into());
    }
    let job = format!("{}/release", service.name);
    let digest = hex::encode(Sha256::digest(gate_token));
    let token = toml::Table::from_iter([("sha256".to_owned(), digest.into()), ("job".to_owned(), job.into())]);
    let plan = "Deploy {previous} with the same job; the database schema stays as it is, so no data is lost.";
    let tokens = toml::Value::Array(vec![toml::Value::Table(token)]);
    let watch = toml::Value::Array(service.watch.iter().cloned().map(toml::Value::Table).collect());
    let gate = toml::Table::from_iter([
        ("rollback_plan".to_owned(), plan.into()),
        ("tokens".to_owned(), tokens),
        ("watch".to_owned(), watch),
    ]);
    table.insert("gate".into(), toml::Value::Table(gate));
    Ok(table)
}

fn scanner(scanner: &Scanner) -> anyhow::Result<toml::Value> {
    let texts = [
        ("tool", &scanner.tool),
        ("category", &scanner.category),
        ("check", &scanner.check),
        ("status", &scanner.status),
        ("sarif", &scanner.sarif),
        ("rules", &scanner.rules),
    ];
    let mut table = toml::Table::new();
    for (key, text) in texts {
        table.extend(text.clone().map(|text| (key.to_owned(), text.into())));
    }
    for (key, number) in [("app_id", scanner.app_id), ("creator_id", scanner.creator_id)] {
        let number = number.map(i64::try_from).transpose()?;
        table.extend(number.map(|number| (key.to_owned(), number.into())));
    }
    Ok(toml::Value::Table(table))
}
