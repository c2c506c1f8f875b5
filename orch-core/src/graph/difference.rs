//! What differs between two graphs.

#[cfg(doc)]
use super::Fingerprint;

/// The lines of two [texts](Fingerprint::text) that differ: those of the first with a minus before them, and those of
/// the second with a plus.
///
/// ```
/// # use orch_core::graph::difference;
/// assert_eq!(difference("a\nb\nc", "a\nx\nc"), "- b\n+ x");
/// ```
#[must_use]
pub fn difference(kept: &str, new: &str) -> String {
    let (kept, new): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), new.lines().collect());
    let same = kept.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let behind = kept[same..].iter().rev().zip(new[same..].iter().rev());
    let end = behind.take_while(|(a, b)| a == b).count();
    let removed = kept[same..kept.len() - end]
        .iter()
        .map(|line| format!("- {line}"));
    let added = new[same..new.len() - end]
        .iter()
        .map(|line| format!("+ {line}"));
    removed.chain(added).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn what_differs_is_shown_without_what_does_not() {
        assert_eq!(
            difference("a\nb\nc\nd", "a\nx\nc2\nd"),
            "- b\n- c\n+ x\n+ c2"
        );
        assert_eq!(difference("a\nb", "a\nb\nc"), "+ c");
        assert_eq!(difference("a", "a"), "");
    }
}
