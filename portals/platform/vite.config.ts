import { portal } from "../shared/src/portal.ts";

export default portal({ app: true, sessions: true, factor: true, cluster: true }, "To the first page");
