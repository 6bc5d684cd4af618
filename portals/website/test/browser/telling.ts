//! What everybody who is still there sees when a test has failed: a picture, and the page's words. For platforms that are gone when somebody looks.

import { afterEach } from "vitest";
import { Visitor } from "./visitor";

afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") {
    return;
  }
  let number = 0;
  for (const visitor of Visitor.here) {
    number += 1;
    const name = `failed-${task.name.replaceAll(/\W+/g, "-")}-${number}`;
    process.stderr.write(`${await visitor.tell(name).catch(String)}\n`);
  }
});
