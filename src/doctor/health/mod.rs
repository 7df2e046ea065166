//! What the services have been through.

pub mod ended;
pub mod log;
pub mod redis;
pub mod services;

fn times(n: u64) -> String {
    match n {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}
