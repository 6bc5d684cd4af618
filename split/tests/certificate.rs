//! The chaos certificate: `cargo xtask chaos --runs N --seed S`, and a few runs of it as a test.
#![allow(unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod certify;
#[path = "it/support/mod.rs"]
mod support;
#[path = "it/world/mod.rs"]
mod world;

use certify::{At, NAMES, Plan, Story, certify, out};
use std::collections::BTreeSet;

/// How many runs, from which seed, and how many at once.
const RUNS: &str = "RERP_CHAOS_RUNS";
const SEED: &str = "RERP_CHAOS_SEED";
const LANES: &str = "RERP_CHAOS_LANES";

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable}: {text:?}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_certificate() {
    let (runs, seed) = (number(RUNS, 6), number(SEED, 1));
    let certificate = certify(runs, seed, number(LANES, 3)).await;
    let path = out();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, format!("{:#}\n", certificate.json())).unwrap();
    let failures = certificate.failures();
    assert!(failures.is_empty(), "{}\n{}", path.display(), failures.join("\n"));
}

#[test]
fn a_seed_says_everything() {
    for seed in 0..200 {
        let plan = Plan::draw(seed);
        assert_eq!(plan, Plan::draw(seed));
        assert!((2..=4).contains(&plan.disturbances.len()), "{plan:?}");
        assert!(plan.disturbances.is_sorted_by_key(|disturbance| disturbance.segment), "{plan:?}");
    }
    assert_ne!(Plan::draw(1), Plan::draw(2));
}

/// What a seed said, written down: a change here makes old certificates' seeds worthless, and is said in the changelog.
#[test]
fn what_a_seed_says_stays() {
    let plan = Plan::draw(1);
    let told: Vec<String> = plan.disturbances.iter().map(|disturbance| plan.tell(disturbance)).collect();
    let said = [
        "Prepare after 255 ms: Stalled(Between, Source) for 1241 ms",
        "Prepare at PreDataDumped: WorkerDoubled for 843 ms",
    ];
    assert_eq!((plan.story.name(), told), ("completed", said.map(str::to_owned).to_vec()));
}

#[test]
fn everything_comes_up_in_two_hundred_runs() {
    let plans: Vec<Plan> = (1..=200).map(Plan::draw).collect();
    let disturbances = || plans.iter().flat_map(|plan| &plan.disturbances);
    let kinds: BTreeSet<&str> = disturbances().map(|disturbance| disturbance.kind.name()).collect();
    assert_eq!(kinds, NAMES.into_iter().collect());
    let stories: BTreeSet<&str> = plans.iter().map(|plan| plan.story.name()).collect();
    assert_eq!(stories.len(), 5, "{stories:?}");
    assert!(plans.iter().any(|plan| matches!(plan.story, Story::Aborted { .. })));
    let places: BTreeSet<&String> = disturbances()
        .filter_map(|disturbance| match &disturbance.at {
            At::Place(place) => Some(place),
            At::After(_) => None,
        })
        .collect();
    assert!(places.len() > 60 && places.iter().any(|place| place.as_str() == "F8Close.before"), "{places:?}");
    let known = rerp_split::failpoint::names();
    assert!(places.iter().all(|place| known.contains(place)), "{places:?}");
}
