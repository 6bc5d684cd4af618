import { portal } from "../shared/src/portal.ts";

export default portal({ app: true, sessions: true, payments: true }, "To your account");
