//! Settling: telling schedules what happened, and carrying out what they answer.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use orch_core::error::{ErrorKind, NodeError};
use orch_core::plan::{NodeKind, ScopeSpec};
use orch_core::schedule::{Command, Event, Status, Stop};

use super::fan::{After, Fan};
use super::frame::{Frame, Opening, Parent, Role};
use super::strand::{Called, Job, Jobs, node_error, panic_message, survives};
use crate::ctx::Cx;
use crate::observe::Observer;
use crate::program::NodeCode;

/// A node has started.
pub(crate) fn started(frame: &Arc<Frame>, node: usize) {
    if let Some(observer) = &frame.run.observer {
        observer.node_started(frame, node);
    }
}

/// A node that had started has ended.
pub(crate) fn ended(frame: &Arc<Frame>, node: usize, result: Called, jobs: &mut Jobs) {
    let status = match result {
        Ok(()) => Status::Done,
        Err(error) => record(frame, node, error),
    };
    report(frame, node, status);
    apply(frame, Event::Ended(node, status), jobs);
}

/// Keeps what a node failed with, and lets the run know if nobody consumes it.
fn record(frame: &Arc<Frame>, node: usize, error: NodeError) -> Status {
    let cancelled = error.kind() == ErrorKind::Cancelled;
    frame.state().errors.push((node, error.clone()));
    if cancelled {
        return Status::Cancelled;
    }
    // A control form fails with what failed inside it, which the run knows already.
    let own = error.node() == &*frame.layout.nodes[node].path;
    if own && frame.is_fatal(node) {
        frame.run.fail(error);
    }
    Status::Failed
}

fn report(frame: &Arc<Frame>, node: usize, status: Status) {
    if let Some(observer) = &frame.run.observer {
        observer.node_ended(frame, node, status);
    }
}

/// Tells a schedule what happened, and carries out what it and those it concerns answer.
pub(crate) fn apply(frame: &Arc<Frame>, event: Event, jobs: &mut Jobs) {
    tell(frame, event, jobs);
    while let Some((frame, event)) = jobs.events.pop() {
        tell(&frame, event, jobs);
    }
}

fn tell(frame: &Arc<Frame>, event: Event, jobs: &mut Jobs) {
    let mut commands = std::mem::take(&mut jobs.commands);
    {
        let mut state = frame.state();
        let wiring = &frame.layout.wiring;
        if let Some(stop) = frame.run.stop()
            && !is_spared(frame, stop)
        {
            state.schedule.on(wiring, Event::Stop(stop), &mut commands);
        }
        state.schedule.on(wiring, event, &mut commands);
    }
    for command in commands.drain(..) {
        carry_out(frame, command, jobs);
    }
    jobs.commands = commands;
}

/// Whether a frame belongs to a node that goes on under a stop.
fn is_spared(frame: &Frame, stop: Stop) -> bool {
    frame
        .parent
        .as_ref()
        .is_some_and(|parent| survives(&parent.frame, parent.node, stop))
}

fn carry_out(frame: &Arc<Frame>, command: Command, jobs: &mut Jobs) {
    match command {
        Command::Start(node) => match frame.layout.code.nodes[node] {
            NodeCode::Call(_) => {
                let observer = frame.run.observer.as_ref();
                let queued = observer.map(Observer::node_queued);
                jobs.ready
                    .push_back(Job::Call(Arc::clone(frame), node, queued));
            }
            NodeCode::For { .. } | NodeCode::Branch { .. } => {
                jobs.ready.push_back(Job::Head(Arc::clone(frame), node));
            }
        },
        Command::StartArm(node, arm) => {
            let NodeCode::Branch { arms, .. } = frame.layout.code.nodes[node] else {
                return;
            };
            let layout = &frame.layout.nodes[node].bodies[arm];
            if let Some(observer) = &frame.run.observer {
                observer.expect_more(layout.nodes.len() as u64);
            }
            let body = (arms[arm].open)(Opening {
                run: Arc::clone(&frame.run),
                layout,
                parent: Some(Parent {
                    frame: Arc::clone(frame),
                    node,
                    role: Role::Arm(arm),
                }),
            });
            jobs.events.push((body, Event::Begin));
        }
        Command::Ended(node, status) => report(frame, node, status),
        Command::Finish => finish(frame, jobs),
    }
}

/// All nodes of a scope have ended.
fn finish(frame: &Arc<Frame>, jobs: &mut Jobs) {
    let Some(parent) = &frame.parent else {
        frame.run.finish();
        return;
    };
    match &parent.role {
        Role::Item { fan, idx } => {
            let result = verdict(frame).map(|()| Arc::clone(frame));
            let result = result.map_err(|errors| first(frame, errors));
            item_ended(fan, *idx, result, jobs);
        }
        Role::Arm(_) => match verdict(frame) {
            Ok(()) => jobs.ready.push_back(Job::Close(Arc::clone(frame))),
            Err(errors) => {
                let error = first(frame, errors);
                let status = record(&parent.frame, parent.node, error);
                report(&parent.frame, parent.node, status);
                jobs.events
                    .push((Arc::clone(&parent.frame), Event::Ended(parent.node, status)));
            }
        },
    }
}

fn item_ended(fan: &Arc<Fan>, idx: usize, result: Result<Arc<Frame>, NodeError>, jobs: &mut Jobs) {
    let stopping = fan
        .frame
        .run
        .stop()
        .is_some_and(|stop| !survives(&fan.frame, fan.node, stop));
    match fan.ended(idx, result, stopping) {
        After::Nothing => {}
        After::Queue => jobs.ready.push_back(Job::Fan(Arc::clone(fan))),
        After::Over => jobs.ready.push_back(Job::Collect(Arc::clone(fan))),
    }
}

/// Hands an arm's value to its branch.
pub(crate) fn close_arm(arm: &Arc<Frame>, jobs: &mut Jobs) {
    let Some(parent) = &arm.parent else { return };
    let (Role::Arm(idx), NodeCode::Branch { close, .. }) =
        (&parent.role, parent.frame.layout.code.nodes[parent.node])
    else {
        return;
    };
    let cx = Cx::new(arm, 0);
    let closed = catch_unwind(AssertUnwindSafe(|| close(&cx, *idx)));
    let result = closed.map_err(|panic| {
        let message = format!("its arm's value panicked: {}", panic_message(&*panic));
        node_error(&parent.frame, parent.node, ErrorKind::Panicked, 1, message)
    });
    ended(&parent.frame, parent.node, result, jobs);
}

/// Whether a scope whose nodes have all ended has a value: every failure consumed, and all its result reads done.
///
/// If not, what it failed with, the first one first.
pub(crate) fn verdict(frame: &Frame) -> Result<(), Vec<NodeError>> {
    let state = frame.state();
    let layout = frame.layout;
    let unconsumed = |(node, error): &&(usize, NodeError)| {
        !layout.nodes[*node].spec.handled && error.kind() != ErrorKind::Cancelled
    };
    let failed: Vec<_> = state.errors.iter().filter(unconsumed).collect();
    if !failed.is_empty() {
        return Err(failed.into_iter().map(|(_, error)| error.clone()).collect());
    }
    let missing = layout.code.spec.result.iter().copied().find(|&node| {
        let spec = layout.nodes[node].spec;
        !spec.optional && !spec.outcome && state.schedule.status(node) != Status::Done
    });
    let stopped = state
        .errors
        .iter()
        .find(|(node, _)| !layout.nodes[*node].spec.handled);
    if let (None, Some((_, error))) = (missing, stopped) {
        return Err(vec![error.clone()]);
    }
    let Some(missing) = missing else {
        return Ok(());
    };
    let causes = before(layout.code.spec, missing);
    let errors = state
        .errors
        .iter()
        .filter(|(node, _)| causes.contains(node));
    let errors: Vec<_> = errors.map(|(_, error)| error.clone()).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let status = state.schedule.status(missing);
    drop(state);
    let message = format!("it was {} and the result needs its value", status.as_str());
    Err(vec![node_error(
        frame,
        missing,
        ErrorKind::NoValue,
        0,
        message,
    )])
}

/// The error that a body or an arm hands on to the node it belongs to.
fn first(frame: &Frame, errors: Vec<NodeError>) -> NodeError {
    let first = errors.into_iter().next();
    first.unwrap_or_else(|| {
        let message = "it gave no value".to_owned();
        node_error(frame, 0, ErrorKind::NoValue, 0, message)
    })
}

/// A node and all that it waits for, directly or not.
fn before(scope: &ScopeSpec, node: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if !found.insert(node) {
            continue;
        }
        let spec = &scope.nodes[node];
        open.extend(spec.reads.iter().chain(spec.after));
        if let NodeKind::Branch { arms, .. } = spec.kind {
            open.extend(arms.iter().flat_map(|arm| arm.reads));
        }
    }
    found
}
