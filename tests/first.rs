use orch::prelude::*;

#[step]
fn inc(n: u32) -> u32 { n + 1 }
#[step(retries = 2)]
async fn double(n: u32) -> Result<u32, std::num::ParseIntError> { "2".parse::<u32>().map(|two| n * two) }
#[step]
async fn add(a: &u32, b: u32) -> u32 { a + b }

workflow! {
    /// A sum.
    pub Sum(n: u32) -> u32 {
        a = inc(n);
        b = double(a);
        c = double(a);
        add(&b, c)
    }
}
workflow! {
    pub Many(xs: Vec<u32>) -> Vec<u32> {
        ys = for x in &xs { inc(*x) };
        zs = for y in ys { a = inc(y); b = inc(y); a + b };
        zs
    }
}

#[tokio::test]
async fn sums() {
    assert_eq!(Sum::run(3).await.unwrap(), 16);
    assert_eq!(Many::run(vec![1, 2, 3]).await.unwrap(), vec![6, 8, 10]);
}
