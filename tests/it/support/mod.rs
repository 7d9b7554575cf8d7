//! What the tests share.

pub mod clock;
pub mod database;
pub mod faulty;
pub mod gate;
pub mod gemini;
pub mod jury;
pub mod photo;
pub mod process;
pub mod rows;
pub mod schema;
pub mod scrape;
pub mod server;
pub mod simulated;
pub mod sink;
pub mod staging;
pub mod terminal;
pub mod tls;
pub mod work;
pub mod workbook;
pub mod workshop;
pub mod workspace;
