use std::path::{Path, PathBuf};

use tokio::net::TcpListener;

use crate::args::{Global, Sandbox, SandboxCommand};
use crate::connect::open_sandbox;
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

const DEFAULT_FILE: &str = ".trailwarden/sandbox.json";

/// `trailwarden sandbox`: the account in a file, for other programs.
pub(crate) async fn run(global: &Global, args: &Sandbox, terminal: &Terminal) -> Result<Exit, Failure> {
    match &args.command {
        SandboxCommand::Serve { port, account } => {
            let file = global.sandbox.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
            serve(&file, *port, account, terminal).await
        }
    }
}

async fn serve(file: &Path, port: u16, account: &str, terminal: &Terminal) -> Result<Exit, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Failed, format!("cannot listen on 127.0.0.1:{port}: {error}"))
            .help("choose another port with `--port`, or 0 to let the system choose")
    };
    let sandbox = open_sandbox(file, account)?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    terminal.banner(file);
    // The first line is for programs that started this one.
    terminal.print(&format!("http://{address}\n"));
    terminal.say(&format!(
        "Point any AWS client here: AWS_ENDPOINT_URL=http://{address} AWS_ACCESS_KEY_ID={account} \
         AWS_SECRET_ACCESS_KEY=sandbox\nThe access key id is the account. Ctrl-C ends.\n"
    ));
    sandbox.serve(listener, std::future::pending()).await.map_err(failed)?;
    Ok(Exit::Done)
}
