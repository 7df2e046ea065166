//! Variables that deployments of the apps' own backends set, under the names that those gave them.
//!
//! What they say counts here as it did there: where browsers find the SFU, and how long Kraken's
//! tokens last. urbania's own variables (`URBANIA_…`) beat them; they beat urbania.yaml. Addresses count
//! in the environment alone: those in `.env` are what urbania itself writes for backends.

use super::backends::{URLS, place, without_password};
use super::load::Findings;
use super::problem::Problem;
use super::schema::settings_schema;
use super::yaml::Reader;
use super::{ENV_FILE, EnvFile, LivekitConfig, SETTINGS_FILE, Settings, variable_of};
use crate::context::Env;

/// Lifetime of Kraken's tokens.
const TOKEN_TTL: &str = "LIVEKIT_DEFAULT_TOKEN_TTL";

/// Takes over what the variables say.
pub fn adopt(
    settings: &mut Settings,
    livekit: &LivekitConfig,
    environment: &Env,
    env: &EnvFile,
    findings: &mut Findings,
) {
    if environment.get(&variable_of("livekit_url")).is_none() {
        livekit_url(settings, livekit, environment, findings);
    }
    if environment
        .get(&variable_of("api.kraken.token_ttl"))
        .is_none()
    {
        token_ttl(settings, environment, env, findings);
    }
}

fn livekit_url(
    settings: &mut Settings,
    livekit: &LivekitConfig,
    environment: &Env,
    findings: &mut Findings,
) {
    // Said of the SFU that runs here, it is what everybody is told anyway, and less.
    let here = place(&livekit.websocket_here());
    let mut told = URLS
        .into_iter()
        .filter_map(|name| Some((name, for_browsers(environment.get(name)?.trim()))))
        .filter(|(_, url)| place(url) != here);
    let Some((name, url)) = told.next() else {
        return;
    };
    if let Some((other, differs)) = told.find(|(_, other)| place(other) != place(&url)) {
        let (url, differs) = (without_password(&url), without_password(&differs));
        let message = format!(
            "`{url}`, and {other} is `{differs}`; URBANIA_LIVEKIT_URL says which one browsers are told"
        );
        findings.problems.push(Problem::of(name, message));
        return;
    }
    let schema = settings_schema();
    let (_, wrong) = Reader::new(&schema, "").read_text(&url, &schema["properties"]["livekit_url"]);
    if !wrong.is_empty() {
        let wrong = wrong.into_iter().map(|f| Problem::of(name, f.message));
        findings.problems.extend(wrong);
        return;
    }
    if let Some(own) = settings.livekit_url.replace(url.clone())
        && place(&own) != place(&url)
    {
        let url = without_password(&url);
        let message = format!("`{url}` beats livekit_url of {SETTINGS_FILE}, `{own}`");
        findings.warnings.push(Problem::of(name, message));
    }
}

/// The address with the scheme of a browser's socket: server SDKs take `http` as well.
fn for_browsers(url: &str) -> String {
    match url.strip_prefix("http") {
        Some(rest) => format!("ws{rest}"),
        None => url.to_owned(),
    }
}

fn token_ttl(settings: &mut Settings, environment: &Env, env: &EnvFile, findings: &mut Findings) {
    let of_file = || Some((format!("{ENV_FILE}: {TOKEN_TTL}"), env.get(TOKEN_TTL)?));
    let told = environment
        .get(TOKEN_TTL)
        .map(|text| (TOKEN_TTL.to_owned(), text));
    let Some((source, text)) = told.or_else(of_file).filter(|(_, text)| !text.is_empty()) else {
        return;
    };
    let most = settings.api.max_token_ttl;
    let problem = match text.trim().parse::<u64>() {
        Ok(0) | Err(_) => format!("`{text}` is not a number of seconds"),
        Ok(seconds) if seconds > most => {
            format!("{seconds} is more than api.max_token_ttl, {most}")
        }
        Ok(seconds) => {
            settings.api.kraken.token_ttl = seconds;
            return;
        }
    };
    findings.problems.push(Problem::of(source, problem));
}
