//! What a log that nobody reads loses, and what it says of that.

use super::*;

/// What a sink was given.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn request(journal: &Journal) {
    let (now, took) = (Timestamp::UNIX_EPOCH, Duration::ZERO);
    journal.access(now, &Method::GET, "/", StatusCode::OK, took);
}

fn token(journal: &Journal) {
    let issued = Issued {
        who: "ada",
        contract: "urbania",
        room: "daily",
        grants: &VideoGrant::join("daily"),
        expires_at: 0,
        jti: "id",
        repeated: None,
    };
    journal.issued(Timestamp::UNIX_EPOCH, issued);
}

/// Notes until lines are dropped; how many were kept.
fn fill(journal: &Journal, note: fn(&Journal)) -> usize {
    let before = journal.dropped();
    let noted =
        std::iter::repeat_with(|| note(journal)).take_while(|()| journal.dropped() == before);
    noted.count()
}

#[tokio::test]
async fn requests_drive_no_token_out_of_the_audit_and_what_is_lost_is_counted_and_told() {
    for (format, told) in [
        (
            LogFormat::Text,
            "log lines dropped: 1 of requests, 1 of tokens; stderr is too slow",
        ),
        (
            LogFormat::Json,
            r#"{"kind":"dropped","requests":1,"tokens":1}"#,
        ),
    ] {
        let written = Written::default();
        let journal = Journal::new(format, Box::new(written.clone()));
        let requests = fill(&journal, request);
        let tokens = fill(&journal, token);
        let lost = Dropped {
            requests: 1,
            tokens: 1,
        };
        assert_eq!(journal.dropped(), lost);
        assert!(requests > 1_000 && tokens > 1_000, "{requests} {tokens}");
        journal.flush().await;
        let text = String::from_utf8(take(&mut *written.0.lock().unwrap())).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), requests + tokens + 1);
        assert_eq!(lines.last(), Some(&told));

        request(&journal);
        journal.flush().await;
        let text = String::from_utf8(take(&mut *written.0.lock().unwrap())).unwrap();
        assert_eq!(text.lines().count(), 1, "it is told once: {text}");
        assert_eq!(journal.dropped(), lost, "and counted for good");
    }
}
