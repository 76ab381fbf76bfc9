//! What a race is run in: who acts, on what, and what the world promises.

use std::fmt;

/// Whether the run lock keeps its promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockKind {
    /// It is held until it is released, dropped or its holder dies.
    Run,
    /// Every call takes it, whoever has it.
    Useless,
    /// It is held until time passes: a lease that nobody renews.
    Lease,
}

/// What the ledger's search makes of a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Filter {
    /// It finds what matches.
    #[default]
    Right,
    /// It finds nothing, whatever is there: a wrong field, a quote, a second page.
    Blind,
    /// It finds everything of the company file.
    Loose,
}

/// What an actor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The schedule's run.
    Cron,
    /// A person presses the button of the platform.
    SyncNow,
    /// A person presses the button of the ordering side.
    Ordering,
    /// A person wants every rejected invoice to be sent again.
    Reprocess,
    /// A message wants a run, and waits for the lock.
    Handler,
    /// The schedule's run, one quiet period later; the second of them, two periods later.
    LaterCron,
    /// A run over the company file `branch` only.
    Branch,
    /// Somebody asks the ledger about all that is in doubt.
    Check,
    /// A person says of each invoice that it is absent, from a page read a quiet period earlier.
    PersonAbsent,
    /// A person says of each invoice that it is the document of its number in the ledger.
    PersonPosted,
    /// A person gives up what is in doubt.
    PersonForgets,
    /// A person holds each invoice and takes the hold off again.
    PersonHolds,
    /// The platform changes what the invoices say.
    Import,
}

impl Role {
    /// All of them, with the words that plans use.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Cron, "cron"),
        (Self::SyncNow, "sync-now"),
        (Self::Ordering, "ordering"),
        (Self::Reprocess, "reprocess"),
        (Self::Handler, "handler"),
        (Self::LaterCron, "later-cron"),
        (Self::Branch, "branch"),
        (Self::Check, "check"),
        (Self::PersonAbsent, "person-absent"),
        (Self::PersonPosted, "person-posted"),
        (Self::PersonForgets, "person-forgets"),
        (Self::PersonHolds, "person-holds"),
        (Self::Import, "import"),
    ];
}

words! {
    LockKind: [(LockKind::Run, "run"), (LockKind::Useless, "useless"), (LockKind::Lease, "lease")];
    Filter: [(Filter::Right, "right"), (Filter::Blind, "blind"), (Filter::Loose, "loose")];
    Role: Role::ALL;
}

/// What a race is run in. `Display` writes it as the first line of a plan does.
#[expect(clippy::struct_excessive_bools, reason = "each is a key of a plan, yes or no")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Setting {
    /// The scenario that it comes from.
    pub scenario: String,
    /// The run lock.
    pub lock: LockKind,
    /// Invoices that are ready, from 0 to 9.
    pub invoices: u32,
    /// Invoices that the ledger has rejected before, besides.
    pub rejected: u32,
    /// Company files that the invoices are spread over, 1 or 2: `shop` and `branch`.
    pub files: u32,
    /// Who acts.
    pub actors: Vec<Role>,
    /// Faults that a search may use at most.
    pub faults: u32,
    /// Whether every invoice is looked up before its first claim.
    pub lookup_always: bool,
    /// Whether what is confirmed absent is sent again by policy.
    pub repost_absent: bool,
    /// Whether a request may stay in the air for longer than the ledger's longest call.
    pub late_unbounded: bool,
    /// What searches of the ledger find.
    pub filter: Filter,
    /// Whether another installation has posted the first invoice before.
    pub stranger: bool,
    /// Whether the last look at the clock and the wire are two steps.
    pub two_steps: bool,
    /// Whether every port call is a choice point, even those that touch nothing shared.
    pub all_points: bool,
    /// Invoices at once on their way.
    pub concurrency: u32,
    /// Invoices that a run reads at once.
    pub page: u32,
    /// A bug that the factory puts in, by its name.
    pub mutant: Option<String>,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            scenario: "posting".to_owned(),
            lock: LockKind::Run,
            invoices: 1,
            rejected: 0,
            files: 1,
            actors: vec![Role::Cron, Role::SyncNow],
            faults: 2,
            lookup_always: false,
            repost_absent: false,
            late_unbounded: false,
            filter: Filter::Right,
            stranger: false,
            two_steps: false,
            all_points: false,
            concurrency: 1,
            page: 2,
            mutant: None,
        }
    }
}

impl Setting {
    /// The name of an actor: its role, with a number from the second of its kind on.
    pub fn actor_name(&self, actor: usize) -> String {
        let Some(role) = self.actors.get(actor) else { return "nobody".to_owned() };
        let before = self.actors.iter().take(actor).filter(|other| *other == role).count();
        if before == 0 { role.to_string() } else { format!("{role}-{}", before + 1) }
    }

    /// The actor of a name.
    pub fn actor_of(&self, name: &str) -> Option<usize> {
        (0..self.actors.len()).find(|actor| self.actor_name(*actor) == name)
    }

    /// Sets one `key=value`; an error says what may stand there.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let number = |most: u32| match value.parse::<u32>() {
            Ok(number) if number <= most => Ok(number),
            _ => Err(format!("`{key}` is a number from 0 to {most}, not `{value}`")),
        };
        let yes = || match value {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(format!("`{key}` is yes or no, not `{value}`")),
        };
        match key {
            "lock" => self.lock = word(key, value)?,
            "invoices" => self.invoices = number(9)?,
            "rejected" => self.rejected = number(9)?,
            "files" => self.files = number(2)?.max(1),
            "actors" => {
                let names = value.split(',').filter(|name| !name.is_empty());
                self.actors = names.map(|name| word(key, name)).collect::<Result<_, _>>()?;
            }
            "faults" => self.faults = number(99)?,
            "lookup-always" => self.lookup_always = yes()?,
            "repost-absent" => self.repost_absent = yes()?,
            "late-unbounded" => self.late_unbounded = yes()?,
            "filter" => self.filter = word(key, value)?,
            "stranger" => self.stranger = yes()?,
            "two-steps" => self.two_steps = yes()?,
            "all-points" => self.all_points = yes()?,
            "concurrency" => self.concurrency = number(9)?.max(1),
            "page" => self.page = number(99)?.max(1),
            "mutant" => self.mutant = Some(value.to_owned()),
            _ => return Err(format!("there is no setting `{key}`; there are: {KEYS}")),
        }
        Ok(())
    }

    /// Every key with its value, as text.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let yes = |it: bool| if it { "yes" } else { "no" }.to_owned();
        let actors: Vec<String> = self.actors.iter().map(ToString::to_string).collect();
        let mut pairs = vec![
            ("lock", self.lock.to_string()),
            ("invoices", self.invoices.to_string()),
            ("actors", actors.join(",")),
            ("faults", self.faults.to_string()),
            ("rejected", self.rejected.to_string()),
            ("files", self.files.to_string()),
            ("lookup-always", yes(self.lookup_always)),
            ("repost-absent", yes(self.repost_absent)),
            ("late-unbounded", yes(self.late_unbounded)),
            ("filter", self.filter.to_string()),
            ("stranger", yes(self.stranger)),
            ("two-steps", yes(self.two_steps)),
            ("all-points", yes(self.all_points)),
            ("concurrency", self.concurrency.to_string()),
            ("page", self.page.to_string()),
        ];
        pairs.extend(self.mutant.iter().map(|name| ("mutant", name.clone())));
        pairs
    }
}

const KEYS: &str = "lock, invoices, actors, faults, rejected, files, lookup-always, repost-absent, \
                    late-unbounded, filter, stranger, two-steps, all-points, concurrency, page, mutant";

/// The first four keys always stand there; the others only where they differ from the default.
const ALWAYS: usize = 4;

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scenario)?;
        let plain = Self::default().pairs();
        for (place, pair) in self.pairs().iter().enumerate() {
            if place < ALWAYS || !plain.contains(pair) {
                write!(f, " {}={}", pair.0, pair.1)?;
            }
        }
        Ok(())
    }
}

/// Values that plans write as one word.
pub(crate) trait Word: Copy + PartialEq + 'static {
    const WORDS: &'static [(Self, &'static str)];
}

fn word<T: Word>(key: &str, value: &str) -> Result<T, String> {
    let known = T::WORDS.iter().find(|(_, word)| *word == value).map(|(it, _)| *it);
    known.ok_or_else(|| {
        let words: Vec<&str> = T::WORDS.iter().map(|(_, word)| *word).collect();
        format!("`{key}` cannot be `{value}`; it can be: {}", words.join(", "))
    })
}

/// `Word` and `Display` by a list of pairs.
macro_rules! words {
    ($($name:ident: $words:expr;)+) => { $(
        impl $crate::setting::Word for $name {
            const WORDS: &'static [(Self, &'static str)] = &$words;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let word = <Self as $crate::setting::Word>::WORDS.iter().find(|(it, _)| it == self);
                f.write_str(word.map_or("?", |(_, word)| word))
            }
        }
    )+ };
}
use words;
