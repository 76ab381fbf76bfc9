//! A setting that is ready to be played, again and again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use crate::StorePorts;
use crate::cast::{self, Known, Play};
use crate::choice::{Verb, Verbs};
use crate::decider::Decider;
use crate::monitor;
use crate::player::{Played, Player};
use crate::setting::{LockKind, Setting};
use crate::sim::{Modes, Sim, StoreClock};
use crate::world::{Factory, World};

/// A setting in front of a factory's databases.
pub struct Stage<'a> {
    pub(crate) factory: &'a dyn Factory,
    pub(crate) sim: Sim,
    pub(crate) play: Arc<Play>,
    /// What the databases cannot do.
    cannot: Vec<Verb>,
    /// A prepared world to be copied, where worlds can be.
    template: Option<Box<dyn World>>,
    /// Ends of chaos from which everything has settled before.
    pub(crate) settled: Mutex<HashSet<u64>>,
}

impl std::fmt::Debug for Stage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("setting", &self.play.setting).finish_non_exhaustive()
    }
}

/// How one schedule is played.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What may go wrong, within the setting's budget.
    pub verbs: Verbs,
    /// Whether what happens is written down.
    pub record: bool,
    /// Whether everything calms down afterwards and must settle.
    pub calm: bool,
    /// Whether every state on the way is kept, for [`Coverage::count`].
    ///
    /// [`Coverage::count`]: crate::Coverage::count
    pub coverage: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { verbs: Verbs::ALL, record: false, calm: true, coverage: false }
    }
}

impl<'a> Stage<'a> {
    /// Prepares a setting. An error says what cannot be.
    pub fn new(factory: &'a dyn Factory, setting: Setting) -> Result<Self, String> {
        if let Some(name) = &setting.mutant
            && !factory.mutants().contains(&name.as_str())
        {
            let known = factory.mutants().join(", ");
            return Err(format!("there is no mutant `{name}`; there are: {known}"));
        }
        let sim = Sim::default();
        let (world, known, cannot) = prepared(factory, &sim, &setting)?;
        let template = world.fork();
        drop(world);
        let (play, settled) = (Arc::new(Play { setting, known }), Mutex::default());
        Ok(Self { factory, sim, play, cannot, template, settled })
    }

    /// The setting.
    pub fn setting(&self) -> &Setting {
        &self.play.setting
    }

    /// Whether the databases can have this happen to them.
    pub fn can(&self, verb: Verb) -> bool {
        !self.cannot.contains(&verb)
    }

    /// Whether states can be told apart, as pruning needs it: the factory's worlds have both
    /// [`World::fork`] and [`World::fingerprint`].
    pub fn has_keys(&self) -> bool {
        self.template.as_ref().is_some_and(|world| world.fingerprint().is_some())
    }

    /// Plays one schedule. An error is trouble with the databases, not a verdict.
    pub fn play(&self, decider: &mut dyn Decider, options: Options) -> Result<Played, String> {
        let setting = self.setting();
        self.sim.reset(Modes {
            filter: setting.filter,
            keys: decider.wants_keys(),
            record: options.record,
            all_points: setting.all_points,
            late_unbounded: setting.late_unbounded,
            two_steps: setting.two_steps,
            useless_lock: setting.lock == LockKind::Useless,
            lease: setting.lock == LockKind::Lease,
        });
        let (world, known) = if let Some(world) = self.template.as_ref().and_then(|it| it.fork()) {
            (world, self.play.known.clone())
        } else {
            let (world, known, _) = prepared(self.factory, &self.sim, setting)?;
            (world, known)
        };
        Ok(Player::new(self, world, known, options).play(decider))
    }
}

/// A world, its invoices, and what it cannot do.
type Prepared = (Box<dyn World>, Vec<Known>, Vec<Verb>);

/// A world with the setting's invoices.
fn prepared(factory: &dyn Factory, sim: &Sim, setting: &Setting) -> Result<Prepared, String> {
    let world = factory.world(Arc::new(StoreClock(sim.clone())))?;
    let ports: StorePorts = world.ports("preparation");
    let filled = monitor::ask(&*world, cast::prepare(ports, setting.clone()));
    let known = filled.ok_or("the database does not come to an end of its preparation")??;
    let mut cannot = Vec::new();
    if !world.backup() {
        cannot.extend([Verb::Restore, Verb::Elsewhere]);
    } else if !world.can_move() {
        cannot.push(Verb::Elsewhere);
    }
    Ok((world, known, cannot))
}
