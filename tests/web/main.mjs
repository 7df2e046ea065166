// node main.mjs BASE [WALK…]: walks through the client of the server at BASE. PASSWORD is that of `ada` and `bob`.
import { anotherBackgroundComesFromThisServer } from "./backgrounds.mjs";
import { complaints, start } from "./browser.mjs";
import { aCameraThatCannotStartIsSaidInEveryLanguage } from "./devices.mjs";
import { aWebinarWithAWaitingRoom } from "./hosts.mjs";
import { threeParticipantsSeeEachOtherInOneWindow } from "./lab.mjs";
import { aMeetingFromTheLoginToTheEnd } from "./meeting.mjs";
import { anotherLanguageIsAChoiceAndASessionLeavesNoTrace, onlyWhoIsInvitedByNameComesIn, theFirstLoadIsSmall, thePagesInFourLanguages } from "./pages.mjs";

const [base, ...chosen] = process.argv.slice(2);
const walks = [
  theFirstLoadIsSmall,
  anotherLanguageIsAChoiceAndASessionLeavesNoTrace,
  onlyWhoIsInvitedByNameComesIn,
  thePagesInFourLanguages,
  aMeetingFromTheLoginToTheEnd,
  aWebinarWithAWaitingRoom,
  aCameraThatCannotStartIsSaidInEveryLanguage,
  threeParticipantsSeeEachOtherInOneWindow,
  anotherBackgroundComesFromThisServer,
].filter((walk) => !chosen.length || chosen.includes(walk.name));
const browser = await start();
try {
  for (const walk of walks) {
    const began = Date.now();
    await walk(browser, base, process.env.PASSWORD);
    console.log(`${walk.name}: ok, ${((Date.now() - began) / 1000).toFixed(1)} s`);
  }
  if (complaints.length) throw new Error(complaints.join("\n"));
} catch (e) {
  console.error(e);
  if (process.env.SHOTS) {
    const pages = browser.contexts().flatMap((context) => context.pages());
    for (const [i, page] of pages.entries()) await page.screenshot({ path: `${process.env.SHOTS}/${i}.png` });
  }
  process.exitCode = 1;
} finally {
  await browser.close();
}
