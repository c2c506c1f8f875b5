//! The calls of a durable run: what was recorded is not called again, and what is called is recorded.
//!
//! What most calls never come to is boxed: the room for it would be made and copied for each call.

mod driving;
mod turns;
mod undo;
mod waits;

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;

use orch_core::error::{ErrorKind, NodeError};
use orch_core::plan::Checkpoint;
use orch_core::run::RunId;
use orch_core::schedule::Stop;

use super::call::{self, Failed};
use super::frame::{Frame, Role};
use super::record::{Errors, Left, Phase, Record};
use super::strand::{Called, cancelled, node_error, survives};
use super::under_way::{Calling, Doing};
use super::undo::Doubtful;
use super::{attempts, wait};
use crate::artifact::{self, ArtifactErrorKind, Blob, NotKept, recording};
use crate::ctx::Cx;
use crate::observe::Queued;
use crate::orchestrator::inbox;
use crate::program::{NodeCode, Workflow};
use crate::store::{EntryKind, Json};
use crate::veil::Veiled;

pub(crate) use self::driving::{Ended, execute_durable};
pub(crate) use self::undo::{undo, undoing_is_decided};
pub(crate) use self::waits::{Decision, decision_about, decision_event, signal, sleep};

/// A node's call, or what stands for it.
type Pending = Pin<Box<dyn Future<Output = Called> + Send>>;

/// A node's call that is recorded.
pub(crate) enum Journaled {
    /// It is over.
    Over(Called),
    /// It is over when this is.
    Pending(Pending),
}

/// Begins a node's call, unless it was recorded how it ended.
pub(crate) fn begin(
    record: &Record,
    frame: &Arc<Frame>,
    node: usize,
    queued: Option<Box<Queued>>,
) -> Journaled {
    recall(record, frame, node).unwrap_or_else(|| {
        let performed = perform(Arc::clone(frame), node, queued);
        Journaled::Pending(Box::pin(performed))
    })
}

/// What was recorded of a node's call; `None` if it is to be made.
fn recall(record: &Record, frame: &Arc<Frame>, node: usize) -> Option<Journaled> {
    if !record.has_history() {
        return None;
    }
    let instance = record.instance(frame, node);
    let known = record.known(&instance)?;
    if !record.fits(frame, known) {
        return Some(parked(
            frame,
            format!(
                "what was recorded of `{instance}` is about another item than the one that is there now: the order or the content of what the `for` runs over has changed"
            ),
        ));
    }
    undo::remember(record, frame, node, known);
    Some(match &known.end {
        None => return None,
        Some((EntryKind::Failed, json)) => {
            let error = record.decode_error(frame, node, json.as_deref().unwrap_or("{}"));
            failed(frame, known.seq, error)
        }
        Some((EntryKind::Received, json)) => {
            let NodeCode::Signal(place) = frame.layout.code.nodes[node] else {
                return Some(Journaled::Over(Ok(())));
            };
            let cx = Cx::new(frame, node);
            let placed = frame.run().restoring(|| place(&cx, json.as_deref()));
            unless_misfit(frame, &instance, placed)
        }
        Some((EntryKind::Done, Some(json))) => {
            let checkpoint = frame.layout.nodes[node].checkpoint();
            let read = |(json, seq): &(Json, i64)| (serde_json::from_str(json), *seq);
            let decision = known.decision.as_ref().map(read);
            let json = match (checkpoint, decision) {
                _ if record.has_inside(&instance) => return None,
                (None, _) => json.clone(),
                // It still waits for its decision, or what was decided cannot be read.
                (Some(_), None | Some((Err(_), _))) => return None,
                (Some(_), Some((Ok(decision), seq))) => {
                    match waits::decided(frame, node, &decision, json.clone()) {
                        Ok(json) => json,
                        Err(error) => return Some(failed(frame, seq, error)),
                    }
                }
            };
            let restored = waits::restored(frame, node, 0, &json);
            unless_misfit(frame, &instance, restored)
        }
        // A wait that is over, or a node that was skipped: its value is absent.
        Some(_) => Journaled::Over(Ok(())),
    })
}

/// A failure, which is taken in when its turn comes: that of the entry of this number.
fn failed(frame: &Arc<Frame>, seq: i64, error: NodeError) -> Journaled {
    let run = Arc::clone(frame.run());
    Journaled::Pending(Box::pin(async move {
        if let Some(record) = &run.journal {
            record.failure_is_due(seq).await;
        }
        Err(error)
    }))
}

fn unless_misfit(
    frame: &Arc<Frame>,
    instance: &str,
    restored: crate::program::Restored,
) -> Journaled {
    match restored {
        Ok(()) => Journaled::Over(Ok(())),
        Err(error) => parked(
            frame,
            format!("what was recorded of `{instance}` no longer fits its type: {error}"),
        ),
    }
}

fn parked(frame: &Arc<Frame>, reason: String) -> Journaled {
    let run = Arc::clone(frame.run());
    Journaled::Pending(Box::pin(async move {
        if let Some(record) = &run.journal {
            record.park(reason).await;
        }
        Ok(())
    }))
}

/// What is recorded of a durable run inside a node of a durable run: it is kept along with that one's.
pub(crate) fn child<W: Workflow>(cx: &Cx, id: &RunId) -> Option<Veiled<Record>> {
    let frame = cx.ctx().frame();
    let record = frame.run().journal.as_ref()?;
    let around = frame.run().id().as_str().len() + "/".len();
    let id = id.as_str().get(around..).unwrap_or_default();
    let at = (&**frame, cx.ctx().node_index());
    let call = (cx.turn(), cx.tier(), cx.ctx().attempt());
    W::SPEC
        .durable
        .then(|| Veiled::new(record.inside(at, id, call, Errors::of::<W>())))
}

/// A node's call, recorded.
async fn perform(frame: Arc<Frame>, node: usize, queued: Option<Box<Queued>>) -> Called {
    let run = Arc::clone(frame.run());
    let Some(record) = &run.journal else {
        return Box::pin(called(frame, node, queued, None)).await;
    };
    if record.has_history() || record.phase() != Phase::Going {
        Box::pin(let_through(record, &frame, node)).await?;
    } else {
        unless_over(record, &frame, node, false)?;
    }
    match frame.layout.code.nodes[node] {
        NodeCode::Signal(_) => {
            let signal = wait::signal(&frame, node);
            Box::pin(waited(signal, &frame, node, queued)).await
        }
        NodeCode::Sleep(_) => {
            let sleep = wait::sleep(&frame, node);
            Box::pin(waited(sleep, &frame, node, queued)).await
        }
        NodeCode::Recorded(..) if !frame.layout.nodes[node].keeps_its_own() => {
            recorded(record, &frame, node, queued).await
        }
        _ if frame.layout.nodes[node].keeps_its_own() => {
            Box::pin(called(frame, node, queued, None)).await
        }
        _ => {
            let instance = record.instance(&frame, node);
            let calling = record.under_way.begin(&instance, false);
            Box::pin(called(frame, node, queued, Some(&calling))).await
        }
    }
}

/// Waits until a node may be called of a run that has a history, or begins nothing for now.
async fn let_through(record: &Record, frame: &Arc<Frame>, node: usize) -> Called {
    // The call may be dropped while it waits here.
    let mut before = Doubtful::before(record, frame, node);
    let may_have_begun = record.phase() == Phase::Retracing;
    // What a workflow inside did is gone over as well.
    let is_gone_into = may_have_begun && record.has_inside(&record.instance(frame, node));
    if record.phase() != Phase::Going && !is_gone_into {
        record.pass().await;
    }
    unless_over(record, frame, node, is_gone_into)?;
    if may_have_begun {
        attempts::note_first(record, frame, node).await;
    }
    // What is called next sees to it.
    before.is_over();
    Ok(())
}

/// Whether it is not too late to call a node.
fn unless_over(record: &Record, frame: &Arc<Frame>, node: usize, is_gone_into: bool) -> Called {
    if record.had_ended(frame, node) && !is_gone_into {
        return Err(cancelled(frame, node));
    }
    match frame.run().stop() {
        Some(stop) if !survives(frame, node, stop) => Err(cancelled(frame, node)),
        _ => Ok(()),
    }
}

/// Records which arm was taken or how many items there are; `false` if something else was recorded, which parks the run.
pub(crate) fn agrees(record: &Record, frame: &Arc<Frame>, node: usize, taken: String) -> bool {
    let instance = record.instance(frame, node);
    match record.known(&instance).and_then(|known| known.arm.as_ref()) {
        None => {
            // What follows is kept after it.
            let entry = record.entry(frame, instance, EntryKind::Arm, Some(taken));
            record.note(entry);
            true
        }
        Some(recorded) if *recorded == taken => true,
        Some(recorded) => {
            record.leave(Left::Parked(format!(
                "the head of `{instance}` gives {taken} now, and {recorded} was recorded: what it reads is not what it was, or it is not pure"
            )));
            false
        }
    }
}

/// A node's call that is not recorded itself.
async fn called(
    frame: Arc<Frame>,
    node: usize,
    queued: Option<Box<Queued>>,
    calling: Option<&Calling<'_>>,
) -> Called {
    let performed = call::perform(&frame, node, queued, calling).await;
    match performed {
        Ok(_) => Ok(()),
        Err(failed) => {
            pause_if_asked(&frame, node, &failed).await?;
            Err(failed.error)
        }
    }
}

/// Pauses a durable run where what a node failed with says so; whoever is here then goes on only if the run is stopped
/// instead.
async fn pause_if_asked(frame: &Arc<Frame>, node: usize, failed: &Failed) -> Called {
    let run = frame.run();
    let Some(record) = run.journal.as_ref().filter(|_| failed.pauses()) else {
        return Ok(());
    };
    attempts::begin_anew(record, frame, node, failed).await;
    if let Some(observer) = &run.observer {
        observer.paused(run, &failed.error);
    }
    let (instance, error) = (record.instance(frame, node), failed.error.message());
    let reason =
        format!("`{instance}` wants somebody to see to it before it is tried again: {error}");
    let is_stopped = || run.stop() == Some(Stop::Cancelled);
    record.stumble(reason, is_stopped).await;
    Err(cancelled(frame, node))
}

/// A wait, which those who observe the run see begin.
async fn waited(
    wait: impl Future<Output = Called>,
    frame: &Arc<Frame>,
    node: usize,
    queued: Option<Box<Queued>>,
) -> Called {
    let observer = frame.run().observer.as_ref();
    // Its span closes at once, as nothing of the wait is inside.
    let _ =
        observer.map(|observer| observer.call_started(frame, node, queued.map(|queued| *queued)));
    wait.await
}

async fn recorded(
    record: &Record,
    frame: &Arc<Frame>,
    node: usize,
    queued: Option<Box<Queued>>,
) -> Called {
    let instance = record.instance(frame, node);
    let known = record.known(&instance).and_then(|known| known.end.as_ref());
    if let Some((EntryKind::Done, Some(json))) = known {
        if record.has_inside(&instance) {
            // What the workflow inside did may have to be undone; what it gave is recorded.
            drop(Box::pin(call::perform(frame, node, queued, None)).await);
        }
        return Box::pin(placed(record, frame, node, json)).await;
    }
    let calling = record.under_way.begin(&instance, false);
    // Apart, as neither of the two is then larger than what the system's allocator keeps at hand.
    let called = Box::pin(call::perform(frame, node, queued, Some(&calling))).await;
    if let Some(took) = calling.took() {
        let workflow = frame.run().program.spec.name;
        record.durability.watchdog.took(workflow, took);
    }
    calling.does(Doing::Kept);
    let (json, refers) = match called {
        Ok(done) => done.into_recorded(),
        Err(failed) => return Box::pin(failed_with(record, frame, node, failed)).await,
    };
    let is_to_be_placed = !refers.is_empty() || frame.layout.nodes[node].checkpoint().is_some();
    if !refers.is_empty()
        && let Err(error) = Box::pin(keep_referred(record, frame, node, refers)).await
    {
        return Box::pin(fails(record, frame, node, error, false)).await;
    }
    let json = json.unwrap_or_else(|| "null".to_owned());
    let held = is_to_be_placed.then(|| json.clone());
    let entry = record.entry(frame, instance, EntryKind::Done, Some(json));
    match held {
        None if ends_run(record, frame, node) => record.ride_along(entry),
        None if is_last(record, frame, node) => record.note(entry),
        _ => record.add(entry).await,
    }
    drop(calling);
    match held {
        Some(json) => Box::pin(placed(record, frame, node, &json)).await,
        None => Ok(()),
    }
}

/// What a recorded node's call failed with: it pauses the run or is recorded.
async fn failed_with(record: &Record, frame: &Arc<Frame>, node: usize, failed: Failed) -> Called {
    pause_if_asked(frame, node, &failed).await?;
    fails(record, frame, node, failed.error, failed.leaves_in_doubt).await
}

/// A recorded node fails.
async fn fails(
    record: &Record,
    frame: &Arc<Frame>,
    node: usize,
    error: NodeError,
    leaves_in_doubt: bool,
) -> Called {
    if error.kind() != ErrorKind::Cancelled {
        keep_failure(record, frame, node, &error, leaves_in_doubt).await;
    }
    Err(error)
}

/// Places a value as it was recorded, once it was decided about where that is asked for.
async fn placed(record: &Record, frame: &Arc<Frame>, node: usize, json: &str) -> Called {
    match frame.layout.nodes[node].checkpoint() {
        Some(checkpoint) => decided(record, frame, node, checkpoint, json.to_owned()).await,
        None => {
            placed_as_recorded(record, frame, node, json).await;
            Ok(())
        }
    }
}

/// Keeps what a node's value refers to, before the value is recorded.
async fn keep_referred(
    record: &Record,
    frame: &Arc<Frame>,
    node: usize,
    refers: Vec<Blob>,
) -> Called {
    if refers.is_empty() {
        return Ok(());
    }
    match artifact::keep(refers, &*record.durability, record.held.run).await {
        Ok(()) => Ok(()),
        Err(NotKept::Value(error)) => {
            let kind = match error.kind() {
                ArtifactErrorKind::TooLarge => ErrorKind::TooLarge,
                _ => ErrorKind::Failed,
            };
            Err(node_error(frame, node, kind, 0, error.to_string()))
        }
        Err(NotKept::Store(error)) => {
            record.leave(Left::Lost(error.to_string()));
            // Nobody may see what was not kept; the run is dropped.
            pending().await
        }
    }
}

/// Places a value as it was recorded.
async fn placed_as_recorded(record: &Record, frame: &Arc<Frame>, node: usize, json: &str) {
    if let Err(error) = waits::restored(frame, node, 0, json) {
        let instance = record.instance(frame, node);
        record
            .park(format!(
                "what `{instance}` gave does not come back from JSON: {error}"
            ))
            .await;
    }
}

/// Records what a node failed with, and tells somebody of it where that is asked for.
async fn keep_failure(
    record: &Record,
    frame: &Arc<Frame>,
    node: usize,
    error: &NodeError,
    leaves_in_doubt: bool,
) {
    let (run, instance) = (frame.run(), record.instance(frame, node));
    let notifies = frame.layout.nodes[node].notifies_human();
    let (json, refers) = recording(|| record.encode_failure(frame, node, error, leaves_in_doubt));
    // Without what it refers to, the error still says what it says.
    let _ = keep_referred(record, frame, node, refers).await;
    let mut entry = record.entry(frame, instance.clone(), EntryKind::Failed, None);
    if notifies {
        // Kept before the failure, which is not met again once it is recorded.
        let item = inbox::keep(&record.id, &instance, &json, entry.at);
        record.durability.journal.submit_and_forget(item);
    }
    entry.value = Some(json);
    record.add(entry).await;
    if let (true, Some(observer)) = (notifies, &run.observer) {
        observer.wants_attention(run, error);
    }
}

/// Whether nothing begins because of a node's end, so that nobody has to wait until that is kept: the run's own end is
/// kept after it, or along with it.
fn is_last(record: &Record, frame: &Frame, node: usize) -> bool {
    record.is_outermost()
        && matches!(frame.role, Role::Root(_))
        && frame.layout.wiring.is_last(node)
}

/// Whether the run's own end is what comes next, so that both are kept at once: all other nodes have ended, and nothing
/// is there to be undone.
fn ends_run(record: &Record, frame: &Frame, node: usize) -> bool {
    is_last(record, frame, node)
        && !frame.run().has_undos()
        && frame.state().schedule.is_down_to(node)
}

/// Waits for the decision about a value, and places what passes.
async fn decided(
    record: &Record,
    frame: &Arc<Frame>,
    node: usize,
    checkpoint: Checkpoint,
    json: Json,
) -> Called {
    let json = waits::decision(record, frame, node, checkpoint, json).await?;
    if let Err(error) = waits::restored(frame, node, 0, &json) {
        let instance = record.instance(frame, node);
        record
            .park(format!(
                "the value that `{instance}` was approved with does not fit its type: {error}"
            ))
            .await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The size of what a function of a call's arguments gives.
    fn size_of_given<F>(_: impl Fn(Arc<Frame>, usize, Option<Box<Queued>>) -> F) -> usize {
        size_of::<F>()
    }

    /// As of a call itself.
    #[test]
    fn a_recorded_call_has_no_room_for_what_happens_seldom() {
        let size = size_of_given(perform);
        assert!(size <= 1024, "{size} bytes");
    }
}
