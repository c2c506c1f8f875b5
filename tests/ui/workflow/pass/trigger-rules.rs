use orch::prelude::*;

#[step]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

#[step]
fn add(left: u32, right: u32) -> String {
    (left + right).to_string()
}

#[step]
fn tell(left: Outcome<&u32>, right: Outcome<&u32>) -> String {
    format!("{} {}", left.as_str(), right.as_str())
}

workflow! {
    pub AllSuccess(left: String, right: String) -> Option<String> {
        #[node(optional)]
        one = parse(&left);
        #[node(optional)]
        two = parse(&right);
        #[node(on = all_success, optional)]
        told = add(one.unwrap_or(0), two.unwrap_or(0));
        told.clone()
    }
}

workflow! {
    pub AllDone(left: String, right: String) -> Option<String> {
        one = parse(&left);
        two = parse(&right);
        #[node(on = all_done, optional)]
        told = tell(one, two);
        told.clone()
    }
}

workflow! {
    pub AllFailed(left: String, right: String) -> Option<String> {
        one = parse(&left);
        two = parse(&right);
        #[node(on = all_failed, optional)]
        told = tell(one, two);
        told.clone()
    }
}

workflow! {
    pub AllSkipped(left: String, right: String) -> Option<String> {
        one = parse(&left);
        two = parse(&right);
        #[node(on = all_skipped, optional)]
        told = tell(one, two);
        told.clone()
    }
}

workflow! {
    pub OneSuccess(left: String, right: String) -> Option<String> {
        one = parse(&left);
        two = parse(&right);
        #[node(on = one_success, optional)]
        told = tell(one, two);
        told.clone()
    }
}

workflow! {
    pub OneFailed(left: String, right: String) -> Option<String> {
        one = parse(&left);
        two = parse(&right);
        #[node(on = one_failed, optional)]
        told = tell(one, two);
        told.clone()
    }
}

workflow! {
    pub NoneFailed(left: String, right: String) -> Option<String> {
        one = parse(&left);
        two = parse(&right);
        #[node(on = none_failed, optional)]
        told = tell(one, two);
        told.clone()
    }
}

workflow! {
    pub NoneFailedMinOneSuccess(left: String, right: String) -> Option<String> {
        one = parse(&left);
        two = parse(&right);
        #[node(on = none_failed_min_one_success, optional)]
        told = tell(one, two);
        told.clone()
    }
}

workflow! {
    pub NoneSkipped(left: String, right: String) -> Option<String> {
        one = parse(&left);
        two = parse(&right);
        #[node(on = none_skipped, optional)]
        told = tell(one, two);
        told.clone()
    }
}

async fn told(rule: &str, left: &str, right: &str) -> Option<String> {
    let (left, right) = (left.to_owned(), right.to_owned());
    let told = match rule {
        "all_success" => AllSuccess::run(left, right).await,
        "all_done" => AllDone::run(left, right).await,
        "all_failed" => AllFailed::run(left, right).await,
        "all_skipped" => AllSkipped::run(left, right).await,
        "one_success" => OneSuccess::run(left, right).await,
        "one_failed" => OneFailed::run(left, right).await,
        "none_failed" => NoneFailed::run(left, right).await,
        "none_failed_min_one_success" => NoneFailedMinOneSuccess::run(left, right).await,
        "none_skipped" => NoneSkipped::run(left, right).await,
        other => panic!("no rule {other}"),
    };
    told.ok().flatten()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for (rule, both, one, none) in [
        ("all_done", true, true, true),
        ("all_failed", false, false, true),
        ("all_skipped", false, false, false),
        ("one_success", true, true, false),
        ("one_failed", false, true, true),
        ("none_failed", true, false, false),
        ("none_failed_min_one_success", true, false, false),
        ("none_skipped", true, true, true),
    ] {
        assert_eq!(told(rule, "1", "2").await.is_some(), both, "{rule}: both succeed");
        assert_eq!(told(rule, "1", "x").await.is_some(), one, "{rule}: one succeeds");
        assert_eq!(told(rule, "x", "y").await.is_some(), none, "{rule}: none succeeds");
    }
    assert_eq!(told("all_success", "1", "2").await.as_deref(), Some("3"));
    assert_eq!(told("all_done", "1", "x").await.as_deref(), Some("done failed"));
}
