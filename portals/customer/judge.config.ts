// Judges what was built: files, as they are served.
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { environment: "node", include: ["test/judge/*.test.ts"] } });
