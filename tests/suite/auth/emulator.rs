//! Tokens of Firebase's emulator, which nobody signs.

use serde_json::json;

use super::calls::{Calls, claims};
use super::keys::forged;
use super::{with, without};
use crate::support::api::line;
use crate::support::store::StoreKind;

#[tokio::test]
async fn unsigned_tokens_are_believed_where_the_emulator_is_and_judged_as_all_others() {
    for kind in StoreKind::ALL {
        let calls = Calls::start_with(kind, |config| config.auth.emulator = true).await;
        let body = json!({"roomName": "family", "participantIdentity": "uid-of-ada"});
        let none = json!({"alg": "none", "typ": "JWT"});
        let ask = async |header, claims, signature: &[u8]| {
            let answer = calls.ask(&forged(&header, &claims, signature), &body).await;
            answer[..3].to_owned()
        };
        assert_eq!(ask(none.clone(), claims(), b"").await, "200");
        let of_a_page = calls
            .request(&forged(&none, &claims(), b""))
            .header("host", "attacker.example:8000");
        let answer = of_a_page.json(&body).send().await.unwrap();
        assert_eq!(line(answer).await, "403 Unauthorized: Invalid token.");
        for (header, claims, signature) in [
            (none.clone(), claims(), &b"x"[..]),
            (json!({"alg": "None"}), claims(), b""),
            (json!({"alg": ""}), claims(), b""),
            (json!({"alg": "HS256"}), claims(), b""),
            (json!({"alg": "RS256", "kid": "google-1"}), claims(), b""),
            (json!({"alg": "none", "crit": ["x"]}), claims(), b""),
            (none.clone(), with(&claims(), "aud", json!("other")), b""),
            (none.clone(), with(&claims(), "exp", json!(1)), b""),
            (none.clone(), without(&claims(), "auth_time"), b""),
            (none.clone(), with(&claims(), "sub", json!("")), b""),
        ] {
            assert_eq!(
                ask(header.clone(), claims.clone(), signature).await,
                "403",
                "{header} {claims}"
            );
        }
        assert_eq!(calls.server.hits("/keys"), 1, "for RS256 alone");
    }
}
