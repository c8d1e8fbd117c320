//! Why a read model gives no answer.

use es::{EndError, ProjectionError, ProjectionStatus, ReadError, RowsError, StartError, WaitError};

/// Why a read model gives no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadModelsError {
    /// It is paused or has stopped, and somebody must act before it goes on.
    #[error("{}", halted(.0))]
    Halted(Box<ProjectionStatus>),
    /// There is no read model of this name.
    #[error("no read model is called `{name}`; there are `balances`, `partners` and `turnover`")]
    Unknown {
        /// The name.
        name: String,
    },
    /// It did not come far enough.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// It cannot run.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It did not run until it was stopped.
    #[error(transparent)]
    End(#[from] EndError),
    /// The store does not tell how far it has come.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// Its rows cannot be read.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn halted(status: &ProjectionStatus) -> String {
    let ProjectionStatus { name, state, failure, .. } = status;
    match failure {
        Some(failure) => {
            format!("projection `{name}` is {state}: {failure}; `bank projections rebuild {name}` builds it anew")
        }
        None => format!("projection `{name}` is {state}"),
    }
}
