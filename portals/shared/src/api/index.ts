export {
  type AccountSchemas,
  type Answer,
  type Api,
  answered,
  type BillingSchemas,
  type Challenge,
  createApi,
  type IdentitySchemas,
  type MarketingSchemas,
  type Plan,
  type Price,
  type TestSchemas,
  type Verification,
} from "./client";
export { type Kind, MESSAGES, type OwnWords, type Slug, words } from "./messages";
export { NETWORK, type Problem, problemOf } from "./problem";
