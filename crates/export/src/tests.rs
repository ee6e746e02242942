use super::*;

fn sql(pattern: &str, dialect: Dialect) -> String {
    let pattern = Pattern::parse(pattern).unwrap();
    condition(&pattern, dialect).unwrap_or_else(|refusals| {
        let lines = refusals.iter().map(|refusal| {
            let part = &pattern.text()[refusal.span.clone()];
            format!("`{part}`: {refusal}")
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}

#[test]
fn parentheses_stand_where_they_stood() {
    let pattern = "{ ($.eventName = a || $.eventName = \"b*\") && ($.eventSource != c) }";
    assert_eq!(
        sql(pattern, Dialect::Athena),
        "(eventname = 'a'\n        OR eventname LIKE 'b%' ESCAPE '\\')\n    AND eventsource <> 'c'"
    );
}

#[test]
fn nothing_leaves_a_text_or_a_comment() {
    let pattern = r#"{ $.errorMessage = "it's 100%_\\" || $.errorMessage = "*a'_%\\*" }"#;
    assert_eq!(
        sql(pattern, Dialect::Athena),
        r"errormessage = 'it''s 100%_\'
    OR errormessage LIKE '%a''\_\%\\%' ESCAPE '\'"
    );
    let name = query(
        "it's; --",
        &Pattern::parse("").unwrap(),
        Dialect::DuckDb,
        "cloudtrail",
    );
    assert_eq!(
        name.unwrap(),
        "SELECT 'it''s; --' AS rule, *\nFROM cloudtrail\nWHERE TRUE;\n"
    );
    assert_eq!(
        comment("one\r\nDROP TABLE\u{2028}x\n"),
        "-- one\n--\n-- DROP TABLE\n-- x\n--\n"
    );
}

#[test]
fn athena_says_what_its_table_keeps() {
    let cases = [
        (
            "{ $.userIdentity.sessionContext.sessionIssuer.userName = admin }",
            "useridentity.sessioncontext.sessionissuer.username = 'admin'",
        ),
        ("{ $.readOnly IS FALSE }", "readonly = 'false'"),
        // A boolean is no text.
        ("{ $.readOnly = false }", "FALSE"),
        (
            "{ $.recipientAccountId = 123456789012 }",
            "recipientaccountid = '123456789012'",
        ),
        ("{ $.eventName = * }", "eventname IS NOT NULL"),
        (
            "{ $.resources[0].ARN = \"a*\" }",
            "element_at(resources, 1).arn LIKE 'a%' ESCAPE '\\'",
        ),
        (
            "{ $.resources[*].accountId != 1 }",
            "any_match(resources, r -> r.accountid <> '1')",
        ),
        (
            "{ $.requestParameters.a.['b.c'] NOT EXISTS }",
            "json_extract(requestparameters, '$[\"a\"][\"b.c\"]') IS NULL",
        ),
        (
            "{ $.additionalEventData.MFAUsed = \"Yes\" }",
            "(json_format(json_extract(additionaleventdata, '$[\"MFAUsed\"]')) LIKE '\"%' \
             AND json_extract_scalar(additionaleventdata, '$[\"MFAUsed\"]') = 'Yes')",
        ),
    ];
    for (pattern, wanted) in cases {
        assert_eq!(sql(pattern, Dialect::Athena), wanted, "{pattern}");
    }
}

#[test]
fn what_athena_cannot_say_is_refused_with_its_place() {
    let cases = [
        (
            "{ $.userIdentity.invokedBy NOT EXISTS }",
            "`$.userIdentity.invokedBy`: the table has NULL both",
        ),
        (
            "{ $.errorCode IS NULL }",
            "`$.errorCode`: the table has NULL both",
        ),
        (
            "{ $.resources[*].ARN NOT EXISTS }",
            "`$.resources[*].ARN`: the table has NULL both",
        ),
        ("{ $.errorCode IS TRUE }", "`$.errorCode`: the column is a text"),
        ("{ $.errorCode = %a% }", "`%a%`: Athena's regular"),
        (
            "{ $.requestParameters = a }",
            "`$.requestParameters`: `$.requestParameters` is an object",
        ),
        (
            "{ $.requestParameters.a = 5 }",
            "`5`: Athena does not compare `5`",
        ),
        ("{ $.requestParameters.a = \"5*\" }", "`\"5*\"`: `5*` is compared"),
        (
            "{ $.requestParameters.a[0] = b }",
            "`$.requestParameters.a[0]`: Athena's paths do not",
        ),
        (
            "{ $.requestParameters.['0'] = b }",
            "`$.requestParameters.['0']`: Athena's paths have no way",
        ),
        // Hive's names are in small letters; a record's are not.
        ("{ $.eventname = a }", "`$.eventname`: the table has no column"),
        (
            "{ $.['userIdentity.type'] = a }",
            "`$.['userIdentity.type']`: the table has no column",
        ),
        ("{ $.* = a }", "`$.*`: the table has no column"),
        ("ERROR", "`ERROR`: terms are searched"),
        ("[a, b]", "`[a, b]`: words are counted"),
    ];
    for (pattern, begin) in cases {
        let told = sql(pattern, Dialect::Athena);
        assert!(told.starts_with(begin), "{pattern}: {told}");
    }
    let two = sql("{ $.errorCode IS NULL && $.a = b }", Dialect::Athena);
    assert_eq!(two.lines().count(), 2, "{two}");
}

#[test]
fn what_duckdb_cannot_say_is_refused_with_its_place() {
    let cases = [
        ("{ $.a = %b% }", "`%b%`: DuckDB's regular"),
        ("{ $.a = \"4*\" }", "`\"4*\"`: `4*` is compared"),
        ("{ $.a = \"1.50\" }", "`\"1.50\"`: `1.50` is compared"),
        ("{ $.a = \"0\" }", "`\"0\"`: `0` is compared"),
        ("{ $.a > 1e30 }", "`1e30`: DuckDB does not compare the number"),
        (
            "{ $.a = 1234567890123456 }",
            "`1234567890123456`: DuckDB does not compare",
        ),
        ("{ $.['a\"b'] = c }", "`$.['a\"b']`: DuckDB's paths"),
        ("-x", "`-x`: terms are searched"),
    ];
    for (pattern, begin) in cases {
        let told = sql(pattern, Dialect::DuckDb);
        assert!(told.starts_with(begin), "{pattern}: {told}");
    }
}
