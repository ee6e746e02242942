//! What a drill makes for itself, and how it takes it back.

use aws_sdk_cloudwatch::types::Statistic;
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_types::DateTime;
use aws_types::app_name::AppName;
use trailwarden_account::{AccountError, ErrorKind, Rehearse, Temporary};
use trailwarden_policy::Policy;
use trailwarden_spec::Object;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::drill::Drill;
use trailwarden_spec::kinds::{Protocol, Subscription};
use trailwarden_spec::leaf::MARK_STACK;
use trailwarden_spec::wanted::Stack;

use crate::aws::known::{Known, built};
use crate::aws::queue::GONE;
use crate::aws::{Aws, refusal, subscription, topic};
use crate::door::{Absent, Api};
use crate::provider::Provider;

const LIST_QUEUES: Api = Api::read("sqs", "ListQueues");
const QUEUE_TAGS: Api = Api::read("sqs", "ListQueueTags");
const FIND_QUEUE: Api = Api::read("sqs", "GetQueueUrl");
const MAKE_QUEUE: Api = Api::write("sqs", "CreateQueue");
const DELETE_QUEUE: Api = Api::write("sqs", "DeleteQueue");
const RECEIVE: Api = Api::write("sqs", "ReceiveMessage");
const DELETE_MESSAGE: Api = Api::write("sqs", "DeleteMessage");
const SUBSCRIBE: Api = Api::write("sns", "Subscribe");
const UNSUBSCRIBE: Api = Api::write("sns", "Unsubscribe");
const STREAMS: Api = Api::read("logs", "DescribeLogStreams");
const MAKE_STREAM: Api = Api::write("logs", "CreateLogStream");
const PUT_EVENTS: Api = Api::write("logs", "PutLogEvents");
const DELETE_STREAM: Api = Api::write("logs", "DeleteLogStream");
const STATISTICS: Api = Api::read("cloudwatch", "GetMetricStatistics");
const ALARMS: Api = Api::read("cloudwatch", "DescribeAlarms");
const IDENTITY: Api = Api::read("sts", "GetCallerIdentity");

/// Seconds for which a queue keeps messages: nobody looks into one that is older than an hour.
const RETENTION: &str = "3600";

impl Rehearse for Provider {
    async fn temporaries(&self, drill: &Drill) -> Result<Vec<Temporary>, AccountError> {
        let aws = self.aws().await?;
        let prefix = Drill::queue_prefix(&stack(aws));
        let mut found = Vec::new();
        for listed in subscription::list(aws, &drill.name, |_| false).await? {
            let Object::Subscription(subscription) = &listed.value else {
                continue;
            };
            let queue = Arn::parse(subscription.endpoint.reveal());
            let queue = queue.filter(|_| subscription.protocol == Protocol::Sqs);
            let ours = queue.filter(|queue| queue.name().starts_with(&prefix));
            if let (Some(queue), Some(arn)) = (ours, listed.facts.arn) {
                found.push(Temporary::Subscription {
                    arn,
                    queue: queue.name().to_owned(),
                });
            }
        }
        found.extend(queues(aws, &prefix).await?);
        if let Some(group) = &drill.test_log_group {
            found.extend(streams(aws, group, &prefix).await?);
        }
        Ok(found)
    }

    async fn make_queue(&self, drill: &Drill, run: &str, marked: bool) -> Result<Temporary, AccountError> {
        let aws = self.aws().await?;
        let name = queue_name(aws, run);
        let topic = aws.scope.topic_arn(&drill.name);
        let statement = Subscription::statement_for_queue(&topic, &queue_arn(aws, &name).to_string());
        let policy = Policy::new(vec![statement]).to_json();
        let marker = marked.then(|| marker(aws, MAKE_QUEUE, run)).transpose()?;
        let send = || {
            let make = aws
                .sqs
                .create_queue()
                .queue_name(&name)
                .attributes(QueueAttributeName::Policy, &policy)
                .attributes(QueueAttributeName::MessageRetentionPeriod, RETENTION)
                .tags(MARK_STACK, &aws.stack);
            let named = aws_sdk_sqs::config::Builder::new();
            let named = match &marker {
                Some(marker) => named.app_name(marker.clone()),
                None => named,
            };
            make.customize().config_override(named).send()
        };
        aws.door.call(MAKE_QUEUE, send).await?;
        Ok(Temporary::Queue { name })
    }

    async fn subscribe_queue(&self, drill: &Drill, run: &str) -> Result<Temporary, AccountError> {
        let aws = self.aws().await?;
        let queue = queue_name(aws, run);
        let topic_arn = aws.scope.topic_arn(&drill.name).to_string();
        let send = || {
            aws.sns
                .subscribe()
                .topic_arn(&topic_arn)
                .protocol(Protocol::Sqs.as_str())
                .endpoint(queue_arn(aws, &queue).to_string())
                .attributes("RawMessageDelivery", "true")
                .return_subscription_arn(true)
                .send()
        };
        let subscribed = aws.door.call(SUBSCRIBE, send).await;
        let subscribed = subscribed.map_err(|error| topic::not_there(&drill.name, error))?;
        Ok(Temporary::Subscription {
            arn: subscribed.subscription_arn.unwrap_or_default(),
            queue,
        })
    }

    async fn call_marked(&self, _drill: &Drill, run: &str) -> Result<(), AccountError> {
        let aws = self.aws().await?;
        let marker = marker(aws, IDENTITY, run)?;
        let send = || {
            let named = aws_sdk_sts::config::Builder::new().app_name(marker.clone());
            aws.sts
                .get_caller_identity()
                .customize()
                .config_override(named)
                .send()
        };
        aws.door.call(IDENTITY, send).await.map(drop)
    }

    async fn inject(&self, group: &str, run: &str, at: i64, record: &str) -> Result<Temporary, AccountError> {
        let aws = self.aws().await?;
        let name = queue_name(aws, run);
        let make = || {
            aws.logs
                .create_log_stream()
                .log_group_name(group)
                .log_stream_name(&name)
                .send()
        };
        // A repeated call finds what the first one made.
        aws.door
            .call(MAKE_STREAM, make)
            .await
            .map(drop)
            .or_else(|error| match error.is("ResourceAlreadyExistsException") {
                true => Ok(()),
                false => Err(error),
            })?;
        let event = InputLogEvent::builder().timestamp(at).message(record).build();
        let event = built(PUT_EVENTS, event)?;
        let put = || {
            aws.logs
                .put_log_events()
                .log_group_name(group)
                .log_stream_name(&name)
                .log_events(event.clone())
                .send()
        };
        let answer = aws.door.call(PUT_EVENTS, put).await?;
        if answer.rejected_log_events_info.is_some() {
            let message = "CloudWatch Logs took no event of this time: is the clock of this machine right?";
            return Err(refusal(PUT_EVENTS, message));
        }
        Ok(Temporary::Stream {
            group: group.to_owned(),
            name,
        })
    }

    async fn counted(&self, drill: &Drill, from: i64, to: i64) -> Result<f64, AccountError> {
        let aws = self.aws().await?;
        let send = || {
            aws.cloudwatch
                .get_metric_statistics()
                .namespace(&aws.namespace)
                .metric_name(&drill.name)
                .start_time(DateTime::from_secs(from))
                .end_time(DateTime::from_secs(to))
                .period(60)
                .statistics(Statistic::Sum)
                .send()
        };
        let answer = aws.door.call(STATISTICS, send).await?;
        let points = answer.datapoints.unwrap_or_default();
        Ok(points.iter().filter_map(|point| point.sum).sum())
    }

    async fn canary(&self, drill: &Drill) -> Result<Option<(String, i64)>, AccountError> {
        let aws = self.aws().await?;
        let send = || aws.cloudwatch.describe_alarms().alarm_names(&drill.name).send();
        let answer = aws.door.call(ALARMS, send).await?;
        let alarm = answer.metric_alarms.unwrap_or_default().into_iter().next();
        Ok(alarm.and_then(|alarm| {
            let since = alarm.state_updated_timestamp.map_or(0, |at| at.secs());
            Some((alarm.state_value?.as_str().to_owned(), since))
        }))
    }

    async fn heard(&self, run: &str) -> Result<Vec<String>, AccountError> {
        let aws = self.aws().await?;
        let name = queue_name(aws, run);
        let Some(url) = url(aws, &name).await? else {
            let gone = refusal(RECEIVE, format!("the drill's queue `{name}` is gone"));
            let hint = "another drill of the stack has taken it back: run one at a time";
            return Err(gone.known(ErrorKind::NotFound, hint));
        };
        let receive = || {
            aws.sqs
                .receive_message()
                .queue_url(&url)
                .max_number_of_messages(10)
                // Anything above none asks all of the queue's servers.
                .wait_time_seconds(1)
                .send()
        };
        let received = aws.door.call(RECEIVE, receive).await?;
        let mut bodies = Vec::new();
        for message in received.messages.unwrap_or_default() {
            if let Some(handle) = &message.receipt_handle {
                let delete = || {
                    aws.sqs
                        .delete_message()
                        .queue_url(&url)
                        .receipt_handle(handle)
                        .send()
                };
                aws.door.call(DELETE_MESSAGE, delete).await?;
            }
            bodies.extend(message.body);
        }
        Ok(bodies)
    }

    async fn take_back(&self, made: &Temporary) -> Result<(), AccountError> {
        let aws = self.aws().await?;
        match made {
            Temporary::Subscription { arn, .. } => {
                let send = || aws.sns.unsubscribe().subscription_arn(arn).send();
                aws.door
                    .call(UNSUBSCRIBE, send)
                    .await
                    .absent(topic::GONE)
                    .map(drop)
            }
            Temporary::Queue { name } => {
                let Some(url) = url(aws, name).await? else {
                    return Ok(());
                };
                let send = || aws.sqs.delete_queue().queue_url(&url).send();
                aws.door.call(DELETE_QUEUE, send).await.absent(GONE).map(drop)
            }
            Temporary::Stream { group, name } => {
                let send = || {
                    aws.logs
                        .delete_log_stream()
                        .log_group_name(group)
                        .log_stream_name(name)
                        .send()
                };
                let deleted = aws.door.call(DELETE_STREAM, send).await;
                deleted.absent(&["ResourceNotFoundException"]).map(drop)
            }
        }
    }
}

fn stack(aws: &Aws) -> Stack {
    Stack {
        name: aws.stack.clone(),
        scope: aws.scope.clone(),
        namespace: aws.namespace.clone(),
    }
}

fn marker(aws: &Aws, api: Api, run: &str) -> Result<AppName, AccountError> {
    AppName::new(Drill::marker(&stack(aws), run))
        .map_err(|error| refusal(api, format!("the marker cannot be sent: {error}")))
}

/// The name of a run's queue, and of its log stream.
fn queue_name(aws: &Aws, run: &str) -> String {
    format!("{}{run}", Drill::queue_prefix(&stack(aws)))
}

fn queue_arn(aws: &Aws, name: &str) -> Arn {
    Arn {
        service: "sqs".into(),
        resource: name.into(),
        ..aws.scope.topic_arn(name)
    }
}

async fn url(aws: &Aws, name: &str) -> Result<Option<String>, AccountError> {
    let send = || aws.sqs.get_queue_url().queue_name(name).send();
    let found = aws.door.call(FIND_QUEUE, send).await.absent(GONE)?;
    Ok(found.and_then(|found| found.queue_url))
}

/// The queues that drills have made: the name alone is nobody's mark.
async fn queues(aws: &Aws, prefix: &str) -> Result<Vec<Temporary>, AccountError> {
    let send = || aws.sqs.list_queues().queue_name_prefix(prefix).send();
    let listed = aws.door.call(LIST_QUEUES, send).await?;
    let mut found = Vec::new();
    for url in listed.queue_urls.unwrap_or_default() {
        let send = || aws.sqs.list_queue_tags().queue_url(&url).send();
        let answer = aws.door.call(QUEUE_TAGS, send).await.absent(GONE)?;
        let tags = answer.and_then(|answer| answer.tags).unwrap_or_default();
        let name = url.rsplit('/').next().unwrap_or_default();
        if tags.get(MARK_STACK) == Some(&aws.stack) {
            found.push(Temporary::Queue {
                name: name.to_owned(),
            });
        }
    }
    Ok(found)
}

async fn streams(aws: &Aws, group: &str, prefix: &str) -> Result<Vec<Temporary>, AccountError> {
    let send = || {
        aws.logs
            .describe_log_streams()
            .log_group_name(group)
            .log_stream_name_prefix(prefix)
            .send()
    };
    let listed = aws
        .door
        .call(STREAMS, send)
        .await
        .absent(&["ResourceNotFoundException"])?;
    let streams = listed.and_then(|page| page.log_streams).unwrap_or_default();
    let named = streams.into_iter().filter_map(|stream| stream.log_stream_name);
    Ok(named
        .map(|name| Temporary::Stream {
            group: group.to_owned(),
            name,
        })
        .collect())
}
