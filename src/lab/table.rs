//! Everybody's page.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::browser::{Chromium, Conditions, Tab};
use super::target::Seat;
use super::told::Told;
use crate::error::{Context as _, Result};

/// How long a page may take to tell.
pub const TELLING: Duration = Duration::from_secs(5);

/// How long leaving may take.
const LEAVING: Duration = Duration::from_secs(3);

/// Who sits where.
pub struct Table(Vec<(Seat, Tab)>);

impl Table {
    /// Opens a page for each.
    pub async fn lay(chromium: &Chromium, origin: &str, seats: Vec<Seat>) -> Result<Self> {
        let opened = seats.into_iter().map(async |seat| {
            let tab = chromium.open(&format!("{origin}/"), &seat.identity).await?;
            Ok((seat, tab))
        });
        let opened: Result<Vec<_>> = join_all(opened).await.into_iter().collect();
        opened.map(Self)
    }

    /// All of them, in the order of the participants.
    pub fn all(&self) -> impl Iterator<Item = &(Seat, Tab)> {
        self.0.iter()
    }

    /// The pages of somebody, or of everybody.
    pub fn of<'a>(&'a self, who: Option<&'a str>) -> impl Iterator<Item = (&'a Seat, &'a Tab)> {
        let all = self.all().map(|(seat, tab)| (seat, tab));
        all.filter(move |(seat, _)| who.is_none_or(|who| who == seat.identity))
    }

    /// Chromium throttles only what has begun behind its throttle: it is there from the beginning, wide open.
    pub async fn throttle(&self) -> Result<()> {
        for (seat, tab) in &self.0 {
            let throttled = tab.degrade(&Conditions::default()).await;
            throttled.or_fail(|| format!("cannot throttle the page of {}", seat.identity))?;
        }
        Ok(())
    }

    /// What each page tells; one that does not answer is left out, as its last words are old then.
    pub async fn told(&self) -> Vec<(String, Told)> {
        let asked = self.0.iter().map(async |(seat, tab)| {
            let told = tab.call("report", &json!([]), TELLING).await;
            let told = told.inspect_err(|e| tracing::debug!(who = seat.identity, %e, "no report"));
            Some((seat.identity.clone(), told.ok()?))
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// What each page looks like.
    pub async fn screenshots(&self) -> Vec<(String, String)> {
        let taken = self.0.iter().map(async |(seat, tab)| {
            let taken = tab.screenshot().await;
            let taken = taken.inspect_err(|e| tracing::debug!(%e, "no screenshot"));
            Some((seat.identity.clone(), taken.ok()?))
        });
        join_all(taken).await.into_iter().flatten().collect()
    }

    /// Has everybody leave.
    pub async fn leave(&self) {
        let left = self.0.iter().map(async |(_, tab)| {
            let left = tab.call::<()>("leave", &json!([]), LEAVING).await;
            // The browser ends anyway.
            let _ = left.inspect_err(|e| tracing::debug!(%e, "not left"));
        });
        join_all(left).await;
    }
}
