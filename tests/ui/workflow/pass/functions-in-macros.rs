use orch::prelude::*;

#[step]
fn print(text: String, rows: Vec<u32>) -> String {
    format!("{text} {rows:?}")
}

workflow! {
    /// In a macro's arguments as elsewhere, what a closure or a block defines is no step.
    pub Flow(n: u32) -> String {
        applied = vec![|f: fn(u32) -> u32| f(1)];
        rows = vec![u32::from(*n > 2), Some(*n).unwrap_or(0), {
            let y = triple(*n);
            fn triple(x: u32) -> u32 { x * 3 }
            y
        }];
        print(format!("{} {}", { let double = |x: u32| x * 2; double(*n) }, applied.len()), rows)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(3).await.unwrap(), "6 1 [1, 3, 9]");
}
