//! Says whether two results of one job agree, as its class demands.

use std::collections::BTreeMap;
use utnet_jobs::manifest::{Class, Manifest};

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The results agree.
    Same,
    /// The first difference that the class does not allow.
    Different(Difference),
}

/// A difference between two results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Bytes differ where bytes must be equal.
    Bytes,
    /// They answer different jobs or under different classes.
    Question,
    /// One has a metric, or a file, that the other has not.
    Shape,
    /// A metric differs by more than is allowed.
    Metric {
        /// The metric.
        name: String,
        /// In the metric's own unit.
        distance: u64,
        /// In the metric's own unit; zero when the job declares none.
        allowed: u64,
    },
}

/// Compares a found result with a claimed one.
///
/// EXACT and REPRODUCIBLE: the same bytes. APPROXIMATE: the same names of files and metrics, and every metric within
/// the job's declared tolerance (undeclared: equal).
pub fn compare(claimed: &Manifest, found: &Manifest, allowed: &BTreeMap<String, u64>) -> Verdict {
    if claimed.job != found.job || claimed.class != found.class {
        return Verdict::Different(Difference::Question);
    }
    match found.class {
        Class::Exact | Class::Reproducible if claimed == found => Verdict::Same,
        Class::Exact | Class::Reproducible => Verdict::Different(Difference::Bytes),
        Class::Approximate => compare_metrics(claimed, found, allowed),
    }
}

fn compare_metrics(
    claimed: &Manifest,
    found: &Manifest,
    allowed: &BTreeMap<String, u64>,
) -> Verdict {
    let names = |manifest: &Manifest| {
        manifest.files.iter().map(|file| file.name.clone()).collect::<Vec<_>>()
    };
    if names(claimed) != names(found) || !claimed.metrics.keys().eq(found.metrics.keys()) {
        return Verdict::Different(Difference::Shape);
    }
    for ((name, left), right) in claimed.metrics.iter().zip(found.metrics.values()) {
        let allowed = allowed.get(name).copied().unwrap_or(0);
        let distance = left.abs_diff(*right);
        if distance > allowed {
            return Verdict::Different(Difference::Metric {
                name: name.clone(),
                distance,
                allowed,
            });
        }
    }
    Verdict::Same
}

#[cfg(test)]
mod tests {
    use super::*;
    use utnet_jobs::{manifest::FileEntry, sha256};

    fn result(class: Class, loss: i64, file: &[u8]) -> Manifest {
        Manifest {
            class,
            files: vec![FileEntry { bytes: 1, name: "curve".into(), sha256: sha256(file) }],
            job: utnet_primitives::JobId::default(),
            metrics: BTreeMap::from([("loss".into(), loss), ("steps".into(), 5)]),
            version: 1,
        }
    }

    #[test]
    fn exact_results_must_have_the_same_bytes() {
        let (a, b) = (result(Class::Exact, 1, b"a"), result(Class::Exact, 1, b"b"));
        let allowed = BTreeMap::from([("loss".into(), 100)]);
        assert_eq!(compare(&a, &b, &allowed), Verdict::Different(Difference::Bytes));
        assert_eq!(compare(&a, &a.clone(), &allowed), Verdict::Same);
    }

    #[test]
    fn approximate_results_agree_within_the_declared_distance() {
        let (a, b) = (result(Class::Approximate, 10, b"a"), result(Class::Approximate, 15, b"b"));
        let within = BTreeMap::from([("loss".into(), 5)]);
        let below = BTreeMap::from([("loss".into(), 4)]);
        assert_eq!(compare(&a, &b, &within), Verdict::Same);
        let difference = Difference::Metric { name: "loss".into(), distance: 5, allowed: 4 };
        assert_eq!(compare(&a, &b, &below), Verdict::Different(difference));
    }

    #[test]
    fn a_metric_without_declared_distance_must_be_equal() {
        let (a, b) = (result(Class::Approximate, 10, b"a"), result(Class::Approximate, 11, b"a"));
        assert!(matches!(compare(&a, &b, &BTreeMap::new()), Verdict::Different(_)));
    }
}
