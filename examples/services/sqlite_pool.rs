//! A program with a database: a gauge of its pool of connections by state, an error enum as the
//! dimension `error.type`, and a worker in the background.
//!
//! Endpoint and token come from the environment, as in `getting_started`.

use std::error::Error;
use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use dt_metrics::{DimensionValue, counted, in_flight, measured, observed};
use rusqlite::{Connection, OptionalExtension};

static POOL: OnceLock<Pool> = OnceLock::new();

/// Connections that wait for work. Polled at each push; `None` before there is a pool.
#[observed(
    name = "db.client.connection.count",
    kind = up_down_counter,
    unit = "{connection}",
    dims(db.client.connection.state = "idle")
)]
fn idle_connections() -> Option<usize> {
    Some(POOL.get()?.idle().len())
}

/// Connections in use.
#[observed(
    name = "db.client.connection.count",
    kind = up_down_counter,
    unit = "{connection}",
    dims(db.client.connection.state = "used")
)]
fn used_connections() -> Option<usize> {
    let pool = POOL.get()?;
    Some(pool.size - pool.idle().len())
}

/// In a service: a pool such as that of `deadpool`, `r2d2` or `sqlx`.
struct Pool {
    idle: Mutex<Vec<Connection>>,
    size: usize,
}

impl Pool {
    fn open(size: usize) -> rusqlite::Result<Self> {
        let open = |_| Connection::open("file:shop?mode=memory&cache=shared");
        let idle = (0..size).map(open).collect::<Result<_, _>>()?;
        Ok(Self {
            idle: Mutex::new(idle),
            size,
        })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Result<Taken<'_>, OrderError> {
        let connection = self.idle().pop().ok_or(OrderError::NoConnection)?;
        Ok(Taken(self, Some(connection)))
    }
}

/// Goes back to the pool when it is dropped.
struct Taken<'a>(&'a Pool, Option<Connection>);

impl Deref for Taken<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.1.as_ref().expect("it is there until the drop")
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.idle().extend(self.1.take());
    }
}

/// Each variant is a value of `error.type`: `sold_out`, `unknown_article`, `no_connection`, `database`.
#[derive(Debug, thiserror::Error, DimensionValue)]
enum OrderError {
    #[error("{0} is sold out")]
    SoldOut(String),
    #[error("there is no {0}")]
    UnknownArticle(String),
    #[error("all connections are in use")]
    NoConnection,
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Takes one article out of the stock.
#[measured(name = "order", ret_dims(error.type = ret.as_ref().err()))]
fn order(pool: &Pool, article: &str) -> Result<u32, OrderError> {
    let connection = pool.take()?;
    let stock = connection
        .query_row(
            "SELECT stock FROM articles WHERE name = ?1",
            [article],
            |row| row.get(0),
        )
        .optional()?;
    match stock {
        None => Err(OrderError::UnknownArticle(article.to_owned())),
        Some(0) => Err(OrderError::SoldOut(article.to_owned())),
        Some(stock) => {
            let update = "UPDATE articles SET stock = stock - 1 WHERE name = ?1";
            connection.execute(update, [article])?;
            Ok(stock - 1)
        }
    }
}

/// Orders more of sold-out items, until the queue ends.
#[in_flight(name = "worker.running")]
fn refill(pool: &Pool, sold_out: &mpsc::Receiver<String>) {
    for article in sold_out {
        if let Err(error) = refill_one(pool, &article) {
            eprintln!("{article}: {error}");
        }
    }
}

#[counted(name = "worker.refills", outcome)]
fn refill_one(pool: &Pool, article: &str) -> Result<usize, OrderError> {
    let update = "UPDATE articles SET stock = 2 WHERE name = ?1";
    Ok(pool.take()?.execute(update, [article])?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let metrics = dt_metrics::builder().prefix("shop").install()?;
    let pool = Pool::open(4)?;
    let pool = POOL.get_or_init(|| pool);
    let setup = pool.take()?;
    setup.execute_batch(
        "CREATE TABLE articles (name TEXT, stock INTEGER);
         INSERT INTO articles VALUES ('book', 2), ('pen', 0);",
    )?;
    drop(setup);

    let (sold_out, queue) = mpsc::channel();
    let worker = thread::spawn(move || refill(pool, &queue));
    for article in ["book", "book", "book", "pen", "lamp"] {
        match order(pool, article) {
            Ok(left) => println!("{article}: {left} left"),
            Err(error) => println!("{error}"),
        }
    }
    let report = pool.take()?; // one connection is in use while the first metrics are pushed
    if let Err(error) = metrics.flush(Duration::from_secs(5)) {
        eprintln!("metrics: {error}");
    }
    drop(report);
    for article in ["book", "pen"] {
        sold_out.send(article.to_owned())?;
    }
    drop(sold_out);
    worker.join().map_err(|_| "the worker panicked")?;
    println!("book: {} left", order(pool, "book")?);
    if let Err(error) = metrics.shutdown(Duration::from_secs(5)) {
        eprintln!("metrics: {error}"); // the orders are taken all the same
    }
    Ok(())
}
