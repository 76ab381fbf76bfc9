//! The port calls, and what may happen to each.

use crate::choice::Verb;

/// What a call touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// It reads the database.
    Read,
    /// It changes the database.
    Write,
    /// It takes, uses or frees the run lock.
    Lock,
    /// It asks the ledger.
    Ask,
    /// It sends an invoice to the ledger.
    Send,
    /// It waits for the ledger's answer to an invoice.
    Answer,
    /// It waits for time to pass.
    Sleep,
}

macro_rules! ops {
    ($($name:ident = $text:literal: $kind:ident $point:literal,)+) => {
        /// A port call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is the call of its name")]
        pub enum Op { $($name,)+ }

        impl Op {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            pub(crate) fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)+ }
            }

            /// Whether others may come in between, unless every call is to be a choice point.
            pub(crate) fn is_point(self) -> bool {
                match self { $(Self::$name => $point,)+ }
            }
        }
    };
}

ops! {
    Acquire = "acquire": Lock true,
    LockState = "lock state": Lock false,
    RaiseEpoch = "raise epoch": Lock true,
    Prove = "prove lock": Lock false,
    Release = "release": Lock true,
    Installation = "installation": Read false,
    FilesWithWork = "files with work": Read true,
    Page = "page": Read true,
    Life = "life": Read true,
    Apply = "apply": Write true,
    Claim = "claim": Write true,
    ReadBack = "read back": Read true,
    Settle = "settle": Write true,
    Sweep = "sweep": Write true,
    OpenClaims = "open claims": Read true,
    Doubtful = "doubtful": Read true,
    Due = "due": Read true,
    Dossier = "dossier": Read true,
    Owners = "owners": Read false,
    Probe = "probe": Read false,
    RecordMiss = "record miss": Write true,
    StartRun = "start run": Write false,
    Progress = "progress": Write false,
    FinishRun = "finish run": Write false,
    Runs = "runs": Read false,
    Settings = "settings": Read false,
    Whereabouts = "whereabouts": Read false,
    Registry = "registry": Write false,
    RaiseAlarm = "raise alarm": Write true,
    Import = "import": Write true,
    Prepare = "prepare": Ask false,
    Check = "check": Ask false,
    Search = "search": Ask true,
    Document = "document": Ask true,
    Reach = "reach": Ask false,
    LookAtClock = "look at the clock": Ask true,
    Post = "POST": Send true,
    Answer = "answer": Answer true,
    Sleep = "sleep": Sleep true,
}

impl Op {
    /// The call of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|op| op.as_str() == name)
    }

    /// What may go wrong with the call itself.
    pub(crate) fn faults(self) -> &'static [Verb] {
        match self.kind() {
            Kind::Write | Kind::Lock => &[Verb::Unsent, Verb::Lost, Verb::Panic],
            Kind::Read | Kind::Ask => &[Verb::Unsent, Verb::Panic],
            Kind::Send => &[Verb::Unsent, Verb::Limit, Verb::Panic],
            Kind::Answer => &[Verb::Panic],
            Kind::Sleep => &[],
        }
    }

    /// Whether it may go on in the server after its client has died.
    pub fn outlives_its_client(self) -> bool {
        self.kind() == Kind::Write
    }
}
