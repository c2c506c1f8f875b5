//! The world outside of the pipeline, on this machine: a shop's database, a file, and a service that has bad days.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::ValueEnum;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// A source that is to be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Break {
    /// No source.
    None,
    /// The database is no database.
    Orders,
    /// A row of the CSV file is cut off.
    Customers,
    /// The service never answers but with an error.
    Rates,
}

/// The sources; they end when this is dropped.
#[derive(Debug)]
pub struct Outside {
    /// The SQLite file.
    pub orders: PathBuf,
    /// The CSV file.
    pub customers: PathBuf,
    /// The service's address.
    pub rates: String,
    server: AbortHandle,
    _scratch: TempDir,
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Outside {
    /// Sets the sources up from the files in `input`: `orders.db`, or `orders.sql` to make one from; `customers.csv`;
    /// and `rates.json`, which the service answers with.
    ///
    /// A file that is missing is missing from its source: the pipeline says so.
    pub async fn set_up(input: &Path, broken: Break) -> io::Result<Self> {
        let scratch = tempfile::tempdir()?;
        let orders = match broken {
            Break::Orders => no_database(scratch.path())?,
            _ => database(input, scratch.path())?,
        };
        let customers = match broken {
            Break::Customers => cut_off(input, scratch.path())?,
            _ => input.join("customers.csv"),
        };
        let service = Arc::new(Service {
            file: input.join("rates.json"),
            down: broken == Break::Rates,
            asked: AtomicU32::new(0),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let rates = format!("http://{}/rates", listener.local_addr()?);
        let router = Router::new()
            .route("/rates", get(answer))
            .with_state(service);
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self {
            orders,
            customers,
            rates,
            server: server.abort_handle(),
            _scratch: scratch,
        })
    }
}

/// The database as it is given, or made from its dump.
fn database(input: &Path, scratch: &Path) -> io::Result<PathBuf> {
    let (given, dump) = (input.join("orders.db"), input.join("orders.sql"));
    if given.exists() || !dump.exists() {
        return Ok(given);
    }
    let made = scratch.join("orders.db");
    let statements = text_of(&dump)?;
    Connection::open(&made)
        .and_then(|database| database.execute_batch(&statements))
        .map_err(|error| io::Error::other(format!("{}: {error}", dump.display())))?;
    Ok(made)
}

fn text_of(file: &Path) -> io::Result<String> {
    let about =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", file.display()));
    fs::read_to_string(file).map_err(about)
}

fn no_database(scratch: &Path) -> io::Result<PathBuf> {
    let path = scratch.join("orders.db");
    fs::write(&path, "this is no database\n".repeat(64))?;
    Ok(path)
}

/// The CSV file without the last field of its last row.
fn cut_off(input: &Path, scratch: &Path) -> io::Result<PathBuf> {
    let (path, text) = (
        scratch.join("customers.csv"),
        text_of(&input.join("customers.csv"))?,
    );
    fs::write(&path, text.rsplit_once(',').map_or("", |(rest, _)| rest))?;
    Ok(path)
}

#[derive(Debug)]
struct Service {
    file: PathBuf,
    down: bool,
    asked: AtomicU32,
}

/// Answers with the rates, but never at the first time: the service has to wake up.
async fn answer(State(service): State<Arc<Service>>) -> Response {
    let first = service.asked.fetch_add(1, Ordering::Relaxed) == 0;
    if service.down || first {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match tokio::fs::read(&service.file).await {
        Ok(rates) => ([(header::CONTENT_TYPE, "application/json")], rates).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
