//! The main job: an empty account, a spec, a plan, an apply, and nothing left to do.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::clients::{Clients, wait};
use crate::support::proxy::Proxy;
use crate::support::world::{Ran, World};

fn steps(plan: &Ran) -> usize {
    plan.stdout
        .lines()
        .filter(|line| line.starts_with("  + "))
        .count()
}

#[test]
fn on_the_sandbox() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let plan = world.run(&["plan", "spec.toml", "--detailed-exitcode"]).exits(2);
    assert!(steps(&plan) >= 14, "{}", plan.stdout);
    let text = plan.stdout.replace(&world.account, "123456789012");
    // The account is in it, so the hash is another in every run.
    let (text, approval) = text.rsplit_once("Approval: ").expect("an approval");
    assert_eq!(approval.trim_end().len(), 12);
    insta::assert_snapshot!("first_plan", text);

    let apply = world
        .apply()
        .prints("0 of 1 subscriber confirmed: alerts reach nobody yet.");
    assert_eq!(
        apply
            .stderr
            .lines()
            .filter(|line| line.contains("created"))
            .count(),
        steps(&plan),
        "{}",
        apply.stderr
    );
    world
        .expect_no_differences()
        .prints("has not confirmed the subscription");
    world.apply().prints("No differences.");
}

#[test]
fn on_moto() {
    let world = World::on_moto();
    world.write_example("account-activity.toml");
    let plan = world.run(&["plan", "spec.toml", "--detailed-exitcode"]).exits(2);
    assert!(steps(&plan) >= 14, "{}", plan.stdout);
    world.apply().prints("1 of 1 subscriber confirmed.");
    world.expect_no_differences();
}

#[test]
fn on_an_account_in_a_file_without_any_network() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let nowhere = "http://127.0.0.1:9";
    let run = |arguments: &[&str]| world.run_at(nowhere, arguments);
    run(&["plan", "spec.toml", "--sandbox", "--detailed-exitcode"])
        .exits(2)
        .says("not AWS");
    run(&["apply", "spec.toml", "--sandbox", "--yes"])
        .exits(0)
        .prints("alerts reach nobody yet");
    run(&["plan", "spec.toml", "--sandbox", "--detailed-exitcode"])
        .exits(0)
        .prints("No differences.");
    assert!(world.folder().join(".trailwarden/sandbox.json").is_file());
    run(&["plan", "spec.toml", "--sandbox=other.json", "--detailed-exitcode"]).exits(2);
    assert!(!world.folder().join("other.json").exists(), "plan never writes");
}

#[test]
fn an_account_in_a_file_is_served_to_any_client() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let nowhere = "http://127.0.0.1:9";
    world
        .run_at(nowhere, &["apply", "spec.toml", "--sandbox", "--yes"])
        .exits(0);

    let mut serve = world
        .command(
            nowhere,
            &["sandbox", "serve", "--port", "0", "--account", &world.account],
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts");
    let mut endpoint = String::new();
    BufReader::new(serve.stdout.take().expect("its output"))
        .read_line(&mut endpoint)
        .expect("a line");
    let clients = Clients::at(endpoint.trim(), &world.account);
    let trail = wait(clients.cloudtrail.stop_logging().name("account-activity").send());
    trail.expect("the trail of the file");
    serve.kill().expect("ended");
    serve.wait().expect("gone");

    let plan = world
        .run_at(
            nowhere,
            &["plan", "spec.toml", "--sandbox", "--detailed-exitcode"],
        )
        .exits(2);
    plan.prints("! blind until applied: nothing is recorded while logging is off");
}

#[test]
fn plan_never_writes_and_apply_writes_nothing_when_nothing_differs() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let proxy = Proxy::start(&world.endpoint);
    world.run_at(&proxy.endpoint, &["plan", "spec.toml"]).exits(0);
    assert_eq!(proxy.writes(), 0, "{:?}", proxy.operations());
    world.apply();
    proxy.reset();
    world
        .run_at(&proxy.endpoint, &["plan", "spec.toml", "--detailed-exitcode"])
        .exits(0);
    let calls = proxy.calls().len();
    assert!(calls <= 26, "{calls} calls: {:?}", proxy.operations());
    world
        .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .exits(0);
    assert_eq!(
        proxy.calls().len(),
        2 * calls,
        "apply reads no more than plan: {:?}",
        proxy.operations()
    );
    assert_eq!(proxy.writes(), 0, "{:?}", proxy.operations());
}

#[test]
fn destroy_takes_away_what_the_stack_made_and_keeps_data() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    world.apply();
    let clients = Clients::of(&world);
    let bucket = format!("acme-{}-account-activity", world.account);
    let put = clients.s3.put_object().bucket(&bucket).key("AWSLogs/log.json.gz");
    wait(
        put.body(aws_sdk_s3::primitives::ByteStream::from_static(b"{}"))
            .send(),
    )
    .expect("an object");

    world
        .run(&["destroy", "spec.toml", "--yes"])
        .exits(5)
        .prints("--allow-blinding");
    world
        .run(&["destroy", "spec.toml", "--yes", "--allow-blinding", "ALL"])
        .exits(0)
        .prints("release");
    wait(clients.s3.head_bucket().bucket(&bucket).send()).expect("the bucket with its data is still there");
    let trails = wait(clients.cloudtrail.describe_trails().send()).expect("trails");
    assert!(trails.trail_list().is_empty());
    world
        .run(&["destroy", "spec.toml", "--yes", "--allow-blinding", "ALL"])
        .exits(0)
        .prints("No differences.");

    // What was released is nobody's: the spec must say that it takes it over.
    let plan = world
        .run(&["plan", "spec.toml"])
        .exits(5)
        .prints("--adopt bucket.");
    drop(plan);
    world
        .run(&["apply", "spec.toml", "--yes", "--adopt", "bucket.logs"])
        .exits(0);
    world.expect_no_differences();
}
