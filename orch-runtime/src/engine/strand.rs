//! Strands: tasks that run ready nodes one after the other.
//!
//! A finished node's first ready successor continues in the same strand.
//! Every other ready node is polled once where it is; it gets a task of its own only when it stays pending while
//! something else waits.
//! Plain functions may keep a core busy, so that helping strands take them on other cores.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use orch_core::error::{ErrorKind, NodeError};
use orch_core::plan::NodeKind;
use orch_core::schedule::{Command, Event, Stop};
use tokio::runtime::Handle;

use super::call;
use super::fan::{Fan, Outcome};
use super::frame::{Frame, Opening, Parent, Role};
use super::run::Run;
use super::settle::{self, close_arm};
use crate::ctx::Cx;
use crate::observe::Queued;
use crate::program::{Attempt, Items, NodeCode, Started};

/// Something that is ready.
#[derive(Debug)]
pub(crate) enum Job {
    /// Call this node's step; with its place in the queue, where somebody listens.
    Call(Arc<Frame>, usize, Option<Queued>),
    /// Evaluate the head of this `for` or branch.
    Head(Arc<Frame>, usize),
    /// Start an item.
    Fan(Arc<Fan>),
    /// Gather the items.
    Collect(Arc<Fan>),
    /// Hand an arm's value to its branch.
    Close(Arc<Frame>),
}

impl Job {
    /// Whether it may keep a core busy without ever waiting.
    fn is_heavy(&self) -> bool {
        match self {
            Self::Call(frame, node, _) => frame.layout.nodes[*node].is_plain_function(),
            Self::Fan(fan) => fan.frame.layout.nodes[fan.node].bodies[0]
                .nodes
                .iter()
                .any(super::layout::NodeLayout::is_plain_function),
            _ => false,
        }
    }
}

/// What is ready and known to one strand alone, and room to work out what follows.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    pub(crate) ready: VecDeque<Job>,
    pub(crate) events: Vec<(Arc<Frame>, Event)>,
    pub(crate) commands: Vec<Command>,
}

/// What a node's call gives: that its value is in its slot, or what it failed with.
pub(crate) type Called = Result<(), NodeError>;

/// A node under way: should its future be dropped, the node ends as cancelled.
struct Flight {
    frame: Option<Arc<Frame>>,
    node: usize,
}

impl Flight {
    fn land(mut self, result: Called, jobs: &mut Jobs) {
        if let Some(frame) = self.frame.take() {
            settle::ended(&frame, self.node, result, jobs);
        }
    }
}

impl Flight {
    fn panicked(&self, panic: &(dyn std::any::Any + Send)) -> Called {
        let Some(frame) = &self.frame else {
            return Ok(());
        };
        let message = panic_message(panic);
        Err(node_error(
            frame,
            self.node,
            ErrorKind::Panicked,
            1,
            message,
        ))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let Some(frame) = self.frame.take() else {
            return;
        };
        let mut jobs = Jobs::default();
        let error = cancelled(&frame, self.node);
        settle::ended(&frame, self.node, Err(error), &mut jobs);
        frame.run.push(jobs.ready.into_iter());
    }
}

/// Gives back what a strand has not begun, should it be dropped.
struct Local {
    run: Arc<Run>,
    jobs: Jobs,
}

impl Drop for Local {
    fn drop(&mut self) {
        if !self.jobs.ready.is_empty() {
            self.run.push(self.jobs.ready.drain(..));
        }
    }
}

/// Runs what is ready until nothing is.
pub(crate) async fn strand(run: Arc<Run>, jobs: Jobs) {
    let mut local = Local { run, jobs };
    loop {
        share(&mut local);
        let Some(job) = local.jobs.ready.pop_front().or_else(|| local.run.pop()) else {
            return;
        };
        let Some((flight, mut call)) = begin(job, &mut local.jobs) else {
            continue;
        };
        let polled = poll_fn(|cx| Poll::Ready(poll_caught(&mut call, &flight, cx))).await;
        match polled {
            Poll::Ready(result) => flight.land(result, &mut local.jobs),
            Poll::Pending if !local.jobs.ready.is_empty() || local.run.has_ready() => {
                spawn(&local.run, flight, call, &mut local.jobs).await;
            }
            Poll::Pending => {
                let result = wait(&flight, call).await;
                flight.land(result, &mut local.jobs);
            }
        }
        tokio::task::consume_budget().await;
    }
}

/// Keeps one job here and leaves the others to every strand; calls for help where they may keep a core busy.
fn share(local: &mut Local) {
    if local.jobs.ready.len() < 2 {
        return;
    }
    let heavy = local.jobs.ready.iter().any(Job::is_heavy);
    local.run.push(local.jobs.ready.drain(1..));
    if heavy {
        call_for_help(&local.run);
    }
}

fn call_for_help(run: &Arc<Run>) {
    let Ok(handle) = Handle::try_current() else {
        return;
    };
    let cores = handle.metrics().num_workers();
    if run.helpers.load(Ordering::Relaxed) + 1 >= cores {
        return;
    }
    run.helpers.fetch_add(1, Ordering::Relaxed);
    let helped = Arc::clone(run);
    handle.spawn(async move {
        boxed(Arc::clone(&helped), Jobs::default()).await;
        helped.helpers.fetch_sub(1, Ordering::Relaxed);
    });
    // A task spawned from a worker waits in a slot that nobody steals from; the next one displaces it.
    handle.spawn(async {});
}

/// Gives a node that stays pending a task of its own; waits here where there is no runtime to give it one.
async fn spawn(run: &Arc<Run>, flight: Flight, call: Call, jobs: &mut Jobs) {
    let Ok(handle) = Handle::try_current() else {
        let result = wait(&flight, call).await;
        flight.land(result, jobs);
        return;
    };
    let run = Arc::clone(run);
    handle.spawn(async move {
        let result = wait(&flight, call).await;
        let mut jobs = Jobs::default();
        flight.land(result, &mut jobs);
        boxed(run, jobs).await;
    });
}

/// A strand behind a type that can be named, as strands begin strands.
fn boxed(run: Arc<Run>, jobs: Jobs) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(strand(run, jobs))
}

/// A node's call under way.
enum Call {
    /// One attempt and nothing else.
    Plain(Attempt),
    /// With all that its options ask for.
    Whole(Pin<Box<dyn Future<Output = Called> + Send>>),
}

impl Call {
    fn poll(&mut self, flight: &Flight, cx: &mut Context<'_>) -> Poll<Called> {
        match self {
            Self::Whole(call) => call.as_mut().poll(cx),
            Self::Plain(attempt) => attempt.as_mut().poll(cx).map(|result| match &flight.frame {
                Some(frame) => call::named(frame, flight.node, result),
                None => Ok(()),
            }),
        }
    }
}

/// Polls a call; a panic is a failure.
fn poll_caught(call: &mut Call, flight: &Flight, cx: &mut Context<'_>) -> Poll<Called> {
    match catch_unwind(AssertUnwindSafe(|| call.poll(flight, cx))) {
        Ok(polled) => polled,
        Err(panic) => Poll::Ready(flight.panicked(&*panic)),
    }
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

/// Waits for a call, or for the run to be cancelled.
async fn wait(flight: &Flight, mut call: Call) -> Called {
    let Some(frame) = &flight.frame else {
        return Ok(());
    };
    let whole = poll_fn(|cx| poll_caught(&mut call, flight, cx));
    if survives(frame, flight.node, Stop::Cancelled) {
        return whole.await;
    }
    let mut whole = pin!(whole);
    let mut stopped = pin!(frame.run.stopped.notified());
    stopped.as_mut().enable();
    if frame.run.stop() == Some(Stop::Cancelled) {
        return Err(cancelled(frame, flight.node));
    }
    poll_fn(|cx| {
        if let Poll::Ready(result) = whole.as_mut().poll(cx) {
            return Poll::Ready(result);
        }
        stopped
            .as_mut()
            .poll(cx)
            .map(|()| Err(cancelled(frame, flight.node)))
    })
    .await
}

/// Whether this node, or one around it, goes on under a stop.
pub(crate) fn survives(frame: &Frame, node: usize, stop: Stop) -> bool {
    frame.layout.wiring.survives(node, stop)
        || frame
            .parent
            .as_ref()
            .is_some_and(|parent| survives(&parent.frame, parent.node, stop))
}

fn cancelled(frame: &Frame, node: usize) -> NodeError {
    node_error(
        frame,
        node,
        ErrorKind::Cancelled,
        0,
        "the run was stopped while it ran".to_owned(),
    )
}

pub(crate) fn node_error(
    frame: &Frame,
    node: usize,
    kind: ErrorKind,
    attempt: u32,
    message: String,
) -> NodeError {
    let place = frame
        .run
        .place(frame, node, frame.layout.nodes[node].step());
    NodeError::new(kind, place, attempt, message)
}

/// Begins a job: gives the call that is under way, or adds what followed at once.
fn begin(job: Job, jobs: &mut Jobs) -> Option<(Flight, Call)> {
    match job {
        Job::Call(frame, node, queued) => begin_call(frame, node, queued, jobs),
        Job::Head(frame, node) => {
            head(&frame, node, jobs);
            None
        }
        Job::Fan(fan) => {
            next_item(&fan, jobs);
            None
        }
        Job::Collect(fan) => {
            collect(&fan, jobs);
            None
        }
        Job::Close(arm) => {
            close_arm(&arm, jobs);
            None
        }
    }
}

fn begin_call(
    frame: Arc<Frame>,
    node: usize,
    queued: Option<Queued>,
    jobs: &mut Jobs,
) -> Option<(Flight, Call)> {
    if frame.run.stop() == Some(Stop::Cancelled) && !survives(&frame, node, Stop::Cancelled) {
        let error = cancelled(&frame, node);
        settle::ended(&frame, node, Err(error), jobs);
        return None;
    }
    let flight = |frame| Flight {
        frame: Some(frame),
        node,
    };
    if !frame.layout.nodes[node].plain || frame.run.needs_policies() {
        let whole = Box::pin(call::perform(Arc::clone(&frame), node, queued));
        return Some((flight(frame), Call::Whole(whole)));
    }
    let NodeCode::Call(code) = frame.layout.code.nodes[node] else {
        return None;
    };
    let started = catch_unwind(AssertUnwindSafe(|| code(Cx::new(&frame, node))));
    let flight = flight(frame);
    let result = match started {
        Err(panic) => flight.panicked(&*panic),
        Ok(Started::Pending(attempt)) => return Some((flight, Call::Plain(attempt))),
        Ok(Started::Ended(result)) => match &flight.frame {
            Some(frame) => call::named(frame, node, result),
            None => return None,
        },
    };
    flight.land(result, jobs);
    None
}

/// Evaluates the head of a `for` or a branch.
fn head(frame: &Arc<Frame>, node: usize, jobs: &mut Jobs) {
    settle::started(frame, node);
    let cx = Cx::new(frame, node);
    let evaluated = catch_unwind(AssertUnwindSafe(|| match frame.layout.code.nodes[node] {
        NodeCode::For { head, .. } => Head::Items(head(&cx)),
        NodeCode::Branch { head, .. } => Head::Arm(head(&cx)),
        NodeCode::Call(_) => Head::Arm(None),
    }));
    match evaluated {
        Err(panic) => {
            let message = format!("its head panicked: {}", panic_message(&*panic));
            let error = node_error(frame, node, ErrorKind::Panicked, 1, message);
            settle::ended(frame, node, Err(error), jobs);
        }
        Ok(Head::Arm(arm)) => settle::apply(frame, Event::Chose(node, arm), jobs),
        Ok(Head::Items(count)) => fan_out(frame, node, count, jobs),
    }
}

enum Head {
    Items(usize),
    Arm(Option<usize>),
}

fn fan_out(frame: &Arc<Frame>, node: usize, count: usize, jobs: &mut Jobs) {
    let NodeKind::For {
        concurrency,
        tolerate,
        ..
    } = frame.layout.nodes[node].spec.kind
    else {
        return;
    };
    let most = frame.run.services.max_fan_out;
    if count > most {
        let message = format!(
            "{count} items are more than the {most} that a fan-out may have: group them with `.chunked(n)`, or raise `max_fan_out` on the orchestrator"
        );
        let error = node_error(frame, node, ErrorKind::TooManyItems, 0, message);
        settle::ended(frame, node, Err(error), jobs);
        return;
    }
    let fan = Arc::new(Fan::new(
        Arc::clone(frame),
        node,
        count,
        concurrency,
        tolerate,
    ));
    frame.run.keep(&fan);
    if let Some(observer) = &frame.run.observer {
        let inner = frame.layout.nodes[node].bodies[0].nodes.len();
        observer.expect_more((count * inner) as u64);
    }
    jobs.ready.push_back(if count == 0 {
        Job::Collect(fan)
    } else {
        Job::Fan(fan)
    });
}

/// Starts a fan-out's next item.
fn next_item(fan: &Arc<Fan>, jobs: &mut Jobs) {
    let run = &fan.frame.run;
    if run
        .stop()
        .is_some_and(|stop| !survives(&fan.frame, fan.node, stop))
    {
        if fan.close() {
            jobs.ready.push_back(Job::Collect(Arc::clone(fan)));
        }
        return;
    }
    let (Some(idx), more) = fan.next() else {
        return;
    };
    let NodeCode::For { open, .. } = fan.frame.layout.code.nodes[fan.node] else {
        return;
    };
    let frame = open(Opening {
        run: Arc::clone(run),
        layout: &fan.frame.layout.nodes[fan.node].bodies[0],
        parent: Some(Parent {
            frame: Arc::clone(&fan.frame),
            node: fan.node,
            role: Role::Item {
                fan: Arc::clone(fan),
                idx,
            },
        }),
    });
    settle::apply(&frame, Event::Begin, jobs);
    if more {
        jobs.ready.push_back(Job::Fan(Arc::clone(fan)));
    }
}

/// Gathers a fan-out's items.
fn collect(fan: &Arc<Fan>, jobs: &mut Jobs) {
    let (frame, node) = (&fan.frame, fan.node);
    let result = match fan.outcome() {
        Outcome::Failed { errors, failed } => Err(fan_error(fan, errors, failed)),
        Outcome::Done(items) => {
            let NodeCode::For { collect, .. } = frame.layout.code.nodes[node] else {
                return;
            };
            let cx = Cx::new(frame, node);
            let items = Items { items };
            catch_unwind(AssertUnwindSafe(|| collect(&cx, &items))).map_err(|panic| {
                let message = format!("gathering its items panicked: {}", panic_message(&*panic));
                node_error(frame, node, ErrorKind::Panicked, 1, message)
            })
        }
    };
    settle::ended(frame, node, result, jobs);
}

fn fan_error(fan: &Fan, errors: Vec<NodeError>, failed: usize) -> NodeError {
    let (frame, node) = (&fan.frame, fan.node);
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
