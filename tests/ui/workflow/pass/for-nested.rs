use orch::prelude::*;

#[step]
fn multiply(left: u32, right: u32) -> u32 {
    left * right
}

#[step]
fn sum(numbers: &[u32]) -> u32 {
    numbers.iter().sum()
}

workflow! {
    pub Flow(rows: Vec<u32>, columns: Vec<u32>) -> Vec<u32> {
        for row in &rows {
            cells = for column in &columns { multiply(*row, *column) };
            sum(&cells)
        }
    }
}

workflow! {
    pub Table(rows: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
        for row in &rows {
            for cell in row { multiply(*cell, 2) }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(vec![1, 2], vec![10, 20]).await.unwrap(), [30, 60]);
    let table = Table::run(vec![vec![1], vec![2, 3]]).await.unwrap();
    assert_eq!(table, [vec![2], vec![4, 6]]);
}
