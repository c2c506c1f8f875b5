//! Settling: telling schedules what happened, and carrying out what they answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use orch_core::error::{ErrorKind, NodeError};
use orch_core::plan::{NodeKind, ScopeSpec};
use orch_core::schedule::{Command, Event, Schedule, Status, Stop};
use tokio::time::Instant;

use super::control;
use super::frame::{Frame, Opening, Role};
use super::jobs::{Job, Jobs};
use super::layout::ScopeLayout;
use super::run::Run;
use super::strand::{Called, node_error, survives};
use crate::panics::contain;
use crate::program::NodeCode;

/// A node has started.
pub(crate) fn started(frame: &Arc<Frame>, node: usize) {
    if let Some(observer) = &frame.run().observer {
        observer.node_started(frame, node);
    }
}

/// A node that had started has ended.
pub(crate) fn ended(frame: Arc<Frame>, node: usize, result: Called, jobs: &mut Jobs<'_>) {
    let status = match result {
        Ok(()) => Status::Done,
        Err(error) => record(&frame, node, error),
    };
    jobs.now = report(&frame, node, status);
    apply(frame, Event::Ended(node, status), jobs);
    jobs.now = None;
}

/// Like [`ended`], but gives the call that follows instead of making it a job, if that is all there is to do; `jobs.now` is
/// then still when the node ended.
#[inline]
pub(crate) fn ended_or_next(
    frame: Arc<Frame>,
    node: usize,
    result: Called,
    jobs: &mut Jobs<'_>,
) -> Option<(Arc<Frame>, usize)> {
    if result.is_err() {
        ended(frame, node, result, jobs);
        return None;
    }
    if jobs.run.observer.is_some() {
        jobs.now = report(&frame, node, Status::Done);
    }
    if frame.layout.is_one_call && matches!(frame.role, Role::Item { .. }) {
        return control::item_ended(frame, Ok(()), jobs);
    }
    decide(&frame, Event::Ended(node, Status::Done), jobs);
    let next = if jobs.ready.is_empty() {
        next_call(frame, jobs)
    } else {
        carry_out_all(frame, jobs);
        None
    };
    settle_events(jobs);
    next
}

/// Gives the call that a schedule answered with, the first of them where there are more, if nothing else is to be done;
/// otherwise carries out the answer.
#[inline]
pub(crate) fn next_call(frame: Arc<Frame>, jobs: &mut Jobs<'_>) -> Option<(Arc<Frame>, usize)> {
    if let [Command::Start(next)] = jobs.commands[..]
        && is_call(&frame, next)
    {
        jobs.commands.clear();
        return Some((frame, next));
    }
    next_of_many(frame, jobs)
}

fn is_call(frame: &Frame, node: usize) -> bool {
    matches!(frame.layout.code.nodes[node], NodeCode::Call(_))
}

#[inline(never)]
fn next_of_many(frame: Arc<Frame>, jobs: &mut Jobs<'_>) -> Option<(Arc<Frame>, usize)> {
    if let [Command::Finish] = jobs.commands[..] {
        jobs.commands.clear();
        finish(frame, jobs);
        return None;
    }
    if !are_calls(&frame, jobs) {
        carry_out_all(frame, jobs);
        return None;
    }
    let Some(&Command::Start(first)) = jobs.commands.first() else {
        return None;
    };
    for next in 1..jobs.commands.len() {
        if let Command::Start(node) = jobs.commands[next] {
            let call = jobs.queued(Arc::clone(&frame), node);
            jobs.ready.push_back(call);
        }
    }
    jobs.commands.clear();
    Some((frame, first))
}

/// Whether all that is to be carried out is starting calls.
fn are_calls(frame: &Frame, jobs: &Jobs<'_>) -> bool {
    let is_start =
        |command: &Command| matches!(command, Command::Start(node) if is_call(frame, *node));
    jobs.commands.iter().all(is_start)
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
        frame.run().fail(error);
    }
    Status::Failed
}

/// Tells of a node's end; gives when that was, if anybody listens.
fn report(frame: &Arc<Frame>, node: usize, status: Status) -> Option<Instant> {
    let observer = frame.run().observer.as_ref();
    observer.map(|observer| observer.node_ended(frame, node, status))
}

/// Makes a scope's frame, and leaves what starts at once in `jobs.commands`.
pub(crate) fn prepare(
    layout: &'static ScopeLayout,
    role: Role,
    open: impl FnOnce(Opening) -> Arc<Frame>,
    jobs: &mut Jobs<'_>,
) -> Arc<Frame> {
    let stop = stop(jobs.run, &role);
    let frame = open(opening(layout, role, stop));
    begin(&frame, stop, jobs);
    frame
}

/// A frame but for its slots, whose schedule has begun unless a stop has to be told first.
pub(crate) fn opening(layout: &'static ScopeLayout, role: Role, stop: Option<Stop>) -> Opening {
    let schedule = match stop {
        None => layout.begun.clone(),
        Some(_) => Schedule::new(&layout.wiring),
    };
    Opening {
        layout,
        role,
        schedule,
    }
}

/// Leaves what starts at once in a frame that was [opened](opening) under this stop in `jobs.commands`.
pub(crate) fn begin(frame: &Frame, stop: Option<Stop>, jobs: &mut Jobs<'_>) {
    let (layout, commands) = (frame.layout, &mut jobs.commands);
    let Some(stop) = stop else {
        return commands.extend_from_slice(&layout.first);
    };
    let mut state = frame.state();
    for event in [Event::Stop(stop), Event::Begin] {
        state.schedule.on(&layout.wiring, event, commands);
    }
}

/// Tells a schedule what happened, and carries out what it and those it concerns answer.
pub(crate) fn apply(frame: Arc<Frame>, event: Event, jobs: &mut Jobs<'_>) {
    tell(frame, event, jobs);
    settle_events(jobs);
}

#[inline]
fn settle_events(jobs: &mut Jobs<'_>) {
    while let Some((frame, event)) = jobs.events.pop() {
        tell(frame, event, jobs);
    }
}

fn tell(frame: Arc<Frame>, event: Event, jobs: &mut Jobs<'_>) {
    decide(&frame, event, jobs);
    carry_out_all(frame, jobs);
}

/// Tells a schedule what happened, and adds what it answers.
#[inline]
fn decide(frame: &Frame, event: Event, jobs: &mut Jobs<'_>) {
    let wiring = &frame.layout.wiring;
    let stop = stop(jobs.run, &frame.role);
    let commands = &mut jobs.commands;
    let mut state = frame.state();
    if let Some(stop) = stop {
        state.schedule.on(wiring, Event::Stop(stop), commands);
    }
    state.schedule.on(wiring, event, commands);
    if state.schedule.is_all_done() {
        frame.all_done.store(true, Ordering::Relaxed);
    }
}

/// What keeps a frame of this role from starting more: the run's stop, unless its node goes on under it.
#[inline]
fn stop(run: &Run, role: &Role) -> Option<Stop> {
    let stop = run.stop()?;
    let spared = role
        .parent()
        .is_some_and(|(frame, node)| survives(frame, node, stop));
    (!spared).then_some(stop)
}

/// Carries out what a schedule answered.
pub(crate) fn carry_out_all(frame: Arc<Frame>, jobs: &mut Jobs<'_>) {
    // The last command takes the frame along, so that a chain never counts references to it.
    let Some(last) = jobs.commands.pop() else {
        return;
    };
    if !jobs.commands.is_empty() {
        let mut commands = std::mem::take(&mut jobs.commands);
        for command in commands.drain(..) {
            carry_out(Arc::clone(&frame), command, jobs);
        }
        jobs.commands = commands;
    }
    carry_out(frame, last, jobs);
}

#[inline]
fn carry_out(frame: Arc<Frame>, command: Command, jobs: &mut Jobs<'_>) {
    match command {
        Command::Start(node) if jobs.run.observer.is_none() && is_call(&frame, node) => {
            jobs.ready.push_back(Job::Call(frame, node, None));
        }
        other => carry_out_otherwise(frame, other, jobs),
    }
}

#[inline(never)]
fn carry_out_otherwise(frame: Arc<Frame>, command: Command, jobs: &mut Jobs<'_>) {
    match command {
        Command::Start(node) => match frame.layout.code.nodes[node] {
            NodeCode::Call(_)
            | NodeCode::Recorded(..)
            | NodeCode::Signal(_)
            | NodeCode::Sleep(_) => {
                let call = jobs.queued(frame, node);
                jobs.ready.push_back(call);
            }
            NodeCode::For { .. } | NodeCode::Branch { .. } => {
                jobs.ready.push_back(Job::Head(frame, node));
            }
        },
        Command::StartArm(node, arm) => {
            let NodeCode::Branch { arms, .. } = frame.layout.code.nodes[node] else {
                return;
            };
            let layout = &frame.layout.nodes[node].bodies[arm];
            if let Some(observer) = &jobs.run.observer {
                observer.expect_more(layout.nodes.len() as u64);
            }
            let role = Role::Arm { frame, node, arm };
            let body = prepare(layout, role, arms[arm].open, jobs);
            carry_out_all(body, jobs);
        }
        Command::Ended(node, status) => {
            report(&frame, node, status);
        }
        Command::Undo => jobs.ready.push_back(Job::Undo(frame)),
        Command::Finish => finish(frame, jobs),
    }
}

/// All nodes of a scope have ended.
fn finish(frame: Arc<Frame>, jobs: &mut Jobs<'_>) {
    match &frame.role {
        Role::Root(run) => run.finish(),
        Role::Item { .. } => {
            let result = verdict(&frame).map_err(|errors| first(&frame, errors));
            if let Some((item, node)) = control::item_ended(frame, result, jobs) {
                let call = jobs.queued(item, node);
                jobs.ready.push_front(call);
            }
        }
        Role::Arm {
            frame: around,
            node,
            ..
        } => match verdict(&frame) {
            Ok(()) => jobs.ready.push_back(Job::Close(frame)),
            Err(errors) => {
                let error = first(&frame, errors);
                let status = record(around, *node, error);
                report(around, *node, status);
                let around = Arc::clone(around);
                jobs.events.push((around, Event::Ended(*node, status)));
                contain(jobs.run, frame);
            }
        },
    }
}

/// Whether a scope whose nodes have all ended has a value: every failure consumed, and all its result reads done.
///
/// If not, what it failed with, the first one first.
pub(crate) fn verdict(frame: &Frame) -> Result<(), Vec<NodeError>> {
    if frame.all_done.load(Ordering::Relaxed) {
        return Ok(());
    }
    let state = frame.state();
    let layout = frame.layout;
    let missing = layout.code.spec.result.iter().copied().find(|&node| {
        let spec = layout.nodes[node].spec;
        !spec.optional && !spec.outcome && state.schedule.status(node) != Status::Done
    });
    if state.errors.is_empty() && missing.is_none() {
        return Ok(());
    }
    let unconsumed = |(node, error): &&(usize, NodeError)| {
        !layout.nodes[*node].spec.handled && error.kind() != ErrorKind::Cancelled
    };
    let failed: Vec<_> = state.errors.iter().filter(unconsumed).collect();
    if !failed.is_empty() {
        return Err(failed.into_iter().map(|(_, error)| error.clone()).collect());
    }
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
    let errors = state.errors.iter().filter(|(node, _)| causes[*node]);
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

/// For each node, whether it is this one or one that this one waits for, directly or not.
fn before(scope: &ScopeSpec, node: usize) -> Vec<bool> {
    let mut found = vec![false; scope.nodes.len()];
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if std::mem::replace(&mut found[node], true) {
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
