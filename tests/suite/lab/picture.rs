//! The cells of a picture, in a real page.

use std::time::Duration;

use serde_json::Value;
use urbania::lab::Pages;
use urbania::lab::browser::Launch;

use super::browser;

/// Paints pictures, makes them small and lossy, and reads them back.
const LOSSY: &str = r"(async () => {
  const { paint, read, decode, encode, since } = await import('/picture.js');
  const canvas = new OffscreenCanvas(1280, 720);
  const results = { right: 0, wrong: 0, unread: 0 };
  const times = [0, 1, 1764298406123, 2 ** 24 - 1, 1764298406123 + 2 ** 23];
  for (const [width, height] of [[160, 90], [320, 180], [240, 180], [1280, 720]]) {
    for (const quality of [0.05, 0.3, 0.9]) {
      for (const time of times) {
        const sender = 1 + (time % 50);
        paint(canvas, sender, time, { name: 'somebody with a long name', colour: '#3b6fd6' });
        const small = new OffscreenCanvas(width, height);
        small.getContext('2d').drawImage(canvas, 0, 0, width, height);
        const lossy = await createImageBitmap(await small.convertToBlob({ type: 'image/jpeg', quality }));
        const seen = read(lossy);
        if (!seen) results.unread += 1;
        else if (seen.sender === sender && since(seen.time, time) === 0) results.right += 1;
        else results.wrong += 1;
      }
    }
  }
  const grey = new OffscreenCanvas(160, 90);
  const pen = grey.getContext('2d');
  pen.fillStyle = '#777';
  pen.fillRect(0, 0, 160, 90);
  results.grey = read(grey);
  // Half of one picture and half of another, as a decoder shows that lost packets.
  paint(canvas, 3, 1234567, { name: 'a', colour: 'red' });
  const torn = new OffscreenCanvas(160, 90);
  torn.getContext('2d').drawImage(canvas, 0, 0, 160, 90);
  paint(canvas, 44, 7654321, { name: 'b', colour: 'red' });
  torn.getContext('2d').drawImage(canvas, 0, 360, 1280, 360, 0, 45, 160, 45);
  results.torn = read(torn);
  // Any single cell that is read wrongly is noticed.
  const bits = encode(7, 1234567);
  results.flipped = bits.filter((_, at) => decode(bits.map((bit, n) => (n === at ? 1 - bit : bit)))).length;
  results.wrapped = since(2 ** 24 - 10, 30);
  return results;
})()";

#[tokio::test]
async fn a_picture_is_read_at_the_smallest_size_however_lossy_and_never_taken_for_another() {
    let pages = Pages::serve().await.unwrap();
    let program = browser();
    let launch = Launch {
        program: &program,
        headed: false,
    };
    let chromium = launch.start().await.unwrap();
    let tab = chromium.open(&format!("{}/", pages.origin), "reader").await;
    let results: Value = tab
        .unwrap()
        .evaluate(LOSSY, Duration::from_secs(30))
        .await
        .unwrap();
    chromium.close().await;
    assert_eq!(results["right"], 60, "{results}");
    assert_eq!(results["wrong"], 0, "{results}");
    assert_eq!(results["grey"], Value::Null);
    assert_eq!(results["torn"], Value::Null);
    assert_eq!(results["flipped"], 0);
    assert_eq!(results["wrapped"], 40);
}
