export { Consent } from "./Consent";
export { type Collecting, createCollecting, type State } from "./collecting";
export { createErasing } from "./erasing";
export { createFollowing, type Erasure, type Following } from "./following";
export { assembled, type Held, type Holder, holders } from "./holders";
export { howFar, Receipts } from "./Receipts";
export { ACTIONS, type AccountKind, accountName, ROLES, type Role, roleName } from "./words";
