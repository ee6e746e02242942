//! The account in a file, as something that lives.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::support::clients::{Clients, wait};
use crate::support::world::World;

/// Where no AWS is: whoever calls it fails.
const NOWHERE: &str = "http://127.0.0.1:9";

fn events(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/events");
    folder.join(name).to_str().expect("a path of text").to_owned()
}

#[test]
fn log_files_are_played_through_the_trails_of_the_account() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let role = events("stratus_aws.persistence.iam-backdoor-role.json");
    let packed = events("218007301253_CloudTrail_us-east-1_20230710T1145Z_7xgocspSowgK0Gto.json.gz");
    let play = |files: &[&str]| {
        let arguments = [&["sandbox", "play", "--account", &world.account], files].concat();
        world.run_at(NOWHERE, &arguments)
    };
    let nobody = format!("the account {} has no trail", world.account);
    play(&[&role])
        .exits(0)
        .prints("1 record, 1 taken")
        .prints(&nobody);
    world
        .run_at(NOWHERE, &["apply", "spec.toml", "--sandbox", "--yes"])
        .exits(0);

    world.write("bad.json", "{\"Records\": [{\"eventName\": \"x\"}, 7]}");
    let to = format!(
        "  trail account-activity: 1 selected; 1 to bucket acme-{}-account-activity; 1 to log group \
         /acme/account-activity\n",
        world.account
    );
    play(&[&role, &packed, "bad.json"])
        .exits(0)
        .says("not AWS")
        .prints(&to)
        .prints("_7xgocspSowgK0Gto.json.gz: 29 records, 29 taken\n")
        .prints("bad.json: 2 records, 0 taken\n")
        .prints("  record 1 skipped: it has no `eventTime`\n")
        .prints("  record 2 skipped: it has no `eventTime`\n");
    world.write("broken.json", "{\"Records\": [");
    play(&["broken.json"])
        .exits(1)
        .says("cannot play `broken.json`: no JSON at byte 13");
    play(&["gone.json"]).exits(1).says("cannot play `gone.json`");

    let mut serve = world
        .command(
            NOWHERE,
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
    let filter = clients
        .logs
        .filter_log_events()
        .log_group_name("/acme/account-activity")
        .filter_pattern("{ $.eventName = \"UpdateAssumeRolePolicy\" }");
    let found = wait(filter.send()).expect("the events of the group");
    serve.kill().expect("ended");
    serve.wait().expect("gone");
    assert_eq!(found.events().len(), 1);
}
