//! What a durable workflow waits for that has to be kept while it does.

use super::{Callee, NodeKind, ScopeSpec, WorkflowSpec};

/// Something that a run waits for: for as long as people take, which is longer than a process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// A decision about a value.
    Checkpoint,
    /// A signal.
    Signal,
    /// A sleep.
    Sleep,
}

impl Wait {
    /// The word that a workflow or a step writes for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Checkpoint => "checkpoint_after",
            Self::Signal => "signal",
            Self::Sleep => "sleep",
        }
    }
}

impl ScopeSpec {
    /// The first thing that it waits for, or what is inside; other workflows say it of themselves.
    #[must_use]
    pub const fn waits(&self) -> Option<Wait> {
        let mut at = 0;
        while at < self.nodes.len() {
            let node = &self.nodes[at];
            if node.checkpoint.is_some() {
                return Some(Wait::Checkpoint);
            }
            let found = match &node.kind {
                NodeKind::Signal { .. } => Some(Wait::Signal),
                NodeKind::Sleep { .. } => Some(Wait::Sleep),
                NodeKind::Call(callees) if Callee::any_checkpoint(callees) => {
                    Some(Wait::Checkpoint)
                }
                NodeKind::Repeat { callee, .. } if Callee::any_checkpoint(&[*callee]) => {
                    Some(Wait::Checkpoint)
                }
                NodeKind::For { body, .. } => body.waits(),
                NodeKind::Branch { arms, .. } => {
                    let (mut arm, mut found) = (0, None);
                    while arm < arms.len() && found.is_none() {
                        found = arms[arm].body.waits();
                        arm += 1;
                    }
                    found
                }
                NodeKind::Call(_) | NodeKind::Repeat { .. } => None,
            };
            if found.is_some() {
                return found;
            }
            at += 1;
        }
        None
    }

    /// The workflows that its nodes run, those in bodies and arms among them.
    fn workflows(&self, each: &mut impl FnMut(&'static WorkflowSpec)) {
        let mut callees = |callees: &[Callee]| {
            for callee in callees {
                if let Callee::Workflow(spec) = callee {
                    each(spec());
                }
            }
        };
        for node in self.nodes {
            match &node.kind {
                NodeKind::Call(chain) => callees(chain),
                NodeKind::Repeat { callee, .. } => callees(&[*callee]),
                _ => {}
            }
        }
        for node in self.nodes {
            match &node.kind {
                NodeKind::For { body, .. } => body.workflows(each),
                NodeKind::Branch { arms, .. } => {
                    for arm in *arms {
                        arm.body.workflows(each);
                    }
                }
                _ => {}
            }
        }
    }
}

impl WorkflowSpec {
    /// A durable workflow among those inside, however deep, that waits for something and is not kept while it does, as
    /// a workflow around it is not durable.
    #[must_use]
    pub fn unkept_wait(&self) -> Option<(&'static Self, Wait)> {
        self.unkept(self.durable)
    }

    fn unkept(&self, kept: bool) -> Option<(&'static Self, Wait)> {
        let mut found = None;
        self.scope.workflows(&mut |inner| {
            if found.is_some() {
                return;
            }
            let own = inner.scope.waits().filter(|_| inner.durable && !kept);
            found = own
                .map(|wait| (inner, wait))
                .or_else(|| inner.unkept(kept && inner.durable));
        });
        found
    }
}

impl WorkflowSpec {
    /// A workflow among those inside a durable one, however deep, that undoes what it did and is not durable, so that
    /// nothing of it is on record.
    #[must_use]
    pub fn forgotten_undo(&self) -> Option<&'static Self> {
        let mut found = None;
        self.scope.workflows(&mut |inner| {
            if found.is_none() {
                let forgotten = self.durable && !inner.durable && inner.scope.undoes();
                found = forgotten
                    .then_some(inner)
                    .or_else(|| inner.forgotten_undo());
            }
        });
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ArmSpec, NodeSpec};
    use super::*;

    const SIGNAL: NodeSpec = NodeSpec::new(
        "answer",
        NodeKind::Signal {
            carries: "bool",
            timeout: None,
        },
    );
    const ASKING: ScopeSpec = ScopeSpec {
        nodes: &[SIGNAL],
        result: &[],
    };
    static ASKS: WorkflowSpec = WorkflowSpec {
        durable: true,
        ..WorkflowSpec::durable("Asks", &ASKING)
    };
    const CALLING: ScopeSpec = ScopeSpec {
        nodes: &[NodeSpec::new(
            "asked",
            NodeKind::Call(&[Callee::Workflow(|| &ASKS)]),
        )],
        result: &[],
    };
    static KEPT: WorkflowSpec = WorkflowSpec {
        durable: true,
        ..WorkflowSpec::durable("Kept", &CALLING)
    };
    static UNKEPT: WorkflowSpec = WorkflowSpec::durable("Unkept", &CALLING);
    const AROUND: ScopeSpec = ScopeSpec {
        nodes: &[NodeSpec::new(
            "inner",
            NodeKind::Call(&[Callee::Workflow(|| &KEPT)]),
        )],
        result: &[],
    };

    #[test]
    fn a_wait_is_found_in_bodies_and_arms() {
        const ARM: ArmSpec = ArmSpec {
            label: "_",
            reads: &[],
            body: &ASKING,
        };
        const BRANCH: ScopeSpec = ScopeSpec {
            nodes: &[NodeSpec::new(
                "branch",
                NodeKind::Branch {
                    arms: &[ARM],
                    partial: false,
                },
            )],
            result: &[],
        };
        const FOUND: Option<Wait> = BRANCH.waits();
        assert_eq!(FOUND, Some(Wait::Signal));
        assert_eq!(CALLING.waits(), None, "that is said of `Asks`");
    }

    #[test]
    fn what_is_kept_all_the_way_down_may_wait_and_what_is_not_may_not() {
        assert_eq!(KEPT.unkept_wait(), None);
        let found =
            |spec: &WorkflowSpec| spec.unkept_wait().map(|(inner, wait)| (inner.name, wait));
        assert_eq!(found(&UNKEPT), Some(("Asks", Wait::Signal)));
        let around = WorkflowSpec::durable("Around", &AROUND);
        assert_eq!(found(&around), Some(("Asks", Wait::Signal)));
    }
}
