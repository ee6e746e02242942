//! Problems of specs and patterns, drawn with the lines they are about.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use trailwarden_diff::render::visible;
use trailwarden_pattern as pattern;
use trailwarden_spec::{Problem, Problems, Severity, Source};

/// All problems, each with its file, line and column, the place underlined, and the way out.
/// Nothing for none.
pub(crate) fn draw(problems: &Problems, sources: &[Source]) -> String {
    let Some(first) = problems.as_slice().first() else {
        return String::new();
    };
    let renderer = Renderer::styled();
    let mut text = String::new();
    for problem in problems.iter() {
        text.push_str(&renderer.render(&report(problem, sources)));
        text.push_str("\n\n");
    }
    let count = problems.iter().count();
    let what = match first.severity {
        Severity::Error => "problem",
        Severity::Warning => "warning",
    };
    let plural = if count == 1 { "" } else { "s" };
    text.push_str(&format!("{count} {what}{plural} in the spec\n"));
    text
}

fn report<'a>(problem: &'a Problem, sources: &'a [Source]) -> Vec<Group<'a>> {
    let snippet = |file: usize| {
        let source = &sources[file.min(sources.len().saturating_sub(1))];
        Snippet::source(source.text.as_str()).path(source.name.as_str())
    };
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level
        .primary_title(problem.message.as_str())
        .id(problem.code)
        .element(
            snippet(problem.file)
                .annotation(
                    AnnotationKind::Primary
                        .span(problem.span.clone())
                        .label(problem.label.as_str()),
                )
                .annotations(
                    problem
                        .also
                        .iter()
                        .filter(|(file, ..)| *file == problem.file)
                        .map(|(_, span, label)| {
                            AnnotationKind::Context.span(span.clone()).label(label.as_str())
                        }),
                ),
        );
    for (file, span, label) in problem.also.iter().filter(|(file, ..)| *file != problem.file) {
        group = group.element(
            snippet(*file).annotation(AnnotationKind::Context.span(span.clone()).label(label.as_str())),
        );
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    vec![group]
}

/// What is wrong with a pattern, or probably is, drawn under its text.
pub(crate) fn draw_pattern(problems: &[pattern::Problem], text: &str, level: Level<'_>) -> String {
    let renderer = Renderer::styled();
    let mut out = String::new();
    for problem in problems {
        let help = problem.way_out().map(|help| visible(&help).into_owned());
        let message = visible(&problem.message);
        let snippet = Snippet::source(text)
            .path("pattern")
            .annotation(AnnotationKind::Primary.span(problem.span.clone()));
        let mut group = level
            .clone()
            .primary_title(message.as_ref())
            .id(problem.code.as_str())
            .element(snippet);
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        out.push_str(&renderer.render(&[group]));
        out.push_str("\n\n");
    }
    out
}
