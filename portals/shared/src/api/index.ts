export { type Answer, type Api, answered, type Challenge, createApi, type Plan, type Price } from "./client";
export { type Kind, MESSAGES, type Slug, words } from "./messages";
export { NETWORK, type Problem, problemOf } from "./problem";
