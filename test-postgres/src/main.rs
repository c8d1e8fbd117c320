//! Runs a command with `ES_TEST_POSTGRES_URL` set to a private PostgreSQL that ends with the command.

use std::{
    env,
    process::{Command, ExitCode},
};

use test_postgres::Server;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a program reports its error")]
            {
                eprintln!("test-postgres: {error}");
            }
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = env::args_os().skip(1);
    let program = arguments.next().ok_or("usage: `test-postgres COMMAND [ARGUMENT]...`")?;
    let mut command = Command::new(program);
    command.args(arguments);
    if env::var_os("ES_TEST_POSTGRES_URL").is_some() {
        return status(&mut command);
    }
    let server = Server::start(&[])?;
    status(command.env("ES_TEST_POSTGRES_URL", server.url()))
}

fn status(command: &mut Command) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}
