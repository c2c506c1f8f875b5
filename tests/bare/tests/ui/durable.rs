use orch::prelude::*;

struct Parcel(u32);

#[step]
fn pack(parcel: Parcel) -> u32 {
    parcel.0
}

workflow! {
    #[workflow(durable, version = "1.0.0")]
    Shipping(parcels: Vec<u32>) -> Vec<u32> {
        packed = for parcel in parcels { pack(Parcel(parcel)) };
        packed
    }
}

fn main() {}
