//! What goes wrong on the way: each failure says what is the matter and the way out, and the next
//! plan simply continues.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::clients::{Clients, wait};
use crate::support::moto;
use crate::support::proxy::{Fault, Kind, Matching, Proxy};
use crate::support::world::World;

const PATIENCE: Duration = Duration::from_secs(60);

fn ready() -> (World, Proxy) {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let proxy = Proxy::start(&world.endpoint);
    (world, proxy)
}

#[test]
fn the_wrong_account_is_refused_before_anything_is_read() {
    let (world, proxy) = ready();
    let mut command = world.command(&proxy.endpoint, &["plan", "spec.toml"]);
    let output = command
        .env("AWS_ACCESS_KEY_ID", moto::fresh_account())
        .output()
        .expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("the spec is about account") && stderr.contains("--profile"),
        "{stderr}"
    );
    assert_eq!(
        proxy.operations().into_keys().collect::<Vec<_>>(),
        ["sts:GetCallerIdentity"]
    );
}

#[test]
fn no_credentials() {
    let (world, proxy) = ready();
    let mut command = world.command(&proxy.endpoint, &["plan", "spec.toml"]);
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY");
    let output = command.output().expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("credentials") && stderr.contains("aws sso login"),
        "{stderr}"
    );
}

#[test]
fn an_unreachable_endpoint() {
    let (world, _) = ready();
    let run = world
        .run_at("http://127.0.0.1:9", &["plan", "spec.toml"])
        .exits(1);
    run.says("http://127.0.0.1:9").says("--endpoint-url");
}

#[test]
fn the_endpoint_of_the_command_line_goes_before_that_of_the_environment() {
    let (world, _) = ready();
    let arguments = ["plan", "spec.toml", "--endpoint-url", &world.endpoint];
    world.run_at("http://127.0.0.1:9", &arguments).exits(0);
}

#[test]
fn a_region_that_does_not_agree_with_the_spec() {
    let (world, _) = ready();
    world
        .run(&["plan", "spec.toml", "--region", "eu-west-1"])
        .exits(64)
        .says("does not agree with the spec");
}

#[test]
fn a_read_that_is_denied() {
    let (world, proxy) = ready();
    proxy.fault(Fault::on("DescribeAlarms", Kind::AccessDenied));
    let run = world.run_at(&proxy.endpoint, &["plan", "spec.toml"]).exits(1);
    run.says("cloudwatch:DescribeAlarms failed")
        .says("trailwarden permissions")
        .says("request id");
}

#[test]
fn a_write_that_is_denied_stops_what_needs_it_and_nothing_else() {
    let (world, proxy) = ready();
    proxy.fault(Fault::on("CreateTopic", Kind::AccessDenied));
    let apply = world
        .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .exits(1);
    let apply = apply
        .says("sns:CreateTopic failed")
        .says("it needs topic.security-alerts");
    let apply = apply
        .says("created   trail.account-activity")
        .prints("The next plan continues from here");
    drop(apply);
    proxy.clear_faults();
    world.apply();
    world.expect_no_differences();
}

#[test]
fn throttling_and_errors_that_pass_are_outlived() {
    let (world, proxy) = ready();
    for operation in [
        "PutMetricAlarm",
        "DescribeMetricFilters",
        "CreateBucket",
        "CreateRole",
        "Subscribe",
    ] {
        proxy.fault(Fault::on(operation, Kind::Throttle).first(2));
    }
    proxy.fault(Fault::on("CreateTrail", Kind::InternalError).first(1));
    world
        .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .exits(0);
    world.expect_no_differences();
}

#[test]
fn a_connection_that_breaks_before_or_after_a_write_took_effect() {
    for kind in [Kind::ResetBefore, Kind::ResetAfter] {
        let (world, proxy) = ready();
        for operation in [
            "CreateBucket",
            "PutBucketPolicy",
            "CreateLogGroup",
            "CreateRole",
            "CreateTrail",
            "PutMetricFilter",
            "CreateTopic",
            "Subscribe",
            "PutMetricAlarm",
            "StartLogging",
        ] {
            proxy.fault(Fault::on(operation, kind.clone()).first(1));
        }
        world
            .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
            .exits(0);
        world.expect_no_differences();
    }
}

/// Cuts a first set-up short at each of its writes in turn.
#[test]
fn whichever_write_fails_the_next_apply_continues() {
    let (world, proxy) = ready();
    world
        .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .exits(0);
    let writes = proxy.writes();
    assert!(writes >= 15, "{:?}", proxy.operations());
    for number in 1..=writes {
        let (world, proxy) = ready();
        proxy.fault(Fault::on(Matching::Writes, Kind::AccessDenied).nth(number));
        world
            .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
            .exits(1);
        world.apply();
        world.expect_no_differences();
    }
}

#[test]
fn ctrl_c_lets_the_calls_in_flight_end() {
    let (world, proxy) = ready();
    proxy.fault(Fault::on("CreateLogGroup", Kind::Hold));
    let apply = world
        .command(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    proxy.wait_until_held(1, PATIENCE);
    let interrupt = Command::new("kill")
        .args(["-INT", &apply.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(interrupt.success());
    // The signal is seen when the message is out; only then may the call go on.
    let mut apply = apply;
    let stderr = apply.stderr.take().expect("its messages");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(stderr));
    assert!(
        lines.any(|line| line.expect("text").contains("Stopping")),
        "no word of stopping"
    );
    proxy.clear_faults();
    let rest: Vec<String> = lines.map(|line| line.expect("text")).collect();
    let output = apply.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{rest:?}");
    assert!(
        rest.iter().any(|line| line.contains("created   log_group.")),
        "{rest:?}"
    );
    assert!(
        rest.iter().any(|line| line.contains("not begun trail.")),
        "{rest:?}"
    );
    world.apply();
    world.expect_no_differences();
}

#[test]
fn a_change_between_plan_and_write_is_left_alone() {
    let (world, proxy) = ready();
    world.apply();
    let text = std::fs::read_to_string(world.folder().join("spec.toml")).expect("the spec");
    world.write(
        "spec.toml",
        &text.replace("retention_days = 365", "retention_days = 400"),
    );
    // The plan reads the group once; the second read is the one right before the write.
    proxy.fault(Fault::on("DescribeLogGroups", Kind::Hold).nth(2));
    let apply = world
        .command(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    proxy.wait_until_held(1, PATIENCE);
    let clients = Clients::of(&world);
    let put = clients
        .logs
        .put_retention_policy()
        .log_group_name("/acme/account-activity")
        .retention_in_days(30);
    wait(put.send()).expect("somebody else's change");
    proxy.clear_faults();
    let output = apply.wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("stale     log_group./acme/account-activity: it was changed since the plan"),
        "{stderr}"
    );
    assert!(
        !proxy.operations().contains_key("logs:PutRetentionPolicy"),
        "{:?}",
        proxy.operations()
    );
    world.run(&["plan", "spec.toml"]).exits(0).prints("30 -> 400");
    world.apply();
    world.expect_no_differences();
}

#[test]
fn what_is_not_visible_to_cloudtrail_yet_is_waited_for() {
    let (world, proxy) = ready();
    for (code, message) in [
        (
            "InsufficientS3BucketPolicyException",
            "Incorrect S3 bucket policy is detected for bucket",
        ),
        (
            "InvalidCloudWatchLogsRoleArnException",
            "Access denied. Check the trust relationships for your role.",
        ),
    ] {
        let (code, message) = (code.into(), message.into());
        proxy.fault(
            Fault::on(
                "CreateTrail",
                Kind::Error {
                    code,
                    message,
                    status: 400,
                },
            )
            .first(1),
        );
    }
    world
        .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .exits(0)
        .says("waiting for");
    world.expect_no_differences();
}

#[test]
fn a_second_trail_of_the_same_events_is_shown_with_its_price() {
    let (world, _) = ready();
    world.apply();
    let clients = Clients::of(&world);
    let bucket = format!("acme-{}-account-activity", world.account);
    let policy = wait(clients.s3.get_bucket_policy().bucket(&bucket).send())
        .expect("a policy")
        .policy
        .expect("text");
    let foreign = policy
        .replace("trail/account-activity", "trail/theirs")
        .replace("Trailwarden", "Theirs");
    let both: serde_json::Value = serde_json::from_str(&policy).expect("JSON");
    let theirs: serde_json::Value = serde_json::from_str(&foreign).expect("JSON");
    let statements = [&both["Statement"], &theirs["Statement"]]
        .map(|s| s.as_array().expect("a list").clone())
        .concat();
    let both = serde_json::json!({ "Version": "2012-10-17", "Statement": statements });
    wait(
        clients
            .s3
            .put_bucket_policy()
            .bucket(&bucket)
            .policy(both.to_string())
            .send(),
    )
    .expect("put");
    wait(
        clients
            .cloudtrail
            .create_trail()
            .name("theirs")
            .s3_bucket_name(&bucket)
            .send(),
    )
    .expect("a trail");
    world.expect_no_differences();
    wait(clients.cloudtrail.start_logging().name("theirs").send()).expect("logging");
    world
        .expect_no_differences()
        .prints("the trail `theirs` records the same")
        .prints("USD 2.00");
}

#[test]
fn a_delivery_role_that_may_do_more_is_shown() {
    let (world, _) = ready();
    world.apply();
    let clients = Clients::of(&world);
    let attach = clients
        .iam
        .attach_role_policy()
        .role_name("acme-prod-account-activity-delivery");
    wait(
        attach
            .policy_arn("arn:aws:iam::aws:policy/AdministratorAccess")
            .send(),
    )
    .expect("attached");
    world
        .expect_no_differences()
        .prints("it also has the policies arn:aws:iam::aws:policy/AdministratorAccess");
}
