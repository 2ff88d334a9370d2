//! Measures every precompile beside ecrecover.
//!
//! `cargo bench -p utnet-precompiles --bench gas`. On a busy machine read the `ratios` bench.
#![expect(missing_docs, reason = "criterion_group makes an undocumented function")]

mod cases;

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};

fn measure(c: &mut Criterion) {
    for case in cases::all() {
        c.bench_function(&case.name, |b| b.iter(|| black_box((case.work)())));
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_500))
        .sample_size(30);
    targets = measure
}
criterion_main!(benches);
