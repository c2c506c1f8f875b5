use orch::prelude::*;

pub struct State(u32);

#[step]
fn first() -> State {
    State(0)
}

#[step]
fn turn(state: State) -> ControlFlow<u32, State> {
    ControlFlow::Break(state.0)
}

workflow! {
    #[workflow(durable)]
    pub Flow() -> u32 {
        #[node(transient)]
        state = first();
        turn(state).repeat(max = 3)
    }
}

fn main() {}
