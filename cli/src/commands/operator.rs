//! Looks after what an operator has at stake besides its chips.

mod fuel;
mod seats;

use crate::session::{Session, Site};
use anyhow::Result;
use clap::Subcommand;
use serde_json::Value;

#[derive(Debug, Subcommand)]
pub(crate) enum Operator {
    /// Show and take back what is at stake for seats in committees.
    #[command(subcommand)]
    Seats(seats::Seats),
    /// Fill, burn and show the fuel without which an operator earns nothing under the Talos schedule.
    #[command(subcommand)]
    Fuel(fuel::Fuel),
}

impl Operator {
    pub(crate) async fn run(self, site: &Site) -> Result<Value> {
        let session = Session::connect(site).await?;
        match self {
            Self::Seats(seats) => seats.run(&session).await,
            Self::Fuel(fuel) => fuel.run(&session).await,
        }
    }
}
