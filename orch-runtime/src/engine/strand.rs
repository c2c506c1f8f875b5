//! Strands: tasks that run ready nodes one after the other.
//!
//! A finished node's successors are run by the strand that finished it, in the order in which they became ready.
//! Each is polled once where it is; it gets a task of its own only when it stays pending while something else waits.
//! What keeps a core busy while others wait has [helping strands](call_for_help) take those on other cores: plain
//! functions until they are known to be quick, and async ones once they are known [to be slow](super::pace).

use std::any::Any;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use orch_core::error::{ErrorKind, NodeError};
use orch_core::schedule::{Event, Stop};
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::frame::Frame;
use super::jobs::{Job, Jobs};
use super::journaled::{self, Journaled};
use super::run::Run;
use super::slice::Slice;
use super::{call, control, settle, watched};
use crate::ctx::Cx;
use crate::observe::{PlainWatch, Queued};
use crate::program::{Attempt, NodeCode, Started};

/// What a node's call gives: that its value is in its slot, or what it failed with.
pub(crate) type Called = Result<(), NodeError>;

/// A pending node: should its future be dropped, the node ends as cancelled.
pub(super) struct Flight {
    frame: Option<Arc<Frame>>,
    what: Aloft,
    /// Whether its record counts it.
    counted: bool,
}

/// What is pending.
#[derive(Clone, Copy)]
enum Aloft {
    /// A node's call.
    Node(usize),
    /// Undoing what the run has done.
    Undo,
}

impl Flight {
    fn new(frame: Arc<Frame>, what: Aloft) -> Self {
        Self {
            frame: Some(frame),
            what,
            counted: false,
        }
    }

    /// It goes on beside the strands.
    fn fly(&mut self) {
        let record = self
            .frame
            .as_ref()
            .and_then(|frame| frame.run().journal.as_ref());
        if let Some(record) = record {
            record.fly();
            self.counted = true;
        }
    }

    /// It has ended, and the strand that says so is at work on what follows.
    fn land(mut self, result: Called, jobs: &mut Jobs<'_>) {
        let Some(frame) = self.frame.take() else {
            return;
        };
        if self.counted
            && let Some(record) = &frame.run().journal
        {
            record.land();
        }
        if frame.run().is_abandoned() {
            return;
        }
        match self.what {
            Aloft::Node(node) => settle::ended(frame, node, result, jobs),
            Aloft::Undo => settle::apply(frame, Event::Undone, jobs),
        }
    }

    /// Whether what is pending goes on when the run is cancelled.
    fn survives(&self, frame: &Frame) -> bool {
        match self.what {
            Aloft::Node(node) => survives(frame, node, Stop::Cancelled),
            Aloft::Undo => true,
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let Some(frame) = self.frame.take() else {
            return;
        };
        let run = Arc::clone(frame.run());
        if self.counted
            && let Some(record) = &run.journal
        {
            record.drop_flight();
        }
        if run.is_abandoned() {
            return;
        }
        let mut jobs = Jobs::of(&run);
        match self.what {
            Aloft::Node(node) => {
                let error = cancelled(&frame, node);
                settle::ended(frame, node, Err(error), &mut jobs);
            }
            // It begins anew.
            Aloft::Undo => jobs.ready.push_back(Job::Undo(frame)),
        }
        run.push(jobs.ready.drain(..));
    }
}

/// Runs what is ready until nothing is.
pub(crate) async fn strand(jobs: Jobs<'_>) {
    // Whoever awaits a future copies all of it.
    Box::pin(to_its_end(Strand::begin(jobs))).await;
}

async fn to_its_end(mut strand: Strand<'_>) {
    let pause = strand.turn().await;
    strand.go_on(pause).await;
}

/// Why a strand stops working.
pub(super) enum Pause {
    /// Nothing is ready.
    Idle,
    /// It has used up its worker's time.
    Spent,
    /// A call is pending, and nothing else is ready.
    Waits(Call, Flight),
}

/// What runs ready nodes one after the other.
pub(super) struct Strand<'a> {
    jobs: Jobs<'a>,
    slice: Slice,
    /// Whether the run's record counts it among those at work, if it has one.
    works: bool,
}

/// Gives back what a strand has not begun, should it be dropped.
impl Drop for Strand<'_> {
    fn drop(&mut self) {
        self.share();
        self.rest();
    }
}

impl<'a> Strand<'a> {
    /// A strand that begins to work.
    pub(super) fn begin(jobs: Jobs<'a>) -> Self {
        if let Some(record) = &jobs.run.journal {
            record.work();
        }
        Self::new(jobs)
    }

    /// A strand that is counted as at work already.
    fn new(jobs: Jobs<'a>) -> Self {
        Self {
            jobs,
            slice: Slice::default(),
            works: true,
        }
    }

    /// It is at work no longer.
    fn rest(&mut self) {
        let works = std::mem::take(&mut self.works);
        if works && let Some(record) = &self.jobs.run.journal {
            record.rest();
        }
    }
}

impl Strand<'_> {
    /// Runs what is ready until it has to pause.
    pub(super) async fn turn(&mut self) -> Pause {
        poll_fn(|cx| Poll::Ready(self.work(cx))).await
    }

    /// Goes on after a pause, until nothing is ready.
    pub(super) async fn go_on(&mut self, mut pause: Pause) {
        loop {
            match pause {
                Pause::Idle => return self.rest(),
                Pause::Spent => {
                    tokio::task::yield_now().await;
                    self.slice.renew();
                }
                Pause::Waits(call, mut flight) => {
                    flight.fly();
                    self.rest();
                    let result = wait(&flight, call).await;
                    self.works = true;
                    flight.land(result, &mut self.jobs);
                }
            }
            pause = self.turn().await;
        }
    }

    fn work(&mut self, cx: &mut Context<'_>) -> Pause {
        loop {
            if self.jobs.run.is_abandoned() {
                self.jobs.ready.clear();
                self.jobs.run.clear();
                return Pause::Idle;
            }
            // Asked first, so that most small runs end before the first look at the clock.
            if !self.others_wait() {
                return Pause::Idle;
            }
            if self.slice.is_over() {
                return Pause::Spent;
            }
            if self.jobs.run.strands.load(Ordering::Relaxed) > 0 {
                self.share();
            }
            let Some(job) = self.jobs.ready.pop_front().or_else(|| self.jobs.run.pop()) else {
                return Pause::Idle;
            };
            let pending = match job {
                Job::Call(frame, node, queued) => self.call(frame, node, queued, cx),
                Job::Fan(fan) => {
                    let next = control::next_item(fan, &mut self.jobs);
                    let observed = self.jobs.run.observer.is_some();
                    let queued = observed.then(|| Queued::at_once(None));
                    next.and_then(|(frame, node)| self.call(frame, node, queued, cx))
                }
                Job::Undo(frame) => {
                    let undone = super::undo::all(Arc::clone(&frame));
                    let call = Call::Whole(Box::pin(async move {
                        undone.await;
                        Ok(())
                    }));
                    Some((Flight::new(frame, Aloft::Undo), call))
                }
                other => {
                    self.control(other);
                    None
                }
            };
            let Some((flight, call)) = pending else {
                continue;
            };
            if !self.others_wait() {
                return Pause::Waits(call, flight);
            }
            if let Some((flight, call)) = self.spawn(flight, call) {
                return Pause::Waits(call, flight);
            }
        }
    }

    fn control(&mut self, job: Job) {
        match job {
            Job::Head(frame, node) => control::head(frame, node, &mut self.jobs),
            Job::Collect(fan) => control::collect(&fan, &mut self.jobs),
            Job::Close(arm) => control::close_arm(arm, &mut self.jobs),
            Job::Call(..) | Job::Fan(_) | Job::Undo(_) => {}
        }
    }

    fn others_wait(&self) -> bool {
        !self.jobs.ready.is_empty() || self.jobs.run.has_ready()
    }

    /// Leaves what it has not begun to every strand.
    fn share(&mut self) {
        if !self.jobs.ready.is_empty() {
            self.jobs.run.push(self.jobs.ready.drain(..));
        }
    }

    /// Runs a call, and what follows from it for as long as that is one other call; gives back what stays pending.
    fn call(
        &mut self,
        mut frame: Arc<Frame>,
        mut node: usize,
        mut queued: Option<Queued>,
        cx: &mut Context<'_>,
    ) -> Option<(Flight, Call)> {
        loop {
            if self.jobs.run.stop() == Some(Stop::Cancelled)
                && !survives(&frame, node, Stop::Cancelled)
            {
                let error = cancelled(&frame, node);
                settle::ended(frame, node, Err(error), &mut self.jobs);
                return None;
            }
            let result = match self.poll(&frame, node, &mut queued, cx) {
                Begun::Over(result) => result,
                Begun::Pending(call) => {
                    return Some((Flight::new(frame, Aloft::Node(node)), call));
                }
            };
            let next = settle::ended_or_next(frame, node, result, &mut self.jobs);
            let now = self.jobs.now.take();
            (frame, node) = next?;
            if self.jobs.run.has_ready() || self.slice.is_over() {
                let call = self.jobs.queued(frame, node);
                self.jobs.ready.push_back(call);
                return None;
            }
            if self.jobs.run.observer.is_some() {
                queued = Some(Queued::at_once(now));
            }
        }
    }

    /// Begins a call and polls it once.
    fn poll(
        &mut self,
        frame: &Arc<Frame>,
        node: usize,
        queued: &mut Option<Queued>,
        cx: &mut Context<'_>,
    ) -> Begun {
        if !self.others_wait() {
            return begin(frame, node, queued, cx);
        }
        let layout = &frame.layout.nodes[node];
        if layout.may_keep_busy() {
            self.share();
            call_for_help(self.jobs.run);
        }
        if !layout.pace.is_due() {
            return begin(frame, node, queued, cx);
        }
        let since = Instant::now();
        let begun = begin(frame, node, queued, cx);
        layout.pace.took(since.elapsed());
        begun
    }

    /// Gives a pending call a task of its own; gives it back where there is no runtime to do so.
    fn spawn(&mut self, mut flight: Flight, call: Call) -> Option<(Flight, Call)> {
        let Ok(handle) = Handle::try_current() else {
            return Some((flight, call));
        };
        let run = Arc::clone(self.jobs.run);
        let counted = Counted::new(&run, |run| &run.strands);
        flight.fly();
        handle.spawn(async move {
            let result = wait(&flight, call).await;
            let mut jobs = Jobs::of(&run);
            flight.land(result, &mut jobs);
            boxed(jobs).await;
            drop(counted);
        });
        None
    }
}

/// A task counted among those of its kind for as long as it lives.
struct Counted {
    run: Arc<Run>,
    kind: fn(&Run) -> &AtomicUsize,
}

impl Counted {
    fn new(run: &Arc<Run>, kind: fn(&Run) -> &AtomicUsize) -> Self {
        kind(run).fetch_add(1, Ordering::Relaxed);
        Self {
            run: Arc::clone(run),
            kind,
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.kind)(&self.run).fetch_sub(1, Ordering::Relaxed);
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
    let helper = Counted::new(run, |run| &run.helpers);
    let strand = Counted::new(run, |run| &run.strands);
    let run = Arc::clone(run);
    if let Some(record) = &run.journal {
        record.work();
    }
    handle.spawn(async move {
        boxed(Jobs::of(&run)).await;
        drop((helper, strand));
    });
    // A task spawned from a worker waits in a slot that nobody steals from; the next one displaces it.
    handle.spawn(async {});
}

/// A strand at work behind a type that can be named, as strands begin strands.
fn boxed(jobs: Jobs<'_>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
    Box::pin(to_its_end(Strand::new(jobs)))
}

/// A node's call under way.
pub(super) enum Call {
    /// One attempt and nothing else.
    Plain(Attempt),
    /// With all that its options ask for.
    Whole(Pin<Box<dyn Future<Output = Called> + Send>>),
}

/// What a call's first poll gives.
pub(super) enum Begun {
    Over(Called),
    Pending(Call),
}

/// Begins a call and polls it once; a panic is a failure.
#[inline]
fn begin(
    frame: &Arc<Frame>,
    node: usize,
    queued: &mut Option<Queued>,
    cx: &mut Context<'_>,
) -> Begun {
    let begun = catch_unwind(AssertUnwindSafe(|| {
        let run = frame.run();
        if let Some(record) = &run.journal {
            let queued = queued.take().map(Box::new);
            let mut call = match journaled::begin(record, frame, node, queued) {
                Journaled::Over(result) => return Begun::Over(result),
                Journaled::Pending(call) => Call::Whole(call),
            };
            return match call.poll(frame, node, cx) {
                Poll::Ready(result) => Begun::Over(result),
                Poll::Pending => Begun::Pending(call),
            };
        }
        let plain = frame.layout.nodes[node].plain && !run.bounds_calls;
        let mut call = match (frame.layout.code.nodes[node], &run.observer) {
            (NodeCode::Call(code), None) if plain => match code(Cx::new(frame, node)) {
                Started::Ended(result) => return Begun::Over(call::named(frame, node, result)),
                Started::Pending(attempt) => Call::Plain(attempt),
            },
            (NodeCode::Call(code) | NodeCode::Recorded(code, _), Some(observer)) if plain => {
                let watch = PlainWatch::new(observer, frame, node, queued.take());
                return watched::begin(frame, node, watch, code, cx);
            }
            _ => {
                let (frame, queued) = (Arc::clone(frame), queued.take().map(Box::new));
                // Made inside, as a future that is handed on by value is copied each time.
                Call::Whole(Box::pin(async move {
                    let performed = call::perform(&frame, node, queued, None).await;
                    performed.map(|_| ()).map_err(|failed| failed.error)
                }))
            }
        };
        match call.poll(frame, node, cx) {
            Poll::Ready(result) => Begun::Over(result),
            Poll::Pending => Begun::Pending(call),
        }
    }));
    begun.unwrap_or_else(|panic| Begun::Over(panicked(frame, node, &*panic)))
}

impl Call {
    fn poll(&mut self, frame: &Frame, node: usize, cx: &mut Context<'_>) -> Poll<Called> {
        match self {
            Self::Whole(call) => call.as_mut().poll(cx),
            Self::Plain(attempt) => {
                let polled = attempt.as_mut().poll(cx);
                polled.map(|result| call::named(frame, node, result))
            }
        }
    }

    /// Polls it again; a panic is a failure.
    fn poll_caught(&mut self, frame: &Frame, node: usize, cx: &mut Context<'_>) -> Poll<Called> {
        catch_unwind(AssertUnwindSafe(|| self.poll(frame, node, cx)))
            .unwrap_or_else(|panic| Poll::Ready(panicked(frame, node, &*panic)))
    }
}

pub(super) fn panicked(frame: &Frame, node: usize, panic: &(dyn Any + Send)) -> Called {
    let message = panic_message(panic);
    let error = node_error(frame, node, ErrorKind::Panicked, 1, message);
    Err(error)
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
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
    let node = match flight.what {
        Aloft::Node(node) => node,
        Aloft::Undo => 0,
    };
    let whole = poll_fn(|cx| call.poll_caught(frame, node, cx));
    if frame.run().journal.is_none() && flight.survives(frame) {
        return whole.await;
    }
    // It goes on under a cancellation that it survives, until the run is let go of.
    let spared = || flight.survives(frame) && !frame.run().is_abandoned();
    if frame.run().stop() == Some(Stop::Cancelled) && !spared() {
        return Err(cancelled(frame, node));
    }
    let whole = pin!(whole);
    tokio::select! {
        biased;
        result = whole => result,
        () = dropped(frame.run(), spared) => Err(cancelled(frame, node)),
    }
}

/// Waits until what is under way is dropped, unless it is spared.
async fn dropped(run: &Run, spared: impl Fn() -> bool) {
    loop {
        let mut stopped = pin!(run.stopped.notified());
        stopped.as_mut().enable();
        // A stop that comes while a history is gone over shows only then.
        let retracing = run.journal.as_deref().filter(|_| run.is_retracing());
        if run.stop() == Some(Stop::Cancelled) && !spared() {
            return;
        }
        tokio::select! {
            () = stopped => {}
            () = async {
                match retracing {
                    Some(record) => record.gone_over().await,
                    None => pending().await,
                }
            } => {}
        }
    }
}

/// Whether this node, or one around it, goes on under a stop.
pub(crate) fn survives(frame: &Frame, node: usize, stop: Stop) -> bool {
    frame.layout.wiring.survives(node, stop)
        || frame
            .parent()
            .is_some_and(|(around, node)| survives(around, node, stop))
}

pub(crate) fn cancelled(frame: &Frame, node: usize) -> NodeError {
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
        .run()
        .place(frame, node, frame.layout.nodes[node].step());
    NodeError::new(kind, place, attempt, message)
}
