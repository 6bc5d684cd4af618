//! The API for whoever says why they look. In: the reason. Out: the API, whose every call says it.

import type { Api } from "@rerp/shared/api";
import { createPersonalApi, type Session } from "@rerp/shared/app";

/** As `services/kit/src/audit.rs` reads it. */
const HEADER = "x-audit-reason";

/** `reason`: what it is when a call begins. `patience`: see `createPersonalApi`. */
export function createAboutApi(session: Session, staff: string, reason: () => string, patience?: number): Api {
  const api = createPersonalApi(session, staff, patience);
  api.use({
    onRequest: ({ request }) => {
      request.headers.set(HEADER, reason());
      return request;
    },
  });
  return api;
}
