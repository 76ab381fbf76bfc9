//! What is set in each run.

/// One run.
#[derive(Default)]
pub(super) struct Case {
    /// The switch; none for the default.
    pub(super) name: &'static str,
    pub(super) value: &'static str,
    /// Switches that have to be set besides, so that it shows.
    with: &'static [(&'static str, &'static str)],
}

const fn case(name: &'static str, value: &'static str) -> Case {
    Case { name, value, with: &[] }
}

const fn with(
    name: &'static str,
    value: &'static str,
    with: &'static [(&'static str, &'static str)],
) -> Case {
    Case { name, value, with }
}

const UNLISTED: (&str, &str) = ("files", "listed");

pub(super) const CASES: [Case; 59] = [
    case("duplicate_number", "reject"),
    case("duplicate_number", "warn"),
    case("number_padding", "pad8"),
    case("number_padding", "strip"),
    case("number_case", "fold"),
    // An hour: nothing of it shows in this run.
    case("visibility_ms", "3600000"),
    case("list_memo", "absent"),
    case("post_body", "always"),
    case("post_body", "never"),
    case("unknown_field", "everything"),
    case("quote_escape", "doubled"),
    case("quote_escape", "backslash"),
    case("memo_limit", "40"),
    case("comment_limit", "40"),
    case("description_limit", "4"),
    with("text_over", "cut", &[("comment_limit", "40")]),
    with("text_over", "cut", &[("memo_limit", "40")]),
    with("text_over", "cut", &[("description_limit", "4")]),
    case("price_decimals", "0"),
    case("price_decimals", "1"),
    case("price_decimals", "2"),
    case("price_decimals", "3"),
    case("price_decimals", "4"),
    case("price_decimals", "5"),
    case("rounding", "half_even"),
    case("rounding", "carry"),
    case("zero_total", "reject"),
    case("negative_total", "reject"),
    case("lock_period_before", "2026-03-02"),
    case("invalid_tax_type", "refuse"),
    case("expires_in", "text"),
    case("refresh_rotation", "grace"),
    case("refresh_rotation", "none"),
    with("grace_ms", "1", &[("refresh_rotation", "grace")]),
    case("access_life_s", "60"),
    case("access_life_s", "600"),
    case("refresh_life_s", "1"),
    case("scopes", "enforce"),
    case("keys", "old"),
    case("keys", "new"),
    case("business_id_on_redirect", "with_prompt"),
    case("business_id_on_redirect", "never"),
    case("consent", "denied"),
    case("files", "listed"),
    with("missing_file", "403", &[UNLISTED]),
    with("missing_file", "401", &[UNLISTED]),
    with("access_error_shape", "wrapped", &[UNLISTED, ("missing_file", "403")]),
    with("access_error_shape", "wrapped", &[("scopes", "enforce")]),
    case("daily_limit", "40"),
    with("rate_limit_status", "429", &[("daily_limit", "40")]),
    case("retry_after", "2"),
    with("retry_after", "2", &[("daily_limit", "40")]),
    case("encoding", "deflate"),
    case("encoding", "none"),
    with("number_padding", "pad8", &[("list_memo", "absent"), ("number_case", "fold")]),
    with("duplicate_number", "reject", &[("number_padding", "strip")]),
    with("post_body", "never", &[("list_memo", "absent")]),
    with("text_over", "cut", &[("memo_limit", "81")]),
    with("text_over", "cut", &[("memo_limit", "82")]),
];

impl Case {
    /// All that is set.
    pub(super) fn switches(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let own = (!self.name.is_empty()).then_some((self.name, self.value));
        own.into_iter().chain(self.with.iter().copied())
    }

    /// Its name in the document.
    pub(super) fn title(&self) -> String {
        let all: Vec<_> =
            self.switches().map(|(name, value)| format!("`{name}` = `{value}`")).collect();
        all.join(", with ")
    }
}
