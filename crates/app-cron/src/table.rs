//! Tables for people.

use comfy_table::{Cell, CellAlignment, ColumnConstraint, Table, presets};
use jiff::Timestamp;

/// A table that grows row by row.
pub(crate) struct Rows {
    table: Table,
    is_empty: bool,
}

impl Rows {
    /// A table with these columns.
    pub(crate) fn new(columns: &[&str]) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(columns.iter().map(|name| name.to_uppercase()));
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        Self { table, is_empty: true }
    }

    /// Puts the numbers of these columns to the right.
    pub(crate) fn numbers(mut self, columns: &[usize]) -> Self {
        for column in columns {
            if let Some(column) = self.table.column_mut(*column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, cells: impl IntoIterator<Item = String>) {
        self.is_empty = false;
        self.table.add_row(cells.into_iter().map(|text| Cell::new(plain(&text))));
    }

    /// The table as text, or `nothing` if it has no row.
    pub(crate) fn text(&self, nothing: &str) -> String {
        if self.is_empty {
            return nothing.to_owned();
        }
        let text = self.table.to_string();
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }
}

/// Text from elsewhere on one line and without the power to move a terminal's cursor.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}

/// A time as people read it, in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;
