//! `cm-bot inspection`: what is looked at each month, drawn so that nobody can steer it.

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use super::{Exit, SettingsFile};
use crate::app::{read_policy, signer};
use crate::audit::dice::Dice;
use crate::audit::draw::Population;
use crate::clock::Clock;
use crate::gather;
use crate::gather::inspection::Inspection;
use crate::model::{Month, People, Person, RoleName, TicketKey, listed, plural};
use crate::policy::criteria::Criteria;
use crate::policy::follow_up::inspection::{Member, Stratum, statement};
use crate::policy::follow_up::inspectors::inspects;
use crate::settings::Settings;
use crate::store::{InspectionResult, RecordedDraw, Store};

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Fixes what there is to inspect of a month that is over, and publishes its root
    Close(OfMonth),
    /// Draws, with something that nobody could know before: dice, a public beacon
    Draw(Draw),
    /// Makes the draws of a month again from what was fixed, and says whether they come out the same
    Verify(OfMonth),
    /// Shows what is to be inspected, what was found, and what can be said of the rest
    Show(OfMonth),
    /// Records what an inspector found
    Record(Record),
}

/// A month.
#[derive(Debug, clap::Args)]
pub struct OfMonth {
    /// Such as 2026-10
    month: String,
    #[command(flatten)]
    settings: SettingsFile,
}

/// Arguments of `inspection draw`.
#[derive(Debug, clap::Args)]
pub struct Draw {
    #[command(flatten)]
    of: OfMonth,
    /// What nobody could know when the month was closed: twenty rolls of a die, the value of a public beacon
    #[arg(long)]
    entropy: String,
    /// Who brought it: a name of the people file
    #[arg(long, value_name = "NAME")]
    by: String,
    /// How many are drawn beside those that are inspected anyway; without it, `inspection.size` of the settings
    #[arg(long)]
    size: Option<usize>,
    /// Draw once more, and why; the earlier draw stays on record
    #[arg(long, value_name = "REASON")]
    again: Option<String>,
}

/// Arguments of `inspection record`.
#[derive(Debug, clap::Args)]
pub struct Record {
    #[command(flatten)]
    of: OfMonth,
    /// The ticket
    ticket: String,
    /// What was found
    #[arg(value_parser = ["sound", "finding"])]
    result: String,
    /// In words
    #[arg(long)]
    note: String,
    /// The inspector: a name of the people file
    #[arg(long, value_name = "NAME")]
    by: String,
}

/// A month with what is needed to work on it.
struct Work {
    month: Month,
    settings: Settings,
    store: Store,
}

/// Does what was asked.
///
/// # Errors
/// When something is not as it must be; the sentence says what.
pub(super) async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Close(of) => close(&Work::on(&of).await?).await,
        Command::Draw(arguments) => draw(&Work::on(&arguments.of).await?, &arguments).await,
        Command::Verify(of) => verify(&Work::on(&of).await?).await,
        Command::Show(of) => show(&Work::on(&of).await?).await,
        Command::Record(arguments) => record(&Work::on(&arguments.of).await?, &arguments).await,
    }
}

impl Work {
    async fn on(of: &OfMonth) -> anyhow::Result<Work> {
        let settings = of.settings.load()?;
        let store = Store::open(&settings.database_url).await?;
        Ok(Work { month: Month::parse(&of.month)?, settings, store })
    }

    async fn inspection(&self) -> anyhow::Result<Inspection> {
        let month = self.month;
        let how = format!("{} is not closed; `cm-bot inspection close {month}` fixes what there is", month.title());
        gather::inspection::of(&self.store, month).await?.context(how)
    }

    /// Whoever knows the dice before the list is published could have changed the list.
    async fn is_published(&self) -> anyhow::Result<()> {
        let (closed, _) = self.store.inspection_times(self.month).await?;
        let published = match closed {
            Some(closed) => self.store.published(closed).await?,
            None => None,
        };
        let title = self.month.title();
        ensure!(
            published.is_some(),
            "the list of {title} is not published yet: no checkpoint of the audit trail was made since it was fixed. Wait for \
             the next one (audit.checkpoint_minutes), and roll the dice after it"
        );
        Ok(())
    }

    /// Where a beacon draws, nobody else makes the first draw: who brings dice could roll them until the sample is to their
    /// liking. What the service was started with counts beside the settings of whoever types.
    async fn is_left_to_dice(&self) -> anyhow::Result<()> {
        let noted = self.store.drawing().await?;
        let chain = self.settings.inspection.drawing().map(str::to_owned).or(noted);
        let (chain, title) = (chain.unwrap_or_default(), self.month.title());
        ensure!(
            chain.is_empty(),
            "the first draw of {title} is made by the beacon {chain}, and by nobody who brings dice. Wait for it: cm-bot asks it \
             every minute. If it has failed for good, empty inspection.beacon_urls and start cm-bot again: the audit trail says \
             so, and dice draw from then on"
        );
        Ok(())
    }

    /// What the trail says otherwise about the draws, as a sentence.
    async fn against_trail(&self, draws: &[RecordedDraw]) -> anyhow::Result<Option<String>> {
        let (mut dice, mut told, mut last) = (Dice::of(self.month), Vec::new(), 0);
        while let Some(entries) = super::audit::page(&self.store, &mut last).await? {
            for (number, body, _) in &entries {
                if let Err(fault) = dice.add(*number, body) {
                    return Ok(Some(fault.to_string()));
                }
                told.extend(drawn_in(self.month, body));
            }
        }
        let is_told = told.len() == draws.len() && draws.iter().zip(&told).all(|(draw, entry)| is_as_told(draw, entry));
        Ok((!is_told).then(|| format!("the draws of {} are not those in the audit trail", self.month.title())))
    }

    /// A person of the people file, by name.
    fn person(&self, name: &str) -> anyhow::Result<Person> {
        let people: People = read_policy(&self.settings)?.criteria.people;
        let known = people.everybody().iter().find(|person| person.name == name).cloned();
        known.with_context(|| format!("{name} is not in {}", self.settings.people_file.display()))
    }

    /// Nobody inspects their own work, nor does anybody without the role. The page asks the same.
    async fn is_inspector(&self, name: &str, ticket: &TicketKey) -> anyhow::Result<()> {
        let criteria: Criteria = read_policy(&self.settings)?.criteria;
        if let Some(did) = gather::inspection::hands(&self.store, &criteria, ticket).await?.of(name) {
            bail!("{name} {did} {ticket}: somebody else inspects it");
        }
        let roles = &self.settings.inspection.roles;
        let titles: Vec<String> = roles.iter().map(RoleName::to_string).collect();
        ensure!(
            inspects(criteria.people.roles_of(name).into_iter(), roles),
            "{name} has none of the roles that inspect ({}): somebody who has one records it",
            listed(&titles, "or")
        );
        Ok(())
    }
}

async fn close(work: &Work) -> anyhow::Result<Exit> {
    let (month, now) = (work.month, Clock::System.now());
    ensure!(month.is_over_at(now), "{} is not over: what comes until then would be left out", month.title());
    let population = Population::of(month, gather::inspection::members(&work.store, month).await?);
    let is_new = work.store.close_population(&population, now).await?;
    let population = work.inspection().await?.population;
    if let Some(signer) = signer(&work.settings)? {
        // A moment later, so that it is known to hold the list.
        work.store.checkpoint(&signer, Clock::System.now().plus(std::time::Duration::from_millis(1))).await?;
    }
    println!(
        "{}: {} {}, root {}",
        month.title(),
        plural(population.members().len(), "change"),
        if is_new { "fixed now" } else { "were fixed before" },
        population.root()
    );
    eprintln!(
        "The root is in the audit trail. Now somebody else rolls dice: cm-bot inspection draw {month} --entropy …"
    );
    Ok(Exit::Done)
}

async fn draw(work: &Work, arguments: &Draw) -> anyhow::Result<Exit> {
    let Inspection { population, draws, .. } = work.inspection().await?;
    if !draws.is_empty() && arguments.again.is_none() {
        bail!("{} was drawn already; `--again REASON` draws once more, and both stay on record", work.month.title());
    }
    ensure!(!arguments.entropy.trim().is_empty(), "--entropy says nothing: anybody could have known it");
    let by = work.person(&arguments.by)?.name;
    work.is_published().await?;
    if draws.is_empty() {
        work.is_left_to_dice().await?;
    }
    let size = arguments.size.unwrap_or(work.settings.inspection.size);
    let draw = population.draw(&arguments.entropy, size);
    let recorded = RecordedDraw {
        number: draws.last().map_or(1, |last| last.number + 1),
        entropy: arguments.entropy.clone(),
        brought_by: by,
        reason: arguments.again.clone(),
        size,
        tickets: draw.drawn.iter().map(|one| one.ticket.clone()).collect(),
    };
    let stored = work.store.record_draw((work.month, &recorded), (&draw, None), Clock::System.now()).await?;
    ensure!(stored, "somebody else drew at the same time; `cm-bot inspection show {}`", work.month);
    println!("{}", drawn_line(&population, &recorded));
    for one in &draw.drawn {
        println!("  {}  {}", one.rank.get(..16).unwrap_or(&one.rank), one.ticket);
    }
    for member in population.always() {
        println!("  {:16}  {}", "always", reasons(member));
    }
    Ok(Exit::Done)
}

fn drawn_line(population: &Population, draw: &RecordedDraw) -> String {
    let left_to_chance = population.members().filter(|member| member.may_be_drawn()).count();
    let always = population.always().count();
    format!(
        "{}: draw {} by {}, {} of {left_to_chance} drawn at random, and {always} that {} inspected anyway",
        population.month().title(),
        draw.number,
        draw.brought_by,
        draw.tickets.len(),
        if always == 1 { "is" } else { "are" },
    )
}

fn reasons(member: &Member) -> String {
    let reasons: Vec<&str> = member.strata.iter().map(|stratum: &Stratum| stratum.title()).collect();
    format!("{} ({})", member.ticket, reasons.join(", "))
}

async fn verify(work: &Work) -> anyhow::Result<Exit> {
    let Inspection { population, draws, .. } = work.inspection().await?;
    for recorded in &draws {
        let again = population.draw(&recorded.entropy, recorded.size);
        let tickets: Vec<TicketKey> = again.drawn.into_iter().map(|one| one.ticket).collect();
        if tickets != recorded.tickets {
            println!("bad: draw {} of {} comes out otherwise", recorded.number, work.month.title());
            return Ok(Exit::Failed);
        }
    }
    if let Some(why) = work.against_trail(&draws).await? {
        println!("bad: {why}");
        return Ok(Exit::Failed);
    }
    println!(
        "ok: {}, {}, root {}, {} made again",
        work.month.title(),
        plural(population.members().len(), "change"),
        population.root(),
        plural(draws.len(), "draw")
    );
    Ok(Exit::Done)
}

/// The entry that tells of a draw of the month, if this is one.
fn drawn_in(month: Month, body: &str) -> Option<Value> {
    let entry: Value = body.contains("inspection_drawn").then(|| serde_json::from_str(body).ok())??;
    (entry["event"] == "inspection_drawn" && entry["month"] == month.to_string()).then_some(entry)
}

fn is_as_told(draw: &RecordedDraw, entry: &Value) -> bool {
    let RecordedDraw { number, entropy, brought_by, reason, size, tickets } = draw;
    let is_same = |key: &str, value: Value| entry[key] == value;
    is_same("draw", json!(number))
        && is_same("entropy", json!(entropy))
        && is_same("brought_by", json!(brought_by))
        && is_same("reason", json!(reason))
        && is_same("size", json!(size))
        && is_same("tickets", json!(tickets))
}

async fn show(work: &Work) -> anyhow::Result<Exit> {
    let inspection = work.inspection().await?;
    let line = |name: String, ticket: &TicketKey| match inspection.result_of(ticket) {
        Some(result) => println!("  {name}: {} ({}), {}", result.result, result.inspector, result.note),
        None => println!("  {name}: to inspect"),
    };
    for draw in &inspection.draws {
        println!("{}", drawn_line(&inspection.population, draw));
        draw.tickets.iter().for_each(|ticket| line(ticket.to_string(), ticket));
    }
    inspection.population.always().for_each(|member| line(reasons(member), &member.ticket));
    let (inspected, deviating) = inspection.counted();
    println!("{}", statement(inspected, deviating));
    Ok(Exit::Done)
}

async fn record(work: &Work, arguments: &Record) -> anyhow::Result<Exit> {
    let inspection = work.inspection().await?;
    let ticket = TicketKey::parse(&arguments.ticket)?;
    let is_wanted = inspection.wanted().contains(&&ticket);
    ensure!(is_wanted, "{ticket} is not among what is inspected of {}", work.month.title());
    ensure!(!arguments.note.trim().is_empty(), "--note says nothing: what was looked at?");
    let inspector = work.person(&arguments.by)?;
    work.is_inspector(&inspector.name, &ticket).await?;
    let result = InspectionResult {
        ticket,
        result: arguments.result.clone(),
        note: arguments.note.clone(),
        inspector: inspector.name,
        at: Clock::System.now(),
    };
    work.store.record_result(work.month, &result).await?;
    println!("{}: {}, recorded by {}", result.ticket, result.result, result.inspector);
    Ok(Exit::Done)
}
