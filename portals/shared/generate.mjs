// Types of the API's routes, from the documents that the services' own tests keep true. They are made before each build and never committed,
// so they can't be stale.
import { mkdir, writeFile } from "node:fs/promises";
import openapi, { astToString } from "openapi-typescript";

// The services that people meet in portals.
const SERVICES = ["account", "billing", "fte", "identity", "marketing"];
const DOCUMENTS = new URL("../../docs/openapi/", import.meta.url);
const TYPES = new URL("./src/api/generated/", import.meta.url);

await mkdir(TYPES, { recursive: true });
for (const service of SERVICES) {
  const types = await openapi(new URL(`${service}.json`, DOCUMENTS));
  await writeFile(new URL(`${service}.ts`, TYPES), astToString(types));
}
