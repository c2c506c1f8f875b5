//! Control forms: heads, the items of a fan-out, and the arm of a branch.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use orch_core::error::{ErrorKind, NodeError};
use orch_core::plan::NodeKind;
use orch_core::schedule::Event;

use super::fan::{After, Fan, Outcome};
use super::frame::{Frame, Role};
use super::gather::Items;
use super::jobs::{Job, Jobs};
use super::strand::{Called, cancelled, node_error, panic_message, survives};
use super::{journaled, settle};
use crate::ctx::Cx;
use crate::panics::{contain, contained};
use crate::program::NodeCode;

enum Head {
    Items(usize),
    Arm(Option<usize>),
}

/// Evaluates the head of a `for` or a branch.
pub(crate) fn head(frame: Arc<Frame>, node: usize, jobs: &mut Jobs<'_>) {
    settle::started(&frame, node);
    let cx = Cx::new(&frame, node);
    let evaluated = catch_unwind(AssertUnwindSafe(|| match frame.layout.code.nodes[node] {
        NodeCode::For { head, .. } => Head::Items(head(&cx)),
        NodeCode::Branch { head, .. } => Head::Arm(head(&cx)),
        _ => Head::Arm(None),
    }));
    match evaluated {
        Err(panic) => {
            let message = format!("its head panicked: {}", panic_message(&*panic));
            let error = node_error(&frame, node, ErrorKind::Panicked, 1, message);
            settle::ended(frame, node, Err(error), jobs);
        }
        Ok(Head::Arm(arm)) => {
            let taken = arm.map_or("null".to_owned(), |arm| arm.to_string());
            if agrees(&frame, node, taken) {
                settle::apply(frame, Event::Chose(node, arm), jobs);
            }
        }
        Ok(Head::Items(count)) => fan_out(frame, node, count, jobs),
    }
}

/// Whether what was recorded says the same; the run is parked if it does not.
fn agrees(frame: &Arc<Frame>, node: usize, taken: String) -> bool {
    let record = frame.run().journal.as_ref();
    record.is_none_or(|record| journaled::agrees(record, frame, node, taken))
}

fn fan_out(frame: Arc<Frame>, node: usize, count: usize, jobs: &mut Jobs<'_>) {
    let NodeKind::For {
        concurrency,
        tolerate,
        ..
    } = frame.layout.nodes[node].spec.kind
    else {
        return;
    };
    let run = jobs.run;
    let most = run.services.max_fan_out();
    if count > most {
        let message = format!(
            "{count} items are more than the {most} that a fan-out may have: group them with `.chunked(n)`, or raise `max_fan_out` on the orchestrator"
        );
        let error = node_error(&frame, node, ErrorKind::TooManyItems, 0, message);
        settle::ended(frame, node, Err(error), jobs);
        return;
    }
    if !agrees(&frame, node, count.to_string()) {
        return;
    }
    if let Some(observer) = &run.observer {
        let inner = frame.layout.nodes[node].bodies[0].nodes.len();
        observer.expect_more((count * inner) as u64);
    }
    let fan = Arc::new(Fan::new(frame, node, count, concurrency, tolerate));
    jobs.ready.push_back(if count == 0 {
        Job::Collect(fan)
    } else {
        Job::Fan(fan)
    });
}

/// Starts a fan-out's next item; gives its call, if that is all there is to do.
pub(crate) fn next_item(fan: Arc<Fan>, jobs: &mut Jobs<'_>) -> Option<(Arc<Frame>, usize)> {
    let stop = jobs.run.stop();
    if stop.is_some_and(|stop| !survives(fan.frame(), fan.node, stop)) {
        if fan.close() {
            jobs.ready.push_back(Job::Collect(fan));
        }
        return None;
    }
    let (Some(idx), more) = fan.next() else {
        return None;
    };
    if more {
        jobs.ready.push_back(Job::Fan(Arc::clone(&fan)));
    }
    start_item(fan, idx, jobs)
}

/// Starts an item; gives its call, if that is all there is to do.
fn start_item(fan: Arc<Fan>, idx: usize, jobs: &mut Jobs<'_>) -> Option<(Arc<Frame>, usize)> {
    let frame = fan.frame();
    let NodeCode::For { open, .. } = frame.layout.code.nodes[fan.node] else {
        return None;
    };
    let layout = &frame.layout.nodes[fan.node].bodies[0];
    let item = settle::prepare(layout, Role::Item { fan, idx }, open, jobs);
    settle::next_call(item, jobs)
}

/// Takes the value of an item that has ended; gives the call of the next one, if the fan-out's job is the next one here.
pub(crate) fn item_ended(
    item: Arc<Frame>,
    result: Called,
    jobs: &mut Jobs<'_>,
) -> Option<(Arc<Frame>, usize)> {
    let Role::Item { fan, idx } = &item.role else {
        return None;
    };
    // Its value is taken before the next item begins, and what else it had is dropped.
    jobs.now = None;
    let stop = jobs.run.stop();
    let stopping = stop.is_some_and(|stop| !survives(fan.frame(), fan.node, stop));
    let holds_job = matches!(jobs.ready.front(), Some(Job::Fan(next)) if Arc::ptr_eq(next, fan));
    let gathered = match result {
        Ok(()) if !item.layout.is_given => gather(fan, *idx, &item),
        result => result,
    };
    let after = match gathered {
        Ok(()) => fan.done(stopping, holds_job),
        Err(error) => fan.failed(*idx, error, stopping),
    };
    match after {
        After::Nothing => {}
        After::Queue => jobs.ready.push_back(Job::Fan(Arc::clone(fan))),
        After::Over => jobs.ready.push_back(Job::Collect(Arc::clone(fan))),
        After::Next(idx, passes_on) => {
            if !passes_on {
                jobs.ready.pop_front();
            }
            return start_after(item, idx, jobs);
        }
    }
    contain(jobs.run, item);
    None
}

/// Takes an item's value out of its frame.
fn gather(fan: &Fan, idx: usize, item: &Arc<Frame>) -> Called {
    let frame = fan.frame();
    let NodeCode::For { collect, .. } = frame.layout.code.nodes[fan.node] else {
        return Ok(());
    };
    let cx = Cx::new(item, 0);
    let items = Items::one(fan, idx, &cx);
    catch_unwind(AssertUnwindSafe(|| collect(&fan.cx, &items))).map_err(|panic| {
        let message = format!("the item's value panicked: {}", panic_message(&*panic));
        node_error(frame, fan.node, ErrorKind::Panicked, 1, message)
    })
}

/// Starts an item in the place of one that has ended; gives its call, if that is all there is to do.
fn start_after(
    mut ended: Arc<Frame>,
    idx: usize,
    jobs: &mut Jobs<'_>,
) -> Option<(Arc<Frame>, usize)> {
    let renews = jobs.run.stop().is_none();
    if renews && contained(jobs.run, || ended.renew(idx)) == Some(true) {
        if ended.layout.is_one_call {
            return Some((ended, 0));
        }
        jobs.commands.extend_from_slice(&ended.layout.first);
        return settle::next_call(ended, jobs);
    }
    let fan = match &ended.role {
        Role::Item { fan, .. } => Arc::clone(fan),
        Role::Root(_) | Role::Arm { .. } => return None,
    };
    contain(jobs.run, ended);
    start_item(fan, idx, jobs)
}

/// Gathers a fan-out's items.
pub(crate) fn collect(fan: &Fan, jobs: &mut Jobs<'_>) {
    let (frame, node) = (fan.frame(), fan.node);
    let result = match fan.outcome() {
        Outcome::Failed { errors, failed } => Err(fan_error(fan, errors, failed)),
        Outcome::Done(values) => {
            let NodeCode::For { collect, .. } = frame.layout.code.nodes[node] else {
                return;
            };
            let items = Items::all(values);
            catch_unwind(AssertUnwindSafe(|| collect(&fan.cx, &items))).map_err(|panic| {
                let message = format!("gathering its items panicked: {}", panic_message(&*panic));
                node_error(frame, node, ErrorKind::Panicked, 1, message)
            })
        }
    };
    settle::ended(Arc::clone(frame), node, result, jobs);
}

fn fan_error(fan: &Fan, errors: Vec<NodeError>, failed: usize) -> NodeError {
    let (frame, node) = (fan.frame(), fan.node);
    if fan.tolerates() && failed > 0 {
        let total = fan.total();
        let first = errors.first().map(|error| format!(", the first: {error}"));
        let message = format!(
            "{failed} of {total} items failed, more than it tolerates{}",
            first.unwrap_or_default()
        );
        return node_error(frame, node, ErrorKind::TooManyFailures, 0, message);
    }
    // An item that failed says more than one that could not go on, and that more than one that was stopped.
    let says = |error: &NodeError| match error.kind() {
        ErrorKind::Cancelled => 0,
        ErrorKind::NoValue => 1,
        _ => 2,
    };
    errors
        .into_iter()
        .rev()
        .max_by_key(says)
        .unwrap_or_else(|| cancelled(frame, node))
}

/// Hands an arm's value to its branch.
pub(crate) fn close_arm(arm: Arc<Frame>, jobs: &mut Jobs<'_>) {
    let Role::Arm {
        frame,
        node,
        arm: idx,
    } = &arm.role
    else {
        return;
    };
    let NodeCode::Branch { close, .. } = frame.layout.code.nodes[*node] else {
        return;
    };
    let cx = Cx::new(&arm, 0);
    let closed = catch_unwind(AssertUnwindSafe(|| close(&cx, *idx)));
    let result = closed.map_err(|panic| {
        let message = format!("its arm's value panicked: {}", panic_message(&*panic));
        node_error(frame, *node, ErrorKind::Panicked, 1, message)
    });
    settle::ended(Arc::clone(frame), *node, result, jobs);
    drop(cx);
    contain(jobs.run, arm);
}
