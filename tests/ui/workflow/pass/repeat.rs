use orch::prelude::*;

#[derive(Clone)]
pub struct Chat {
    pub turns: Vec<String>,
}

#[step]
fn turn(chat: Chat) -> ControlFlow<String, Chat> {
    let mut chat = chat;
    chat.turns.push(format!("turn {}", chat.turns.len()));
    if chat.turns.len() == 3 {
        ControlFlow::Break(chat.turns.join(", "))
    } else {
        ControlFlow::Continue(chat)
    }
}

workflow! {
    pub Flow(chat: Chat) -> String {
        answer = turn(chat).repeat(max = 5);
        answer
    }
}

workflow! {
    pub Short(chat: Chat) -> String {
        turn(chat).repeat(max = 2, every = "1ms")
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let chat = Chat { turns: Vec::new() };
    assert_eq!(Flow::run(chat.clone()).await.unwrap(), "turn 0, turn 1, turn 2");
    assert!(Short::run(chat).await.is_err(), "two turns are not enough");
}
