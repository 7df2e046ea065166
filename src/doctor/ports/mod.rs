//! The ports that the stack needs.

pub mod ephemeral;
pub mod held;
pub mod overlap;

use super::check::Blind;
use super::site::Site;
use crate::host::ports::PortNeed;
use crate::stack::service::Service;
use crate::stack::wanted::port_needs;

/// What the project binds on this machine. On an engine elsewhere that is the API alone.
fn needs(site: &Site) -> Result<Vec<PortNeed>, Blind> {
    let project = site.project()?;
    let here = |service: &Service| service.is_here(site.is_elsewhere());
    let services: Vec<Service> = Service::wanted(project).into_iter().filter(here).collect();
    Ok(port_needs(project, site.effective()?, &services))
}
