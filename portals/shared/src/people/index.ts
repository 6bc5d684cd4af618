export { type Collecting, createCollecting, type State } from "./collecting";
export { createFollowing, type Erasure, type Following } from "./erasing";
export { assembled, type Held, type Holder, holders } from "./holders";
export { ACTIONS, type AccountKind, accountName, ROLES, type Role, roleName } from "./words";
