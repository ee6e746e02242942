//! Specs that are wrong, each with the codes of what is wrong with it, in the order of their places.

/// A sound `[stack]`.
pub(crate) const STACK: &str =
    "format = 1\n[stack]\nname = \"acme\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n";

/// Specs below a sound `[stack]`.
pub(crate) const CASES: &[(&str, &[&str])] = &[
    // waivers
    (
        "[log_group.a]\n[[waiver]]\n",
        &["missing-key", "missing-key", "missing-key", "missing-key"],
    ),
    (
        "[log_group.a]\n[[waiver]]\naddress = \"log_group.b\"\nowner = \" \"\nreason = \"\"\n\
         expires = \"2026-12-31\"\n",
        &["empty-waiver", "empty-waiver", "wrong-type"],
    ),
    (
        "[log_group.a]\n[[waiver]]\naddress = \"log_group.a\"\nowner = \"me\"\nreason = \"why\"\n\
         expires = 2026-12-31T10:00:00Z\nfields = []\n\
         [[waiver]]\naddress = \"log_group.a\"\nowner = \"me\"\nreason = \"why\"\nexpires = 3\nfields = 4\n",
        &["wrong-type", "empty-waiver", "wrong-type", "wrong-type"],
    ),
    (
        "[log_group.activity]\nname = \"/a\"\n\
         [[waiver]]\naddress = \"log_group.actvity\"\nowner = \"me\"\nreason = \"why\"\nexpires = 2026-12-31\n\
         [[waiver]]\naddress = \"rule.a\"\nowner = \"me\"\nreason = \"why\"\nexpires = 2026-12-31\n\
         [[waiver]]\naddress = \"everything\"\nowner = \"me\"\nreason = \"why\"\nexpires = 2026-12-31\n\
         [[waiver]]\naddress = \"log_group./a\"\nowner = \"me\"\nreason = \"why\"\nexpires = 2026-12-31\n\
         fields = [\"retention\", \"tags\", \"threshold\", 3]\n\
         [[waiver]]\naddress = \"log_group./a\"\nowner = \"me\"\nreason = \"why\"\nexpires = 2026-12-31\n\
         fields = [\"retention\", \"tags\", \"threshold\"]\nuntil = 2027-12-31\n",
        &[
            "unknown-reference",
            "unknown-reference",
            "bad-address",
            "wrong-type",
            "unknown-word",
            "unknown-word",
            "unknown-key",
        ],
    ),
    // the drill
    ("[drill]\n", &["missing-key"]),
    (
        "[log_group.a]\n[drill]\nlog_gruop = \"a\"\nlog_group = \"b\"\ntest_log_group = 4\n",
        &["unknown-key", "unknown-reference", "wrong-type"],
    ),
    (
        "[log_group.a]\n[drill]\nlog_group = \"a\"\ntest_log_group = \"a\"\n",
        &["contradiction"],
    ),
    (
        "[log_group.a]\n[log_group.b]\n[bucket.logs]\n[trail.main]\nbucket = \"logs\"\nlog_group = \"b\"\n\
         heartbeat = false\n[drill]\nlog_group = \"a\"\ntest_log_group = \"b\"\n",
        &["contradiction"],
    ),
    (
        "[log_group.a]\n[bucket.logs]\n[trail.main]\nbucket = \"logs\"\nlog_group = \"a\"\nheartbeat = false\n\
         management_events = \"none\"\n[[trail.main.data_events]]\ntype = \"AWS::Lambda::Function\"\n\
         [drill]\nlog_group = \"a\"\n",
        &["contradiction"],
    ),
    (
        "[log_group.a]\n[drill]\nlog_group = \"a\"\n[rule.drill]\nlog_group = \"a\"\nnotify = []\n\
         pattern = '{ $.eventName = \"CreateRole\" }'\n",
        &["duplicate-object", "duplicate-object"],
    ),
    // the decoder
    ("[log_group.a]\nretension_days = 30\n", &["unknown-key"]),
    ("[log_group.a]\ncolour = 1\n", &["unknown-key"]),
    ("[log_gruop.a]\n[log_group.b]\n", &["unknown-key"]),
    // sections that a later version may have
    (
        "[[targets]]\na = 1\n[pack.cis]\nversion = 5\n[[drill]]\nrule = \"r\"\n[keys.logs]\n[drills]\n[topic.t]\n\
         [[topic.t.pack]]\n",
        &[
            "unknown-key",
            "wrong-type",
            "wrong-type",
            "unknown-key",
            "unknown-key",
            "unknown-key",
        ],
    ),
    // packs
    (
        "[pack.ciss]\nversion = \"1.4\"\n[pack.mine]\npack = \"self\"\n[pack.cis]\n[pack.self-watch]\nversion = \"1.4\"\n\
         log_group = { existing = \"a\" }\nnotify = []\nspelling = \"auditor\"\n",
        &[
            "unknown-word",
            "unknown-word",
            "missing-key",
            "unknown-key",
            "unknown-key",
        ],
    ),
    (
        "[log_group.a]\n[pack.cis]\nversion = \"4.0\"\n[pack.b]\npack = \"cis\"\nversion = 1.4\n[pack.c]\npack = \"cis\"\n\
         version = \"1.2\"\nspelling = \"audit\"\n",
        &[
            "unknown-word",
            "wrong-type",
            "missing-key",
            "nobody-to-notify",
            "unknown-word",
        ],
    ),
    (
        "[log_group.a]\n[pack.cis]\nversion = \"1.4\"\nlog_group = \"a\"\nnotify = []\n\
         except = [\"4.3\", \"3.3\", \"root-use\", \"4.33\", \"4.3\"]\n[pack.cis.control.\"4.3\"]\nalarm.threshold = 2\n\
         [pack.cis.control.\"5.1\"]\n[pack.cis.control.\"4.4\"]\nthreshold = 2\nspeling = \"corrected\"\n\
         pattern = \"{ $.a = }\"\n[pack.cis.control]\n\"4.5\" = 3\n",
        &[
            "unknown-word",
            "unknown-word",
            "unknown-word",
            "contradiction",
            "contradiction",
            "unknown-word",
            "unknown-key",
            "unknown-key",
            "incomplete",
            "wrong-type",
        ],
    ),
    (
        "[log_group.a]\n[pack.self-watch]\nlog_group = \"b\"\nnotify = [\"nobody\"]\n[pack.account-activity]\n\
         log_group = \"a\"\nnotify = []\nexcept = [\"iam-calls\", \"iam-changes\", \"auth-changes\"]\n",
        &["unknown-reference", "unknown-reference", "contradiction"],
    ),
    (
        "[log_group.a]\n[pack.account-activity]\nlog_group = \"a\"\nnotify = []\n[rule.account-activity-iam-calls]\n\
         log_group = \"a\"\nnotify = []\npattern = '{ $.eventName = \"CreateRole\" }'\n\
         [pack]\nversion = \"1.4\"\n",
        &["duplicate-object", "duplicate-object", "wrong-type"],
    ),
    (
        "[log_group.a]\nretention_days = \"365\"\nname = 3\n",
        &["wrong-type", "wrong-type"],
    ),
    (
        "[bucket.abc]\nversioning = \"true\"\ntags = \"x\"\n",
        &["wrong-type", "wrong-type"],
    ),
    ("[trail]\nbucket = \"logs\"\nlogging = true\n", &["wrong-type"]),
    (
        "[topic.t]\nsubscription = { protocol = \"email\" }\n",
        &["wrong-type"],
    ),
    ("log_group = 3\n", &["unknown-key"]),
    ("[trail.abc]\n", &["missing-key"]),
    // what trails record
    (
        "[trail.abc]\nbucket = { existing = \"logs\" }\nexcluded_sources = [\"s3.amazonaws.com\"]\n\
         management_events = \"read\"\ninsights = [\"api_call_rate\", \"rate\"]\norganization = \"acme\"\n",
        &["unknown-word", "contradiction", "unknown-word", "bad-name"],
    ),
    (
        "[trail.abc]\nbucket = { existing = \"logs\" }\n[[trail.abc.data_events]]\n\
         [[trail.abc.data_events]]\ntype = \"S3\"\nevents = \"reads\"\n\
         where.name.equals = \"x\"\nwhere.eventName.equals = []\nwhere.\"resources.ARN\" = \"x\"\n\
         where.eventSource.begins_with = \"x\"\nwhere.eventType.equals = \"Aws*\"\n\
         [[trail.abc.network_events]]\nsource = \"ec2.amazonaws.com\"\nevents = \"read\"\n",
        &[
            "missing-key",
            "bad-text",
            "unknown-word",
            "unknown-key",
            "bad-text",
            "wrong-type",
            "unknown-key",
            "bad-text",
            "unknown-key",
        ],
    ),
    (
        "[trail.abc]\nbucket = { existing = \"logs\" }\nprefix = \"p\"\nselectors = \"basic\"\n\
         [[trail.abc.data_events]]\ntype = \"AWS::S3::Object\"\nevents = \"write\"\n\
         where.\"resources.ARN\".starts_with = [\"arn:aws:s3:::other/\", \"arn:aws:s3:::logs/\"]\n\
         [[trail.abc.data_events]]\ntype = \"AWS::S3::Object\"\nevents = \"read\"\n\
         [[trail.abc.data_events]]\ntype = \"AWS::SNS::Topic\"\n",
        &["contradiction", "feedback"],
    ),
    (
        "[trail.abc]\nbucket = { existing = \"logs\" }\nsns_topic = \"t\"\n[trail.def]\nbucket = { existing = \"logs\" }\n\
         sns_topic = { arn = \"arn:aws:sqs:us-east-1:123456789012:q\" }\n",
        &["unknown-reference", "bad-arn"],
    ),
    ("[rule.r]\nnotify = []\n", &["missing-key", "missing-key"]),
    (
        "[topic.t]\n[[topic.t.subscription]]\n",
        &["missing-key", "missing-key"],
    ),
    (
        "[log_group.Big_One]\n[log_group.-]\n",
        &["bad-label", "bad-label"],
    ),
    ("[log_group.a]\nname = \"/${acount}/x\"\n", &["unknown-variable"]),
    ("[log_group.a]\nname = \"/${account/x\"\n", &["unknown-variable"]),
    // one slip, one problem
    ("[trail.abc]\nbukket = \"logs\"\n", &["unknown-key"]),
    (
        "[log_group.a]\n[rule.r]\nlog_gruop = \"a\"\nnotfy = []\npatern = \"x\"\n",
        &["unknown-key", "unknown-key", "unknown-key"],
    ),
    (
        "[alarm.a]\nnamspace = \"n\"\nmetrics = \"m\"\nnotfy = []\n",
        &["unknown-key", "unknown-key", "unknown-key"],
    ),
    (
        "[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = []\nlow_sample_percentiles = \"ignore\"\n\
         allow = [\"never-fire\"]\n[alarm.b]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = []\nstatistic = \"p99\"\n\
         low_sample_percentiles = \"ignored\"\n",
        &["contradiction", "unknown-word", "unknown-word"],
    ),
    // composite alarms
    ("[composite_alarm.c]\nnotify = []\n", &["missing-key"]),
    ("[composite_alarm.c]\nrule = 'TRUE'\n", &["nobody-to-notify"]),
    (
        "[composite_alarm.c]\nnotify = []\nrule = 'ALARM(rule.r) and OK(\"b\")'\n\
         [composite_alarm.d]\nnotify = []\nrule = \"\"\"\nALARM(\\\"a\\\")\n  AND ALARM(x OR TRUE\n\"\"\"\n",
        &["bad-rule", "bad-rule"],
    ),
    (
        "[log_group.a]\n[rule.iam]\nlog_group = 'a'\nnotify = []\npattern = 'x'\n[composite_alarm.c]\nnotify = []\n\
         rule = 'ALARM(rule.imm) AND OK(deployment) AND OK(trail.x)'\nsuppressor = { alarm = 'alarm.x', wait_period = 1 }\n",
        &[
            "unknown-reference",
            "unknown-reference",
            "unknown-reference",
            "missing-key",
        ],
    ),
    (
        "[composite_alarm.a]\nnotify = []\nrule = 'ALARM(composite_alarm.b)'\n\
         [composite_alarm.b]\nnotify = []\nrule = 'ALARM(\"x\")'\n\
         suppressor = { alarm = 'composite_alarm.c', wait_period = 1, extension_period = 2 }\n\
         [composite_alarm.c]\nnotify = []\nrule = 'NOT ALARM(\"a\")'\n\
         [composite_alarm.d]\nnotify = []\nrule = 'OK(\"d\")'\n\
         [composite_alarm.e]\nnotify = []\nrule = 'OK(\"d\")'\n",
        &["circle", "circle"],
    ),
    (
        "[alarm.a]\nnamespace = 'n'\nmetric = 'm'\nnotify = []\n[composite_alarm.a]\n\
         notify = [{ arn = 'arn:aws:swf:us-east-1:123456789012:action/x' }]\nsuppressor = 'no'\n\
         rule = 'ALARM(\"arn:aws:cloudwatch:us-east-1:999999999999:alarm:b\")'\n",
        &["duplicate-object", "bad-arn", "wrong-type", "out-of-reach"],
    ),
    ("[topic.t]\n[[adopt]]\naddres = \"topic.t\"\n", &["unknown-key"]),
    (
        "[topic.t]\n[[topic.t.subscription]]\nprotcol = \"email\"\nendpoint_evn = \"MAIL\"\n",
        &["unknown-key", "unknown-key"],
    ),
    (
        "[default]\nnotify = []\nlog_group = \"a\"\n[log_group.a]\n[rule.r]\npattern = \"x\"\n",
        &["unknown-key"],
    ),
    (
        "[defaults]\nnotfy = []\nlog_gruop = \"a\"\n[log_group.a]\n[rule.r]\npattern = \"x\"\n",
        &["unknown-key", "unknown-key"],
    ),
    (
        "[trail.abc]\nbucket = \"logs\"\nlog_gruop = \"a\"\nrole = \"delivery\"\n[bukket.logs]\n[role.delivery]\n",
        &["unknown-key", "unknown-key"],
    ),
    (
        "[trail.abc]\nbucket = \"logs\"\nlog_group = \"a\"\nheartbeat = { notfy = [] }\nroles = \"delivery\"\n\
         [bucket.logs]\n[log_group.a]\n[role.delivery]\n",
        &["unknown-key", "unknown-key"],
    ),
    (
        "[topic.a]\nname = \"x\"\n[topic.b]\nname = \"x\"\n[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = [\"a\", \"b\"]\n",
        &["duplicate-object"],
    ),
    (
        "[bucket.a]\nname = \"xyz\"\n[bucket.b]\nname = \"xyz\"\n[trail.abc]\nbucket = \"a\"\n[trail.bcd]\nbucket = \"b\"\n",
        &["duplicate-object"],
    ),
    // what is empty, and what no eye sees
    (
        "[log_group.a]\n[alarm.a]\nnamespace = \"\"\nmetric = \" \"\nnotify = []\ndimensions = { \"\" = \"a\\tb\" }\n\
         [rule.r]\nlog_group = \"a\"\nnotify = []\npattern = \"a\\u0007b\"\nfilter = { namespace = \"\", metric = \"\" }\n",
        &[
            "bad-text",
            "bad-text",
            "bad-text",
            "bad-text",
            "bad-pattern",
            "bad-name",
            "bad-name",
        ],
    ),
    (
        "[topic.t]\n[[topic.t.subscription]]\nprotocol = \"https\"\nendpoint_env = \"\"\n\
         [[topic.t.subscription]]\nprotocol = \"https\"\nendpoint_file = \" \"\n",
        &["secret", "secret"],
    ),
    (
        "[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = []\nperiod = 5000000000\nevaluation_periods = 0\nstatistic = \"P99\"\n",
        &["bad-number", "bad-number", "unknown-word"],
    ),
    // what is there once, twice or never
    ("", &["empty"]),
    (
        "[[adopt]]\naddress = \"trail.x\"\n",
        &["empty", "unknown-reference"],
    ),
    (
        "[[target]]\naccount = \"1\"\n[[target]]\naccount = \"2\"\n[topic.t]\n",
        &["reserved"],
    ),
    (
        "[log_group.a]\n[rule.r]\nlog_group = \"a\"\nnotify = []\npattern = \"\"\n[[rule.r.test]]\nmatch = true\n\
         [[rule.r.test]]\nfile = \"a\"\ntext = \"b\"\nmatch = true\n[[rule.r.test]]\nevent = \"{}\"\nmatch = 1\n\
         [[rule.r.test]]\nevent.a = inf\n",
        &[
            "missing-key",
            "contradiction",
            "wrong-type",
            "wrong-type",
            "missing-key",
            "wrong-type",
        ],
    ),
    // patterns: the place is within the string, whatever its quotes and escapes
    (
        "[log_group.a]\n[defaults]\nlog_group = \"a\"\nnotify = []\n\
         [rule.a]\npattern = \"{ $.a = \\\"x\\\" && $.\\u0061 EXISTS }\"\n\
         [rule.b]\npattern = \"\"\"\n  { ($.account = ${account}) && \\\n    ($.b = 'it') || $.c == \\\"1\\\" }\n\"\"\"\n\
         [rule.c]\npattern = '''\n[a = %(%, b,\n c > x]'''\n\
         [metric_filter.d]\nlog_group = \"a\"\npattern = 'disk:full'\n",
        &[
            "unknown-operator",
            "single-quotes",
            "unknown-operator",
            "bad-regex",
            "not-a-number",
            "needs-quotes",
        ],
    ),
    (
        "[log_group.a]\n[defaults]\nlog_group = \"a\"\nnotify = []\n\
         [rule.a]\npattern = \"{ $.a = 1 }\"\nallow = [\"lost-wildcards\", \"lost-wildcard\"]\nfilter.value = \"$.b[*]\"\n\
         [rule.b]\npattern = \"[a, , c]\"\nfilter.value = \"$b\"\n\
         [rule.c]\npattern = \"ERROR\"\nfilter.value = \"$x\"\n",
        &["unknown-word", "no-such-field", "no-such-field", "no-such-field"],
    ),
    (
        "[log_group.a]\nname = \"x\"\n[log_group.b]\nname = \"x\"\n",
        &["duplicate-object"],
    ),
    (
        "[topic.t]\n[[topic.t.subscription]]\nprotocol = \"email\"\nendpoint = \"a@b.example\"\n\
         [[topic.t.subscription]]\nprotocol = \"email\"\nendpoint = \"a@B.example\"\n",
        &["duplicate-object"],
    ),
    // references
    (
        "[trail.abc]\nbucket = \"lgos\"\n[bucket.logs]\n[bucket.other]\n",
        &["unknown-reference"],
    ),
    (
        "[trail.abc]\nbucket = \"logs\"\nlog_group = \"x\"\nrole = \"y\"\n",
        &["unknown-reference", "unknown-reference"],
    ),
    (
        "[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = [\"arn:aws:sns:us-east-1:123456789012:t\", \"t\"]\n",
        &["wrong-type", "unknown-reference"],
    ),
    (
        "[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = \"t\"\n",
        &["wrong-type"],
    ),
    (
        "[topic.t]\n[[adopt]]\naddress = \"topic.tt\"\n[[adopt]]\naddress = \"alarm.x\"\n",
        &["unknown-reference", "unknown-reference"],
    ),
    (
        "[topic.t]\n[[adopt]]\naddress = \"rule.r\"\n[[adopt]]\naddress = \"x\"\n",
        &["unknown-reference", "bad-address"],
    ),
    ("[role.delivery]\n", &["unused-role"]),
    (
        "[log_group.a]\n[trail.abc]\nbucket = { existing = \"logs\" }\nlog_group = { existing = \"a\" }\nheartbeat = false\n",
        &["contradiction"],
    ),
    // trails
    (
        "[log_group.a]\n[trail.abc]\nbucket = { existing = \"logs\" }\nlog_group = \"a\"\ncloudwatch_logs = false\n\
         logging = false\nheartbeat = true\nglobal_service_events = false\nmanagement_events = \"none\"\n",
        &["contradiction", "contradiction", "contradiction", "contradiction"],
    ),
    (
        "[trail.abc]\nbucket = { existing = \"logs\" }\nrole = { existing = \"arn:aws:iam::123456789012:role/x\" }\n\
         cloudwatch_logs = true\nheartbeat = true\n",
        &["contradiction", "contradiction", "contradiction"],
    ),
    (
        "[log_group.a]\n[trail.abc]\nbucket = { existing = \"logs\" }\nlog_group = \"a\"\n",
        &["nobody-to-notify"],
    ),
    (
        "[log_group.a]\n[trail.abc]\nbucket = { existing = \"logs\", owner = \"12\" }\nlog_group = \"a\"\nheartbeat = 1\n\
         management_events = \"All\"\nrole = { existing = \"arn:aws:iam::999999999999:role/x\" }\nprefix = \"/a/\"\n",
        &[
            "bad-name",
            "wrong-type",
            "unknown-word",
            "out-of-reach",
            "bad-name",
        ],
    ),
    (
        "[trail.abc]\nbucket = { existing = \"Logs\" }\nrole = { existing = \"x\" }\nlog_group = { existing = \"arn:aws:logs:x\" }\nheartbeat = false\n",
        &["bad-name", "bad-arn", "bad-name"],
    ),
    // keys
    (
        "[key.none]\n[key.a]\nname = \"alias/x\"\nrotation = false\nrotation_days = 30\n\
         readers = [\"arn:aws:sns:us-east-1:123456789012:t\", \"arn:aws:iam::123456789012:group/g\"]\n\
         [key.b]\nname = \"aws/sns\"\n",
        &[
            "bad-label",
            "bad-name",
            "bad-number",
            "contradiction",
            "bad-arn",
            "bad-arn",
            "bad-name",
        ],
    ),
    (
        "[key.a]\n[log_group.a]\nkms_key = \"b\"\n[log_group.b]\nkms_key = { existing = \"alias/aws/logs\" }\n\
         [log_group.c]\nkms_key = { existing = \"arn:aws:kms:eu-west-1:123456789012:alias/x\" }\n\
         [log_group.d]\nkms_key = { existing = \"arn:aws:kms:us-east-1:123456789012:x\" }\n\
         [log_group.e]\nkms_key = { existing = \"1234abcd\" }\n[log_group.f]\nkms_key = true\n\
         [log_group.g]\nkms_key = { existing = \"alias/acme-a\" }\n[log_group.h]\nkms_key = \"arn:aws:kms:x\"\n\
         [log_group.i]\nkms_key = { existing = \"alias/a b\" }\n\
         [log_group.j]\nkms_key = { existing = \"arn:aws:kms:us-east-1:999999999999:alias/x\" }\n",
        &[
            "unknown-reference",
            "closed-key",
            "out-of-reach",
            "bad-arn",
            "bad-arn",
            "wrong-type",
            "contradiction",
            "wrong-type",
            "bad-name",
            "out-of-reach",
        ],
    ),
    (
        "[topic.t]\nkms_key = { existing = \"alias/aws/sns\" }\n\
         [alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = [\"t\"]\n\
         [trail.abc]\nbucket = { existing = \"logs\" }\nkms_key = { existing = \"alias/aws/s3\" }\n",
        &["closed-key", "closed-key"],
    ),
    (
        "[topic.t]\nkms_key = { existing = \"alias/aws/sns\" }\n\
         [trail.abc]\nbucket = { existing = \"logs\" }\nsns_topic = \"t\"\n\
         [topic.u]\nkms_key = { existing = \"alias/aws/sns\" }\npublishers = [\"123456789012\", \"events.amazonaws.com\"]\n\
         [topic.v]\nkms_key = { existing = \"alias/aws/sns\" }\npublishers = [\"210987654321\"]\n\
         [topic.w]\nkms_key = { existing = \"alias/aws/sns\" }\npublishers = [\"123456789012\"]\n",
        &["closed-key", "closed-key", "closed-key"],
    ),
    (
        "[key.a]\n[bucket.abc]\nkms_key = \"a\"\n[bucket.bcd]\nencryption = \"AES256\"\nbucket_key = true\n\
         [bucket.cde]\nencryption = \"aws:kms\"\nkms_key = \"none\"\n[bucket.def]\nencrytion = \"aws:kms\"\nkms_key = \"a\"\n",
        &["contradiction", "contradiction", "contradiction", "unknown-key"],
    ),
    // names and numbers
    (
        "[log_group.a]\nretention_days = 300\n[log_group.b]\nretention_days = 4000\n[log_group.c]\nretention_days = 0\n",
        &["bad-number", "bad-number", "bad-number"],
    ),
    (
        "[bucket.ab]\n[bucket.abc]\nname = \"acme_logs\"\nencryption = \"aws:kms:dsse\"\nobject_ownership = \"Writer\"\n",
        &["bad-name", "bad-name", "unknown-word", "unknown-word"],
    ),
    (
        "[bucket.logs-an]\n[bucket.abc]\nname = \"acme-${account}-${region}-an\"\n\
         [trail.abc]\nbucket = { existing = \"acme-s3alias\" }\n",
        &["bad-name", "bad-name", "bad-name"],
    ),
    (
        "[topic.t]\nname = \"x.fifo\"\n[role.r]\nname = \"a/b\"\npath = \"x\"\npermissions_boundary = \"x\"\n",
        &["bad-name", "unused-role", "bad-name", "bad-name", "bad-arn"],
    ),
    // alarms on queries
    (
        "[alarm.a]\nnotify = []\n\
         [[alarm.a.query]]\nid = 'M'\nmetric = { namespace = 'N', metric = 'm' }\n\
         [[alarm.a.query]]\nid = 'e'\nexpression = ''\nreturn_data = true\n\
         [[alarm.a.query]]\nid = 'e'\nexpression = '1'\n",
        &["bad-name", "bad-text", "duplicate-section"],
    ),
    (
        "[alarm.a]\nnotify = []\n\
         [[alarm.a.query]]\nid = 'a'\n\
         [[alarm.a.query]]\nexpression = 'a'\nreturn_data = true\nmetric = { namespace = 'N', metric = 'm' }\n\
         [[alarm.a.query]]\nid = 'p'\nperiod = 60\nmetric = { namespace = 'N', metric = 'm' }\n\
         [[alarm.a.query]]\nid = 'q'\nmetric = { metric = 'm', period = 90, colour = 1 }\n",
        &[
            "missing-key",
            "contradiction",
            "missing-key",
            "contradiction",
            "missing-key",
            "bad-number",
            "unknown-key",
        ],
    ),
    (
        "[alarm.a]\nnotify = []\n\
         [[alarm.a.query]]\nid = 'a'\nmetric = { namespace = 'N', metric = 'm' }\n",
        &["missing-key"],
    ),
    (
        "[alarm.a]\nnotify = []\nnamespace = 'N'\nstatistic = 'Sum'\nevaluation_periods = 300\n\
         [[alarm.a.query]]\nid = 'a'\nreturn_data = true\nmetric = { namespace = 'N', metric = 'm' }\n\
         [[alarm.a.query]]\nid = 'b'\nreturn_data = true\nexpression = 'a'\n",
        &["contradiction", "contradiction", "contradiction", "bad-window"],
    ),
    (
        "[alarm.a]\nnotify = []\noperator = 'outside-band'\nnamespace = 'N'\nmetric = 'm'\n",
        &["contradiction"],
    ),
    (
        "[alarm.a]\nnotify = []\nthreshold_query = 'b'\nnamespace = 'N'\nmetric = 'm'\noperator = 'above-band'\n",
        &["contradiction"],
    ),
    (
        "[alarm.a]\nnotify = []\nthreshold_query = 'b'\nthreshold = 2\n\
         [[alarm.a.query]]\nid = 'a'\nreturn_data = true\nmetric = { namespace = 'N', metric = 'm' }\n\
         [[alarm.a.query]]\nid = 'b'\nexpression = 'ANOMALY_DETECTION_BAND(a)'\n",
        &["missing-key", "contradiction", "missing-key"],
    ),
    (
        "[alarm.a]\nnotify = []\nthreshold_query = 'band'\noperator = '>'\n\
         [[alarm.a.query]]\nid = 'a'\nreturn_data = true\nmetric = { namespace = 'N', metric = 'm' }\n",
        &["unknown-reference", "contradiction"],
    ),
    (
        "[alarm.a]\nnotify = []\nthreshold_query = 'a'\noperator = 'below-bend'\n\
         [[alarm.a.query]]\nid = 'a'\nreturn_data = true\nmetric = { namespace = 'N', metric = 'm' }\n",
        &["missing-key", "contradiction", "unknown-word"],
    ),
    // alarms
    (
        "[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nperiod = 90\nstatistic = \"sum\"\noperator = \"=>\"\n\
         missing_data = \"notbreaching\"\nunit = \"count\"\nthreshold = \"1\"\n",
        &[
            "nobody-to-notify",
            "bad-number",
            "unknown-word",
            "unknown-word",
            "unknown-word",
            "unknown-word",
            "wrong-type",
        ],
    ),
    (
        "[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = []\nevaluation_periods = 2\ndatapoints_to_alarm = 3\nthreshold = inf\nstatistic = \"median\"\n",
        &["bad-number", "bad-number", "unknown-word"],
    ),
    (
        "[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = []\nevaluation_periods = 289\n",
        &["bad-window"],
    ),
    (
        "[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = []\nperiod = 86400\nevaluation_periods = 8\n",
        &["bad-window"],
    ),
    (
        "[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = []\nevaluation_periods = -1\nperiod = 0\n",
        &["bad-number", "bad-number"],
    ),
    (
        "[log_group.a]\n[rule.r]\nlog_group = \"a\"\npattern = \"\"\n[rule.r.alarm]\nperiod = 10\n",
        &["nobody-to-notify", "bad-number"],
    ),
    (
        "[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = [{ arn = \"x\" }, { arn = \"arn:aws:s3:::b\" }, \
         { arn = \"arn:aws:sns:eu-west-1:123456789012:t\" }]\n",
        &["bad-arn", "bad-arn", "out-of-reach"],
    ),
    (
        "[alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = [{ arn = \"arn:aws:sns:us-east-1:123456789012:a\" }, \
         { arn = \"arn:aws:sns:us-east-1:123456789012:b\" }, { arn = \"arn:aws:sns:us-east-1:123456789012:c\" }, \
         { arn = \"arn:aws:sns:us-east-1:123456789012:d\" }, { arn = \"arn:aws:sns:us-east-1:123456789012:e\" }, \
         { arn = \"arn:aws:sns:us-east-1:123456789012:f\" }]\n",
        &["too-many"],
    ),
    // filters
    (
        "[log_group.a]\n[metric_filter.f]\nlog_group = \"a\"\nname = \"a:b\"\npattern = \"ERROR\"\nnamespace = \"a$\"\n\
         metric = \"b*\"\nvalue = \"one\"\ndefault_value = 0\n\
         dimensions = { a = \"$.a\", b = \"$.b\", c = \"$.c\", d = \"d\" }\n",
        &[
            "unmarked-filter",
            "bad-name",
            "bad-name",
            "bad-name",
            "bad-text",
            "contradiction",
            "contradiction",
            "too-many",
            "bad-text",
        ],
    ),
    (
        "[log_group.a]\n[rule.r]\nlog_group = \"a\"\nnotify = []\npattern = \"{ $.x = 1 }\"\nfilter.dimensions = { a = \"$.a\" }\n",
        &["contradiction"],
    ),
    (
        "[log_group.a]\n[metric_filter.f]\nlog_group = \"a\"\npattern = \"\"\nnamespace = \"Other\"\n",
        &["unmarked-filter"],
    ),
    (
        "[log_group.a]\n[rule.r]\nlog_group = \"a\"\nnotify = []\npattern = \"\"\nfilter.namespace = \"AWS/Logs\"\n\
         [metric_filter.f]\nlog_group = \"a\"\npattern = \"\"\nnamespace = \"AWS/Logs\"\nmetric = \"acme-r\"\n",
        &["bad-name", "bad-name"],
    ),
    // buckets
    (
        "[bucket.abc]\nlifecycle = 30\nobject_lock = \"off\"\naccess_logging = true\ntls_only = 1\n",
        &["wrong-type", "wrong-type", "wrong-type", "wrong-type"],
    ),
    (
        "[bucket.abc]\nlifecycle = {}\n[bucket.bcd]\nlifecycle = { expire_day = 3 }\n\
         [bucket.cde]\nlifecycle = { transition_days = 10 }\n[bucket.def]\nlifecycle = { storage_class = \"GLACIER\" }\n",
        &["missing-key", "unknown-key", "missing-key", "missing-key"],
    ),
    (
        "[bucket.abc]\nlifecycle = { transition_days = 29, storage_class = \"STANDARD_IA\", expire_days = 29 }\n\
         [bucket.bcd]\nlifecycle = { expire_days = 0, noncurrent_expire_days = 3000000000 }\n\
         [bucket.cde]\nlifecycle = { transition_days = 0, storage_class = \"glacier\" }\n",
        &[
            "bad-number",
            "bad-number",
            "bad-number",
            "bad-number",
            "unknown-word",
        ],
    ),
    (
        "[bucket.abc]\nobject_lock = { days = 30 }\n[bucket.bcd]\nobject_lock = { mode = \"COMPLIANCE\" }\n\
         [bucket.cde]\nobject_lock = { mode = \"GOVERNANCE\", days = 1, years = 1 }\n\
         [bucket.def]\nobject_lock = { mode = \"GOVERNANCE\", days = 36501 }\n\
         [bucket.efg]\nobject_lock = { mode = \"governance\", years = 101 }\n\
         [bucket.fgh]\nversioning = false\nobject_lock = { mode = \"GOVERNANCE\", days = 1 }\n",
        &[
            "missing-key",
            "missing-key",
            "contradiction",
            "bad-number",
            "unknown-word",
            "bad-number",
            "contradiction",
        ],
    ),
    (
        "[bucket.abc]\naccess_logging = { bucket = \"abc\" }\n\
         [bucket.bcd]\naccess_logging = { bucket = \"cde\" }\n\
         [bucket.cde]\naccess_logging = { bucket = { existing = \"bcd\" } }\n\
         [bucket.def]\naccess_logging = { bucket = \"bcd\" }\n",
        &["contradiction", "contradiction", "contradiction"],
    ),
    (
        "[bucket.abc]\naccess_logging = { prefix = \"x\" }\n[bucket.bcd]\naccess_logging = { bucket = \"no\" }\n\
         [bucket.cde]\naccess_logging = { bucket = { existing = \"xyz\", owner = \"999999999999\" } }\n\
         [bucket.def]\naccess_logging = { bucket = \"efg\" }\n\
         [bucket.efg]\nobject_lock = { mode = \"GOVERNANCE\", days = 1 }\n",
        &[
            "missing-key",
            "unknown-reference",
            "out-of-reach",
            "contradiction",
        ],
    ),
    // classes of log groups
    (
        "[log_group.a]\nclass = \"standard\"\n[log_group.b]\nclass = \"DELIVERY\"\nretention_days = 1\n\
         deletion_protection = \"yes\"\n",
        &["unknown-word", "contradiction", "wrong-type"],
    ),
    (
        "[log_group.a]\nclass = \"INFREQUENT_ACCESS\"\n[rule.r]\nlog_group = \"a\"\nnotify = []\npattern = \"\"\n\
         [log_group.b]\nclass = \"DELIVERY\"\n[trail.abc]\nbucket = { existing = \"logs\" }\nlog_group = \"b\"\nheartbeat = false\n",
        &["contradiction", "contradiction"],
    ),
    // subscriptions
    (
        "[topic.t]\n[[topic.t.subscription]]\nprotocol = \"Email\"\nendpoint = \"a@b.example\"\n\
         [[topic.t.subscription]]\nprotocol = \"email\"\nendpoint = \"https://b.example\"\n\
         [[topic.t.subscription]]\nprotocol = \"https\"\nendpoint = \"http://b.example\"\n\
         [[topic.t.subscription]]\nprotocol = \"sms\"\nendpoint = \"555 1234567\"\n\
         [[topic.t.subscription]]\nprotocol = \"sqs\"\nendpoint = \"arn:aws:sns:us-east-1:123456789012:t\"\n",
        &[
            "unknown-word",
            "bad-endpoint",
            "bad-endpoint",
            "bad-endpoint",
            "bad-endpoint",
        ],
    ),
    (
        "[topic.t]\n[[topic.t.subscription]]\nprotocol = \"firehose\"\n\
         endpoint = \"arn:aws:firehose:us-east-1:123456789012:deliverystream/s\"\n\
         [[topic.t.subscription]]\nprotocol = \"email\"\nendpoint = \"a@b.example\"\nendpoint_env = \"MAIL\"\n\
         role = \"arn:aws:iam::123456789012:role/x\"\n\
         [[topic.t.subscription]]\nprotocol = \"email\"\nendpoint_env = \"BAD\"\n\
         [[topic.t.subscription]]\nprotocol = \"email\"\nendpoint_env = \"EMPTY\"\n\
         [[topic.t.subscription]]\nprotocol = \"sms\"\nendpoint_env = \"MAIL\"\n",
        &[
            "missing-key",
            "contradiction",
            "contradiction",
            "secret",
            "secret",
            "bad-endpoint",
        ],
    ),
    // settings of topics
    (
        "[topic.t]\npublishers = [\"*\", \"arn:aws:iam::123456789012:role/*\", \"123\", \"a..amazonaws.com\", \
         \"arn:aws:sns:us-east-1:123456789012:t\"]\nsubscribers = \"123456789012\"\n\
         signature_version = 3\ntracing = \"active\"\ndelivery_status = \"none\"\n",
        &[
            "bad-arn",
            "bad-arn",
            "bad-arn",
            "bad-arn",
            "bad-arn",
            "wrong-type",
            "wrong-type",
            "unknown-word",
            "wrong-type",
        ],
    ),
    (
        "[topic.t.delivery_status]\nhttp = {}\n\
         sqs = { success_role = \"arn:aws:iam::123456789012:role/r\" }\n\
         lambda = { sample_rate = 101 }\n\
         firehose = { failure_role = \"arn:aws:iam::123456789012:user/u\" }\nemail = \"none\"\n",
        &[
            "missing-key",
            "missing-key",
            "missing-key",
            "bad-number",
            "bad-arn",
            "unknown-key",
        ],
    ),
    (
        "[topic.t]\ndelivery_retry = { max_delay_target = 3601 }\n",
        &["bad-number"],
    ),
    (
        "[topic.t]\ndelivery_retry = { max_delay_target = 10 }\n",
        &["bad-number"],
    ),
    (
        "[topic.t]\ndelivery_retry = { num_retries = 101, backoff_function = \"linera\" }\n",
        &["bad-number", "unknown-word"],
    ),
    (
        "[topic.t]\ndelivery_retry = { num_min_delay_retries = 4 }\n",
        &["bad-number"],
    ),
    (
        "[topic.t]\ndelivery_retry = { num_retries = 2, num_max_delay_retries = 2, max_delay_target = 1801 }\n",
        &["bad-number"],
    ),
    (
        "[topic.t]\ndelivery_retry = { max_receives_per_second = 0 }\n",
        &["bad-number"],
    ),
    ("[topic.t]\ndelivery_retry = \"never\"\n", &["wrong-type"]),
    (
        "[topic.t]\ndata_protection = \"{ \\\"Name\\\": \"\n",
        &["bad-text"],
    ),
    ("[topic.t]\ndata_protection = { Name = \"p\" }\n", &["bad-text"]),
    ("[topic.t]\ndata_protection = 3\n", &["wrong-type"]),
    // settings of subscriptions
    (
        "[topic.t]\n[[topic.t.subscription]]\nprotocol = \"email\"\nendpoint = \"a@b.example\"\n\
         raw_delivery = true\ndelivery_retry = \"none\"\nfilter_scope = \"MessageBody\"\n\
         dead_letter = \"arn:aws:sqs:eu-central-1:123456789012:q\"\n\
         [[topic.t.subscription]]\nprotocol = \"email\"\nendpoint = \"c@b.example\"\n\
         dead_letter = \"arn:aws:sns:us-east-1:123456789012:q\"\nfilter_policy = { a = { b = [\"c\"] } }\n\
         [[topic.t.subscription]]\nprotocol = \"email\"\nendpoint = \"d@b.example\"\nfilter_policy = { a = \"b\" }\n\
         [[topic.t.subscription]]\nprotocol = \"email\"\nendpoint = \"e@b.example\"\nfilter_policy = { a = [] }\n\
         [[topic.t.subscription]]\nprotocol = \"email\"\nendpoint = \"f@b.example\"\n\
         filter_policy = { \"$or\" = [{ a = [1] }] }\n\
         [[topic.t.subscription]]\nprotocol = \"email\"\nendpoint = \"g@b.example\"\n\
         filter_policy = { a = [1], b = [1], c = [1], d = [1], e = [1], f = [1] }\n\
         [[topic.t.subscription]]\nprotocol = \"email\"\nendpoint = \"h@b.example\"\n\
         filter_scope = \"MessageBody\"\n\
         filter_policy = { a = { b = [1, 2, 3, 4, 5, 6] }, c = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13] }\n",
        &[
            "contradiction",
            "contradiction",
            "missing-key",
            "out-of-reach",
            "bad-arn",
            "bad-text",
            "bad-text",
            "bad-text",
            "bad-text",
            "bad-text",
            "bad-text",
        ],
    ),
    // tags
    (
        "[topic.t]\ntags = { \"aws:x\" = \"1\", \"Trailwarden:y\" = \"2\", \"a#\" = \"b!\", \"\" = \"\" }\n",
        &["bad-tag", "bad-tag", "bad-tag", "bad-tag", "bad-tag"],
    ),
    (
        "tags = { Team = \"a\", stage = \"b\" }\n[topic.t]\ntags = { Team = \"c\", team = \"d\", x = \"1\", X = \"2\" }\n\
         [bucket.abc]\ntags = { TEAM = \"e\", stage = \"f\" }\n",
        &["bad-tag", "bad-tag", "bad-tag"],
    ),
    // guards: what is not to be deleted, what is let go, what has another label
    (
        "[topic.t]\nprotect = \"yes\"\nprotected = true\n",
        &["wrong-type", "unknown-key"],
    ),
    (
        "[log_group.a]\n[metric_filter.f]\nlog_group = \"a\"\npattern = \"\"\nprotect = true\n\
         [alarm.a]\nnamespace = \"Trailwarden/acme\"\nmetric = \"f\"\nnotify = []\n",
        &["unremembered"],
    ),
    (
        "[trail.abc]\nbucket = { existing = \"xyz\" }\nlog_group = { existing = \"g\" }\nheartbeat = { protect = true }\n\
         [trail.bcd]\nbucket = { existing = \"xyz\" }\nlog_group = { existing = \"g\" }\nheartbeat = {}\n",
        &["nobody-to-notify", "missing-key"],
    ),
    (
        "[topic.t]\nname = \"alerts\"\n\
         [[release]]\naddress = \"topic.alerts\"\n\
         [[release]]\naddress = \"topic.t\"\nreason = 1\n\
         [[release]]\naddress = \"rule.r\"\n\
         [[release]]\naddress = \"metric_filter.g:f\"\n\
         [[release]]\naddress = \"bucket_policy.b\"\n\
         [[release]]\naddress = \"topic_policy.alerts\"\n\
         [[release]]\naddress = \"subscription.alerts/email/0\"\n\
         [[release]]\nadress = \"topic.x\"\n",
        &[
            "contradiction",
            "wrong-type",
            "bad-address",
            "bad-address",
            "bad-address",
            "bad-address",
            "bad-address",
            "unknown-key",
        ],
    ),
    (
        "[topic.t]\n[topic.old]\n[[moved]]\nfrom = \"topic.old\"\nto = \"topic.t\"\n\
         [[moved]]\nfrom = \"topic.older\"\nto = \"topic.tt\"\n\
         [[moved]]\nfrom = \"rule.older\"\nto = \"rule.r\"\n\
         [[moved]]\nfrom = \"rule.r-1\"\nto = \"alarm.r\"\n\
         [[moved]]\nfrom = \"pipe.r-1\"\nto = \"topic.T\"\n\
         [[moved]]\nfrom = \"topic\"\n",
        &[
            "bad-move",
            "bad-move",
            "bad-move",
            "bad-move",
            "bad-move",
            "bad-move",
            "missing-key",
            "bad-move",
        ],
    ),
    (
        "[topic.t]\n[topic.u]\n\
         [[moved]]\nfrom = \"topic.a\"\nto = \"topic.t\"\n\
         [[moved]]\nfrom = \"topic.a\"\nto = \"topic.u\"\n\
         [[moved]]\nfrom = \"topic.b\"\nto = \"topic.t\"\n",
        &["bad-move", "bad-move"],
    ),
    (
        "[topic.t]\n\
         [[moved]]\nfrom = \"topic.a\"\nto = \"topic.b\"\n\
         [[moved]]\nfrom = \"topic.b\"\nto = \"topic.c\"\n\
         [[moved]]\nfrom = \"topic.c\"\nto = \"topic.a\"\n\
         [[moved]]\nfrom = \"topic.t\"\nto = \"topic.t\"\n",
        &["bad-move", "bad-move"],
    ),
    (
        "[log_group.a]\n[topic.t]\nname = \"alerts\"\n[metric_filter.f]\nlog_group = \"a\"\npattern = \"\"\nname = \"f\"\nmetric = \"f\"\n\
         [rule.r]\nlog_group = \"a\"\nnotify = []\npattern = \"\"\nfilter = { name = \"r\", metric = \"r\" }\nalarm.name = \"r\"\n\
         [trail.abc]\nname = \"trail\"\nbucket = { existing = \"xyz\" }\n\
         [[moved]]\nfrom = \"topic.old\"\nto = \"topic.t\"\n\
         [[moved]]\nfrom = \"metric_filter.old\"\nto = \"metric_filter.f\"\n\
         [[moved]]\nfrom = \"rule.old\"\nto = \"rule.r\"\n\
         [[moved]]\nfrom = \"trail.old\"\nto = \"trail.abc\"\n",
        &["bad-move", "bad-move", "bad-move", "bad-move"],
    ),
];

/// Whole specs, by files.
pub(crate) const WHOLE: &[(&[&str], &[&str])] = &[
    (&[], &["empty"]),
    (&["[topic.t]\n"], &["missing-stack"]),
    (
        &["[stack]\n[topic.t]\n"],
        &["missing-key", "missing-key", "missing-key", "missing-key"],
    ),
    (&["format = 2\nwhatever = true\n[stack]\n"], &["unknown-format"]),
    (
        &["stack = 3\nformat = \"1\"\n[topic.t]\n"],
        &["wrong-type", "wrong-type"],
    ),
    (
        &[
            "format = 1\n[stack]\nname = \"Acme\"\naccount = 123456789012\nregion = \"us-east-1a\"\nnamespace = \"${stak}\"\n[topic.t]\n",
        ],
        &["bad-name", "wrong-type", "bad-name", "unknown-variable"],
    ),
    (
        &[
            "format = 1\n[stack]\nname = \"${account}\"\naccount = \"123456789012\"\nregion = \"us-iso-east-1\"\n[topic.t]\n",
        ],
        &["unknown-variable", "bad-name"],
    ),
    (
        &[
            "format = 1\n[stack]\nname = \"acme\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n[defaults]\n[topic.t]\n",
            "format = 1\n[stack]\nname = \"acme\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n[defaults]\n[topic.t]\n",
        ],
        &["duplicate-section", "duplicate-section", "duplicate-section"],
    ),
    (
        &[
            "format = 1\n[topic.t]\ntags = { Owner = \"c\" }\n[topic.u]\n",
            "format = 1\n[stack]\nname = \"acme\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n\
             namespace = \"AWS/acme\"\ntags = { owner = \"a\", OWNER = \"b\" }\n",
        ],
        &["bad-tag", "bad-name", "bad-tag"],
    ),
    (
        &[
            "fromat = 1\n[stack]\nnme = \"acme\"\nacount = \"123456789012\"\nregion = \"us-east1\"\n[topic.t]\n",
        ],
        &["unknown-key", "unknown-key", "unknown-key", "bad-name"],
    ),
    (&["[stak]\nname = \"acme\"\n[topic.t]\n"], &["unknown-key"]),
    // What cannot be read: what follows from it is not said.
    (
        &[
            "format = 1\n[stack]\nname = \"acme\"\naccount = \"123456789012\"\nregion = us-east-1\n[rule.r\nnotify = [\"x\"]\n\
           [log_group.a]\nretention_days = 300\nname = \"a\nname = \"b\"\n",
        ],
        &["syntax", "syntax", "bad-number", "syntax", "syntax"],
    ),
    (
        &["format = 1\nformat = 1\n[topic.a]\n[topic.a]\n"],
        &["syntax", "syntax"],
    ),
];
