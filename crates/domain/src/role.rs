//! Who may do what.

use std::fmt;
use std::str::FromStr;

/// What somebody may do; each may do what those before may, and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks at everything, and changes nothing.
    Viewer,
    /// Starts runs, and says what becomes of invoices and mappings.
    Operator,
    /// Decides who may come in, and which company files are connected and cut over.
    Admin,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// As people, programs and stores spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Whether whoever has this role may do what asks for `needed`.
    pub fn may(self, needed: Self) -> bool {
        self >= needed
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role; a role is viewer, operator or admin")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    fn each_role_may_what_those_before_may() {
        let allowed = |role: Role| Role::ALL.map(|needed| role.may(needed));
        assert_eq!(allowed(Role::Viewer), [true, false, false]);
        assert_eq!(allowed(Role::Operator), [true, true, false]);
        assert_eq!(allowed(Role::Admin), [true, true, true]);
    }

    #[test]
    fn a_role_is_read_as_it_is_written_and_nothing_else_is_one() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        for text in ["", "Admin", "root", "viewer "] {
            assert!(text.parse::<Role>().is_err(), "{text}");
        }
    }
}
