//! What a call of a step knows of the run it belongs to.

#[cfg(feature = "metrics")]
mod metrics;

use std::sync::Arc;

use orch_core::outcome::Outcome;
use orch_core::run::RunId;
use orch_core::schedule::{Status, Stop};
#[cfg(feature = "json")]
use serde::Serialize;

use crate::artifact::recording;
use crate::durable::{Json, Keep};
use crate::engine::frame::Frame;
use crate::observe::tracing;
use crate::origin::Origin;
#[cfg(feature = "cache")]
use crate::policy::cache::StoredJson;
use crate::step::{Called, CalledOf, Facts, Shared, Step};

/// What generated code passes through a call.
#[derive(Debug)]
pub struct Cx {
    ctx: StepCtx,
}

/// What a call is for.
#[derive(Debug, Clone)]
pub(crate) enum Mode {
    /// An attempt.
    Run,
    /// The step's keys.
    Facts,
    /// Placing a value from the cache.
    Restore(Shared),
    /// Undoing the step, whose outcome this is: its value as JSON, or that it may have happened.
    Undo(Outcome<String>),
}

impl Cx {
    pub(crate) fn new(frame: &Arc<Frame>, node: usize) -> Self {
        Self::of(Arc::clone(frame), node)
    }

    /// The context that owns its frame.
    #[inline]
    pub(crate) fn of(frame: Arc<Frame>, node: usize) -> Self {
        let call = Call::First { frame, node };
        Self {
            ctx: StepCtx { call },
        }
    }

    /// The context of a turn of a repeated step that was recorded.
    pub(crate) fn turn_of(frame: &Arc<Frame>, node: usize, turn: u32) -> Self {
        Self::attempt(frame, node, Mode::Run, 1, 0, turn)
    }

    pub(crate) fn attempt(
        frame: &Arc<Frame>,
        node: usize,
        mode: Mode,
        attempt: u32,
        tier: usize,
        turn: u32,
    ) -> Self {
        if matches!((&mode, attempt, tier, turn), (Mode::Run, 1, 0, 0)) {
            return Self::new(frame, node);
        }
        let call = Call::Other(Box::new(Other {
            frame: Arc::clone(frame),
            node,
            attempt,
            tier,
            turn,
            undoes: matches!(mode, Mode::Undo(_)),
            mode,
        }));
        Self {
            ctx: StepCtx { call },
        }
    }

    pub(crate) fn mode(&self) -> &Mode {
        self.ctx.other().map_or(&Mode::Run, |other| &other.mode)
    }

    /// The same for an attempt on the blocking pool, whose thread may outlive this one.
    #[must_use]
    pub fn detached(&self) -> Self {
        let mut ctx = self.ctx.clone();
        if let Call::Other(other) = &mut ctx.call {
            other.mode = Mode::Run;
        }
        Self { ctx }
    }

    /// What a call gives instead of an attempt, if it is not for one: what its arguments say, or what the cache has.
    pub fn instead<S: Step>(&self, facts: impl FnOnce(&mut Facts)) -> Option<CalledOf<S>> {
        match self.mode() {
            Mode::Run | Mode::Undo(_) => None,
            Mode::Facts => {
                let mut found = Box::<Facts>::default();
                facts(&mut found);
                Some(Called::Facts(found))
            }
            Mode::Restore(shared) => Some(match from_cache::<S>(shared) {
                Some(value) => Called::Value(value),
                // It is no value of the step by now: nothing was placed.
                None => Called::Facts(Box::default()),
            }),
        }
    }

    /// A value as the cache is to keep it for longer than the process is there, if it does such a thing.
    ///
    /// What refers to artifacts is kept in memory alone: nothing keeps them for a cache.
    pub(crate) fn stored<S: Step>(&self, value: &S::Output) -> Option<Json> {
        #[cfg(feature = "cache")]
        if self.ctx.frame().run().services.cache()?.is_stored() {
            let keep = S::results()?;
            let (json, refers) = recording(|| (keep.encode)(value));
            return json.ok().filter(|_| refers.is_empty());
        }
        #[cfg(not(feature = "cache"))]
        let _ = value;
        None
    }

    /// How the step ended that is to be undone, if the call is for that; `Pending` where nobody knows.
    ///
    /// A value that does not come back out of JSON counts as one that nobody knows.
    pub fn undoing<S: Step>(&self) -> Option<Outcome<S::Output>> {
        match self.mode() {
            Mode::Undo(Outcome::Done(json)) => {
                let keep = S::COMPENSATING.keep;
                let decode = |keep: Keep<S::Output>| (keep.decode)(json).ok();
                let run = self.ctx.frame().run();
                let value = keep.and_then(|keep| run.restoring(|| decode(keep)));
                Some(value.map_or(Outcome::Pending, Outcome::Done))
            }
            Mode::Undo(Outcome::Failed(error)) => Some(Outcome::Failed(error.clone())),
            Mode::Undo(_) => Some(Outcome::Pending),
            _ => None,
        }
    }

    /// Whether values are recorded.
    pub(crate) fn records(&self) -> bool {
        self.ctx.frame().run().journal.is_some()
    }

    /// How many bytes of JSON a recorded value may have.
    pub(crate) fn value_limit(&self) -> usize {
        let journal = self.ctx.frame().run().journal.as_ref();
        journal.map_or(usize::MAX, |record| record.value_limit())
    }

    /// Whether what runs inside the node is recorded, so that the node's own value is not.
    pub(crate) fn is_recorded_inside(&self) -> bool {
        self.ctx.frame().layout.nodes[self.ctx.node_index()].keeps_its_own()
    }

    /// Whether the value waits for a decision before it is placed.
    pub(crate) fn withholds(&self) -> bool {
        let node = &self.ctx.frame().layout.nodes[self.ctx.node_index()];
        node.checkpoint().is_some()
    }

    /// Which callee of a fallback chain is called.
    #[must_use]
    pub fn tier(&self) -> usize {
        self.ctx.tier()
    }

    /// Which turn of a repeated step it is, counted from 0.
    #[must_use]
    pub fn turn(&self) -> u32 {
        self.ctx.turn()
    }

    /// The step's context.
    #[must_use]
    pub fn ctx(&self) -> &StepCtx {
        &self.ctx
    }

    /// The slots of the scope so many scopes further out.
    ///
    /// # Panics
    /// If the scope is not the one that generated code says; the node then fails.
    #[must_use]
    // Not inlined: the code of a large workflow is to stay in the processor's cache.
    #[inline(never)]
    pub fn up<S: 'static>(&self, levels: usize) -> &S {
        self.frame(levels)
            .slots()
            .expect("generated code names the scope it was generated for")
    }

    #[inline]
    fn frame(&self, levels: usize) -> &Arc<Frame> {
        if levels == 0 {
            return self.ctx.frame();
        }
        self.ctx
            .frame()
            .up(levels)
            .expect("generated code names a scope around its own")
    }

    /// Which item of the fan-out so many scopes further out.
    #[must_use]
    pub fn item(&self, levels: usize) -> usize {
        self.frame(levels).item().unwrap_or_default()
    }

    /// How a node ended, as a value.
    pub fn outcome<T>(&self, levels: usize, node: usize, value: Option<T>) -> Outcome<T> {
        let frame = self.frame(levels);
        match (frame.status(node), value) {
            (Status::Done, Some(value)) => Outcome::Done(value),
            (Status::Skipped, _) => Outcome::Skipped,
            (Status::Blocked, _) => Outcome::Blocked,
            (Status::Waiting | Status::Running, _) => Outcome::Pending,
            _ => frame.error(node).map_or(Outcome::Blocked, Outcome::Failed),
        }
    }

    /// The stand-in for the step whose generated code declares `F`, in a test that gave one.
    #[must_use]
    pub fn mock<F: 'static>(&self) -> Option<&F> {
        #[cfg(feature = "testing")]
        return self.ctx.frame().run().services.mocks.get();
        #[cfg(not(feature = "testing"))]
        None
    }

    /// The resource of this type.
    ///
    /// # Panics
    /// If the orchestrator was not given one, which it checks when it is built; the node then fails.
    #[must_use]
    pub fn resource<R: ?Sized + Send + Sync + 'static>(&self) -> &R {
        self.lend().get()
    }

    /// The resource of this type, for a call that may want it.
    #[must_use]
    pub fn lend<R: ?Sized + Send + Sync + 'static>(&self) -> Lend<'_, R> {
        Lend(self.ctx.frame().run().services.resources.get())
    }
}

/// A value that the cache has, as it was or as JSON.
fn from_cache<S: Step>(shared: &Shared) -> Option<S::Output> {
    #[cfg(feature = "cache")]
    if let Some(StoredJson(json)) = shared.downcast_ref() {
        return (S::results()?.decode)(json).ok();
    }
    (S::CACHING.restore)(shared)
}

/// A resource that a call wants unless there is a stand-in for its step.
#[derive(Debug)]
pub struct Lend<'a, R: ?Sized>(Option<&'a R>);

impl<'a, R: ?Sized> Lend<'a, R> {
    /// The resource.
    ///
    /// # Panics
    /// If the orchestrator was not given one.
    #[must_use]
    pub fn get(self) -> &'a R {
        match self.0 {
            Some(resource) => resource,
            None => std::panic::panic_any(format!(
                "no resource of type `{}` was given to the orchestrator",
                std::any::type_name::<R>()
            )),
        }
    }
}

/// What a step can ask about the run it belongs to: `#[ctx] ctx: &StepCtx`.
#[derive(Debug, Clone)]
pub struct StepCtx {
    call: Call,
}

/// A call, in three words: most are first attempts, and each of them is handed on by value.
#[derive(Debug, Clone)]
enum Call {
    /// The first attempt of a node's own step.
    First { frame: Arc<Frame>, node: usize },
    /// Anything else.
    Other(Box<Other>),
}

const _: () = assert!(size_of::<Cx>() == 3 * size_of::<usize>());

/// A call that is not the first attempt of a node's own step.
#[derive(Debug, Clone)]
struct Other {
    frame: Arc<Frame>,
    node: usize,
    attempt: u32,
    /// Which callee of a fallback chain it is.
    tier: usize,
    turn: u32,
    /// Whether it undoes another.
    undoes: bool,
    mode: Mode,
}

impl StepCtx {
    /// The run's id.
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        self.frame().run().id()
    }

    /// What ties this run to others and to the caller's own logs; the run's id unless the caller gave one.
    #[must_use]
    pub fn correlation_id(&self) -> &str {
        self.frame().run().correlation_id()
    }

    /// The workflow's name.
    #[must_use]
    pub fn workflow(&self) -> &'static str {
        self.frame().run().program.spec.name
    }

    /// The node's path: `parcels/pack` is the node `pack` in the body of `parcels`.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.frame().layout.nodes[self.node_index()].path
    }

    /// Which attempt this is, counted from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.other().map_or(1, |other| other.attempt)
    }

    /// Which item of each fan-out around the node, outermost first.
    #[must_use]
    pub fn items(&self) -> Vec<usize> {
        self.frame().items()
    }

    /// A key that is the same for every attempt of this call, and for no other: of this node in this run, of the item
    /// and the turn, and of the fallback where it is one. What undoes a call has a key of its own too, and so has what
    /// is done again after it was undone, as an operator had the run retried.
    ///
    /// Pass it to services that recognize a repeated request.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        use std::fmt::Write as _;
        let mut key = format!("{}/{}", self.run_id(), self.node());
        for item in self.frame().items() {
            // Writing into a `String` cannot fail.
            let _ = write!(key, "/{item}");
        }
        if self.turn() > 0 {
            let _ = write!(key, "#{}", self.turn());
        }
        if self.tier() > 0 {
            let _ = write!(key, "~{}", self.tier());
        }
        if let Some(record) = &self.frame().run().journal {
            let times = record.times_undone(&record.instance(self.frame(), self.node_index()));
            if times > 0 {
                let _ = write!(key, "~again{times}");
            }
        }
        if self.other().is_some_and(|other| other.undoes) {
            key.push_str("~undo");
        }
        key
    }

    /// Whether the run is being cancelled; a step that computes for long without waiting looks now and then.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.frame().run().stop() == Some(Stop::Cancelled)
    }

    /// Where the value of a node that this step receives came from; `None` where it was simply computed.
    ///
    /// The node's name may be written as in the workflow or as in the plan: `spot_rate` is `spot-rate`.
    /// A fallback's value that came from the cache came from the fallback.
    #[must_use]
    pub fn origin(&self, node: &str) -> Option<Origin> {
        self.origins(node).pop()
    }

    /// From the step's own side outwards: the cache before the fallback chain.
    fn origins(&self, node: &str) -> Vec<Origin> {
        let name = node.replace('_', "-");
        let mut frame = Some(self.frame());
        while let Some(around) = frame {
            let mut nodes = around.layout.nodes.iter();
            if let Some(idx) = nodes.position(|layout| layout.spec.name == name) {
                let state = around.state();
                let of_node = state.origins.iter().filter(|(of, _)| *of == idx);
                return of_node.map(|(_, origin)| origin.clone()).collect();
            }
            frame = around.parent().map(|(frame, _)| frame);
        }
        Vec::new()
    }

    /// What is known of a received value, as JSON: a cached one has `step.metadata.runtime.cache`, and of one that is no
    /// longer fresh `step.metadata.runtime.status` is `degraded`.
    #[cfg(feature = "json")]
    #[must_use]
    pub fn metadata(&self, node: &str) -> serde_json::Value {
        let (mut cache, mut fallback) = (serde_json::json!({ "hit": false }), None);
        let mut degraded = false;
        for origin in self.origins(node) {
            match origin {
                Origin::Cache {
                    key,
                    age,
                    run,
                    coalesced,
                } => {
                    cache = serde_json::json!({
                        "hit": true, "key": key, "age_seconds": age.as_secs_f64(),
                        "origin_run": run, "coalesced": coalesced,
                    });
                }
                Origin::Stale { key, age, run } => {
                    cache = serde_json::json!({
                        "hit": false, "stale": true, "key": key, "age_seconds": age.as_secs_f64(),
                        "origin_run": run,
                    });
                    degraded = true;
                }
                Origin::Fallback { tier, step } => {
                    fallback = Some(serde_json::json!({ "tier": tier, "step": step }));
                }
            }
        }
        let mut runtime = serde_json::json!({ "cache": cache, "fallback": fallback });
        if degraded {
            runtime["status"] = "degraded".into();
        }
        serde_json::json!({ "step": { "metadata": { "runtime": runtime } } })
    }

    /// Streams a partial result to whoever holds the run's handle.
    ///
    /// A value that does not serialize is not sent, and a warning says so.
    #[cfg(feature = "json")]
    pub fn emit(&self, value: &impl Serialize) {
        let Some(observer) = &self.frame().run().observer else {
            return;
        };
        match serde_json::to_value(value) {
            Ok(value) => observer.emit(self.frame(), self.node_index(), value),
            Err(error) => tracing::warn!(
                target: "orch",
                event = "emission_lost",
                task_id = self.node(),
                execution_id = %self.run_id(),
                %error,
            ),
        }
    }

    /// The cache of the orchestrator, for values of the step's own: `ctx.cache().set("rates", rates, ttl)`.
    ///
    /// Its keys are apart from those of cached steps.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn cache(&self) -> StepCache<'_> {
        StepCache { ctx: self }
    }

    #[inline]
    pub(crate) fn frame(&self) -> &Arc<Frame> {
        match &self.call {
            Call::First { frame, .. } => frame,
            Call::Other(other) => &other.frame,
        }
    }

    pub(crate) fn node_index(&self) -> usize {
        match &self.call {
            Call::First { node, .. } => *node,
            Call::Other(other) => other.node,
        }
    }

    fn other(&self) -> Option<&Other> {
        match &self.call {
            Call::First { .. } => None,
            Call::Other(other) => Some(other),
        }
    }

    fn tier(&self) -> usize {
        self.other().map_or(0, |other| other.tier)
    }

    fn turn(&self) -> u32 {
        self.other().map_or(0, |other| other.turn)
    }
}

/// The cache as a step sees it.
#[cfg(feature = "cache")]
#[derive(Debug)]
pub struct StepCache<'a> {
    ctx: &'a StepCtx,
}

#[cfg(feature = "cache")]
impl StepCache<'_> {
    fn key(key: &str) -> String {
        format!("ctx:{key}")
    }

    /// The value kept under this key, if there is a fresh one and it is a `T`.
    #[must_use]
    pub fn get<T: Clone + Send + Sync + 'static>(&self, key: &str) -> Option<T> {
        let cache = self.ctx.frame().run().services.cache()?;
        cache.get(&Self::key(key))
    }

    /// Keeps a value under this key: for so long, or, with `None`, until it is replaced or its room is needed.
    pub fn set<T: Send + Sync + 'static>(
        &self,
        key: &str,
        value: T,
        ttl: Option<std::time::Duration>,
    ) {
        if let Some(cache) = self.ctx.frame().run().services.cache() {
            cache.set(&Self::key(key), value, ttl, &[]);
        }
    }

    /// Forgets the value kept under this key; says whether there was one.
    pub fn invalidate(&self, key: &str) -> bool {
        let cache = self.ctx.frame().run().services.cache();
        cache.is_some_and(|cache| cache.invalidate_here(&Self::key(key)))
    }
}
