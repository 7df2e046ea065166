import { expect, test } from "vitest";
import { codeIn } from "./link";

test("a code is in the fragment under its name alone", () => {
  expect(codeIn("#code=a-b_c")).toBe("a-b_c");
  expect(codeIn("code=x")).toBe("x");
  for (const none of ["", "#", "#content", "#code=", "#other=1"]) expect(codeIn(none)).toBeNull();
});
