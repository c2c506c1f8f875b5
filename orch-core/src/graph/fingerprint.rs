//! What identifies a graph's structure.

use std::fmt;

#[cfg(feature = "serde")]
use serde::{Serialize, Serializer};

use super::EdgeKind;
use super::scope::{links_into, names};
use crate::plan::{NodeKind, NodeSpec, ScopeSpec, WorkflowSpec};

/// A number that two graphs share if they have the same structure.
///
/// The structure is the names of workflow, nodes, steps and sub-workflows, what reads or waits for what,
/// the kinds and trigger rules, the order of arms and of fallbacks, which nodes the result reads,
/// and which nodes may be skipped or are computed again rather than recorded.
/// Policies, types, documentation, versions, owners and the text of arms are no part of it,
/// nor is the order in which nodes are declared.
///
/// It is the 128-bit FNV-1a hash of a text that depends on nothing else,
/// so that it is the same for every compiler, platform and build.
/// It guards against mistakes, not against an adversary.
///
/// The text begins with `orch-graph 1` and has one line for each item, indented by one space for each level:
///
/// ```text
/// orch-graph 1
/// workflow 8:Checkout
///  node 6:charge call all_success
///   step 11:charge-card
///   data 5:quote
///   order 5:stock
///  node 7:parcels for all_success
///   data 5:stock
///   body
///    node 4:pack call all_success
///     step 4:pack
///    result 4:pack
///  node 12:release-lock call all_success finally
///   step 12:release-lock
///  result 4:ship
/// ```
///
/// Names carry their length in bytes before them.
/// Nodes are sorted by name; so are, for each node, the lines `data`, `outcome` and `order`, in this order.
/// Kinds are `call`, `repeat`, `for`, `branch`, `signal` and `sleep`; after the rule may stand `finally`, `optional`,
/// for a branch of which no arm may be taken `partial`, `skippable` and `transient`.
/// A branch has one `arm` for each arm, in the order they are written, with what the arm alone names as `data`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// The fingerprint of the workflow's graph.
    #[must_use]
    pub fn of(spec: &WorkflowSpec) -> Self {
        Self(fnv1a(canonical(spec).as_bytes()))
    }

    /// The text that the fingerprint is the hash of.
    #[must_use]
    pub fn text(spec: &WorkflowSpec) -> String {
        canonical(spec)
    }

    /// The number itself.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

/// As 32 hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

#[cfg(feature = "serde")]
impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// FNV-1a with 128 bits (Fowler, Noll, Vo; RFC 9923).
const fn fnv1a(bytes: &[u8]) -> u128 {
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    let mut index = 0;
    while index < bytes.len() {
        hash ^= bytes[index] as u128;
        hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        index += 1;
    }
    hash
}

fn canonical(spec: &WorkflowSpec) -> String {
    let mut text = Text {
        text: String::from("orch-graph 1\n"),
        level: 0,
    };
    text.line(&["workflow", &sized(spec.name)]);
    text.inside(|text| text.scope(spec.scope));
    text.text
}

/// The canonical text while it is written.
struct Text {
    text: String,
    level: usize,
}

impl Text {
    fn line(&mut self, words: &[&str]) {
        self.text.extend(std::iter::repeat_n(' ', self.level));
        self.text.push_str(&words.join(" "));
        self.text.push('\n');
    }

    fn inside(&mut self, write: impl FnOnce(&mut Self)) {
        self.level += 1;
        write(self);
        self.level -= 1;
    }

    fn scope(&mut self, scope: &ScopeSpec) {
        let mut nodes: Vec<(usize, &NodeSpec)> = scope.nodes.iter().enumerate().collect();
        nodes.sort_unstable_by_key(|&(index, node)| (node.name, index));
        for (index, node) in nodes {
            self.node(scope, index, node);
        }
        self.names("result", names(scope, scope.result.iter().copied()));
    }

    fn node(&mut self, scope: &ScopeSpec, index: usize, node: &NodeSpec) {
        let kind = match node.kind {
            NodeKind::Call(_) => "call",
            NodeKind::Repeat { .. } => "repeat",
            NodeKind::For { .. } => "for",
            NodeKind::Branch { .. } => "branch",
            NodeKind::Signal { .. } => "signal",
            NodeKind::Sleep { .. } => "sleep",
        };
        let name = sized(node.name);
        let mut words = vec!["node", name.as_str(), kind, node.rule.as_str()];
        let partial = matches!(node.kind, NodeKind::Branch { partial: true, .. });
        let marks = [
            (node.finally, "finally"),
            (node.optional, "optional"),
            (partial, "partial"),
            (!node.allow_skip.is_empty(), "skippable"),
            (node.transient, "transient"),
        ];
        words.extend(
            marks
                .into_iter()
                .filter(|(holds, _)| *holds)
                .map(|(_, word)| word),
        );
        self.line(&words);
        self.inside(|text| {
            text.callees(node);
            text.edges(scope, index, node);
            text.inner(scope, node);
        });
    }

    fn callees(&mut self, node: &NodeSpec) {
        let repeated;
        let callees = match node.kind {
            NodeKind::Call(chain) => chain,
            NodeKind::Repeat { callee, .. } => {
                repeated = [callee];
                &repeated
            }
            NodeKind::For { .. }
            | NodeKind::Branch { .. }
            | NodeKind::Signal { .. }
            | NodeKind::Sleep { .. } => &[],
        };
        for callee in callees {
            let kind = if callee.is_workflow() {
                "workflow"
            } else {
                "step"
            };
            self.line(&[kind, &sized(callee.name())]);
        }
    }

    fn edges(&mut self, scope: &ScopeSpec, index: usize, node: &NodeSpec) {
        let links = links_into(node, index);
        for kind in [EdgeKind::Data, EdgeKind::Outcome, EdgeKind::Order] {
            let before = links
                .iter()
                .filter(|link| link.kind == kind)
                .map(|link| link.from);
            self.names(kind.as_str(), names(scope, before));
        }
    }

    fn inner(&mut self, scope: &ScopeSpec, node: &NodeSpec) {
        match node.kind {
            NodeKind::Call(_)
            | NodeKind::Repeat { .. }
            | NodeKind::Signal { .. }
            | NodeKind::Sleep { .. } => {}
            NodeKind::For { body, .. } => {
                self.line(&["body"]);
                self.inside(|text| text.scope(body));
            }
            NodeKind::Branch { arms, .. } => {
                for arm in arms {
                    self.line(&["arm"]);
                    self.inside(|text| {
                        text.names("data", names(scope, arm.reads.iter().copied()));
                        text.scope(arm.body);
                    });
                }
            }
        }
    }

    fn names(&mut self, word: &str, mut names: Vec<&str>) {
        names.sort_unstable();
        for name in names {
            self.line(&[word, &sized(name)]);
        }
    }
}

/// A name with its length before it, so that no name can be taken for something else.
fn sized(name: &str) -> String {
    format!("{}:{name}", name.len())
}

#[cfg(test)]
mod tests {
    use super::super::tests::specs::CHECKOUT;
    use super::*;

    #[test]
    fn the_hash_is_fnv1a() {
        // From the reference implementation's test vectors.
        assert_eq!(fnv1a(b""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(fnv1a(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(fnv1a(b"foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn the_canonical_text_is_fixed() {
        assert_eq!(
            canonical(&CHECKOUT),
            include_str!("tests/checkout.canonical")
        );
        assert_eq!(
            Fingerprint::of(&CHECKOUT).to_string(),
            format!("{:032x}", fnv1a(include_bytes!("tests/checkout.canonical")))
        );
    }
}
