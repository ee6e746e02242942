//! What an answer may cost.

use std::cell::Cell;

/// Steps that are left: roughly, looks at one condition.
pub(super) struct Budget(Cell<usize>);

impl Budget {
    /// For one question: tens of milliseconds.
    pub(super) fn question() -> Self {
        Self(Cell::new(1_000_000))
    }

    /// For all questions about the clauses of one pattern.
    pub(super) fn pattern() -> Self {
        Self(Cell::new(3_000_000))
    }

    pub(super) fn spend(&self, cost: usize) {
        self.0.set(self.0.get().saturating_sub(cost));
    }

    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}
