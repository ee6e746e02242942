use crate::state::State;

/// What an alarm does when its state changes (`AlarmActions`, `OKActions`, `InsufficientDataActions`), of
/// whatever stands for an action, such as an ARN.
///
/// "Alarms invoke actions for sustained state changes only" ("Using Amazon `CloudWatch` alarms"): while
/// the state stays, nothing is sent, however much happens. EC2 Auto Scaling actions, which AWS repeats
/// each minute, are not repeated here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actions<T> {
    /// `ActionsEnabled`: without it, none of them is taken.
    pub enabled: bool,
    /// On the way to `ALARM`.
    pub alarm: Vec<T>,
    /// On the way to `OK`.
    pub ok: Vec<T>,
    /// On the way to `INSUFFICIENT_DATA`.
    pub insufficient_data: Vec<T>,
}

impl<T> Default for Actions<T> {
    fn default() -> Self {
        Self {
            enabled: true,
            alarm: Vec::new(),
            ok: Vec::new(),
            insufficient_data: Vec::new(),
        }
    }
}

impl<T> Actions<T> {
    /// What is done when the state becomes another one; nothing where it stays the same.
    #[must_use]
    pub fn on(&self, from: State, to: State) -> &[T] {
        if from == to { &[] } else { self.of(to) }
    }

    /// What is done when a state has been reached.
    #[must_use]
    pub fn of(&self, state: State) -> &[T] {
        match state {
            _ if !self.enabled => &[],
            State::Alarm => &self.alarm,
            State::Ok => &self.ok,
            State::InsufficientData => &self.insufficient_data,
        }
    }
}
