//! A plan in a file (`plan --out`, `apply FILE`): what was agreed to, with the spec and the words
//! that it was made from. The file is for the same version of trailwarden only; for other programs
//! there is `--format json`.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use trailwarden_diff::{Misfit, Plan, Seal};
use trailwarden_spec::SecretRef;
use trailwarden_spec::leaf::digest;

use crate::args::Consents;
use crate::failure::{Exit, Failure};
use crate::load::{Loaded, SecretSource, parse_texts};

/// What the first key of the file says, so that other JSON is not mistaken for one.
const FORMAT: &str = "trailwarden-plan/1";
const VERSION: &str = env!("CARGO_PKG_VERSION");
const REPLAN: &str = "plan again, read what it shows, and seal that";

/// The file: its content is a text of its own, so that the checksum is over just its bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
    format: String,
    version: String,
    checksum: String,
    content: String,
}

/// A sealed plan.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sealed {
    sandbox: bool,
    files: Vec<SpecFile>,
    pub(crate) consents: Consents,
    secrets: Vec<Secret>,
    seal: Seal,
}

#[derive(Debug, Serialize, Deserialize)]
struct SpecFile {
    name: String,
    text: String,
}

/// A secret that was looked up: where, and a digest that tells nobody what it is.
#[derive(Debug, Serialize, Deserialize)]
struct Secret {
    from: String,
    salt: String,
    digest: String,
}

impl Sealed {
    /// Seals a plan with all that it was made from.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(crate) fn new(
        loaded: &Loaded,
        consents: &Consents,
        plan: &Plan,
        sandbox: bool,
    ) -> Result<Self, Failure> {
        let files = loaded.sources.iter().map(|source| SpecFile {
            name: source.name.clone(),
            text: source.text.clone(),
        });
        let secrets = loaded.secrets.iter().map(|(from, value)| {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt)
                .map_err(|error| Failure::new(Exit::Failed, format!("no random numbers: {error}")))?;
            let salt: String = salt.iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(Secret {
                from: in_words(from),
                digest: whole_digest(&format!("{salt}{value}")),
                salt,
            })
        });
        Ok(Self {
            sandbox,
            files: files.collect(),
            consents: consents.clone(),
            secrets: secrets.collect::<Result<_, Failure>>()?,
            seal: Seal::of(plan),
        })
    }

    /// Writes the file, whole or not at all, readable for its owner only.
    ///
    /// # Errors
    /// When it cannot be written, or would take the place of something that is no sealed plan.
    pub(crate) fn write(&self, file: &Path) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| {
            Failure::new(
                Exit::Failed,
                format!("cannot write `{}`: {error}", file.display()),
            )
        };
        if file.exists() && !is_sealed(file) {
            return Err(failed(&"it is there and is no sealed plan").help("name another file"));
        }
        let content = serde_json::to_string(self).map_err(|error| failed(&error))?;
        let envelope = Envelope {
            format: FORMAT.into(),
            version: VERSION.into(),
            checksum: whole_digest(&content),
            content,
        };
        let text = serde_json::to_string(&envelope).map_err(|error| failed(&error))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut out = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| failed(&error))?;
        writeln!(out, "{text}").map_err(|error| failed(&error))?;
        out.as_file().sync_all().map_err(|error| failed(&error))?;
        out.persist(file).map_err(|error| failed(&error.error))?;
        Ok(())
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When it is damaged or another version's.
    pub(crate) fn read(file: &Path) -> Result<Self, Failure> {
        let name = file.display();
        let failed = |what: String| Failure::new(Exit::Failed, what).help(REPLAN);
        let text =
            fs::read_to_string(file).map_err(|error| failed(format!("cannot read `{name}`: {error}")))?;
        let damaged = || failed(format!("`{name}` is no sealed plan, or is damaged"));
        let envelope: Envelope = serde_json::from_str(&text).map_err(|_| damaged())?;
        if (envelope.format.as_str(), envelope.version.as_str()) != (FORMAT, VERSION) {
            return Err(failed(format!(
                "`{name}` was sealed by trailwarden {}, this is {VERSION}; a sealed plan is for the same version only",
                envelope.version
            )));
        }
        if whole_digest(&envelope.content) != envelope.checksum {
            return Err(damaged());
        }
        serde_json::from_str(&envelope.content).map_err(|_| damaged())
    }

    /// Reads the spec that was sealed, and looks its secrets up again.
    ///
    /// # Errors
    /// When the account is of another sort than that of the plan, or a secret is another by now.
    pub(crate) fn load(&self, sandbox: bool) -> Result<Loaded, Failure> {
        if self.sandbox != sandbox {
            let (sealed, way) = if self.sandbox {
                ("a sandbox", "add `--sandbox`")
            } else {
                ("AWS", "leave `--sandbox` out")
            };
            let message = format!("the plan was sealed for an account of {sealed}");
            return Err(Failure::new(Exit::Usage, message).help(way));
        }
        let texts = self
            .files
            .iter()
            .map(|file| ((&file.name).into(), file.text.clone()));
        let loaded = parse_texts(texts.collect(), SecretSource::Real)?;
        for (from, value) in &loaded.secrets {
            let from = in_words(from);
            let sealed = self.secrets.iter().find(|secret| secret.from == from);
            if sealed.is_none_or(|secret| whole_digest(&format!("{}{value}", secret.salt)) != secret.digest) {
                return Err(Failure::new(
                    Exit::Refusals,
                    format!("the endpoint from {from} is not the one that the plan was sealed with"),
                )
                .help(REPLAN));
            }
        }
        Ok(loaded)
    }

    /// The sealed plan again, as far as the plan that was made anew is the same.
    ///
    /// # Errors
    /// What has changed.
    pub(crate) fn fit(&self, plan: Plan) -> Result<Plan, Vec<Misfit>> {
        self.seal.fit(plan)
    }
}

/// Says what has changed since a plan was sealed.
pub(crate) fn does_not_fit(misfits: &[Misfit]) -> Failure {
    let lines: Vec<String> = misfits
        .iter()
        .map(|misfit| format!("  {}: {}", misfit.address, misfit.message))
        .collect();
    let message = format!(
        "the account has changed since the plan was sealed; nothing was applied\n{}",
        lines.join("\n")
    );
    Failure::new(Exit::Refusals, message).help(REPLAN)
}

/// True for a file that holds JSON; no spec begins like it.
pub(crate) fn is_sealed(path: &Path) -> bool {
    let first = |text: Vec<u8>| text.into_iter().find(|byte| !byte.is_ascii_whitespace());
    path.is_file() && fs::read(path).is_ok_and(|text| first(text) == Some(b'{'))
}

fn in_words(from: &SecretRef) -> String {
    match from {
        SecretRef::Env(name) => format!("the environment variable `{name}`"),
        SecretRef::File(path, _) => format!("the file `{path}`"),
    }
}

/// The whole SHA-256 of a text.
fn whole_digest(text: &str) -> String {
    digest(text, 64)
}
