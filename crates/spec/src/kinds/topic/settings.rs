use std::collections::BTreeMap;

use serde::Serialize;

use crate::arn::Arn;
use crate::compare::{Compare, Comparison, Shown, Verdict};
use crate::kinds::{DeliveryRetry, words};
use crate::leaf::{Document, Managed};

words! {
    /// With which hash SNS signs what it sends to HTTP and HTTPS endpoints.
    SignatureVersion {
        /// SHA-1.
        Sha1 = "1",
        /// SHA-256.
        Sha256 = "2",
    }
}

words! {
    /// Whether X-Ray traces what passes the topic.
    Tracing {
        /// The traces of who publishes are handed on.
        PassThrough = "PassThrough",
        /// SNS writes some of its own, too.
        Active = "Active",
    }
}

/// Whether and how SNS writes down in `CloudWatch` Logs what became of the deliveries of a protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryStatus {
    /// With which role successes are written, and how many of a hundred.
    pub success: Option<Sample>,
    /// With which role failures are written.
    pub failure_role: Option<Arn>,
}

/// Some deliveries of a hundred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// The role that SNS assumes.
    pub role: Arn,
    /// 0 to 100.
    pub rate: u32,
}

impl Compare for DeliveryStatus {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        let Self {
            success,
            failure_role,
        } = self;
        let mut shown = BTreeMap::new();
        if let Some(Sample { role, rate }) = success {
            shown.insert("success_role".to_owned(), role.to_string());
            shown.insert("sample_rate".to_owned(), rate.to_string());
        }
        if let Some(role) = failure_role {
            shown.insert("failure_role".to_owned(), role.to_string());
        }
        match shown.is_empty() {
            true => Shown::Absent,
            false => Shown::Map(shown),
        }
    }
}

/// The protocols whose deliveries can be written down, each managed when written.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DeliveryStatuses {
    /// To mobile devices.
    pub application: Managed<DeliveryStatus>,
    /// To Data Firehose streams.
    pub firehose: Managed<DeliveryStatus>,
    /// To HTTP and HTTPS endpoints.
    pub http: Managed<DeliveryStatus>,
    /// To Lambda functions.
    pub lambda: Managed<DeliveryStatus>,
    /// To SQS queues.
    pub sqs: Managed<DeliveryStatus>,
}

impl DeliveryStatuses {
    /// Each with the name of its field and the word that SNS's attributes begin with.
    #[must_use]
    pub fn all(&self) -> [(&'static str, &'static str, &Managed<DeliveryStatus>); 5] {
        let Self {
            application,
            firehose,
            http,
            lambda,
            sqs,
        } = self;
        [
            ("delivery_status.application", "Application", application),
            ("delivery_status.firehose", "Firehose", firehose),
            ("delivery_status.http", "HTTP", http),
            ("delivery_status.lambda", "Lambda", lambda),
            ("delivery_status.sqs", "SQS", sqs),
        ]
    }

    /// The same from what each is: `read` is given the word that SNS's attributes begin with.
    #[must_use]
    pub fn of(mut read: impl FnMut(&str) -> Managed<DeliveryStatus>) -> Self {
        Self {
            application: read("Application"),
            firehose: read("Firehose"),
            http: read("HTTP"),
            lambda: read("Lambda"),
            sqs: read("SQS"),
        }
    }
}

/// The settings of a topic that few specs write, each managed when written.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TopicSettings {
    /// How often HTTP and HTTPS endpoints are tried again; `None` is as SNS does by itself.
    pub delivery_retry: Managed<Option<DeliveryRetry>>,
    /// What is written down of deliveries, by protocol.
    pub delivery_status: DeliveryStatuses,
    /// The hash of signatures.
    pub signature_version: Managed<SignatureVersion>,
    /// Traces.
    pub tracing: Managed<Tracing>,
    /// What personal data is found in messages, and what happens then; `None` is none. Read only where
    /// the spec writes it.
    pub data_protection: Managed<Option<Document>>,
}

impl TopicSettings {
    /// What a new topic has.
    #[must_use]
    pub fn of_new() -> Self {
        Self {
            data_protection: Managed::Set(None),
            ..Self::default().complete(None)
        }
    }

    /// Fills in what the spec leaves alone.
    pub(super) fn complete(self, live: Option<&Self>) -> Self {
        let Self {
            delivery_retry,
            delivery_status,
            signature_version,
            tracing,
            data_protection,
        } = self;
        let status = |mine: Managed<DeliveryStatus>,
                      of: fn(&DeliveryStatuses) -> &Managed<DeliveryStatus>| {
            mine.or_live(live.map(|l| of(&l.delivery_status)), DeliveryStatus::default())
        };
        Self {
            delivery_retry: delivery_retry.or_live(live.map(|l| &l.delivery_retry), None),
            delivery_status: DeliveryStatuses {
                application: status(delivery_status.application, |all| &all.application),
                firehose: status(delivery_status.firehose, |all| &all.firehose),
                http: status(delivery_status.http, |all| &all.http),
                lambda: status(delivery_status.lambda, |all| &all.lambda),
                sqs: status(delivery_status.sqs, |all| &all.sqs),
            },
            signature_version: signature_version
                .or_live(live.map(|l| &l.signature_version), SignatureVersion::Sha1),
            tracing: tracing.or_live(live.map(|l| &l.tracing), Tracing::PassThrough),
            // What nobody asks for is not looked at in a new topic either.
            data_protection: match live {
                Some(live) => data_protection.or_read(Some(&live.data_protection), None),
                None => data_protection,
            },
        }
    }

    /// Holds every setting against the live one; what a new topic has anyway is not told.
    pub(super) fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            delivery_retry,
            delivery_status,
            signature_version,
            tracing,
            data_protection,
        } = self;
        found.field("delivery_retry", delivery_retry, live.map(|l| &l.delivery_retry));
        let before = live.map(|l| l.delivery_status.all());
        for (at, (field, _, status)) in delivery_status.all().into_iter().enumerate() {
            let before = before.as_ref().and_then(|before| before.get(at));
            found.field(field, status, before.map(|(_, _, status)| *status));
        }
        if live.is_some() || signature_version.get() != Some(&SignatureVersion::Sha1) {
            found.field(
                "signature_version",
                signature_version,
                live.map(|l| &l.signature_version),
            );
        }
        if live.is_some() || tracing.get() != Some(&Tracing::PassThrough) {
            found.field("tracing", tracing, live.map(|l| &l.tracing));
        }
        found.field(
            "data_protection",
            data_protection,
            live.map(|l| &l.data_protection),
        );
    }

    /// What was read now as far as an earlier read looked.
    pub(super) fn seen_by(self, earlier: &Self) -> Self {
        Self {
            data_protection: self.data_protection.if_seen(&earlier.data_protection),
            ..self
        }
    }

    /// The roles that SNS is told to assume.
    pub fn roles(&self) -> impl Iterator<Item = &Arn> {
        let statuses = self.delivery_status.all().into_iter();
        statuses
            .filter_map(|(_, _, status)| status.get())
            .flat_map(|status| {
                let success = status.success.as_ref().map(|sample| &sample.role);
                success.into_iter().chain(&status.failure_role)
            })
    }
}
