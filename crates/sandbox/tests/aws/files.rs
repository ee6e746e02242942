use std::fs;

use trailwarden_sandbox::{Sandbox, SandboxError};

use crate::world::{ACCOUNT, NOW, OTHER, World, code};

#[tokio::test]
async fn an_account_outlives_its_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/sandbox.json");
    let first = Sandbox::open(&path, ACCOUNT).unwrap();
    assert!(!path.exists(), "opening writes nothing");
    let id = first.id();
    assert!(path.exists());
    World::of(first)
        .at(NOW)
        .sns()
        .create_topic()
        .name("t")
        .send()
        .await
        .unwrap();

    let second = Sandbox::open(&path, ACCOUNT).unwrap();
    assert_eq!(second.id(), id);
    let topics = World::of(second).sns().list_topics().send().await.unwrap();
    assert_eq!(topics.topics().len(), 1);
}

#[tokio::test]
async fn reads_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.json");
    let world = World::of(Sandbox::open(&path, ACCOUNT).unwrap());
    world.sns().list_topics().send().await.unwrap();
    world.logs().describe_log_groups().send().await.unwrap();
    let refused = world.iam().delete_role().role_name("gone").send().await;
    assert_eq!(code(refused), "NoSuchEntity");
    assert!(!path.exists());

    world.sns().create_topic().name("t").send().await.unwrap();
    let before = fs::read(&path).unwrap();
    world.sns().create_topic().name("t").send().await.unwrap();
    world.sns().list_topics().send().await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn two_values_see_each_others_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.json");
    let one = World::of(Sandbox::open(&path, ACCOUNT).unwrap());
    let two = World::of(Sandbox::open(&path, ACCOUNT).unwrap());
    assert_eq!(one.sandbox.id(), two.sandbox.id());
    let mut tasks = Vec::new();
    for number in 0..40 {
        let sns = if number % 2 == 0 { one.sns() } else { two.sns() };
        let name = format!("topic-{number}");
        tasks.push(tokio::spawn(async move {
            sns.create_topic().name(name).send().await.is_ok()
        }));
    }
    for task in tasks {
        assert!(task.await.unwrap());
    }
    for world in [one, two] {
        assert_eq!(world.sns().list_topics().send().await.unwrap().topics().len(), 40);
    }
}

#[tokio::test]
async fn the_file_is_stable_and_readable() {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> = {
        let mut texts = Vec::new();
        for names in [["a", "b"], ["b", "a"]] {
            let path = folder.path().join(format!("{}.json", names[0]));
            let world = World::of(Sandbox::open(&path, ACCOUNT).unwrap()).at(NOW);
            for name in names {
                world.sns().create_topic().name(name).send().await.unwrap();
            }
            let id = world.sandbox.id();
            texts.push(fs::read_to_string(&path).unwrap().replace(&id, "ID"));
        }
        texts
    };
    assert_eq!(texts[0], texts[1]);
    assert!(texts[0].starts_with("{\n  \"sandbox_format\": 1,\n  \"id\": \"ID\",\n"));
}

#[test]
fn foreign_files_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.json");
    for text in [
        "",
        "no json",
        "{}",
        r#"{"sandbox_format":"1"}"#,
        r#"{"sandbox_format":1}"#,
    ] {
        fs::write(&path, text).unwrap();
        let error = Sandbox::open(&path, ACCOUNT).unwrap_err();
        assert!(matches!(error, SandboxError::Foreign { .. }), "{text}: {error}");
        assert!(error.to_string().contains("sandbox.json"));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    fs::write(&path, r#"{"sandbox_format":2}"#).unwrap();
    let error = Sandbox::open(&path, ACCOUNT).unwrap_err();
    assert!(
        matches!(
            error,
            SandboxError::Format {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
    let error = Sandbox::open(folder.path(), ACCOUNT).unwrap_err();
    assert!(matches!(error, SandboxError::Read { .. }), "{error}");
}

#[tokio::test]
async fn a_file_that_breaks_later_is_an_error_of_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.json");
    let world = World::of(Sandbox::open(&path, ACCOUNT).unwrap());
    world.sns().create_topic().name("t").send().await.unwrap();
    fs::write(&path, "broken").unwrap();
    assert_eq!(
        code(world.sns().list_topics().send().await),
        "SandboxFileUnusable"
    );
    let refused = world.sandbox.snapshot().unwrap_err();
    assert!(matches!(refused, SandboxError::Foreign { .. }));
    assert_eq!(fs::read_to_string(&path).unwrap(), "broken");
}

#[tokio::test]
async fn the_key_id_names_the_account() {
    let world = World::new();
    let who = |world: World| async move {
        let answer = world
            .sts()
            .get_caller_identity()
            .send()
            .await
            .expect("an identity");
        (
            answer.account().unwrap_or_default().to_owned(),
            answer.arn().unwrap_or_default().to_owned(),
        )
    };
    assert_eq!(who(world.account("AKIDEXAMPLE")).await.0, ACCOUNT);
    assert_eq!(who(world.account(OTHER)).await.0, OTHER);
    let china = who(world.region("cn-north-1")).await;
    assert_eq!(china.1, format!("arn:aws-cn:iam::{ACCOUNT}:user/sandbox"));
}

async fn history(world: &World) -> Vec<String> {
    let events = world
        .cloudtrail()
        .lookup_events()
        .send()
        .await
        .expect("an answer");
    events
        .events()
        .iter()
        .map(|it| it.event_name().expect("an answer").to_owned())
        .collect()
}

#[tokio::test]
async fn the_journal_is_shared_and_survives_half_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.json");
    let one = World::of(Sandbox::open(&path, ACCOUNT).unwrap()).at(NOW);
    let two = World::of(Sandbox::open(&path, ACCOUNT).unwrap()).at(NOW);
    one.sns().list_topics().send().await.unwrap();
    assert_eq!(history(&one).await, [""; 0], "there is no file yet");
    assert!(!path.exists());
    two.sns().create_topic().name("t").send().await.unwrap();
    assert_eq!(
        history(&one).await,
        ["CreateTopic"],
        "one's own early calls come with one's next"
    );
    let all = ["LookupEvents", "LookupEvents", "ListTopics", "CreateTopic"];
    assert_eq!(history(&two).await, all);

    let journal = folder
        .path()
        .join(format!("sandbox.json.d/{}/journal.jsonl", one.sandbox.id()));
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, &whole[..whole.len() - 20]).unwrap();
    assert_eq!(history(&one).await, all);
    one.sns().list_subscriptions().send().await.unwrap();
    assert_eq!(history(&two).await[0], "ListSubscriptions");
    assert_eq!(history(&two).await.len(), 7);

    let before = fs::read(&path).unwrap();
    history(&one).await;
    two.sns().list_topics().send().await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), before, "a read leaves the state alone");
}

#[tokio::test]
async fn who_removes_the_file_starts_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.json");
    let world = World::of(Sandbox::open(&path, ACCOUNT).unwrap()).at(NOW);
    let s3 = world.s3();
    s3.create_bucket().bucket("acme-things").send().await.unwrap();
    let put = s3.put_object().bucket("acme-things").key("k");
    put.body(b"body".to_vec().into()).send().await.unwrap();
    let second = World::of(Sandbox::open(&path, ACCOUNT).unwrap());
    let read = second.s3().get_object().bucket("acme-things").key("k");
    let read = read.send().await.unwrap().body.collect().await.unwrap();
    assert_eq!(read.to_vec(), b"body");
    let state = fs::read_to_string(&path).unwrap();
    assert!(!state.contains("CreateBucket"), "{state}");

    fs::remove_file(&path).unwrap();
    assert_eq!(history(&world).await, [""; 0]);
    world.sns().create_topic().name("t").send().await.unwrap();
    assert_eq!(history(&world).await, ["CreateTopic", "LookupEvents"]);
    let kept = fs::read_dir(folder.path().join("sandbox.json.d")).unwrap();
    assert_eq!(kept.count(), 1, "what the other left is removed");
}
