//! The `steward` binary: arguments, logging, exit code.

use std::process::ExitCode;

use clap::Parser;
use steward::demo::lab;

#[derive(Debug, Parser)]
#[command(name = "steward")]
enum Arguments {
    /// One of the scratch lab's processes
    #[command(hide = true)]
    LabProcess(lab::LabProcessArgs),
    /// Acts on the scratch lab
    #[command(hide = true)]
    LabCtl(lab::LabCtlArgs),
}

fn main() -> ExitCode {
    match Arguments::parse() {
        Arguments::LabProcess(args) => lab::lab_process(&args),
        Arguments::LabCtl(args) => lab::lab_ctl(&args),
    }
}
