use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use tokio::net::TcpListener;
use trailwarden_sandbox::Sandbox as Account;

use crate::args::{Global, Sandbox, SandboxCommand};
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

const DEFAULT_FILE: &str = ".trailwarden/sandbox.json";

const BANNER: Style = AnsiColor::Magenta.on_default().bold();

/// Opens the account in a file and says that no AWS account is touched.
pub(crate) fn open(file: &Path, account: &str, terminal: &Terminal) -> Result<Account, Failure> {
    let name = file.display();
    terminal.say(&format!(
        "{BANNER}sandbox{BANNER:#} {name}: an account in a file, not AWS\n"
    ));
    Account::open(file, account).map_err(|error| {
        let cause = std::error::Error::source(&error)
            .map(|cause| format!(": {cause}"))
            .unwrap_or_default();
        Failure::new(Exit::Failed, format!("{error}{cause}"))
            .help("`--sandbox=FILE` names another file; one that is not there is an empty account")
    })
}

/// `trailwarden sandbox`: the account in a file, for other programs.
pub(crate) async fn run(global: &Global, args: &Sandbox, terminal: &Terminal) -> Result<Exit, Failure> {
    match &args.command {
        SandboxCommand::Serve { port, account } => {
            let file = global
                .sandbox
                .clone()
                .unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
            serve(&file, *port, account, terminal).await
        }
    }
}

async fn serve(file: &Path, port: u16, account: &str, terminal: &Terminal) -> Result<Exit, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(
            Exit::Failed,
            format!("cannot listen on 127.0.0.1:{port}: {error}"),
        )
        .help("choose another port with `--port`, or 0 to let the system choose")
    };
    let sandbox = open(file, account, terminal)?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    // The first line is for programs that started this one.
    terminal.print(&format!("http://{address}\n"))?;
    terminal.say(&format!(
        "Point any AWS client here: AWS_ENDPOINT_URL=http://{address} AWS_ACCESS_KEY_ID={account} \
         AWS_SECRET_ACCESS_KEY=sandbox\nThe access key id is the account. Ctrl-C ends.\n"
    ));
    sandbox
        .serve(listener, std::future::pending())
        .await
        .map_err(failed)?;
    Ok(Exit::Done)
}
